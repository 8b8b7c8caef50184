"""What the verbs of ``sottovoce device`` do."""

import asyncio
import platform
from collections.abc import Callable, Sequence
from typing import Final

from sottovoce.chat.device_code import device_code, same_code
from sottovoce.chat.records import Device
from sottovoce.cli.output import CommandError, ExitCode, printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.sdk.events import DeviceChanged, EventsMissed, EventSubscription

_REASON: Final = "for your other devices to hear of this one"
# Devices repeat themselves to each other this often while they wait, for either may start later.
_AGAIN_S: Final = 5.0
# What an account begins with is stored within milliseconds of its opening.
_LOOK_AGAIN_S: Final = 0.1
_LOOKS_MAX: Final = 50


def run_pair(options: PersonOptions, code: str | None, name: str) -> None:
    """Show this device's code to the others, and enable the one whose code is given."""

    async def work(session: Session) -> None:
        own_code = _code(session, await _this(session))
        if code is not None and same_code(own_code, code):
            raise CommandError(
                "this is the code of this very device; give the code that the other one shows",
                ExitCode.USAGE,
            )
        if not await session.wait_for_peer(_REASON):
            raise CommandError(
                "no peer was reached, so your other devices cannot hear of this one; try again "
                "when there is one",
                ExitCode.NETWORK,
            )
        async with await session.port.events() as events:
            this = await session.port.introduce_device(
                name or (await _this(session)).name or platform.node()
            )
            session.output.result(
                f"this device: {printable(this.name)}, code {own_code}",
                event="this device",
                **_fields(session, this),
            )
            if code is None:
                await _show_others(session, events)
            else:
                await _pair_with(session, events, code)

    run_as_person(options, work)


def run_list(options: PersonOptions) -> None:
    """Print the devices that are known."""

    async def work(session: Session) -> None:
        devices = await _devices(session)
        for device in devices:
            _print(session, device, "device")
        if len(devices) <= 1:
            session.output.talk(
                "no other device is known; recover the account there (sottovoce account recover), "
                "then run on both: sottovoce device pair"
            )

    run_as_person(options, work)


def run_disable(options: PersonOptions, device: str) -> None:
    """Give a device nothing any more."""

    async def work(session: Session) -> None:
        disabled = await session.port.enable_device(device, enabled=False)
        _print(session, disabled, "disabled")
        session.output.talk(
            "it gets nothing from this device any more; other people go on writing to it until "
            "they have seen three newer devices of yours, and what it has it keeps"
        )

    run_as_person(options, work)


def run_sync(options: PersonOptions) -> None:
    """Tell the other devices everything once more."""

    async def work(session: Session) -> None:
        device = await session.port.sync_devices()
        is_connected = await session.wait_for_peer(_REASON)
        session.output.result(
            "told your other devices everything once more", event="sync", **_fields(session, device)
        )
        await session.let_it_leave(is_connected=is_connected)

    run_as_person(options, work)


async def _show_others(session: Session, events: EventSubscription) -> None:
    """Print the other devices, until one is heard of that waits to be paired, or time is up."""
    known = {device.installation_id: device for device in await _devices(session)}
    for device in known.values():
        if not device.is_this:
            _print(session, device, "device")
    timeout_s = session.options.timeout_s
    session.output.talk(
        f"waiting up to {timeout_s:g} s for another device of yours; run there: "
        f"{_pair_command(session, known)}"
    )

    def is_new(device: Device) -> bool:
        return not device.is_this and not device.enabled and _has_spoken(known, device)

    found = await _heard(session, events, is_new)
    if found is None:
        session.output.talk("no other device was heard of that waits to be paired")
        return
    _print(session, found, "device")
    session.output.talk(
        "if the other device shows this code, run here: "
        f"sottovoce device pair {_code(session, found)}"
    )
    await _introduce_last(session)


async def _pair_with(session: Session, events: EventSubscription, code: str) -> None:
    """Enable the device of a code, and stay until it has heard of this one.

    Raises:
        CommandError: It was not heard of in time.
    """
    known = {device.installation_id: device for device in await _devices(session)}
    command, timeout_s = _pair_command(session, known), session.options.timeout_s

    def is_meant(device: Device) -> bool:
        return not device.is_this and same_code(_code(session, device), code)

    found = next((device for device in known.values() if is_meant(device)), None)
    if found is None:
        session.output.talk(
            f"waiting up to {timeout_s:g} s for the device {printable(code)}; run there: {command}"
        )
        found = await _heard(session, events, is_meant)
    if found is None:
        raise CommandError(
            f"no device of yours with the code {printable(code)} was heard of; check the code and "
            f"that both reach the same peers, and while this runs, run there: {command}",
            ExitCode.NOT_DELIVERED,
        )
    enabled = await session.port.enable_device(found)
    _print(session, enabled, "enabled")
    if not found.clock:  # Its bundle is here, and it may not know of this one.
        session.output.talk(
            f"waiting up to {timeout_s:g} s for that device; if not done yet, run there: {command}"
        )
        spoken = await _heard(
            session, events, lambda device: is_meant(device) and _has_spoken(known, device)
        )
        if spoken is None:
            session.output.talk(
                "that device was not heard of meanwhile. It gets what you say from now on; for "
                f"the other direction, run there: {command}"
            )
            return
    await _introduce_last(session)
    session.output.talk(
        "from now on that device gets what you say and do here; for the other direction, if not "
        f"done yet, run there: {command}"
    )


def _has_spoken(known: dict[str, Device], device: Device) -> bool:
    """Tell whether a device said who it is, and since we began."""
    before = known.get(device.installation_id)
    return device.clock > (0 if before is None else before.clock)


async def _heard(
    session: Session, events: EventSubscription, is_wanted: Callable[[Device], bool]
) -> Device | None:
    """Introduce this device again and again until a wanted one is heard of, or time is up."""

    async def listen() -> Device | None:
        async for event in events:
            match event:
                case DeviceChanged(device) if is_wanted(device):
                    return device
                case EventsMissed():
                    devices = await session.port.devices()
                    found = next((each for each in devices if is_wanted(each)), None)
                    if found is not None:
                        return found
                case _:
                    pass
        return None

    again = asyncio.ensure_future(_introduce_again(session))
    try:
        return await asyncio.wait_for(listen(), session.options.timeout_s)
    except TimeoutError:
        return None
    finally:
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)


async def _introduce_last(session: Session) -> None:
    """Introduce this device to one that has begun to listen only now, and let that leave."""
    await session.port.introduce_device()
    await session.let_it_leave(is_connected=True)


async def _introduce_again(session: Session) -> None:
    """Introduce this device again and again: the other one may begin to listen only now."""
    while True:
        await asyncio.sleep(_AGAIN_S)
        await session.port.introduce_device()


def _print(session: Session, device: Device, event: str) -> None:
    start = "" if event == "device" else f"{event}: "
    line = f"{start}{_line(session, device)}"
    session.output.result(line, event=event, **_fields(session, device))


async def _devices(session: Session) -> Sequence[Device]:
    """Return the devices that are known; a fresh account knows of this one after a moment.

    Raises:
        CommandError: It does not.
    """
    for _ in range(_LOOKS_MAX):
        devices = await session.port.devices()
        if any(device.is_this for device in devices):
            return devices
        await asyncio.sleep(_LOOK_AGAIN_S)
    raise CommandError("this device does not know itself; try again", ExitCode.UNEXPECTED)


async def _this(session: Session) -> Device:
    return next(device for device in await _devices(session) if device.is_this)


def _code(session: Session, device: Device) -> str:
    return device_code(session.port.public_key, device.installation_id)


def _pair_command(session: Session, devices: dict[str, Device]) -> str:
    """Return what to type on the other device, so that it gives this one what is said there."""
    this = next(device for device in devices.values() if device.is_this)
    return f"sottovoce device pair {_code(session, this)}"


def _line(session: Session, device: Device) -> str:
    states = (device.is_this, "this device"), (device.enabled, "enabled"), (True, "not enabled")
    state = next(name for holds, name in states if holds)
    name = printable(device.name) or "it has not said its name yet"
    kind = f", {printable(device.type)}" if device.type else ""
    return f"{_code(session, device)}  {name}{kind}  [{state}]"


def _fields(session: Session, device: Device) -> dict[str, object]:
    return {
        "code": _code(session, device),
        "installation_id": device.installation_id,
        "name": device.name,
        "type": device.type,
        "enabled": device.enabled,
        "is_this": device.is_this,
    }
