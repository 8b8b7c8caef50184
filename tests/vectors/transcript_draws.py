"""Whose each recorded draw was, and what it was drawn for.

The file lists what all clients drew in a step, in one order of time, and they worked side by side.
What was drawn for sealing stands in the sealed message; what was drawn when a ratchet turned is
found in what its owner says or stores later. The salts of symmetric envelopes are left over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sottovoce.crypto.aes import GCM_NONCE_BYTES
from sottovoce.secure.message import ProtocolMessage
from vectors.text import unhex
from vectors.transcript_posted import Posted, message_of, rows_of

_NONCE: Final = "nonce12"


class Draws:
    """The draws of one device, in order."""

    def __init__(self, draws: Iterable[bytes] = ()) -> None:
        self._draws = list(draws)

    def load(self, draws: Iterable[bytes]) -> None:
        """Begin a step; all of the one before must have been drawn."""
        assert not self._draws, f"{len(self._draws)} recorded draws were not taken"
        self._draws = list(draws)

    def put_first(self, draws: Iterable[bytes]) -> None:
        """Let these be drawn next."""
        self._draws[:0] = draws

    def take(self, size_bytes: int) -> bytes:
        """Return the next recorded draw."""
        assert self._draws, f"a draw of {size_bytes} bytes was not recorded"
        drawn = self._draws.pop(0)
        assert len(drawn) == size_bytes, f"recorded {len(drawn)} bytes, asked for {size_bytes}"
        return drawn

    def copy(self) -> "Draws":
        """Return what is left, for whoever tries something."""
        return Draws(self._draws)

    def __len__(self) -> int:
        return len(self._draws)


@dataclass(frozen=True, slots=True)
class Shares:
    """The draws of one step.

    Attributes:
        sealing: For each envelope, by its hash, what its sender drew.
        opening: For each device, by its installation id, what it drew when ratchets turned.
    """

    sealing: dict[str, list[bytes]]
    opening: dict[str, list[bytes]]


def owners_of_keys(document: dict[str, Any]) -> dict[str, str]:
    """Return who had which ratchet key: by the key, the installation id."""
    owners: dict[str, str] = {}
    actors = document["actors"]
    for step in document["steps"]:
        for row in rows_of(step):
            message = message_of(row) if "envelope" in row else None
            for entry in message.direct.values() if message is not None else ():
                if message is not None and entry.session is not None:
                    owners[entry.session.ratchet.key.hex()] = message.installation_id
        for name, tables in step["secrets_after"].items():
            for session in tables["sessions"] or ():
                owners[session["dhs_public"]] = actors[name]["installation_id"]
    return owners


def share(step: dict[str, Any], posted: list[Posted], owners: dict[str, str]) -> Shares:
    """Find out for what each draw of a step was."""
    left = {
        drawn.get("public_compressed", drawn.get(_NONCE)): drawn
        for drawn in step["generated"] or ()
    }
    shares = Shares({}, {})
    for envelope in posted:
        named = set() if envelope.message is None else _named_in(envelope.message)
        own = [left.pop(name) for name in tuple(left) if name in named]
        shares.sealing[envelope.entry["hash"]] = [_value(drawn) for drawn in own]
    salts = [name for name in left if _NONCE in left[name]]
    assert len(salts) == sum(envelope.is_symmetric for envelope in posted)
    for name in salts:
        # The Go client mixes this draw with another source: the salt is in the data only.
        del left[name]
    for name, drawn in left.items():
        shares.opening.setdefault(owners[name], []).append(_value(drawn))
    return shares


def _named_in(message: ProtocolMessage) -> set[str]:
    """Return all that a message says of what may have been drawn for it."""
    named = {
        bundle.prekeys[message.installation_id].key
        for bundle in message.bundles
        if message.installation_id in bundle.prekeys
    }
    for entry in message.direct.values():
        if entry.x3dh is not None and entry.session is not None:
            named |= {entry.x3dh.ephemeral, entry.session.ratchet.key}
        if entry.ephemeral is not None:
            named |= {entry.ephemeral, entry.payload[-GCM_NONCE_BYTES:]}
    return {name.hex() for name in named}


def _value(drawn: dict[str, str]) -> bytes:
    return unhex(drawn[_NONCE] if _NONCE in drawn else drawn["private"])
