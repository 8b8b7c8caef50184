"""Hello, Disconnect and capability lists under garbage and truncation."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Capability
from sottovoce.codec import rlp
from sottovoce.devp2p.base_protocol import (
    decode_disconnect,
    decode_hello,
    encode_disconnect,
    encode_hello,
    name_reason,
)
from sottovoce.devp2p.capabilities import find_range, match_capabilities, sort_capabilities
from sottovoce.devp2p.events import DisconnectReason, Hello
from unit.devp2p.pair import INITIATOR

# Lone surrogates are no text that Hello could carry.
NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
VERSIONS = st.integers(0, 2**64 - 1)
CAPABILITIES = st.lists(st.tuples(NAMES, VERSIONS), max_size=6)
HELLOS = st.builds(
    Hello,
    version=VERSIONS,
    client_id=NAMES,
    capabilities=CAPABILITIES.map(lambda pairs: tuple(sort_capabilities(pairs))),
    listen_port=VERSIONS,
    public_key=st.just(INITIATOR),
)
NESTED = st.recursive(
    st.one_of(st.binary(max_size=65), st.integers(0, 2**70)),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=15,
)


@given(HELLOS)
def test_hello_round_trips(hello: Hello) -> None:
    assert decode_hello(encode_hello(hello)) == hello


@given(hello=HELLOS, length=st.integers(0, 10_000))
def test_truncated_hello_raises_the_remote_error(hello: Hello, length: int) -> None:
    encoded = encode_hello(hello)
    try:
        decode_hello(encoded[: length % len(encoded)])
    except RemoteProtocolError:
        return
    raise AssertionError("a truncated Hello was taken")


@given(st.one_of(st.binary(max_size=300), NESTED.map(rlp.encode)))
def test_garbage_hello_raises_only_the_remote_error(payload: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_hello(payload)


@given(st.one_of(st.binary(max_size=40), NESTED.map(rlp.encode)))
def test_disconnect_never_raises(payload: bytes) -> None:
    name_reason(decode_disconnect(payload))


@given(st.sampled_from(DisconnectReason))
def test_disconnect_round_trips(reason: DisconnectReason) -> None:
    assert name_reason(decode_disconnect(encode_disconnect(reason))) is reason


@given(
    local=st.lists(
        st.builds(
            Capability,
            st.sampled_from("abC"),
            st.integers(0, 3),
            st.integers(1, 20),
        ),
        max_size=8,
        unique_by=lambda capability: (capability.name, capability.version),
    ),
    remote=st.lists(st.tuples(st.sampled_from("abCd"), st.integers(0, 4)), max_size=12),
)
def test_ranges_are_adjacent_and_each_code_has_one_owner(
    local: list[Capability], remote: list[tuple[str, int]]
) -> None:
    ranges = match_capabilities(local, remote)
    offset = 16
    for entry in ranges:
        assert entry.offset == offset
        for code in (offset, offset + entry.capability.code_count - 1):
            assert find_range(ranges, code) == entry
        offset += entry.capability.code_count
    assert find_range(ranges, offset) is None
    names = [entry.capability.name for entry in ranges]
    assert names == sorted({c.name for c in local if (c.name, c.version) in remote})
