import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE_S, run
from sottovoce.adapters.peer_file import PEER_FILE_NAME, SavedPeer, add_peer, read_peers
from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli import peer as module
from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.cli.peer import run_add, run_check, run_list
from sottovoce.devp2p.enode import parse_enode
from sottovoce.sdk.probe import Step, StepResult
from unit.sdk.foreign_node import ETHEREUM, Devp2pNode, closing, enode_at, served
from unit.sdk.line import clients, enode_of

STEPS = ["address", "connection", "handshake", "capability", "status"]
ENODE = enode_at(30303)
OTHER = enode_at(30304)


def results(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def check_a_relay(*, as_json: bool) -> None:
    async with clients(1) as [relay]:
        await run_check(enode_of(relay), PATIENCE_S, as_json=as_json)


def failure_of(check: Callable[[], Awaitable[None]]) -> tuple[str, ExitCode]:
    async def main() -> tuple[str, ExitCode]:
        with pytest.raises(CommandError) as caught:
            await check()
        return str(caught.value), caught.value.code

    return run(main())


# ---- check


def test_good_peer_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    run(check_a_relay(as_json=False))
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split()[:2] for line in out.splitlines()] == [[step, "ok:"] for step in STEPS]


def test_steps_of_a_good_peer_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run(check_a_relay(as_json=True))
    said = results(capsys)
    assert [(each["event"], each["step"], each["ok"]) for each in said] == [
        ("step", step, True) for step in STEPS
    ]
    assert {each["remedy"] for each in said} == {""}


def test_bad_address_is_a_mistake_of_use() -> None:
    sentence, code = failure_of(lambda: run_check("enode://00", PATIENCE_S, as_json=True))
    assert sentence == "address failed; copy the whole line that the node prints"
    assert code is ExitCode.USAGE


def test_nobody_there_is_a_failure_of_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        enode = enode_at(nobody.getsockname()[1])
        sentence, code = failure_of(lambda: run_check(enode, PATIENCE_S, as_json=False))
    assert sentence.startswith("connection failed; check that the node runs")
    assert code is ExitCode.NETWORK
    assert capsys.readouterr().out.splitlines()[1] == "connection FAILED: connection refused"


def test_failed_step_names_its_remedy_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    async def check() -> None:
        async with served(Devp2pNode(ETHEREUM)) as enode:
            await run_check(enode, PATIENCE_S, as_json=True)

    sentence, code = failure_of(check)
    assert code is ExitCode.NETWORK
    said = results(capsys)
    assert [each["step"] for each in said] == STEPS[:4]
    assert [each["ok"] for each in said] == [True, True, True, False]
    assert sentence == f"capability failed; {said[-1]['remedy']}"


def test_step_that_fails_is_the_last_one_told(capsys: pytest.CaptureFixture[str]) -> None:
    async def check() -> None:
        async with served(closing) as enode:
            await run_check(enode, PATIENCE_S, as_json=True)

    failure_of(check)
    assert [each["step"] for each in results(capsys)] == STEPS[:3]


def test_words_of_the_peer_are_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = StepResult(Step.CAPABILITY, True, "\x1b[2J\u202eevil\nstatus ok")
    module._print_step(Output(as_json=False), hostile)
    [line] = capsys.readouterr().out.splitlines()
    assert line.isprintable()


# ---- add


def test_added_peer_is_saved_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(run_add(ENODE, tmp_path, trusted=False, as_json=False))
    assert read_peers(tmp_path) == [SavedPeer(parse_enode(ENODE), trusted=False)]
    out, err = capsys.readouterr()
    assert out == f"added {ENODE}\n"
    assert err == "a node that runs already learns of it at its next start\n"


def test_peer_of_a_known_key_is_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(run_add(ENODE, tmp_path, trusted=False, as_json=True))
    run(run_add(OTHER, tmp_path, trusted=True, as_json=True))
    assert results(capsys) == [
        {"event": "added", "enode": ENODE, "trusted": False},
        {"event": "changed", "enode": OTHER, "trusted": True},
    ]
    assert read_peers(tmp_path) == [SavedPeer(parse_enode(OTHER), trusted=True)]


def test_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "data"
    run(run_add(ENODE, place, trusted=False, as_json=False))
    assert place.stat().st_mode & 0o777 == 0o700


def test_directory_that_cannot_be_made_is_a_mistake_of_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "data"
    sentence, code = failure_of(lambda: run_add(ENODE, place, trusted=False, as_json=False))
    assert sentence == f"cannot make {place}: Not a directory"
    assert code is ExitCode.USAGE


@pytest.mark.parametrize("enode", ["", "enode://00", ENODE.partition("@")[0]])
def test_what_cannot_be_dialled_is_not_saved(tmp_path: Path, enode: str) -> None:
    with pytest.raises(LocalProtocolError):
        run(run_add(enode, tmp_path, trusted=False, as_json=False))
    assert list(tmp_path.iterdir()) == []


# ---- list


def test_saved_peers_are_printed_as_they_stand_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / PEER_FILE_NAME).write_text(f"# mine\n{ENODE}\n{OTHER} trusted\n")
    run(run_list(tmp_path, as_json=False))
    assert capsys.readouterr() == (f"{ENODE}\n{OTHER} trusted\n", "")


def test_saved_peers_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_peer(tmp_path, SavedPeer(parse_enode(ENODE), trusted=True))
    run(run_list(tmp_path, as_json=True))
    assert results(capsys) == [{"event": "peer", "enode": ENODE, "trusted": True}]


def test_no_saved_peers_says_how_to_add_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(run_list(tmp_path, as_json=False))
    assert capsys.readouterr() == (
        "",
        f"no peers are saved in {tmp_path}; add one with: sottovoce peer add ENODE\n",
    )
