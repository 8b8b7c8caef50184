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

RESPONSE_VERSION: Final = 1

# A peer answers within a round trip or never; this many packets are minutes of our own writing.
# Each holds a handful of hashes, so a peer that never answers costs a few hundred kB at most.
BATCHES_REMEMBERED_MAX: Final = 1024

# The peer's words are for people; more than a line of them is somebody filling our memory.
REFUSAL_TEXT_CHARS_MAX: Final = 200

_PAIR: Final = 2
_REFUSAL_ITEMS: Final = 3
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
    item, _ = rlp.decode_prefix(payload)
    return EnvelopeHash(rlp.as_bytes(item, "batch acknowledged", HASH_BYTES))


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
    _, _, end = rlp.read_header(payload, 0, len(payload))
    spans = rlp.split_list(payload[:end])
    if len(spans) != _PAIR:
        raise RemoteProtocolError("message response: expected two items")
    (version_start, version_end), (body_start, body_end) = spans
    version = rlp.as_uint(rlp.decode(payload[version_start:version_end]), "response version")
    if version != RESPONSE_VERSION:
        return None
    try:
        return _decode_response(payload[body_start:body_end])
    except RemoteProtocolError:
        return UNREADABLE


def _decode_response(body: bytes) -> BatchResponse:
    pair = rlp.as_list(rlp.decode(body), "response")
    if len(pair) != _PAIR:
        raise RemoteProtocolError("response: expected two items")
    batch = EnvelopeHash(rlp.as_bytes(pair[0], "batch hash", HASH_BYTES))
    refusals = tuple(_decode_refusal(item) for item in rlp.as_list(pair[1], "refusals"))
    return BatchResponse(batch, refusals)


def _decode_refusal(item: rlp.RlpItem) -> Refusal:
    parts = rlp.as_list(item, "refusal")
    if len(parts) != _REFUSAL_ITEMS:
        raise RemoteProtocolError("refusal: expected three items")
    text = rlp.as_bytes(parts[2], "refusal text").decode(errors="replace")
    return Refusal(
        EnvelopeHash(rlp.as_bytes(parts[0], "refused envelope", HASH_BYTES)),
        rlp.as_uint(parts[1], "refusal code"),
        text[:REFUSAL_TEXT_CHARS_MAX],
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
