"""Verbs on a real data directory: taken, or forwarded to whoever holds it."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patience import PATIENCE_S, run
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.spent_file import write_spent
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.app.accounts import recover_account
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.errors import StorageError
from sottovoce.cli import person as module
from sottovoce.cli.main import app
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.node.budget import DAY_S, Spent
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime import person_lane
from sottovoce.runtime.system_clock import read_clock
from sottovoce.sdk.client import Client
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.messenger import Messenger
from unit.identity.people import OTHER_PHRASE, PHRASE
from unit.sdk.line import PROMPT, nobody

PASSWORD = "correct horse"
CHEAP = ScryptCost(n=2, r=1, p=1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give Anna an account, and Bruno one elsewhere."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    monkeypatch.setattr(module, "HOLDER_WAIT_S", 0.0)
    recover_account(tmp_path / "sottovoce", PHRASE, "Anna", PASSWORD, cost=CHEAP)
    recover_account(tmp_path / "bruno", OTHER_PHRASE, "Bruno", PASSWORD, cost=CHEAP)
    return tmp_path


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def ask(*arguments: str) -> list[dict[str, Any]]:
    """Run a verb with --json that succeeds, and return what it printed."""
    code, out, err = invoke(*arguments, "--json")
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


@contextmanager
def holding(directory: Path, *, day_bytes_max: int = 0) -> Iterator[str]:
    """Hold the account of a directory on a thread of its own; give the node's enode."""
    settings = ApplicationSettings(
        gossip=PROMPT, node=NodeSettings(day_bytes_max=day_bytes_max), data_dir=directory
    )
    enodes: list[str] = []
    ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def hold() -> None:
        stop = asyncio.Event()
        async with (
            Client(settings=settings) as client,
            Messenger.open(directory, password=PASSWORD, peers=(), client=client),
        ):
            enodes.append(str(client.enode))
            loops.append((asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(hold(),), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S)
    [(loop, stop)] = loops
    try:
        yield enodes[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)


# ---- nobody holds it


@pytest.mark.slow
def test_verb_takes_the_directory_and_lets_it_go(home: Path) -> None:
    assert ask("chat", "join", "lobby")[0]["event"] == "joined"
    assert [chat["name"] for chat in ask("chat", "list")] == ["#lobby"]
    DataDirectory(home / "sottovoce").close()


def test_wrong_password_is_one_sentence_and_code_five(home: Path) -> None:
    (home / "password").write_text("wrong horse")
    code, out, err = invoke("chat", "list")
    assert (code, out) == (5, "")
    assert err.startswith("error: the password is wrong")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chat", "send", "#lobby", "ciao"), "no peer to talk through"),
        (("chat", "read", "#lobby", "--follow"), "no peer to talk through"),
        (("chat", "send", "#lobby", "ciao", "--peer", "enode://00"), "2 hex digits"),
        (("chat", "send", "#lobby", ""), "the text is blank"),
        (("chat", "list", "--account", "Carla"), "no account fits; there are: Anna"),
        (("chat", "list", "--data-dir", "/dev/null"), "/dev/null is a file"),
        (("chat", "list", "--data-dir", "nowhere"), "sottovoce account create"),
        (("contact", "add", " "), "no person is named"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)
def test_unusable_argument_is_one_sentence_and_code_two(
    arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = invoke(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_message_that_no_peer_takes_stays_queued_with_code_six() -> None:
    ask("chat", "join", "lobby")
    arguments = ("chat", "send", "#lobby", "ciao", "--peer", nobody(), "--timeout", "0.2")
    code, out, err = invoke(*arguments)
    assert (code, out) == (6, "")
    assert "waiting up to 0.2 s for a peer" in err
    assert "no peer was reached; it stays queued and leaves next time" in err
    [message] = ask("chat", "read", "lobby")
    assert (message["text"], message["state"]) == ("ciao", "queued")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let no commit of a person's store get through from now on; give the reason."""

    def fail(_: object) -> None:
        raise StorageError("the disk is full; make room")

    monkeypatch.setattr(SqlitePersonStore, "commit", fail)
    monkeypatch.setattr(person_lane, "STOP_TIMEOUT_S", 0.1)
    return "the disk is full; make room"


@pytest.mark.slow
def test_full_disk_is_one_sentence_and_code_one(
    full_disk: str, caplog: pytest.LogCaptureFixture
) -> None:
    code, out, err = invoke("chat", "join", "lobby")
    assert (code, out, err) == (1, "", f"error: {full_disk}\n")
    assert caplog.messages == []


@pytest.mark.slow
def test_verb_that_ends_well_tells_what_else_could_not_be_stored(
    full_disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlitePersonStore, "wrote", True)
    code, _, err = invoke("chat", "list")
    assert code == 0
    assert err.splitlines()[-1] == f"not everything could be stored: {full_disk}"


# ---- somebody holds it


def test_node_without_an_account_in_the_way_is_a_plain_sentence(home: Path) -> None:
    holder = DataDirectory(home / "sottovoce")
    try:
        code, out, err = invoke("chat", "list")
    finally:
        holder.close()
    assert (code, out) == (2, "")
    assert "a node without an account (stop it, or start it with sottovoce node run" in err


def test_verb_waits_for_another_one_that_lets_go(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = DataDirectory(home / "sottovoce")
    monkeypatch.setattr(module, "HOLDER_WAIT_S", PATIENCE_S)
    monkeypatch.setattr(time, "sleep", lambda _: holder.close())
    (home / "password").write_text("wrong horse")
    assert invoke("chat", "list")[0] == 5  # It had the directory, and looked at the password.
    DataDirectory(home / "sottovoce").close()


@pytest.mark.slow
def test_holder_that_has_just_gone_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    served = [True]
    monkeypatch.setattr(ControlClient, "is_served", lambda _: bool(served and served.pop()))
    assert ask("chat", "list") == []


@pytest.mark.slow
def test_verbs_go_through_the_node_that_holds_the_account(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with holding(home / "sottovoce"):
        monkeypatch.delenv("SOTTOVOCE_PASSWORD_FILE")  # Nobody needs it now.
        ask("chat", "join", "lobby")
        assert [chat["name"] for chat in ask("chat", "list", "--account", "Anna")] == ["#lobby"]
        assert ask("account", "show", "--with-bundle")[0]["link"].partition("#bundle=")[2]
        recover_account(home / "sottovoce", OTHER_PHRASE, "Bruno", PASSWORD, cost=CHEAP)
        code, out, err = invoke("chat", "list", "--account", "Bruno")
    assert (code, out) == (2, "")
    assert "has another account than Bruno; stop it first, or leave out --account" in err


@pytest.mark.slow
@pytest.mark.parametrize(("saved", "told"), [((), False), (("--metered",), True)])
def test_whoever_pays_for_data_is_told_that_the_running_node_decides(
    home: Path, *, saved: tuple[str, ...], told: bool
) -> None:
    with holding(home / "sottovoce"):
        ask("chat", "join", "lobby")
        code, _, err = invoke("chat", "send", "#lobby", "ciao", "--wait", "queued", *saved)
    assert code == 0, err
    assert ("save nothing" in err) == told


@pytest.mark.slow
def test_verb_says_that_the_budget_of_the_running_node_is_used_up(home: Path) -> None:
    """Else whoever waits for an answer would take the other person to be away."""
    place = home / "sottovoce"
    write_spent(place, Spent(read_clock().unix_whole_s // DAY_S, 1000))
    with holding(place, day_bytes_max=1000):
        bruno = ask("account", "show", "--data-dir", str(home / "bruno"))[0]["compact_key"]
        assert "is used up: nothing more is received" in invoke("contact", "add", bruno)[2]
        events = [said["event"] for said in ask("contact", "add", bruno)]
        assert "is used up" not in invoke("chat", "list")[2]  # It needs nobody.
    assert "budget" in events


@pytest.mark.slow
def test_program_with_an_account_that_is_not_listed_is_not_talked_to(home: Path) -> None:
    with holding(home / "sottovoce"):
        (home / "sottovoce" / "accounts.json").write_bytes(
            (home / "bruno" / "accounts.json").read_bytes()
        )
        code, out, err = invoke("chat", "list")
    assert (code, out) == (2, "")
    assert "has none of the accounts that are there; stop it" in err


@pytest.mark.slow
def test_verb_that_only_looks_is_waited_for_and_not_asked(home: Path) -> None:
    async def main() -> bool:
        place = home / "sottovoce"
        async with Messenger.open(place, password=PASSWORD, peers=(), serves=False):
            return ControlClient.is_served(place)

    assert not run(main())
