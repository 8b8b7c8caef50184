"""Confirmations: the two answers, and the memory of what they answer."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import envelope_hash
from sottovoce.codec import rlp
from sottovoce.gossip.confirmations import (
    BATCHES_REMEMBERED_MAX,
    REFUSAL_TEXT_CHARS_MAX,
    UNREADABLE,
    BatchResponse,
    Refusal,
    SentBatches,
    batch_hash,
    decode_batch_acknowledged,
    decode_message_response,
    encode_batch_acknowledged,
    encode_message_response,
)
from sottovoce.gossip.envelope import ENVELOPES_PER_PACKET_MAX

BATCH = batch_hash(b"\xc0")
REFUSALS = [Refusal(envelope_hash(bytes([n]) * 32), 37, "very old envelope") for n in range(9)]


def test_acknowledgement_survives_its_packet() -> None:
    assert decode_batch_acknowledged(encode_batch_acknowledged(BATCH)) == BATCH


@pytest.mark.parametrize("item", [bytes(31), bytes(33), (bytes(32),), b""])
def test_acknowledgement_that_is_not_32_bytes_is_refused(item: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_batch_acknowledged(rlp.encode(item))


def test_response_survives_its_packet() -> None:
    payload = encode_message_response(BATCH, REFUSALS, 10**6)
    assert decode_message_response(payload) == BatchResponse(BATCH, tuple(REFUSALS))


def test_response_leaves_out_what_the_peer_would_not_take() -> None:
    payload = encode_message_response(BATCH, REFUSALS, 400)
    assert len(payload) <= 400
    response = decode_message_response(payload)
    assert response is not None
    assert 0 < len(response.refusals) < len(REFUSALS)


def test_another_version_is_ignored() -> None:
    assert decode_message_response(rlp.encode((2, (1,)))) is None


@pytest.mark.parametrize(
    "body",
    [
        (1,),
        b"",
        (bytes(31), ()),
        (bytes(32), b"x"),
        (bytes(32), (), ()),
        ((), ()),
        (bytes(32), (b"x",)),
        (bytes(32), ((bytes(32), 1, b"x", b"x"),)),
        (bytes(32), ((bytes(32), (), b"x"),)),
        (bytes(32), ((bytes(32), 1),)),
        (bytes(32), ((bytes(31), 1, b"x"),)),
        (bytes(32), ((bytes(32), b"\x00\x01", b"x"),)),
    ],
)
def test_unreadable_body_answers_no_batch(body: rlp.Encodable) -> None:
    assert decode_message_response(rlp.encode((1, body))) is UNREADABLE


def test_body_that_is_no_rlp_inside_answers_no_batch() -> None:
    assert decode_message_response(b"\xc4\x01\xc2\x81\x01") is UNREADABLE


@pytest.mark.parametrize("item", [(1,), (1, (), ()), b"x", ((), ())])
def test_response_that_is_no_pair_is_refused(item: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_message_response(rlp.encode(item))


def test_words_of_a_peer_are_cut_and_need_not_be_text() -> None:
    refusal = (bytes(32), 1, b"\xff" * 5000)
    response = decode_message_response(rlp.encode((1, (bytes(32), (refusal,)))))
    assert response is not None
    assert len(response.refusals[0].text) == REFUSAL_TEXT_CHARS_MAX


def test_batch_is_answered_once() -> None:
    batches = SentBatches()
    batches.remember(BATCH, (REFUSALS[0].hash,))
    assert batches.take(BATCH) == (REFUSALS[0].hash,)
    assert batches.take(BATCH) == ()


def test_oldest_batch_is_forgotten_first() -> None:
    batches = SentBatches()
    names = [batch_hash(str(n).encode()) for n in range(BATCHES_REMEMBERED_MAX + 1)]
    for name in names:
        batches.remember(name, (REFUSALS[0].hash,))
    assert len(batches) == BATCHES_REMEMBERED_MAX
    assert batches.take(names[0]) == ()
    assert batches.take(names[1]) != ()


def test_more_refusals_than_a_packet_has_envelopes_answer_no_batch() -> None:
    refusals = [(bytes(32), 21, b"")] * ENVELOPES_PER_PACKET_MAX
    response = decode_message_response(rlp.encode((1, (bytes(32), refusals))))
    assert response is not None
    assert len(response.refusals) == ENVELOPES_PER_PACKET_MAX
    one_more = rlp.encode((1, (bytes(32), [*refusals, refusals[0]])))
    assert decode_message_response(one_more) is UNREADABLE
