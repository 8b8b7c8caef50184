import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sottovoce.adapters.mailserver_file import (
    MAILSERVER_FILE_NAME,
    SavedMailserver,
    add_mailserver,
    parse_saved,
    read_mailservers,
)
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.app.accounts import recover_account
from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli import mail_servers as module
from sottovoce.cli.mail_servers import (
    find_server,
    read_url,
    run_add,
    run_pin,
    run_remove,
    run_status,
)
from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.mail.client_events import ServerState, ServerStatus
from unit.cli.test_person import CHEAP, PASSWORD, holding
from unit.identity.people import PHRASE
from unit.node.pump import key_number


def server_at(number: int, host: str = "127.0.0.1") -> SavedMailserver:
    key = secp256k1.public_key(key_number(number))
    return parse_saved(str(Enode(key, host, 30303, 30303)))


ONE = server_at(1)
TWO = server_at(2, "mail.example")
KEY_ONE = ONE.enode.public_key.raw.hex()
NAME_ONE = f"{KEY_ONE[:16]}…@127.0.0.1:30303"


def with_password(server: SavedMailserver, password: str) -> str:
    return server.url().replace("@", f":{password}@")


def add(directory: Path, url: str, file: Path | None = None, *, pin: bool = False) -> None:
    run_add(directory, url, file, pin=pin, as_json=True)


def results(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Give a directory with two mailservers."""
    add_mailserver(tmp_path, ONE)
    add_mailserver(tmp_path, TWO)
    return tmp_path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "server-password"
    file.touch(mode=0o600)
    file.write_text("sesame\n")
    return file


# ---- add


def test_added_server_is_saved_and_what_it_learns_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_add(tmp_path / "data", ONE.url(), None, pin=False, as_json=False)
    assert read_mailservers(tmp_path / "data") == (ONE,)
    out, err = capsys.readouterr()
    assert out == f"added {NAME_ONE}\n"
    assert "learns your network address" in err
    assert "mail fetch" in err


def test_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    add(tmp_path / "data", ONE.url())
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / MAILSERVER_FILE_NAME).stat().st_mode & 0o077 == 0


def test_directory_of_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(DataDirectoryError, match="chmod go-w"):
        add(tmp_path, ONE.url())


def test_server_of_a_known_key_is_changed_and_stays_pinned(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_pin(two, "127.0.0.1", off=False, as_json=True)
    moved = server_at(1, "elsewhere.example")
    add(two, moved.url())
    assert results(capsys)[-1] == {
        "event": "changed",
        "enode": moved.url(),
        "has_password": False,
        "pinned": True,
    }
    assert set(read_mailservers(two)) == {TWO, replace(moved, pinned=True)}


def test_one_at_most_is_pinned(tmp_path: Path) -> None:
    add(tmp_path, ONE.url(), pin=True)
    add(tmp_path, TWO.url(), pin=True)
    assert [each.pinned for each in read_mailservers(tmp_path)] == [False, True]


def test_public_password_may_stand_in_an_argument(tmp_path: Path) -> None:
    add(tmp_path, with_password(ONE, "status-offline-inbox"))
    [saved] = read_mailservers(tmp_path)
    assert saved.password is not None


def test_secret_password_in_an_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="on stdin") as caught:
        add(tmp_path, with_password(ONE, "sesame"))
    assert caught.value.code is ExitCode.USAGE
    assert "sesame" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_secret_password_comes_on_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(with_password(ONE, "sesame") + "\n"))
    add(tmp_path, "-")
    [saved] = read_mailservers(tmp_path)
    assert saved.url() == with_password(ONE, "sesame")
    out, err = capsys.readouterr()
    assert "sesame" not in out + err
    assert json.loads(out)["has_password"] is True


def test_secret_password_comes_from_a_file(tmp_path: Path, secret: Path) -> None:
    add(tmp_path, ONE.url(), secret)
    assert read_mailservers(tmp_path)[0].url() == with_password(ONE, "sesame")


@pytest.mark.parametrize("sign", ["/", "?", "#", " ", "\u00a0", "\u2028"])
def test_password_that_a_url_has_no_room_for_is_refused(
    tmp_path: Path, secret: Path, sign: str
) -> None:
    secret.write_text(f"se{sign}same\n")
    with pytest.raises(CommandError, match="has no room") as caught:
        add(tmp_path, ONE.url(), secret)
    assert "same" not in str(caught.value)
    assert read_mailservers(tmp_path) == ()


def test_password_of_a_file_is_read_back_as_it_was(tmp_path: Path, secret: Path) -> None:
    secret.write_text("s@e:s%a+me\n")
    add(tmp_path, ONE.url(), secret)
    [saved] = read_mailservers(tmp_path)
    assert saved.password is not None
    assert saved.password.text == "s@e:s%a+me"


def test_two_passwords_are_one_too_many(secret: Path) -> None:
    with pytest.raises(CommandError, match="leave one out"):
        read_url(with_password(ONE, "status-offline-inbox"), secret)


@pytest.mark.parametrize("stdin", ["", " \n", None])
def test_nothing_on_stdin_is_a_mistake_of_use(
    monkeypatch: pytest.MonkeyPatch, stdin: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", None if stdin is None else io.StringIO(stdin))
    with pytest.raises(CommandError, match="stdin"):
        read_url("-", None)


@pytest.mark.parametrize("url", ["", "enode://00", "mail.example", ONE.url().partition("@")[0]])
def test_what_cannot_be_dialled_is_not_saved(tmp_path: Path, url: str) -> None:
    with pytest.raises(LocalProtocolError):
        add(tmp_path, url)
    assert list(tmp_path.iterdir()) == []


def test_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / MAILSERVER_FILE_NAME
    file.touch(mode=0o600)
    file.write_text("# mine\nenode://00\n")
    with pytest.raises(LocalProtocolError, match="line 2"):
        add(tmp_path, ONE.url())


# ---- names


@pytest.mark.parametrize(
    "name",
    [ONE.url(), KEY_ONE, KEY_ONE[:4].upper(), NAME_ONE, "127.0.0.1", "127.0.0.1:30303"],
)
def test_server_is_named_as_it_is_printed(name: str) -> None:
    assert find_server((ONE, TWO), name) is ONE


@pytest.mark.parametrize(
    ("saved", "name", "words"),
    [
        ((), "127.0.0.1", "no mailserver is saved"),
        ((ONE, TWO), "example", "mail status prints them all"),
        ((ONE, TWO), KEY_ONE[:3], "mail status prints them all"),
        ((ONE, server_at(3)), "127.0.0.1", "2 saved mailservers"),
    ],
)
def test_name_of_none_or_several_is_a_mistake_of_use(
    saved: tuple[SavedMailserver, ...], name: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        find_server(saved, name)
    assert caught.value.code is ExitCode.USAGE


# ---- pin, remove


def test_pin_is_set_and_taken_back(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_pin(two, "mail.example", off=False, as_json=False)
    assert [each.pinned for each in read_mailservers(two)] == [False, True]
    run_pin(two, "mail.example", off=True, as_json=False)
    run_pin(two, "mail.example", off=True, as_json=False)
    assert [each.pinned for each in read_mailservers(two)] == [False, False]
    words = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert words == ["pinned", "unpinned", "unpinned"]


def test_pin_of_another_is_left_alone(two: Path) -> None:
    run_pin(two, "mail.example", off=False, as_json=True)
    run_pin(two, "127.0.0.1", off=True, as_json=True)
    assert [each.pinned for each in read_mailservers(two)] == [False, True]


def test_server_is_removed(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_remove(two, "127.0.0.1", is_all=False, as_json=False)
    assert read_mailservers(two) == (TWO,)
    assert capsys.readouterr() == (f"removed {NAME_ONE}\n", "")


def test_all_are_removed_and_none_is_used(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_remove(two, None, is_all=True, as_json=True)
    assert read_mailservers(two) == ()
    out, err = capsys.readouterr()
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["removed", "removed"]
    assert "no mailserver is used" in err


def test_none_is_removed_where_none_is(tmp_path: Path) -> None:
    run_remove(tmp_path, None, is_all=True, as_json=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "is_all"), [(None, False), ("127.0.0.1", True)])
def test_one_or_all_is_removed_and_never_both(two: Path, name: str | None, is_all: bool) -> None:
    with pytest.raises(CommandError, match="name one"):
        run_remove(two, name, is_all=is_all, as_json=True)
    assert len(read_mailservers(two)) == 2


def test_remarks_in_the_file_stay(two: Path) -> None:
    file = two / MAILSERVER_FILE_NAME
    file.write_text(file.read_text() + "# a friend's\n")
    run_pin(two, "127.0.0.1", off=False, as_json=True)
    run_remove(two, "mail.example", is_all=False, as_json=True)
    assert "# a friend's" in file.read_text()


# ---- status


def test_saved_servers_are_printed_where_no_node_runs(
    two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_status(two, as_json=False)
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == NAME_ONE
    assert "no node runs here" in err
    run_status(two, as_json=True)
    assert results(capsys)[0] == {
        "event": "mailserver",
        "enode": ONE.url(),
        "has_password": False,
        "pinned": False,
        "state": None,
    }


def test_no_servers_says_how_to_add_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_status(tmp_path, as_json=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "sottovoce mail add URL" in err


def test_server_is_told_with_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    status = ServerStatus(
        key=ONE.enode.public_key,
        host="127.0.0.1",
        port=30303,
        state=ServerState.RESTING,
        health=0.254,
        pages=12,
        failures=3,
        open_s=7200,
        answered_unix_s=1000,
        detail="it said \x1b[2J",
    )
    pinned = replace(ONE, pinned=True)
    module._print_status(Output(as_json=False), pinned, status, 1060.0)
    line, detail = capsys.readouterr().out.splitlines()
    assert line == (
        f"{NAME_ONE} [pinned]  set aside for a while, health 25%, 12 pages, 3 failures, "
        "answered 1 min ago, 2.0 h to ask for, of all topics together"
    )
    assert detail.isprintable()
    fresh = replace(status, open_s=0, answered_unix_s=None, detail="")
    module._print_status(Output(as_json=True), ONE, fresh, 1060.0)
    assert results(capsys)[0]["answered_unix_s"] is None
    module._print_status(Output(as_json=False), ONE, fresh, 1060.0)
    assert "never answered, nothing to ask for" in capsys.readouterr().out


# ---- a node that runs


@pytest.mark.slow
def test_running_node_goes_by_a_change_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recover_account(tmp_path, PHRASE, "Anna", PASSWORD, cost=CHEAP)
    with holding(tmp_path):
        add(tmp_path, with_password(ONE, "status-offline-inbox"), pin=True)
        add(tmp_path, TWO.url())
        run_status(tmp_path, as_json=True)
        said = results(capsys)[-2:]
        run_pin(tmp_path, "127.0.0.1", off=True, as_json=True)
        run_remove(tmp_path, "mail.example", is_all=False, as_json=True)
    assert [(each["pinned"], each["pages"]) for each in said] == [(True, 0), (False, 0)]
    [kept] = read_mailservers(tmp_path)
    assert (kept.enode, kept.pinned, kept.password is not None) == (ONE.enode, False, True)
