"""Confirmations: the two answers to a `messages` packet, and which answers we wait for.

It owns the two packets and the memory of batches that envelopes of our own travelled in. A batch
is named by the hash of the packet's payload. What a refusal means for a message is not its
business; error codes are opaque, any listed envelope was not taken.

Spec: EIP-627 has none; status-go whisper/message.go and whisper/peer.go, where the error codes
are 37 and 38 (docs/spec-deviations.md, "Confirmations").
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import HASH_BYTES, EnvelopeHash
from sottovoce.codec import rlp
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.envelope import ENVELOPES_PER_PACKET_MAX

RESPONSE_VERSION: Final = 1

# A peer answers within a round trip or never; this many packets are minutes of our own writing.
# Each holds a handful of hashes, so a peer that never answers costs a few hundred kB at most.
BATCHES_REMEMBERED_MAX: Final = 1024

# The peer's words are for people; more than a line of them is somebody filling our memory.
REFUSAL_TEXT_CHARS_MAX: Final = 200

_REFUSAL_TEXT_BYTES_MAX: Final = 4 * REFUSAL_TEXT_CHARS_MAX  # UTF-8 takes at most four a letter
_WRAPPING_BYTES_MAX: Final = 64  # version, batch hash and the headers of three lists


class Refusal(NamedTuple):
    """One envelope that was not taken (a NamedTuple, for floods make one per envelope).

    Attributes:
        hash: The envelope.
        code: A number that nobody should read meaning into.
        text: Why, for people.
    """

    hash: EnvelopeHash
    code: int
    text: str


class BatchResponse(NamedTuple):
    """A decoded message response.

    Attributes:
        batch: The packet that is answered.
        refusals: What was not taken.
    """

    batch: EnvelopeHash
    refusals: tuple[Refusal, ...]


# An answer to no batch: no packet hashes to zeros.
UNREADABLE: Final = BatchResponse(EnvelopeHash(bytes(HASH_BYTES)), ())


def batch_hash(payload: bytes) -> EnvelopeHash:
    """Name a `messages` packet by its uncompressed payload."""
    return EnvelopeHash(keccak256(payload))


def encode_batch_acknowledged(batch: EnvelopeHash) -> bytes:
    """Encode the answer that names the batch alone: 32 bytes, in no list."""
    return rlp.encode(batch)


def decode_batch_acknowledged(payload: bytes) -> EnvelopeHash:
    """Decode the answer that names the batch alone.

    Raises:
        RemoteProtocolError: It is not 32 bytes.
    """
    return EnvelopeHash(rlp.decode_string(payload, "batch acknowledged", HASH_BYTES))


def encode_message_response(
    batch: EnvelopeHash, refusals: Sequence[Refusal], bytes_max: int
) -> bytes:
    """Encode the answer that lists what was not taken.

    Args:
        batch: The packet that is answered.
        refusals: In the order of the packet; those that do not fit are left out at the end.
        bytes_max: The largest payload that the peer takes.
    """
    encoded = []
    left = bytes_max - _WRAPPING_BYTES_MAX
    for refusal in refusals:
        item = rlp.encode((refusal.hash, refusal.code, refusal.text.encode()))
        left -= len(item)
        if left < 0:
            break
        encoded.append(item)
    response = rlp.encode_list((rlp.encode(batch), rlp.encode_list(encoded)))
    return rlp.encode_list((rlp.encode_uint(RESPONSE_VERSION), response))


def decode_message_response(payload: bytes) -> BatchResponse | None:
    """Decode the answer that lists what was not taken.

    Returns:
        None for another version; `UNREADABLE` for a body of version 1 that cannot be read. Both
        cost the peer nothing.

    Raises:
        RemoteProtocolError: It is not a list of a version and a response.
    """
    at, end = rlp.read_list(payload, 0, len(payload), "message response")
    _, _, body = rlp.read_header(payload, at, end)
    _, _, body_end = rlp.read_header(payload, body, end)
    if body_end != end:
        raise RemoteProtocolError("message response: expected two items")
    version = rlp.as_uint(rlp.decode_string(payload[at:body], "response version"), "version")
    if version != RESPONSE_VERSION:
        return None
    try:
        return _decode_response(payload, body, end)
    except RemoteProtocolError:
        return UNREADABLE


def _decode_response(data: bytes, start: int, end: int) -> BatchResponse:
    """Read it header by header, so that a megabyte of anything else costs no more than its start.

    Raises:
        RemoteProtocolError: It is no batch with refusals, or has more of them than a packet has
            envelopes.
    """
    at, body_end = rlp.read_list(data, start, end, "response")
    batch, at = rlp.read_string(data, at, body_end, "batch hash")
    if len(batch) != HASH_BYTES:
        raise RemoteProtocolError("response: a batch has another length")
    at, refusals_end = rlp.read_list(data, at, body_end, "refusals")
    if refusals_end != body_end:
        raise RemoteProtocolError("response: expected two items")
    refusals: list[Refusal] = []
    while at < refusals_end:
        if len(refusals) == ENVELOPES_PER_PACKET_MAX:
            raise RemoteProtocolError("response: more refusals than envelopes of a packet")
        item, item_end = rlp.read_list(data, at, refusals_end, "refusal")
        refusals.append(_decode_refusal(data, item, item_end))
        at = item_end
    return BatchResponse(EnvelopeHash(batch), tuple(refusals))


def _decode_refusal(data: bytes, start: int, end: int) -> Refusal:
    refused, at = rlp.read_string(data, start, end, "refused envelope")
    code, at = rlp.read_string(data, at, end, "refusal code")
    text, at = rlp.read_string(data, at, end, "refusal text")
    if len(refused) != HASH_BYTES or at != end:
        raise RemoteProtocolError("refusal: expected a hash, a code and a text")
    words = text[:_REFUSAL_TEXT_BYTES_MAX].decode(errors="replace")
    return Refusal(
        EnvelopeHash(refused), rlp.as_uint(code, "refusal code"), words[:REFUSAL_TEXT_CHARS_MAX]
    )


class SentBatches:
    """Which envelopes of our own went to one peer in which packet; the oldest are forgotten."""

    def __init__(self) -> None:
        self._batches: dict[EnvelopeHash, tuple[EnvelopeHash, ...]] = {}

    def __len__(self) -> int:
        return len(self._batches)

    def remember(self, batch: EnvelopeHash, own: tuple[EnvelopeHash, ...]) -> None:
        """Wait for the answer to a packet."""
        if len(self._batches) >= BATCHES_REMEMBERED_MAX:
            del self._batches[next(iter(self._batches))]
        self._batches[batch] = own

    def take(self, batch: EnvelopeHash) -> tuple[EnvelopeHash, ...]:
        """Return the envelopes of our own in a packet, once; empty if it is not waited for."""
        return self._batches.pop(batch, ())

    def forget_all(self) -> None:
        """Wait for no answer any more: the peer gives answers that cannot be read."""
        self._batches.clear()
