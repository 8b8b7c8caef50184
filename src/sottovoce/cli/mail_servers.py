"""What ``sottovoce mail add``, ``pin``, ``remove`` and ``status`` do: the mailservers of a person.

They stand in a file of the data directory. A node that runs there with an account is told at once,
and keeps the file itself.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar

from sottovoce.adapters.mailserver_file import (
    SavedMailserver,
    add_mailserver,
    parse_saved,
    pin_mailserver,
    read_mailservers,
    remove_mailserver,
)
from sottovoce.adapters.private_file import make_private_directory
from sottovoce.adapters.secret_file import read_password_file
from sottovoce.base.quantities import PublicKey
from sottovoce.cli.mail_text import ago_text, count_text, duration_text
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.devp2p.enode import Enode, EnodePassword
from sottovoce.mail.client_events import ServerStatus
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.runtime.loop import run as run_to_end
from sottovoce.sdk.control_client import ControlClient

ResultT = TypeVar("ResultT")

KEY_CHARS_SHOWN: Final = 16
_URL_CHARACTERS_MAX: Final = 4096
_STDIN: Final = "-"
# Two servers of one data directory do not share so many first digits.
_KEY_CHARS_MIN: Final = 4
_NOT_IN_URLS: Final = frozenset("/?#")
_LEARNS: Final = (
    "it is asked for what you miss from now on. It learns your network address, when you were "
    "away and which topics you listen to, and can guess from them the public chats, and people "
    "whose keys it knows. It cannot read what people say to each other."
)
_NOT_IN_ARGUMENTS: Final = (
    "the URL has a password in it, which other users of this machine can read in the arguments of "
    "a program; give the URL on stdin instead of it (sottovoce mail … - <FILE), or without the "
    "password and that with --server-password-file FILE"
)


@dataclass(frozen=True, slots=True)
class _List:
    """The mailservers of a person, the preferred one first.

    Attributes:
        servers: All of them.
        standing: How they stand, if a node runs that knows.
    """

    servers: tuple[SavedMailserver, ...] = field(repr=False)
    standing: tuple[ServerStatus, ...] | None = None


def read_url(url: str, password_file: Path | None) -> SavedMailserver:
    """Read the URL of a mailserver as it is given on the command line.

    Args:
        url: The URL, or - to read it from stdin.
        password_file: The file that holds its password, or None.

    Raises:
        CommandError: A secret stands in an argument, or two passwords are given.
        LocalProtocolError: It is no URL of a mailserver, or the file cannot be used.
    """
    server = parse_saved(_from_stdin() if url == _STDIN else url.strip())
    password = server.password
    if password is not None and password.text != DEFAULT_PASSWORD and url != _STDIN:
        raise CommandError(_NOT_IN_ARGUMENTS, ExitCode.USAGE)
    if password_file is None:
        return server
    if password is not None:
        raise CommandError(
            "the URL has a password, and --server-password-file gives another; leave one out",
            ExitCode.USAGE,
        )
    return replace(server, password=EnodePassword(read_server_password(password_file)))


def read_server_password(file: Path) -> str:
    """Read the password of those who may ask a mailserver.

    Raises:
        CommandError: It has a sign that no URL has room for, so nobody could ask with it.
        LocalProtocolError: The file cannot be used.
    """
    password = read_password_file(file)
    if not _NOT_IN_URLS.isdisjoint(password) or any(sign.isspace() for sign in password):
        raise CommandError(
            f"the password in {file} has a sign that the URL of a mailserver has no room "
            "for: / ? # or a blank",
            ExitCode.USAGE,
        )
    return password


def run_add(
    directory: Path, url: str, password_file: Path | None, *, pin: bool, as_json: bool
) -> None:
    """Trust a mailserver from now on."""
    output = Output(as_json=as_json)
    server = replace(read_url(url, password_file), pinned=pin)
    make_private_directory(directory)
    saved = read_mailservers(directory)
    key = server.enode.public_key
    known = next((each for each in saved if each.enode.public_key == key), None)
    if known is not None and known.pinned:
        server = replace(server, pinned=True)
    others = [each for each in saved if each is not known]
    if pin:
        others = [replace(each, pinned=False) for each in others]
    is_live = _tell_node(directory, [*others, server])
    if not is_live:
        add_mailserver(directory, server)
    event = "added" if known is None else "changed"
    _print_change(output, event, server)
    if known is None:
        output.talk(_LEARNS)
    if not is_live:
        output.talk("to fetch now: sottovoce mail fetch; to check it: sottovoce mail probe URL")


def run_pin(directory: Path, name: str, *, off: bool, as_json: bool) -> None:
    """Ask one mailserver and no other, or all of them again."""
    output = Output(as_json=as_json)
    saved = read_mailservers(directory)
    server = find_server(saved, name)
    changed = replace(server, pinned=not off)
    if off and not server.pinned:
        _print_change(output, "unpinned", changed)
        return
    # One at most is pinned, so that all of the others are not.
    others = [changed if each is server else replace(each, pinned=False) for each in saved]
    if not _tell_node(directory, others):
        pin_mailserver(directory, None if off else server.enode.public_key)
    _print_change(output, "unpinned" if off else "pinned", changed)


def run_remove(directory: Path, name: str | None, *, is_all: bool, as_json: bool) -> None:
    """Trust a mailserver no longer, or none.

    Raises:
        CommandError: Neither one nor all is named, or both.
    """
    output = Output(as_json=as_json)
    if (name is None) is not is_all:
        raise CommandError("name one mailserver, or --all for all of them", ExitCode.USAGE)
    saved = read_mailservers(directory)
    gone = list(saved) if name is None else [find_server(saved, name)]
    kept = [each for each in saved if each not in gone]
    if gone and not _tell_node(directory, kept):
        for each in gone:
            remove_mailserver(directory, each.enode.public_key)
    for each in gone:
        _print_change(output, "removed", each)
    if len(gone) == len(saved):
        output.talk("no mailserver is used: what is said while you are away may be missed")


def run_status(directory: Path, *, as_json: bool) -> None:
    """Print the mailservers, and how they stand if a node runs that knows."""
    output = Output(as_json=as_json)
    found = _look(directory)
    standing = {each.key: each for each in found.standing or ()}
    now_unix_s = time.time()
    for server in found.servers:
        _print_status(output, server, standing.get(server.enode.public_key), now_unix_s)
    if not found.servers:
        output.talk(
            "no mailserver is trusted, so none is asked; add one with: sottovoce mail add URL"
        )
    elif found.standing is None:
        output.talk(
            "no node runs here with an account, so this is what is saved; sottovoce mail fetch "
            "asks them, and sottovoce mail probe URL checks one"
        )


def find_server(saved: Sequence[SavedMailserver], name: str) -> SavedMailserver:
    """Return the saved mailserver that a person means.

    Args:
        saved: All of them.
        name: Its URL, its key or the start of it, or its host.

    Raises:
        CommandError: None is called so, or several are.
    """
    wanted = name.strip().lower().removeprefix("enode://")
    digits, _, _ = wanted.partition("@")
    digits, _, _ = digits.partition(":")
    found = [each for each in saved if _is_called(each, wanted, digits)]
    if len(found) == 1:
        return found[0]
    if not saved:
        why = "no mailserver is saved; add one with: sottovoce mail add URL"
    elif not found:
        why = "no saved mailserver is called so; sottovoce mail status prints them all"
    else:
        why = f"{len(found)} saved mailservers are called so; write more of the key"
    raise CommandError(why, ExitCode.USAGE)


def server_name(key: PublicKey, host: str, port: int) -> str:
    """Return how people are told of a mailserver: the start of its key, and where it is."""
    return f"{key.raw.hex()[:KEY_CHARS_SHOWN]}…@{place_text(host, port)}"


def _is_called(server: SavedMailserver, wanted: str, digits: str) -> bool:
    key = server.enode.public_key.raw.hex()
    if len(digits) >= _KEY_CHARS_MIN and key.startswith(digits.rstrip("…")):
        return True
    host = server.enode.host or ""
    return wanted in (host.lower(), place_text(host, server.enode.tcp_port).lower())


def place_text(host: str, port: int) -> str:
    """Return where a mailserver is reached, as people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _name(enode: Enode) -> str:
    return server_name(enode.public_key, enode.host or "", enode.tcp_port)


def _look(directory: Path) -> _List:
    saved = read_mailservers(directory)
    if not ControlClient.is_served(directory):
        return _List(saved)
    standing = run_to_end(_asked(directory, lambda client: client.mailservers()))
    return _List(saved, standing)


def _tell_node(directory: Path, servers: Sequence[SavedMailserver]) -> bool:
    """Tell a node that runs here to trust these, which it keeps; false if there is none."""
    if not ControlClient.is_served(directory):
        return False
    urls = [each.url() for each in servers]
    pinned = next((each.url() for each in servers if each.pinned), None)
    run_to_end(_asked(directory, lambda client: client.set_mailservers(urls, pinned=pinned)))
    return True


async def _asked(directory: Path, wish: Callable[[ControlClient], Awaitable[ResultT]]) -> ResultT:
    async with ControlClient(directory) as client:
        return await wish(client)


def _from_stdin() -> str:
    """Read a URL from stdin.

    Raises:
        CommandError: There is none.
    """
    if sys.stdin is None:
        raise CommandError("there is no stdin to read the URL from", ExitCode.USAGE)
    text = sys.stdin.read(_URL_CHARACTERS_MAX).strip()
    if not text:
        raise CommandError("stdin holds no URL", ExitCode.USAGE)
    return text


def _print_change(output: Output, event: str, server: SavedMailserver) -> None:
    mark = " [pinned]" if server.pinned and event != "pinned" else ""
    output.result(
        f"{event} {_name(server.enode)}{mark}",
        event=event,
        **_fields(server),
    )


def _fields(server: SavedMailserver) -> dict[str, object]:
    # Without the password, which may be a secret.
    return {
        "enode": str(server.enode),
        "has_password": server.password is not None,
        "pinned": server.pinned,
    }


def _open_text(open_s: int) -> str:
    """Return what is still to be asked for; a day of each of ten topics is ten days."""
    if not open_s:
        return "nothing to ask for"
    return f"{duration_text(open_s)} to ask for, of all topics together"


def _print_status(
    output: Output, server: SavedMailserver, status: ServerStatus | None, now_unix_s: float
) -> None:
    mark = " [pinned]" if server.pinned else ""
    if status is None:
        output.result(
            f"{_name(server.enode)}{mark}", event="mailserver", **_fields(server), state=None
        )
        return
    answered = status.answered_unix_s
    parts = [
        status.state.value,
        f"health {status.health:.0%}",
        count_text(status.pages, "page"),
        count_text(status.failures, "failure"),
        "never answered" if answered is None else f"answered {ago_text(now_unix_s - answered)}",
        _open_text(status.open_s),
    ]
    lines = [f"{_name(server.enode)}{mark}  {', '.join(parts)}"]
    if status.detail:
        lines.append(f"    {printable(status.detail)}")
    output.result(
        "\n".join(lines),
        event="mailserver",
        **_fields(server),
        state=status.state.value,
        health=round(status.health, 3),
        pages=status.pages,
        failures=status.failures,
        open_s=status.open_s,
        answered_unix_s=answered,
        detail=printable(status.detail),
    )
