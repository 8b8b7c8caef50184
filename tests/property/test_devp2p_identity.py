"""Enode URLs and node records under garbage, truncation and changed bytes."""

import base64
import contextlib
from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.devp2p.enode import Enode, parse_enode, parse_enode_with_password
from sottovoce.devp2p.enr import decode_record, parse_record, sign_record
from unit.devp2p.pair import INITIATOR, INITIATOR_KEY

PORTS = st.integers(0, 65535)
HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.integers(2**64, 2**128 - 1).map(lambda number: str(IPv6Address(number))),
    st.just("mail-01.example.org"),
)
ENODES = st.one_of(
    st.just(Enode(INITIATOR)),
    st.builds(Enode, public_key=st.just(INITIATOR), host=HOSTS, tcp_port=PORTS, udp_port=PORTS),
)
VALUES = st.recursive(
    st.binary(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=4
).map(rlp.encode)
RECORD = sign_record(
    INITIATOR_KEY, seq=5, pairs=[(b"ip", rlp.encode(bytes(4))), (b"udp", rlp.encode(30303))]
)


@given(ENODES)
def test_enode_round_trips(enode: Enode) -> None:
    assert parse_enode(str(enode)) == enode


@given(enode=ENODES, position=st.integers(0, 1000), letters=st.text(max_size=3))
def test_damaged_enode_raises_only_the_local_error(
    enode: Enode, position: int, letters: str
) -> None:
    text = str(enode)
    index = position % len(text)
    for damaged in (text[:index], text[:index] + letters + text[index + 1 :], letters):
        with contextlib.suppress(LocalProtocolError):
            parse_enode_with_password(damaged)


@given(
    seq=st.integers(0, 2**64 - 1),
    pairs=st.dictionaries(st.binary(max_size=8), VALUES, max_size=3),
)
def test_record_round_trips(seq: int, pairs: dict[bytes, bytes]) -> None:
    # Three pairs of this size cannot fill the 300 bytes of a record.
    record = sign_record(INITIATOR_KEY, seq=seq, pairs=pairs.items())
    assert decode_record(record.raw) == record == parse_record(record.text)


@given(position=st.integers(0, 1000), change=st.integers(1, 255))
def test_changed_record_is_refused(position: int, change: int) -> None:
    raw = bytearray(RECORD.raw)
    raw[position % len(raw)] ^= change
    try:
        decode_record(bytes(raw))
    except RemoteProtocolError:
        return
    raise AssertionError("a changed record was taken")


@given(length=st.integers(0, 1000))
def test_truncated_record_is_refused(length: int) -> None:
    try:
        decode_record(RECORD.raw[: length % len(RECORD.raw)])
    except RemoteProtocolError:
        return
    raise AssertionError("a truncated record was taken")


@given(st.binary(max_size=320))
def test_garbage_record_raises_only_the_remote_error(raw: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_record(raw)
    with contextlib.suppress(RemoteProtocolError):
        parse_record("enr:" + base64.urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.text(max_size=60))
def test_garbage_text_raises_only_the_remote_error(text: str) -> None:
    for damaged in (text, "enr:" + text):
        with contextlib.suppress(RemoteProtocolError):
            parse_record(damaged)
