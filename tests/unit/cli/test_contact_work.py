import asyncio
import io
import json
import sys
from typing import Any

import pytest
from typing_extensions import override

from sottovoce.cli.contact_work import (
    run_add,
    run_block,
    run_list,
    run_remove,
    run_requests,
    run_verify,
)
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.identity.safety_number import safety_number
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BRUNO
from unit.cli.stage import OPTIONS, alone, connected, do, run

# Many times what a message takes between two nodes.
LONG_ENOUGH_S = 10.0
NUMBER = safety_number(ANNA.public, BRUNO.public)


class Terminal(io.StringIO):
    """Somebody who sits there and types."""

    @override
    def isatty(self) -> bool:
        return True


def test_person_is_added_and_their_request_arrives(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna, network.messenger(identity=BRUNO.private) as bruno:
            assert anna.enode is not None
            await bruno.connect(anna.enode)
            await do(anna, run_add, BRUNO.hex_key, "Bruno", as_json=True)
            await do(bruno, run_requests, as_json=True)
            await do(bruno, run_add, ANNA.alias(), "")
            await do(bruno, run_requests)

    run(scenario)
    added, request, answer, key = capsys.readouterr().out.splitlines()
    assert json.loads(added)["nickname"] == "Bruno"
    assert json.loads(request)["public_key"] == ANNA.hex_key
    assert json.loads(request)["requested"] is True
    assert answer == f"added: {ANNA.alias()}  [added, added you]"
    assert key.startswith("    zQ3sh")


def test_person_is_added_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(network: MemoryNetwork) -> int:
        async with alone(network) as anna:
            await do(anna, run_add, "-", "")
            return len(await anna.contacts())

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{BRUNO.hex_key}\n".encode())))
    assert run(scenario) == 1


@pytest.mark.parametrize("stdin", [b" \n", b"", None])
def test_nobody_is_named(monkeypatch: pytest.MonkeyPatch, stdin: bytes | None) -> None:
    stream = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin))
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(CommandError, match="no person is named"):
        run_add(OPTIONS, "-", "")


def test_contacts_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await do(anna, run_list)
            await anna.add_contact(BRUNO.public, nickname="Zeno")
            async with network.messenger() as carla:
                await anna.add_contact(carla.public_key, nickname="a\x1b[2Jnna")
            await do(anna, run_list)

    run(scenario)
    out, err = capsys.readouterr()
    assert err == "there are no contacts; add one with: sottovoce contact add KEY\n"
    names = [line.split()[0] for line in out.splitlines()[::2]]
    assert names == ["a\N{REPLACEMENT CHARACTER}[2Jnna", "Zeno"]


def test_both_people_see_the_same_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, bruno):
            await do(anna, run_verify, "Bruno", yes=False, off=False)
            await do(bruno, run_verify, "Anna", yes=False, off=False)

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    run(scenario)
    out, err = capsys.readouterr()
    assert out.split() == NUMBER.split() * 2
    assert "Compare this number with the one that Bruno sees for you" in err
    assert err.count("nothing was noted") == 2


def verify(said: str | None = None, *, yes: bool = False, off: bool = False) -> bool:
    """Let Anna compare numbers with Bruno; tell whether it was noted."""

    async def scenario(network: MemoryNetwork) -> bool:
        async with alone(network) as anna:
            await anna.add_contact(BRUNO.public)
            await anna.verify(BRUNO.public, verified=off)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sys, "stdin", Terminal(said))
                await do(anna, run_verify, BRUNO.hex_key, yes=yes, off=off)
            [contact] = await anna.contacts()
            return contact.verified

    noted: bool = run(scenario)
    return noted


def test_verification_is_noted_when_somebody_says_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("y\n")
    assert verify(yes=True)
    out, err = capsys.readouterr()
    assert out.count("verified: ") == 2
    assert NUMBER.split()[0] in err


def test_numbers_that_differ_end_with_code_four() -> None:
    with pytest.raises(CommandError, match=r"not verified\. If the numbers differ") as caught:
        verify("n\n")
    assert caught.value.code is ExitCode.UNTRUSTED


def test_verification_is_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert not verify(off=True)
    assert capsys.readouterr().out.startswith("verification taken back: ")


def test_blocked_person_is_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> Any:
        async with connected(network) as (anna, bruno):
            await asyncio.sleep(5)  # Bruno's node hears what Anna's listens to, before the block.
            await do(anna, run_block, "Bruno", off=False)
            await bruno.send("Anna", "can you hear me?")
            await asyncio.sleep(LONG_ENOUGH_S)
            heard = await anna.history(BRUNO.public)
            await do(anna, run_list)
            await do(anna, run_block, "Bruno", off=True)
            return heard

    assert run(scenario) == ()
    out = capsys.readouterr().out
    assert out.startswith("blocked: Bruno")
    assert out.count("blocked]") >= 2
    assert "unblocked: Bruno" in out


def test_removed_person_is_no_contact(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.add_contact(BRUNO.public)
            await do(anna, run_remove, BRUNO.alias())
            await do(anna, run_list)

    run(scenario)
    assert capsys.readouterr().out.startswith(f"removed: {BRUNO.alias()}")
