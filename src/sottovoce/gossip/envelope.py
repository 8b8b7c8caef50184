"""The envelope: its five fields, its RLP, its hash. What is sealed inside is not its business.

A received envelope keeps the bytes in which it came: its hash is over these, and they are what
travels on. The same module makes envelopes of our own, before and after the search for a nonce.

Spec: EIP-627, "Whisper Envelope"; go-ethereum whisper/whisperv6/envelope.go, which writes integers
without leading zeros where the text has fixed widths (docs/spec-deviations.md, "Envelope").
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import override

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, EnvelopeHash, Topic
from sottovoce.codec.rlp import encode, encode_list, encode_uint, read_header
from sottovoce.crypto.hashes import keccak256

# What the network counts for the fields beside the data when it speaks of an envelope's size: a
# convention of limits and proof of work, not the length of anything. Another number would make us
# aim at other proofs of work than our peers do.
FIELDS_BYTES: Final = 20

SECONDS_BITS: Final = 32  # expiry and ttl on the wire; later times than 2106 cannot be said
SECONDS_MAX: Final = (1 << SECONDS_BITS) - 1
NONCE_BITS: Final = 64  # the nonce enters the proof of work as this many bits
NONCE_MAX: Final = (1 << NONCE_BITS) - 1

# A megabyte of the smallest envelopes would be 70,000 of them, and hold a relay up for a second.
# The network's envelopes have 300 bytes and more: a full packet has 3,500.
ENVELOPES_PER_PACKET_MAX: Final = 8192

_BITS_PER_BYTE: Final = 8
_SECONDS_BYTES: Final = SECONDS_BITS // _BITS_PER_BYTE
_NONCE_BYTES: Final = NONCE_BITS // _BITS_PER_BYTE

# The shape of nearly every envelope on the network: a list and data of 256 to 65535 bytes, an
# expiry of four bytes, a ttl of one, a nonce of two to eight. One fixed structure reads it in a
# quarter of the time of six calls of the general reader. Whatever deviates goes the general way,
# which alone may refuse.
_USUAL: Final = struct.Struct(f">BHBIBB{TOPIC_BYTES}sBH")
_USUAL_DATA_START: Final = _USUAL.size
_USUAL_LENGTH_MIN: Final = 1 << _BITS_PER_BYTE
_USUAL_EXPIRY_MIN: Final = 1 << (SECONDS_BITS - _BITS_PER_BYTE)
_USUAL_NONCE_HEADER_MIN: Final = 0x82
_USUAL_NONCE_HEADER_MAX: Final = 0x88
_RLP_SINGLE_BYTE_END: Final = 0x80  # from here on a first byte is a header
_RLP_STRING: Final = 0x80  # plus the length of a short string
_RLP_EXPIRY: Final = _RLP_STRING + _SECONDS_BYTES
_RLP_TOPIC: Final = _RLP_STRING + TOPIC_BYTES
_RLP_STRING_LENGTH_2: Final = 0xB9  # a string whose length takes two bytes
_RLP_LIST_LENGTH_2: Final = 0xF9  # a list whose length takes two bytes
_LIST_HEADER_2: Final = struct.Struct(">BH")


class Envelope:
    """An envelope with its nonce; it is made once per envelope on the wire and never changed.

    It is a slotted class and not a frozen dataclass because one is made for each envelope that
    arrives, and that class is built in half the time. Data and nonce stay a part of `raw`.

    Attributes:
        expiry_unix_s: The second after which the envelope is dead, 32 bits.
        ttl_s: Seconds of life asked for, 32 bits.
        sent_unix_s: The second in which it was sent: expiry minus ttl, wrapping around in 32 bits.
        topic: Four bytes.
        raw: The RLP as received, or as encoded here.
        size_bytes: The size by the network's convention: 20 and the length of the data.
    """

    __slots__ = (
        "_data_end",
        "_data_start",
        "_hash",
        "expiry_unix_s",
        "raw",
        "sent_unix_s",
        "size_bytes",
        "topic",
        "ttl_s",
    )

    def __init__(
        self,
        expiry_unix_s: int,
        ttl_s: int,
        topic: Topic,
        raw: bytes,
        data_start: int,
        data_end: int,
    ) -> None:
        """Take fields that are decoded already; only this module makes envelopes."""
        self.expiry_unix_s: Final = expiry_unix_s
        self.ttl_s: Final = ttl_s
        self.sent_unix_s: Final = (expiry_unix_s - ttl_s) & SECONDS_MAX
        self.topic: Final = topic
        self.raw: Final = raw
        self._hash: EnvelopeHash | None = None
        self._data_start: Final = data_start
        self._data_end: Final = data_end
        self.size_bytes: Final = FIELDS_BYTES + data_end - data_start

    @property
    def hash(self) -> EnvelopeHash:
        """Keccak-256 of `raw`, the name of the envelope on the network.

        It is computed when it is first asked for: most envelopes are relayed and never named.
        """
        if self._hash is None:
            self._hash = EnvelopeHash(keccak256(self.raw))
        return self._hash

    @property
    def data(self) -> bytes:
        """The sealed message; a fresh copy at each call."""
        return self.raw[self._data_start : self._data_end]

    @property
    def nonce(self) -> int:
        """The nonce of the proof of work, 64 bits."""
        return int.from_bytes(self.work_input[-_NONCE_BYTES:], "big")

    @property
    def prefix(self) -> bytes:
        """What the proof of work covers beside the nonce: the RLP list of the first four items."""
        return self.work_input[:-_NONCE_BYTES]

    @property
    def work_input(self) -> bytes:
        """What the proof of work is the hash of: the prefix, and the nonce as eight bytes."""
        raw, end = self.raw, self._data_end
        # The nonce is the last item, without leading zeros; its header, if any, has one byte.
        nonce = raw[end:] if raw[end] < _RLP_SINGLE_BYTE_END else raw[end + 1 :]
        nonce = nonce.rjust(_NONCE_BYTES, b"\x00")
        size = end - _LIST_HEADER_2.size
        if raw[0] == _RLP_LIST_LENGTH_2 and size >= _USUAL_LENGTH_MIN:
            # The header stays as long as it was, and only the number in it changes.
            header = _LIST_HEADER_2.pack(_RLP_LIST_LENGTH_2, size)
            return b"".join((header, raw[_LIST_HEADER_2.size : end], nonce))
        _, body, _ = read_header(raw, 0, len(raw))
        return encode_list((raw[body:end],)) + nonce

    @override
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Envelope):
            return NotImplemented
        return self.raw == other.raw

    @override
    def __hash__(self) -> int:
        return hash(self.raw)

    @override
    def __repr__(self) -> str:
        # No topic: it may name a person or a chat.
        return f"Envelope(hash={self.hash.hex()}, size_bytes={self.size_bytes})"


@dataclass(frozen=True, slots=True)
class UnminedEnvelope:
    """An envelope of our own that has no nonce yet.

    Raises:
        LocalProtocolError: Expiry or ttl does not fit 32 bits, or the topic has not four bytes.
    """

    expiry_unix_s: int
    ttl_s: int
    topic: Topic = field(repr=False)
    data: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.ttl_s <= SECONDS_MAX:
            raise LocalProtocolError(f"a ttl has {SECONDS_BITS} bits and is not negative")
        if not 0 <= self.expiry_unix_s <= SECONDS_MAX:
            raise LocalProtocolError(f"an expiry has {SECONDS_BITS} bits and is not negative")
        if len(self.topic) != TOPIC_BYTES:
            raise LocalProtocolError(f"a topic has {TOPIC_BYTES} bytes, not {len(self.topic)}")

    @property
    def size_bytes(self) -> int:
        """The size by the network's convention: 20 and the length of the data."""
        return FIELDS_BYTES + len(self.data)

    @property
    def prefix(self) -> bytes:
        """What the proof of work covers beside the nonce: the RLP list of the four items."""
        return encode_list(self._items())

    def mined(self, nonce: int) -> Envelope:
        """Return the envelope with this nonce; whether it is any good is for others to check.

        Raises:
            LocalProtocolError: The nonce is negative or wider than 64 bits.
        """
        if not 0 <= nonce <= NONCE_MAX:
            raise LocalProtocolError(f"a nonce has {NONCE_BITS} bits and is not negative")
        return decode_envelope(encode_list([*self._items(), encode_uint(nonce)]))

    def _items(self) -> list[bytes]:
        return [
            encode_uint(self.expiry_unix_s),
            encode_uint(self.ttl_s),
            encode(self.topic),
            encode(self.data),
        ]


def decode_envelope(raw: bytes) -> Envelope:
    """Decode exactly one envelope.

    Raises:
        RemoteProtocolError: The bytes are not the canonical RLP of one envelope.
    """
    envelope = _read_usual(raw, 0) or _read_any(raw, 0)
    if len(envelope.raw) != len(raw):
        raise RemoteProtocolError("envelope: there are bytes after its end")
    return envelope


def decode_envelopes(payload: bytes) -> list[Envelope]:
    """Decode a list of envelopes, the body of a `messages` packet; it may be empty.

    Raises:
        RemoteProtocolError: The bytes are not exactly one list, an item is no envelope, or there
            are more than `ENVELOPES_PER_PACKET_MAX`.
    """
    is_list, at, end = read_header(payload, 0, len(payload))
    if not is_list or end != len(payload):
        raise RemoteProtocolError("envelopes: the packet is not exactly one list")
    envelopes: list[Envelope] = []
    while at < end:
        if len(envelopes) == ENVELOPES_PER_PACKET_MAX:
            raise RemoteProtocolError(
                f"envelopes: a packet has more than {ENVELOPES_PER_PACKET_MAX} of them"
            )
        envelope = _read_usual(payload, at) or _read_any(payload, at)
        envelopes.append(envelope)
        at += len(envelope.raw)
    return envelopes


def encode_envelopes(envelopes: Sequence[Envelope]) -> bytes:
    """Encode a list of envelopes, each in the bytes in which it came."""
    return encode_list([envelope.raw for envelope in envelopes])


def _read_usual(payload: bytes, start: int) -> Envelope | None:
    """Read an envelope of the usual shape at `start`, or return None without a verdict."""
    if start + _USUAL_DATA_START > len(payload):
        return None
    (
        kind, length, expiry_kind, expiry, ttl, topic_kind, topic, data_kind, size,
    ) = _USUAL.unpack_from(payload, start)  # fmt: skip
    data_end = _USUAL_DATA_START + size
    end = _LIST_HEADER_2.size + length
    if (
        kind != _RLP_LIST_LENGTH_2
        or expiry_kind != _RLP_EXPIRY
        or expiry < _USUAL_EXPIRY_MIN
        or not 0 < ttl < _RLP_SINGLE_BYTE_END
        or topic_kind != _RLP_TOPIC
        or data_kind != _RLP_STRING_LENGTH_2
        or size < _USUAL_LENGTH_MIN
    ):
        return None
    raw = payload[start : start + end]
    if len(raw) != end or end < data_end + _USUAL_NONCE_HEADER_MIN - _RLP_STRING:
        return None
    nonce_kind = raw[data_end]
    if (
        end != data_end + 1 + nonce_kind - _RLP_STRING
        or not _USUAL_NONCE_HEADER_MIN <= nonce_kind <= _USUAL_NONCE_HEADER_MAX
        or not raw[data_end + 1]
    ):
        return None
    return Envelope(expiry, ttl, topic, raw, _USUAL_DATA_START, data_end)


def _read_any(payload: bytes, start: int) -> Envelope:
    """Read the envelope at `start`, whatever its shape; it may reach to the end of the payload.

    Raises:
        RemoteProtocolError: There is no envelope, or its RLP is not canonical.
    """
    is_list, at, end = read_header(payload, start, len(payload))
    if not is_list:
        raise RemoteProtocolError("envelope: expected a list")
    expiry, at = _read_uint(payload, at, end, _SECONDS_BYTES)
    ttl, at = _read_uint(payload, at, end, _SECONDS_BYTES)
    topic_start, at = _read_string(payload, at, end)
    topic = payload[topic_start:at]
    if len(topic) != TOPIC_BYTES:
        raise RemoteProtocolError("envelope: a topic has another length than four bytes")
    data_start, data_end = _read_string(payload, at, end)
    _, at = _read_uint(payload, data_end, end, _NONCE_BYTES)
    if at != end:
        raise RemoteProtocolError("envelope: there are more than five items")
    raw = payload[start:end]
    return Envelope(expiry, ttl, Topic(topic), raw, data_start - start, data_end - start)


def _read_string(payload: bytes, at: int, limit: int) -> tuple[int, int]:
    is_list, start, end = read_header(payload, at, limit)
    if is_list:
        raise RemoteProtocolError("envelope: expected a string, got a list")
    return start, end


def _read_uint(payload: bytes, at: int, limit: int, size_max: int) -> tuple[int, int]:
    start, end = _read_string(payload, at, limit)
    if end - start > size_max:
        raise RemoteProtocolError("envelope: an integer is too wide")
    if start < end and payload[start] == 0:
        raise RemoteProtocolError("envelope: an integer has leading zero bytes")
    return int.from_bytes(payload[start:end], "big"), end
