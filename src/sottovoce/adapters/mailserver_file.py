"""The mailservers that a person trusts, as a file that people can read and edit.

One mailserver a line, the preferred one first: its enode URL, which may carry a password, then,
behind at most one, the word ``pinned``: that one alone is asked. Empty lines and what follows a #
are ignored, and stay when something is changed. The file is its owner's alone, for it may hold
passwords, and is replaced whole, so that a crash leaves the old one or the new one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from sottovoce.adapters.private_file import read_private_file, write_private_file
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.enode import SCHEME, Enode, EnodePassword, parse_enode_with_password
from sottovoce.mail.mailserver import parse_mailserver

MAILSERVER_FILE_NAME: Final = "mailservers.txt"
# A person trusts two or three, and no more than these are asked.
MAILSERVERS_MAX: Final = 32
# Room for so many with a remark each; a wrong file may be endless.
_BYTES_MAX: Final = 64 * 1024
_PINNED: Final = "pinned"
_HEADER: Final = "# One enode a line, the preferred one first; behind one the word 'pinned'."


@dataclass(frozen=True, slots=True)
class SavedMailserver:
    """A mailserver that somebody trusts.

    Attributes:
        enode: Its key and address.
        password: What its URL carries, or None.
        pinned: Whether it alone is asked.
    """

    enode: Enode
    password: EnodePassword | None = field(default=None, repr=False)
    pinned: bool = False

    def url(self) -> str:
        """Return its URL, with the password."""
        if self.password is None:
            return str(self.enode)
        bare = str(self.enode).removeprefix(SCHEME)
        identity, _, place = bare.partition("@")
        return f"{SCHEME}{identity}:{self.password.text}@{place}"

    def line(self) -> str:
        """Return how it stands in the file."""
        return f"{self.url()} {_PINNED}" if self.pinned else self.url()


class _Line(NamedTuple):
    """A line of the file, and what it names."""

    text: str
    server: SavedMailserver | None


def parse_saved(text: str, *, pinned: bool = False) -> SavedMailserver:
    """Read the URL of a mailserver.

    Raises:
        LocalProtocolError: It is no enode URL, or nobody can dial it; the text repeats no part.
    """
    parse_mailserver(text)
    enode, password = parse_enode_with_password(text)
    if password is not None and any(sign.isspace() for sign in password.text):
        raise LocalProtocolError("a mailserver's URL has no blanks; write %20, if at all")
    return SavedMailserver(enode, password, pinned)


def parse_all(urls: Iterable[str], pinned: str | None = None) -> tuple[SavedMailserver, ...]:
    """Read the URLs of mailservers, the preferred one first.

    Args:
        urls: The URLs, each key once; the last of several wins.
        pinned: The URL of the one that alone is asked; it need not be repeated in `urls`.

    Raises:
        LocalProtocolError: One is no mailserver, or there are too many.
    """
    servers = {server.enode.public_key: server for server in map(parse_saved, urls)}
    if pinned is not None:
        server = parse_saved(pinned, pinned=True)
        servers[server.enode.public_key] = server
    _check_count(len(servers), "this list")
    return tuple(servers.values())


def read_mailservers(directory: Path) -> tuple[SavedMailserver, ...]:
    """Read the mailservers of a data directory; none if there is no file.

    Raises:
        LocalProtocolError: A line is no mailserver, or there are too many; the text names the line
            and never repeats it.
        DataDirectoryError: The file cannot be read, or is open to others.
    """
    file = directory / MAILSERVER_FILE_NAME
    return tuple(line.server for line in _read_lines(file) if line.server is not None)


def add_mailserver(directory: Path, server: SavedMailserver) -> bool:
    """Add a mailserver behind the others, or replace the one with the same key.

    One that is pinned takes the pin of another.

    Returns:
        Whether the key was new.

    Raises:
        LocalProtocolError: The file is not valid or is full.
        DataDirectoryError: It cannot be read or written.
    """
    file = directory / MAILSERVER_FILE_NAME
    before = _read_lines(file)
    kept = [line for line in before if _key(line) != server.enode.public_key]
    if server.pinned:
        kept = [_pinned(line, is_pinned=False) for line in kept]
    _write(file, [*kept, _Line(server.line(), server)])
    return len(kept) == len(before)


def remove_mailserver(directory: Path, key: PublicKey) -> bool:
    """Remove a mailserver.

    Returns:
        Whether it was there.

    Raises:
        LocalProtocolError: The file is not valid.
        DataDirectoryError: It cannot be read or written.
    """
    file = directory / MAILSERVER_FILE_NAME
    before = _read_lines(file)
    kept = [line for line in before if _key(line) != key]
    if len(kept) == len(before):
        return False
    _write(file, kept)
    return True


def pin_mailserver(directory: Path, key: PublicKey | None) -> bool:
    """Let one mailserver alone be asked, or, with None, any of them.

    Returns:
        Whether that one is there.

    Raises:
        LocalProtocolError: The file is not valid.
        DataDirectoryError: It cannot be read or written.
    """
    file = directory / MAILSERVER_FILE_NAME
    before = _read_lines(file)
    if key is not None and key not in map(_key, before):
        return False
    _write(file, [_pinned(line, is_pinned=_key(line) == key) for line in before])
    return True


def replace_mailservers(directory: Path, servers: Sequence[SavedMailserver]) -> None:
    """Keep these mailservers, in this order, in the place of all; remarks stay.

    Raises:
        LocalProtocolError: There are too many.
        DataDirectoryError: The file cannot be read or written.
    """
    file = directory / MAILSERVER_FILE_NAME
    remarks = [
        _Line(text, None) for text in _read_texts(file) if not text.partition("#")[0].strip()
    ]
    _write(file, remarks + [_Line(server.line(), server) for server in servers])


def _key(line: _Line) -> PublicKey | None:
    return None if line.server is None else line.server.enode.public_key


def _pinned(line: _Line, *, is_pinned: bool) -> _Line:
    """Return a line with or without the pin; a remark behind it stays."""
    if line.server is None or line.server.pinned == is_pinned:
        return line
    changed = replace(line.server, pinned=is_pinned)
    _, sign, remark = line.text.partition("#")
    return _Line(changed.line() + (f" {sign}{remark}" if sign else ""), changed)


def _read_lines(file: Path) -> list[_Line]:
    """Read the lines of the file; none if there is no file.

    Raises:
        LocalProtocolError: It is not valid.
        DataDirectoryError: It cannot be read.
    """
    lines = [
        _Line(text, _parse(text.partition("#")[0].split(), f"{file} line {number}"))
        for number, text in enumerate(_read_texts(file), start=1)
    ]
    servers = [line.server for line in lines if line.server is not None]
    _check_count(len(servers), str(file))
    if len({server.enode.public_key for server in servers}) < len(servers):
        raise LocalProtocolError(f"{file} names a mailserver twice; remove one of its lines")
    if sum(server.pinned for server in servers) > 1:
        raise LocalProtocolError(f"{file}: the word '{_PINNED}' may stand behind one line only")
    return lines


def _read_texts(file: Path) -> list[str]:
    """Read the lines of the file as they are.

    Raises:
        LocalProtocolError: It is no text.
        DataDirectoryError: It cannot be read.
    """
    content = read_private_file(file, bytes_max=_BYTES_MAX) or b""
    try:
        return content.decode().splitlines()
    except UnicodeDecodeError:
        pass
    # Raised only here, for the decoder's error holds the content.
    raise LocalProtocolError(f"cannot read {file}: it is not text")


def _parse(words: list[str], where: str) -> SavedMailserver | None:
    """Read the words of one line; None if there are none.

    Raises:
        LocalProtocolError: They are no mailserver.
    """
    if not words:
        return None
    if words[1:] not in ([], [_PINNED]):
        raise LocalProtocolError(f"{where}: after the enode only the word '{_PINNED}' may stand")
    try:
        return parse_saved(words[0], pinned=len(words) > 1)
    except LocalProtocolError as error:
        raise LocalProtocolError(f"{where}: {error}") from None


def _write(file: Path, lines: list[_Line]) -> None:
    """Replace the file.

    Raises:
        LocalProtocolError: There are too many mailservers.
        DataDirectoryError: It cannot be written.
    """
    _check_count(sum(line.server is not None for line in lines), str(file))
    texts = [line.text for line in lines]
    if not any(text.startswith("#") for text in texts):
        texts.insert(0, _HEADER)
    write_private_file(file, "".join(f"{text}\n" for text in texts).encode())


def _check_count(count: int, what: str) -> None:
    """Check that so many are no mistake.

    Raises:
        LocalProtocolError: They are.
    """
    if count > MAILSERVERS_MAX:
        raise LocalProtocolError(
            f"{what} names {count} mailservers, at most {MAILSERVERS_MAX} are kept; remove some"
        )
