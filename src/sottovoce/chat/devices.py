"""The devices of one person: which there are, which get what we say, and how they learn it.

The stack knows the other devices from their bundles and tells them; what they are called they say
themselves, in a message that every device of ours can read. Which of them are enabled is for the
person alone to say (docs/spec-deviations.md, "Several devices").

Spec: Status specs 6 (payloads), "PairInstallation"; status-go protocol/messenger.go and
message_handler.go.
"""

from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from sottovoce.base.moment import Moment
from sottovoce.chat.author import Author
from sottovoce.chat.book import Book
from sottovoce.chat.commands import EnableDevice, IntroduceDevice, SyncDevices
from sottovoce.chat.device_sync import DeviceSync
from sottovoce.chat.events import ContactDeviceAdded, DeviceChanged, Unshown
from sottovoce.chat.message_values import unix_ms, utf8_bytes
from sottovoce.chat.records import Device
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import ENABLED_OTHERS_MAX
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.devices import PairInstallation
from sottovoce.payloads.limits import SHORT_TEXT_BYTES_MAX
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.text_content import is_blank
from sottovoce.stack.destinations import EveryOwnDevice
from sottovoce.stack.events import (
    DeviceEnabled,
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallation,
    OwnInstallations,
    PeerInstallationSeen,
)

DeviceCommand: TypeAlias = IntroduceDevice | EnableDevice | SyncDevices


class Devices:
    """One person's devices."""

    def __init__(self, book: Book, author: Author, sync: DeviceSync) -> None:
        self._book: Final = book
        self._author: Final = author
        self._sync: Final = sync
        self._devices: Final = {it.installation_id: it for it in book.store.devices()}
        self._note_others()

    def enabled_others(self) -> tuple[str, ...]:
        """Return the installation ids of our other devices that get what we say and do."""
        # One that a restored backup still calls this one is not known to the stack.
        return tuple(
            device.installation_id
            for device in self._devices.values()
            if device.enabled and not device.is_this
        )

    # ---- commands

    def carry_out(self, command: DeviceCommand, now: Moment) -> Device:
        """Carry out a command about a device.

        Raises:
            CommandRefusedError: It cannot be done.
        """
        match command:
            case IntroduceDevice():
                return self._introduce(command, now)
            case EnableDevice(enabled=True):
                return self._enable(command.installation_id, now)
            case EnableDevice():
                return self._disable(command.installation_id)
            case SyncDevices():
                return self._tell_all(now)
            case _:
                assert_never(command)

    def _introduce(self, command: IntroduceDevice, now: Moment) -> Device:
        old = self._this()
        name, kind = command.name or old.name, command.type or old.type
        _check_text("a name", name)
        _check_text("a type", kind)
        clock = next_clock(last_clock=old.clock, now_unix_ms=unix_ms(now))
        device = replace(old, name=name, type=kind, clock=clock)
        wrapped = self._introduction(device)
        if old.clock:
            # The same words are signed to the same bytes: the last ones may still wait to leave.
            self._book.said.append(MessageWithdrawn(self._introduction(old).message_id))
        self._put(device)
        self._book.said.append(MessageSubmitted(wrapped.message_id, wrapped.raw, EveryOwnDevice()))
        return device

    def _introduction(self, device: Device) -> Wrapped:
        return self._author.compose(
            PairInstallation(device.clock, device.installation_id, device.type, device.name)
        )

    def _enable(self, installation_id: str, now: Moment) -> Device:
        device = self._known(installation_id)
        if device.enabled:
            return device
        if len(self.enabled_others()) >= ENABLED_OTHERS_MAX:
            raise CommandRefusedError(
                f"{ENABLED_OTHERS_MAX} other devices are enabled, the most there can be beside "
                "this one; disable one of them first"
            )
        device = replace(device, enabled=True)
        self._book.said.append(DeviceEnabled(installation_id, on=True))
        self._put(device)
        self._sync.tell_all(now)
        return device

    def _disable(self, installation_id: str) -> Device:
        if installation_id == self._author.installation_id:
            raise CommandRefusedError(
                "this is the very device that you use; disable it from another one"
            )
        device = self._known(installation_id)
        if not device.enabled:
            return device
        device = replace(device, enabled=False)
        self._book.said.append(DeviceEnabled(installation_id, on=False))
        self._put(device)
        return device

    def _tell_all(self, now: Moment) -> Device:
        if not self.enabled_others():
            raise CommandRefusedError("no other device of yours is enabled; enable one first")
        self._sync.tell_all(now)
        return self._this()

    def _known(self, installation_id: str) -> Device:
        device = self._devices.get(installation_id)
        if device is None:
            raise CommandRefusedError(
                "no such device of yours is known here; introduce it on the device itself while "
                "both are connected, then enable it here"
            )
        return device

    # ---- what the stack tells

    def take(self, event: OwnInstallations | PeerInstallationSeen) -> None:
        """Take what the stack tells about devices."""
        match event:
            case OwnInstallations(installations):
                self._take_own(installations)
            case PeerInstallationSeen(peer, installation_id):
                contact = self._book.contact(peer)
                self._book.said.append(ContactDeviceAdded(contact, installation_id))
            case _:
                assert_never(event)

    def _take_own(self, installations: tuple[OwnInstallation, ...]) -> None:
        this = self._this()
        told = {this.installation_id, *(it.installation_id for it in installations)}
        for installation_id in [id for id in self._devices if id not in told]:
            self._forget(installation_id)
        self._put(this, said=False)  # Nobody has to be told of the device in their hand.
        for each in installations:
            old = self._devices.get(each.installation_id) or Device(each.installation_id)
            # What was restored from a backup may still say that it is this device.
            self._put(replace(old, enabled=each.enabled, is_this=False))

    def take_introduction(self, payload: PairInstallation) -> Unshown | None:
        """Take how another device of ours is called; return why it counts for nothing.

        Its bundle came in the same message, so that whoever is not known by now is none of ours.
        """
        old = self._devices.get(payload.installation_id)
        if old is None:
            return Unshown.UNKNOWN_DEVICE
        if old.is_this or payload.clock <= old.clock:
            return Unshown.STALE
        self._put(replace(old, name=payload.name, type=payload.device_type, clock=payload.clock))
        return None

    # ---- records

    def _this(self) -> Device:
        """Return this very device, whether or not it was ever written down."""
        installation_id = self._author.installation_id
        device = self._devices.get(installation_id) or Device(installation_id)
        return replace(device, enabled=True, is_this=True)

    def _put(self, device: Device, *, said: bool = True) -> None:
        """Keep a device as it is now, and say so if anybody could see the change."""
        old = self._devices.get(device.installation_id)
        if old == device:
            return
        self._devices[device.installation_id] = device
        self._book.store.save_device(device)
        if said and (old is None or replace(old, clock=device.clock) != device):
            self._book.said.append(DeviceChanged(device))
        self._note_others()

    def _forget(self, installation_id: str) -> None:
        """Forget a device that so many newer ones pushed out, or that a backup brought."""
        device = self._devices.pop(installation_id)
        self._book.store.remove_device(installation_id)
        self._book.said.append(DeviceChanged(replace(device, enabled=False, is_this=False)))
        self._note_others()

    def _note_others(self) -> None:
        self._book.has_other_devices = bool(self.enabled_others())


def _check_text(what: str, text: str) -> None:
    size_bytes = utf8_bytes(text)
    if size_bytes is None:
        raise CommandRefusedError(f"{what} of a device is not valid Unicode text")
    if is_blank(text):
        raise CommandRefusedError(f"this device has no {what.split()[-1]} yet; give it one")
    if size_bytes > SHORT_TEXT_BYTES_MAX:
        raise CommandRefusedError(
            f"{what} of a device has at most {SHORT_TEXT_BYTES_MAX} bytes, not {size_bytes}"
        )
