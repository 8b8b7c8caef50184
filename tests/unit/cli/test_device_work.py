import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from sottovoce.chat.device_code import device_code
from sottovoce.cli.device_work import run_disable, run_list, run_pair, run_sync
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.sdk.errors import RefusedError, UnknownNameError
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA
from unit.cli.stage import OPTIONS, alone, do, run

SHORT = replace(OPTIONS, timeout_s=8.0)


@asynccontextmanager
async def two_devices(network: MemoryNetwork) -> AsyncIterator[tuple[Messenger, Messenger]]:
    """Give Anna on two devices, connected, which know nothing of each other."""
    async with alone(network) as desk, network.messenger(identity=ANNA.private) as phone:
        await phone.connect(desk.enode or "")
        yield desk, phone


async def code_of(device: Messenger) -> str:
    [this] = [each for each in await device.devices() if each.is_this]
    return device_code(device.public_key, this.installation_id)


async def enabled(device: Messenger) -> list[bool]:
    return [each.enabled for each in await device.devices()]


@pytest.mark.parametrize("later", [0, 1])
def test_each_is_told_the_code_of_the_other_in_either_order(
    later: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with two_devices(network) as pair:
            first, second = pair[1 - later], pair[later]
            codes = await code_of(first), await code_of(second)
            waiting = asyncio.ensure_future(do(first, run_pair, codes[1], "first"))
            await asyncio.sleep(4)
            await asyncio.gather(waiting, do(second, run_pair, codes[0], "second", options=SHORT))
            assert await enabled(first) == await enabled(second) == [True, True]
            names = [sorted(each.name for each in await it.devices()) for it in pair]
            assert names == [["first", "second"]] * 2

    run(scenario)
    said = capsys.readouterr()
    assert said.out.count("enabled: ") == 2
    assert "run there: sottovoce device pair" in said.err


def test_without_a_code_the_other_one_is_shown_with_what_to_do_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with two_devices(network) as (desk, phone):
            codes = await code_of(desk), await code_of(phone)
            waiting = asyncio.ensure_future(do(desk, run_pair, None, "desk"))
            await asyncio.sleep(2)
            await do(phone, run_pair, codes[0].lower().replace("-", ""), "phone", options=SHORT)
            await waiting
            known.append(codes[1])
            assert (await enabled(desk), await enabled(phone)) == ([True, False], [True, True])

    known: list[str] = []
    run(scenario)
    assert f"run here: sottovoce device pair {known[0]}" in capsys.readouterr().err


def test_device_that_is_not_there_own_code_and_no_peer_are_told() -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as desk:
            with pytest.raises(CommandError, match="no peer was reached") as unreached:
                await do(desk, run_pair, None, "desk")
            assert unreached.value.code is ExitCode.NETWORK
            with pytest.raises(CommandError, match="the code of this very device"):
                await do(desk, run_pair, await code_of(desk), "")
            async with network.messenger() as relay:
                await desk.connect(relay.enode or "")
                with pytest.raises(CommandError, match="code AAAA-AAAA was heard") as late:
                    await do(desk, run_pair, "AAAA-AAAA", "desk", options=SHORT)
                assert late.value.code is ExitCode.NOT_DELIVERED
                await do(desk, run_pair, None, "", options=SHORT)

    run(scenario)


def test_devices_are_listed_told_everything_and_disabled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with two_devices(network) as (desk, phone):
            await do(desk, run_list)
            with pytest.raises(RefusedError, match="no other device"):
                await do(desk, run_sync)
            await phone.introduce_device("ph\x1bone", kind="mobile")
            await asyncio.sleep(3)
            await desk.enable_device(await code_of(phone))
            await do(desk, run_list)
            await do(desk, run_list, as_json=True)
            await do(desk, run_sync)
            await do(desk, run_disable, "ph\x1bone")
            with pytest.raises(UnknownNameError, match="no device of yours"):
                await do(desk, run_disable, "nobody")
            codes.append(await code_of(phone))

    codes: list[str] = []
    run(scenario)
    said = capsys.readouterr()
    alone_, this, other, _, fields, told, gone = said.out.splitlines()
    assert alone_ == this
    assert this.endswith("  it has not said its name yet  [this device]")
    assert other == f"{codes[0]}  ph\N{REPLACEMENT CHARACTER}one, mobile  [enabled]"
    assert json.loads(fields)["code"] == codes[0]
    assert (json.loads(fields)["enabled"], json.loads(fields)["is_this"]) == (True, False)
    assert told == "told your other devices everything once more"
    assert gone == f"disabled: {codes[0]}  ph\N{REPLACEMENT CHARACTER}one, mobile  [not enabled]"
    assert "no other device is known" in said.err
