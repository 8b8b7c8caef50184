"""Options: what a Waku node says of itself in its status and in each update of it.

It owns the list of keys and values and its forms in both versions. What a value changes is the
session's business. Keys of the other version's kind are merely unknown. Behind an unknown key the
Go nodes read nothing more, and version 0's refuse a status in which one does not stand last; what
they do not see is not seen here either, so that both sides of a link hold the same of each other.

Spec: 6/WAKU1, "Status" and "Status Update"; 5/WAKU0; status-go waku/v0 and v1/status_options.go
(docs/spec-deviations.md, "Options").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, Topic
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect, StatusForm
from sottovoce.gossip.wishes import RateLimits, pow_from_bits, pow_to_bits, rate_limits_of

TOPICS_MAX: Final = 10_000  # the Go nodes' bound; their error speaks of 1000

# Eight are known; a status of the largest packet would hold half a million empty ones.
OPTIONS_MAX: Final = 64

_UINT_BITS: Final = 64  # the widest integer: a key, a version, the bits of a float
_FLAG_BITS: Final = 8
_SMALL_ITEM_BYTES_MAX: Final = 64  # a key or a version; an unknown key may be a word
_VALUE_BYTES_MAX: Final = 256  # a bloom filter has 66, with its header
_DIGITS_FROM: Final = ord("0")
_TOPIC_HEADER: Final = bytes([0x80 + TOPIC_BYTES])  # RLP's header of four bytes
_TOPIC_ITEM_BYTES: Final = 1 + TOPIC_BYTES


class OptionKey(IntEnum):
    """What an option is for."""

    POW_REQUIREMENT = 0
    BLOOM_FILTER = 1
    LIGHT_NODE = 2
    CONFIRMATIONS = 3
    RATE_LIMITS = 4
    TOPIC_INTEREST = 5
    BYTE_LIMITS = 6  # of version 1 only, and unknown to status-go before 0.60
    ONE_POOL = 100  # ours: what this node gets in one world it has in the other


_KEYS: Final = frozenset(OptionKey)
_LAST_IN_V0: Final = OptionKey.TOPIC_INTEREST


@dataclass(frozen=True, slots=True)
class StatusOptions:
    """What a status or an update says; None where it says nothing.

    Attributes:
        minimum_pow: The requirement of work.
        bloom: The bloom filter in its own bytes, of any length.
        light: Whether the sender relays nothing.
        confirmations: Whether the sender deals in confirmations.
        rate_limits: Packets per second by address, by peer, by topic.
        topics: The topics of interest.
        byte_limits: Bytes per second by address, by peer, by topic.
        one_pool: Whether the sender bridges.
        item_count: How many items a status known by position had, known ones or not; not all
            of very many are counted.
    """

    minimum_pow: float | None = None
    bloom: bytes | None = field(default=None, repr=False)
    light: bool | None = None
    confirmations: bool | None = None
    rate_limits: RateLimits | None = None
    topics: frozenset[Topic] | None = field(default=None, repr=False)
    byte_limits: RateLimits | None = None
    one_pool: bool | None = None
    item_count: int = 0


def encode_options(dialect: Dialect, options: StatusOptions) -> bytes:
    """Encode the body of an update: what is None is left out, by ascending keys."""
    return rlp.encode(_items_of(dialect, options))


def encode_option_status(dialect: Dialect, options: StatusOptions) -> bytes:
    """Encode a status that consists of options."""
    if dialect.status_form is StatusForm.VERSION_AND_OPTIONS:
        return rlp.encode((dialect.status_version, _items_of(dialect, options)))
    return encode_options(dialect, options)


def decode_options(payload: bytes, dialect: Dialect) -> StatusOptions:
    """Decode the body of an update.

    Raises:
        RemoteProtocolError: It is no list of options, a value has not its type, the requirement of
            work stands for no number, or there are too many topics.
    """
    start, end = rlp.read_list(payload, 0, len(payload), "options")
    options, _ = _read(payload, start, end, dialect)
    return options


def decode_option_status(payload: bytes, dialect: Dialect) -> StatusOptions:
    """Decode a status that consists of options.

    Raises:
        RemoteProtocolError: It has not the dialect's form or version, or `decode_options` says so.
    """
    if dialect.status_form is not StatusForm.VERSION_AND_OPTIONS:
        return decode_options(payload, dialect)
    at, end = rlp.read_list(payload, 0, len(payload), "status")
    _, _, after_version = rlp.read_header(payload, at, end)
    version = rlp.as_uint(_item(payload, at, after_version), "status version", _UINT_BITS)
    if version != dialect.status_version:
        raise RemoteProtocolError(
            f"status: the version is {version}, expected {dialect.status_version}"
        )
    start, options_end = rlp.read_list(payload, after_version, end, "options")
    if options_end != end:
        raise RemoteProtocolError("status: there is more than the version and the options")
    options, read_to_end = _read(payload, start, options_end, dialect)
    if not read_to_end:
        raise RemoteProtocolError("status: an unknown option stands before others")
    return options


def _items_of(dialect: Dialect, options: StatusOptions) -> list[rlp.Encodable]:
    found: list[tuple[OptionKey, rlp.Encodable | None]] = [
        (
            OptionKey.POW_REQUIREMENT,
            None if options.minimum_pow is None else pow_to_bits(options.minimum_pow),
        ),
        (OptionKey.BLOOM_FILTER, options.bloom),
        (OptionKey.LIGHT_NODE, _flag(options.light)),
        (OptionKey.CONFIRMATIONS, _flag(options.confirmations)),
        (OptionKey.RATE_LIMITS, options.rate_limits),
        # Sorted, for the order in which filters were made is nobody's business.
        (OptionKey.TOPIC_INTEREST, None if options.topics is None else sorted(options.topics)),
        (OptionKey.BYTE_LIMITS, options.byte_limits),
        (OptionKey.ONE_POOL, _flag(options.one_pool)),
    ]
    as_text = dialect.status_form is StatusForm.VERSION_AND_OPTIONS
    return [
        (bytes([_DIGITS_FROM + key]) if as_text else int(key), value)
        for key, value in found
        if value is not None and (key <= _LAST_IN_V0 or not as_text)
    ]


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _read(data: bytes, at: int, end: int, dialect: Dialect) -> tuple[StatusOptions, bool]:
    """Read options up to the first unknown one; also tells whether that is all there is.

    Raises:
        RemoteProtocolError: They have not the form of options, or there are too many.
    """
    options = StatusOptions()
    for _ in range(OPTIONS_MAX):
        if at >= end:
            return options, True
        start, at = rlp.read_list(data, at, end, "option")
        _, _, after_key = rlp.read_header(data, start, at)
        key = _key_of(_item(data, start, after_key), dialect)
        if key is None:
            return options, at == end
        _, _, after_value = rlp.read_header(data, after_key, at)
        if after_value != at:
            raise RemoteProtocolError(f"option {key}: expected a key and a value")
        options = _with_value(options, key, data[after_key:at])
    raise RemoteProtocolError(f"there are more than {OPTIONS_MAX} options")


def _item(data: bytes, start: int, end: int) -> rlp.RlpItem:
    if end - start > _SMALL_ITEM_BYTES_MAX:
        raise RemoteProtocolError("option: a key or a version is too long")
    return rlp.decode(data[start:end])


def _key_of(item: rlp.RlpItem, dialect: Dialect) -> OptionKey | None:
    if dialect.status_form is StatusForm.VERSION_AND_OPTIONS:
        text = rlp.as_bytes(item, "option key")
        number = text[0] - _DIGITS_FROM if len(text) == 1 else -1
        return OptionKey(number) if 0 <= number <= _LAST_IN_V0 else None
    number = rlp.as_uint(item, "option key", _UINT_BITS)
    return OptionKey(number) if number in _KEYS else None


def _with_value(options: StatusOptions, key: OptionKey, encoded: bytes) -> StatusOptions:
    """Take a value in its encoded form.

    Raises:
        RemoteProtocolError: It has not the type of its key.
    """
    if key is OptionKey.TOPIC_INTEREST:
        return replace(options, topics=_topics_of(encoded))
    if len(encoded) > _VALUE_BYTES_MAX:
        raise RemoteProtocolError(f"option {key}: the value is too long")
    return _READERS[key](options, rlp.decode(encoded))


def _topics_of(encoded: bytes) -> frozenset[Topic]:
    """Read a list of topics without an object for each until their number is known.

    Raises:
        RemoteProtocolError: It is no list of topics, or of too many.
    """
    start, end = rlp.read_list(encoded, 0, len(encoded), "topic interest")
    body = encoded[start:end]
    count, rest = divmod(len(body), _TOPIC_ITEM_BYTES)
    if rest or body[::_TOPIC_ITEM_BYTES] != _TOPIC_HEADER * count:
        raise RemoteProtocolError("topic interest: expected topics of four bytes")
    if count > TOPICS_MAX:
        raise RemoteProtocolError(f"topic interest: more than {TOPICS_MAX} topics")
    starts = range(1, len(body), _TOPIC_ITEM_BYTES)
    return frozenset(Topic(body[at : at + TOPIC_BYTES]) for at in starts)


def _read_flag(item: rlp.RlpItem) -> bool:
    value = rlp.as_uint(item, "flag", _FLAG_BITS)
    if value > 1:
        raise RemoteProtocolError(f"a flag is 0 or 1, not {value}")
    return value == 1


def _read_limits(item: rlp.RlpItem) -> RateLimits:
    return rate_limits_of(rlp.as_list(item, "rate limits"))


def _read_pow(item: rlp.RlpItem) -> float:
    return pow_from_bits(rlp.as_uint(item, "pow requirement", _UINT_BITS))


_READERS: Final[Mapping[OptionKey, Callable[[StatusOptions, rlp.RlpItem], StatusOptions]]] = {
    OptionKey.POW_REQUIREMENT: lambda said, item: replace(said, minimum_pow=_read_pow(item)),
    OptionKey.BLOOM_FILTER: lambda said, item: replace(said, bloom=rlp.as_bytes(item, "bloom")),
    OptionKey.LIGHT_NODE: lambda said, item: replace(said, light=_read_flag(item)),
    OptionKey.CONFIRMATIONS: lambda said, item: replace(said, confirmations=_read_flag(item)),
    OptionKey.RATE_LIMITS: lambda said, item: replace(said, rate_limits=_read_limits(item)),
    OptionKey.BYTE_LIMITS: lambda said, item: replace(said, byte_limits=_read_limits(item)),
    OptionKey.ONE_POOL: lambda said, item: replace(said, one_pool=_read_flag(item)),
}
