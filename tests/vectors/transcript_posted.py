"""The envelopes of a step: who sent each and when, and in which order things happened.

Bundles carry the time of sealing in nanoseconds, so what was sent has one order. What was opened
has the order of the file: a client fetches what its filters opened, several envelopes at once, and
all of those were sent before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.wire import decode_message
from vectors.text import unhex

Row: TypeAlias = dict[str, Any]

_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Posted:
    """One envelope.

    Attributes:
        entry: As the file has it.
        rows: Those who opened it.
        signer: Who signed it.
        message: Its layer of secrecy; None in a public chat.
        sent_unix_ns: When it was sealed; in a public chat the second of it.
    """

    entry: Row
    rows: list[Row]
    signer: PublicKey
    message: ProtocolMessage | None
    sent_unix_ns: int

    @property
    def is_symmetric(self) -> bool:
        """Whether its readers share a key."""
        return not self.rows[0]["recipient"]


def posted_in(step: Row) -> list[Posted]:
    """Return what was sent in a step, in the order in which it was."""
    opened: dict[str, list[Row]] = {entry["hash"]: [] for entry in step["envelopes"]}
    for row in rows_of(step):
        if "envelope" in row:
            opened[row["envelope"]].append(row)
    posted = [_posted(entry, opened[entry["hash"]]) for entry in step["envelopes"]]
    return sorted(posted, key=lambda one: one.sent_unix_ns)


def fetched_in(step: Row) -> Iterator[list[Row]]:
    """Yield what one client fetched at once, with what it showed for it at the end."""
    fetched: list[Row] = []
    for row in rows_of(step):
        if fetched and fetched[-1]["receiver"] != row["receiver"]:
            yield fetched
            fetched = []
        fetched.append(row)
        if "envelope" not in row:
            yield fetched
            fetched = []
    if fetched:
        yield fetched


def rows_of(step: Row) -> list[Row]:
    """Return all rows of a step, in the order of the file."""
    return [row for entry in step["envelopes"] for row in entry["received"] or ()]


def is_public(row: Row) -> bool:
    """Tell whether an opened envelope was of a public chat: no layer of secrecy in it."""
    return "decode_error" in secrecy_of(row)


def secrecy_of(row: Row) -> Row:
    """Return the layer of secrecy of an opened envelope."""
    layer: Row = row["layers"]["1_protocol_message"]
    return layer


def message_of(row: Row) -> ProtocolMessage | None:
    """Return the layer of secrecy, decoded; None in a public chat."""
    return None if is_public(row) else decode_message(unhex(row["payload"]))


def read_key(text: str) -> PublicKey:
    """Read a public key with its first byte."""
    return PublicKey(unhex(text)[1:])


def _posted(entry: Row, rows: list[Row]) -> Posted:
    assert rows, "nobody opened the envelope in the step in which it was sent"
    message = message_of(rows[0])
    if message is None:
        sent_unix_ns = rows[0]["timestamp"] * _NANOSECONDS
    else:
        sent_unix_ns = message.bundles[0].timestamp_ns
    return Posted(entry, rows, read_key(rows[0]["signer"]), message, sent_unix_ns)
