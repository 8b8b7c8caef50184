"""Options under arbitrary, cut and changed bytes: only the remote's error, and the same again."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1

both = pytest.mark.parametrize(
    "dialect", [STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1], ids=lambda dialect: dialect.capability
)
limits = st.tuples(*[st.integers(0, 2**64 - 1)] * 3)
topics = st.frozensets(st.binary(min_size=4, max_size=4).map(Topic), max_size=20)
said = st.builds(
    StatusOptions,
    minimum_pow=st.none() | st.floats(0, math.inf, exclude_max=True).map(abs),
    bloom=st.none() | st.just(b"") | st.binary(min_size=64, max_size=64),
    light=st.none() | st.booleans(),
    confirmations=st.none() | st.booleans(),
    rate_limits=st.none() | limits,
    topics=st.none() | topics,
)
rlp_items = st.recursive(
    st.binary(max_size=70) | st.integers(0, 2**64 - 1),
    lambda children: st.lists(children, max_size=7),
    max_leaves=20,
)
keys = st.integers(0, 8) | st.sampled_from([b"%d" % key for key in range(7)]) | rlp_items
lists_of_options = st.lists(st.tuples(keys, rlp_items) | rlp_items, max_size=8)
payloads = st.binary(max_size=200) | lists_of_options.map(rlp.encode)


@both
@given(said)
def test_what_is_said_is_what_is_read(dialect: Dialect, options: StatusOptions) -> None:
    assert decode_options(encode_options(dialect, options), dialect) == options
    assert decode_option_status(encode_option_status(dialect, options), dialect) == options


@given(said, limits, st.booleans())
def test_version_one_has_more_to_say(
    options: StatusOptions, byte_limits: tuple[int, int, int], one_pool: bool
) -> None:
    more = StatusOptions(byte_limits=byte_limits, one_pool=one_pool, topics=options.topics)
    assert decode_options(encode_options(STATUS_GO_WAKU_V1, more), STATUS_GO_WAKU_V1) == more


@both
@given(payload=payloads)
def test_garbage_raises_the_error_of_the_remote_or_can_be_applied(
    dialect: Dialect, payload: bytes
) -> None:
    session = Session(1, dialect, 1, trusted=False, now_s=0.0)
    for decode in (decode_options, decode_option_status):
        with contextlib.suppress(RemoteProtocolError):
            session.apply(decode(payload, dialect), GossipSettings())
    assert session.wishes.minimum_pow >= 0
    assert math.isfinite(session.wishes.minimum_pow)


@both
@given(said, st.data())
def test_changed_byte_raises_the_error_of_the_remote_or_says_something_else(
    dialect: Dialect, options: StatusOptions, data: st.DataObject
) -> None:
    payload = bytearray(encode_option_status(dialect, options))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(RemoteProtocolError):
        decode_option_status(bytes(payload), dialect)


@both
@given(said, st.data())
def test_cut_status_is_refused(
    dialect: Dialect, options: StatusOptions, data: st.DataObject
) -> None:
    payload = encode_option_status(dialect, options)
    with pytest.raises(RemoteProtocolError):
        decode_option_status(payload[: data.draw(st.integers(0, len(payload) - 1))], dialect)
