"""The status: the first packet of each side, in which it says what it is and what it wants.

It owns the packet's form and its tolerance, which is that of the Go nodes. In Whisper only the
version must be right. After it come positions that are read as far as they go. An item of the wrong
type stays where it is, so that everything behind it fails as well and keeps its default; an item of
the right type with a useless value is passed over. In Waku a status consists of options.

Spec: EIP-627, "Status"; go-ethereum whisper/whisperv6/peer.go and status-go whisper/peer.go
(handshake); 6/WAKU1, "Status".
"""

from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect, StatusForm
from sottovoce.gossip.options import StatusOptions, decode_option_status, encode_option_status
from sottovoce.gossip.wishes import (
    LONGEST_RATE_LIMITS_BYTES,
    NO_RATE_LIMITS,
    RateLimits,
    parse_bloom,
    pow_from_bits,
    pow_to_bits,
    rate_limits_of,
)

_BITS_PER_BYTE: Final = 8
_UINT_BITS: Final = 64  # the widest integer of a status: the version, the bits of a float
_FLAG_BITS: Final = 8  # a flag is an integer of one byte, of which only 0 and 1 mean something
# Who speaks is told by a few more items or less; the largest packet would have four million.
_ITEMS_COUNTED_MAX: Final = 16
_SINGLE_BYTE_ZERO: Final = 0  # the byte 00 is no spelling of zero


def encode_status(dialect: Dialect, said: StatusOptions) -> bytes:
    """Encode our status in the dialect's form.

    Args:
        dialect: How the peer is spoken to.
        said: What there is to say; where items are known by their position, what is None is sent
            as its default, an empty bloom among them.
    """
    if dialect.status_form is not StatusForm.POSITIONS:
        return encode_option_status(dialect, said)
    items: list[rlp.Encodable] = [
        dialect.status_version,
        pow_to_bits(said.minimum_pow or 0.0),
        said.bloom or b"",
        int(said.light or False),
        int(said.confirmations or False),
        said.rate_limits or NO_RATE_LIMITS,
    ]
    return rlp.encode(items[: dialect.status_item_count])


def decode_status(payload: bytes, dialect: Dialect) -> StatusOptions:
    """Decode a peer's status.

    Raises:
        RemoteProtocolError: It has not the dialect's form or version, the requirement of work
            stands for no number, a bloom known by its position has a wrong length, or an option
            has a value of a wrong type.
    """
    if dialect.status_form is not StatusForm.POSITIONS:
        return decode_option_status(payload, dialect)
    reader = _ItemReader(payload)
    version = reader.uint(_UINT_BITS)
    if version is None:
        raise RemoteProtocolError("status: the version is missing")
    if version != dialect.status_version:
        raise RemoteProtocolError(
            f"status: the version is {version}, expected {dialect.status_version}"
        )
    minimum_pow = 0.0
    bloom = None
    pow_bits = reader.uint(_UINT_BITS)
    if pow_bits is not None:
        minimum_pow = pow_from_bits(pow_bits)
        bloom = reader.string()
        if bloom is not None:
            parse_bloom(bloom)
    return StatusOptions(
        minimum_pow=minimum_pow,
        bloom=bloom,
        light=reader.uint(_FLAG_BITS) == 1,
        confirmations=reader.uint(_FLAG_BITS) == 1,
        rate_limits=reader.rate_limits() or NO_RATE_LIMITS,
        item_count=reader.item_count(),
    )


class _ItemReader:
    """Reads the items of one list one after the other; what it cannot read it leaves in place."""

    def __init__(self, payload: bytes) -> None:
        is_list, start, end = rlp.read_header(payload, 0, len(payload))
        if not is_list:
            raise RemoteProtocolError("status: expected a list")
        self._data = payload[start:end]
        self._at = 0

    def uint(self, bits: int) -> int | None:
        """Take an integer; one with leading zeros is taken but counts as unreadable."""
        found = self._header()
        if found is None:
            return None
        is_list, start, end = found
        raw = self._data[start:end]
        is_bare_zero = start == self._at and raw[0] == _SINGLE_BYTE_ZERO
        if is_list or is_bare_zero or len(raw) * _BITS_PER_BYTE > bits:
            return None
        self._at = end
        return None if raw[:1] == b"\x00" else int.from_bytes(raw, "big")

    def string(self) -> bytes | None:
        """Take a string."""
        found = self._header()
        if found is None or found[0]:
            return None
        _, start, end = found
        self._at = end
        return self._data[start:end]

    def rate_limits(self) -> RateLimits | None:
        """Take a list of three integers."""
        found = self._header()
        if found is None or not found[0] or found[2] - self._at > LONGEST_RATE_LIMITS_BYTES:
            return None
        try:
            item, size = rlp.decode_prefix(self._data[self._at : found[2]])
            limits = rate_limits_of(rlp.as_list(item, "rate limits"))
        except RemoteProtocolError:
            return None
        self._at += size
        return limits

    def item_count(self) -> int:
        """Count the items of the list, as far as they can be told apart and matter."""
        self._at = 0
        count = 0
        while count < _ITEMS_COUNTED_MAX and (found := self._header()) is not None:
            self._at = found[2]
            count += 1
        return count

    def _header(self) -> tuple[bool, int, int] | None:
        try:
            return rlp.read_header(self._data, self._at, len(self._data))
        except RemoteProtocolError:
            return None
