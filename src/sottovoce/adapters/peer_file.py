"""The peers that a node keeps connected to, as a file that people can read and edit.

One peer a line: its enode URL, then, if its direct messages are taken, the word ``trusted``. Empty
lines and what follows a # are ignored, and stay when a peer is added. The file is replaced whole,
so that a crash leaves the old one or the new one.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.devp2p.enode import Enode, parse_enode

PEER_FILE_NAME: Final = "peers.txt"
# A node has some ten peers; thousands are a mistake that should be said, not dialled.
PEERS_MAX: Final = 1000
# Room for so many with a remark each; a device or a wrong file may be endless.
_CHARACTERS_MAX: Final = 1024 * 1024
_TRUSTED: Final = "trusted"
_HEADER: Final = "# One enode a line; a word 'trusted' behind it takes its direct messages.\n"


@dataclass(frozen=True, slots=True)
class SavedPeer:
    """A peer to keep connected to.

    Attributes:
        enode: Its key and address.
        trusted: Whether its direct messages are taken.
    """

    enode: Enode
    trusted: bool

    def line(self) -> str:
        """Return how it stands in the file."""
        return f"{self.enode} {_TRUSTED}\n" if self.trusted else f"{self.enode}\n"


def read_peers(directory: Path) -> list[SavedPeer]:
    """Read the peers of a data directory; none if there is no file.

    Raises:
        LocalProtocolError: The file cannot be read, or a line is no peer; the text names the line.
    """
    file = directory / PEER_FILE_NAME
    parsed = [peer for _, peer in _parse_lines(_read_lines(file), file)]
    peers = [peer for peer in parsed if peer is not None]
    if len(peers) > PEERS_MAX:
        raise LocalProtocolError(f"{file} names {len(peers)} peers, at most {PEERS_MAX} are kept")
    return peers


def _read_lines(file: Path) -> list[str]:
    """Read the lines of the file; none if there is no file.

    Raises:
        LocalProtocolError: The file cannot be read.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            text = stream.read(_CHARACTERS_MAX + 1)
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise LocalProtocolError(f"cannot read {file}: {reason}") from None
    if len(text) > _CHARACTERS_MAX:
        raise LocalProtocolError(f"cannot read {file}: it is longer than any list of peers")
    return text.splitlines()


def _parse_lines(lines: list[str], file: Path) -> list[tuple[str, SavedPeer | None]]:
    return [
        (line, _parse(line.partition("#")[0].split(), f"{file} line {number}"))
        for number, line in enumerate(lines, start=1)
    ]


def _parse(words: list[str], where: str) -> SavedPeer | None:
    """Read the words of one line; None if there are none.

    Raises:
        LocalProtocolError: They are no peer.
    """
    if not words:
        return None
    if words[1:] not in ([], [_TRUSTED]):
        raise LocalProtocolError(f"{where}: after the enode only the word '{_TRUSTED}' may stand")
    try:
        return SavedPeer(parse_enode(words[0]), len(words) > 1)
    except LocalProtocolError as error:
        raise LocalProtocolError(f"{where}: {error}") from None


def add_peer(directory: Path, peer: SavedPeer) -> bool:
    """Add a peer, or replace the one with the same key.

    Returns:
        Whether the key was new.

    Raises:
        LocalProtocolError: The enode cannot be dialled, or the file is not valid, is full or cannot
            be written.
    """
    if peer.enode.host is None or not peer.enode.tcp_port:
        raise LocalProtocolError("this enode cannot be dialled: it has no address or no TCP port")
    file = directory / PEER_FILE_NAME
    before = _parse_lines(_read_lines(file), file)
    kept = [
        (line, known)
        for line, known in before
        if known is None or known.enode.public_key != peer.enode.public_key
    ]
    if sum(known is not None for _, known in kept) >= PEERS_MAX:
        raise LocalProtocolError(f"{file} names {PEERS_MAX} peers already; remove one first")
    draft = file.with_suffix(".new")
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.write("" if before else _HEADER)
            stream.writelines(f"{line}\n" for line, _ in kept)
            stream.write(peer.line())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError as error:
        raise LocalProtocolError(f"cannot write {file}: {error.strerror}") from None
    return len(kept) == len(before)
