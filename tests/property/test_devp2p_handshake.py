"""Handshake packets under truncation, garbage, changed bytes and any cutting."""

import contextlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.codec import rlp
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.devp2p.events import (
    BytesReceived,
    ConnectionEnded,
    PeerIdentified,
    StreamEnded,
    StreamOpened,
)
from sottovoce.devp2p.handshake import HandshakeDone, InitiatorHandshake, RecipientHandshake
from sottovoce.devp2p.handshake_packets import (
    Ack,
    Auth,
    PacketForm,
    decode_ack,
    decode_auth,
    encode_ack,
    encode_auth,
)
from unit.devp2p.pair import (
    INITIATOR,
    INITIATOR_KEY,
    RECIPIENT,
    RECIPIENT_KEY,
    make_recipient,
)
from vectors.scripted_entropy import SeededEntropy

FORMS = st.sampled_from(PacketForm)
NOW = Moment(0.0, 0.0)


def auth_packet(form: PacketForm, seed: bytes) -> bytes:
    return InitiatorHandshake(
        INITIATOR_KEY, RECIPIENT, entropy=SeededEntropy(seed), form=form
    ).auth_packet


def recipient() -> RecipientHandshake:
    return RecipientHandshake(RECIPIENT_KEY, entropy=SeededEntropy(b"recipient"))


def advance(side: RecipientHandshake, chunks: list[bytes]) -> HandshakeDone | None:
    queue = ByteQueue()
    for chunk in chunks:
        queue.append(chunk)
        done = side.advance(queue)
        if done is not None:
            return done
    return None


def cut_at(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(form=FORMS, seed=st.binary(max_size=4), cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_auth_is_read_however_it_is_cut(form: PacketForm, seed: bytes, cuts: list[int]) -> None:
    done = advance(recipient(), cut_at(auth_packet(form, seed), cuts))
    assert done is not None
    assert done.remote == INITIATOR


@given(form=FORMS, position=st.integers(0, 10_000), change=st.integers(1, 255))
def test_changed_auth_never_completes(form: PacketForm, position: int, change: int) -> None:
    packet = bytearray(auth_packet(form, b"changed"))
    packet[position % len(packet)] ^= change
    with contextlib.suppress(RemoteProtocolError):
        assert advance(recipient(), [bytes(packet)]) is None


@given(form=FORMS, length=st.integers(0, 10_000))
def test_truncated_auth_waits_for_the_rest(form: PacketForm, length: int) -> None:
    packet = auth_packet(form, b"truncated")
    assert advance(recipient(), [packet[: length % len(packet)]]) is None


@given(st.lists(st.binary(max_size=600), max_size=5))
def test_garbage_ends_the_machine_and_raises_nothing(chunks: list[bytes]) -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), NOW)
    outputs = [out for chunk in chunks for out in machine.handle(BytesReceived(chunk), NOW)]
    outputs += machine.handle(StreamEnded(), NOW)
    assert [type(output) for output in outputs] == [ConnectionEnded]
    assert not [output for output in outputs if isinstance(output, PeerIdentified)]


@given(plaintext=st.binary(max_size=400), form=FORMS)
def test_garbage_bodies_raise_only_the_remote_error(plaintext: bytes, form: PacketForm) -> None:
    for decode in (decode_auth, decode_ack):
        with contextlib.suppress(RemoteProtocolError):
            decode(plaintext, form)


@given(form=FORMS, length=st.integers(0, 1000))
def test_truncated_bodies_raise_only_the_remote_error(form: PacketForm, length: int) -> None:
    auth = encode_auth(Auth(bytes(65), INITIATOR, bytes(32)), ephemeral=RECIPIENT, form=form)
    ack = encode_ack(Ack(INITIATOR, bytes(32)), form)
    for decode, body in ((decode_auth, auth), (decode_ack, ack)):
        with contextlib.suppress(RemoteProtocolError):
            decode(body[: length % len(body)], form)


@given(
    st.lists(
        st.one_of(
            st.binary(min_size=64, max_size=65),
            st.just(INITIATOR.raw),
            st.binary(min_size=32, max_size=32),
            st.binary(max_size=3),
            st.just([]),
        ),
        max_size=6,
    )
)
def test_lists_of_plausible_items_raise_only_the_remote_error(items: list[bytes]) -> None:
    body = rlp.encode(items)
    for decode in (decode_auth, decode_ack):
        with contextlib.suppress(RemoteProtocolError):
            decode(body, PacketForm.EIP8)
