"""Options: what Waku's status and its updates say, in both versions."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.options import (
    StatusOptions,
    decode_option_status,
    decode_options,
    encode_option_status,
    encode_options,
)
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1

BOTH = [STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1]
EVERY_KNOWN = StatusOptions(
    minimum_pow=0.5,
    bloom=bytes(64),
    light=True,
    confirmations=False,
    rate_limits=(1, 2, 3),
    topics=frozenset({Topic(b"abcd"), Topic(b"efgh")}),
)


@pytest.mark.parametrize("dialect", BOTH)
def test_status_and_update_give_back_what_was_said(dialect: Dialect) -> None:
    status = encode_option_status(dialect, EVERY_KNOWN)
    assert decode_option_status(status, dialect) == EVERY_KNOWN
    assert decode_options(encode_options(dialect, EVERY_KNOWN), dialect) == EVERY_KNOWN


def test_options_of_version_one_alone_stand_last_and_are_not_sent_in_version_zero() -> None:
    said = StatusOptions(light=False, byte_limits=(4, 5, 6), one_pool=True)
    assert decode_options(encode_options(STATUS_GO_WAKU_V1, said), STATUS_GO_WAKU_V1) == said
    old = decode_options(encode_options(STATUS_GO_WAKU_V0, said), STATUS_GO_WAKU_V0)
    assert old == StatusOptions(light=False)


def test_key_is_a_digit_in_version_zero_and_a_number_in_version_one() -> None:
    light = StatusOptions(light=True)
    assert encode_options(STATUS_GO_WAKU_V0, light) == rlp.encode(((b"2", 1),))
    assert encode_options(STATUS_GO_WAKU_V1, light) == rlp.encode(((2, 1),))


def test_what_stands_behind_an_unknown_key_is_not_seen() -> None:
    payload = rlp.encode(((2, 1), (50, b"new"), (3, 1)))
    assert decode_options(payload, STATUS_GO_WAKU_V1) == StatusOptions(light=True)


def test_unknown_key_before_others_makes_a_status_of_version_zero_unreadable() -> None:
    last = rlp.encode((0, ((b"2", 1), (b"x", b"new"))))
    assert decode_option_status(last, STATUS_GO_WAKU_V0) == StatusOptions(light=True)
    with pytest.raises(RemoteProtocolError):
        decode_option_status(rlp.encode((0, ((b"x", b"new"), (b"2", 1)))), STATUS_GO_WAKU_V0)


# ---- what nobody should say


def topics(count: int) -> list[bytes]:
    return [number.to_bytes(4, "big") for number in range(count)]


def options(dialect: Dialect, *said: tuple[int, rlp.Encodable]) -> bytes:
    """Make a list of options by hand, with the keys of the dialect."""
    as_text = dialect is STATUS_GO_WAKU_V0
    return rlp.encode([(b"%d" % key if as_text else key, value) for key, value in said])


def read(payload: bytes, dialect: Dialect) -> StatusOptions:
    """Read options as an update and as a status, which have to agree."""
    status = rlp.encode_list([b"\x80", payload]) if dialect is STATUS_GO_WAKU_V0 else payload
    said = decode_options(payload, dialect)
    assert decode_option_status(status, dialect) == said
    return said


@pytest.mark.parametrize("dialect", BOTH)
def test_repeated_key_counts_with_its_last_value(dialect: Dialect) -> None:
    assert read(options(dialect, (2, 1), (3, 1), (2, 0)), dialect) == StatusOptions(
        light=False, confirmations=True
    )


@pytest.mark.parametrize(("dialect", "other"), [BOTH, BOTH[::-1]])
def test_keys_of_the_other_version_are_unknown(dialect: Dialect, other: Dialect) -> None:
    assert read(options(other, (2, 1)), dialect) == StatusOptions()


@pytest.mark.parametrize("dialect", BOTH)
def test_every_cut_of_options_is_refused(dialect: Dialect) -> None:
    payload = encode_options(dialect, EVERY_KNOWN)
    for end in range(len(payload)):
        with pytest.raises(RemoteProtocolError):
            decode_options(payload[:end], dialect)


@pytest.mark.parametrize("dialect", BOTH)
def test_ten_thousand_topics_are_taken_and_one_more_is_refused(dialect: Dialect) -> None:
    said = read(options(dialect, (5, topics(10_000))), dialect)
    assert said.topics is not None
    assert len(said.topics) == 10_000
    with pytest.raises(RemoteProtocolError, match="10000 topics"):
        decode_options(options(dialect, (5, topics(10_001))), dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "wrong",
    [
        (0, 0x7FF0000000000000),  # infinite
        (0, 0x7FF8000000000001),  # no number
        (0, 0xBFF0000000000000),  # negative
        (0, b"\x00\x01"),
        (0, bytes(9)),
        (0, (1,)),
        (1, (1,)),
        (1, bytes(300)),
        (2, 2),
        (2, b"\x01\x00"),
        (3, ()),
        (4, (1, 2)),
        (4, (1, 2, 3, 4)),
        (4, 5),
        (4, (1, 2, 1 << 64)),
        (5, b"abcd"),
        (5, (b"abc",)),
        (5, (b"abcde",)),
        (5, (b"abcd", b"")),
        (5, (b"abcd", (b"efgh",))),
        (5, (b"abc", b"defgh")),  # as long as two topics together
    ],
    ids=str,
)
def test_value_that_is_none_is_refused(dialect: Dialect, wrong: tuple[int, rlp.Encodable]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_options(options(dialect, (2, 1), wrong), dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x01",
        rlp.encode((5,)),
        rlp.encode(((),)),
        rlp.encode(((2,),)),
        rlp.encode(((2, 1, 1),)),
        rlp.encode((((2, 1),),)),
        rlp.encode(((b"k" * 100, 1),)),
        b"\xc3\xc2\x02",  # the list ends within its option
        b"\xc3\xc3\x02\x01",  # the option reaches out of its list
        b"\xf8\x03\xc2\x02\x01",  # a length in more bytes than it needs
        b"\xc4\xc3\x02\x81\x01",  # a value in more bytes than it needs
        b"\xff" * 9,  # a list of as many bytes as can be said
    ],
    ids=bytes.hex,
)
def test_what_is_no_list_of_options_is_refused(dialect: Dialect, payload: bytes) -> None:
    if dialect is STATUS_GO_WAKU_V0:
        payload = payload.replace(b"\x02", b"2")
    with pytest.raises(RemoteProtocolError):
        decode_options(payload, dialect)


@pytest.mark.parametrize("dialect", BOTH)
def test_more_options_than_anybody_has_are_refused(dialect: Dialect) -> None:
    assert read(options(dialect, *[(2, 1)] * 63), dialect) == StatusOptions(light=True)
    with pytest.raises(RemoteProtocolError):
        decode_options(options(dialect, *[(2, 1)] * 65), dialect)


@pytest.mark.parametrize(
    "payload", [b"\xc1\x80", b"\xc2\x01\xc0", b"\xc3\x80\xc0\x80", b"\xc2\xc0\xc0"], ids=bytes.hex
)
def test_status_of_version_zero_is_its_version_and_its_options(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_option_status(payload, STATUS_GO_WAKU_V0)
