"""Envelopes and plaintexts under arbitrary, cut and changed bytes: only the remote's error."""

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.gossip.bloom import bloom_from_bytes, bloom_to_bytes, topic_bloom
from sottovoce.gossip.envelope import (
    Envelope,
    UnminedEnvelope,
    decode_envelope,
    decode_envelopes,
    encode_envelopes,
)
from sottovoce.gossip.message_body import decode_body, encode_body
from sottovoce.gossip.seal import EnvelopeRoute, open_data, open_envelope, seal
from vectors.scripted_entropy import SeededEntropy

SHARED = SymmetricKey(b"\x05" * 32)
RECIPIENT = PrivateKey(b"\x06" * 32)
SIGNER = PrivateKey(b"\x07" * 32)
KEYS = st.sampled_from([SHARED, RECIPIENT])

seconds = st.integers(0, 2**32 - 1) | st.integers(1_500_000_000, 1_700_000_000)
lives = st.integers(0, 2**32 - 1) | st.integers(1, 300)
nonces = st.integers(0, 2**64 - 1) | st.integers(0, 300)
topics = st.binary(min_size=4, max_size=4).map(Topic)
data = st.binary(max_size=100) | st.integers(200, 400).map(bytes) | st.just(bytes(65_600))
envelopes = st.builds(
    lambda expiry, ttl, topic, sealed, nonce: UnminedEnvelope(expiry, ttl, topic, sealed).mined(
        nonce
    ),
    seconds,
    lives,
    topics,
    data,
    nonces,
)
# Envelopes of the shape that most have on the network, where a changed byte meets the fast reader.
usual_envelopes = st.builds(
    lambda ttl, sealed, nonce: UnminedEnvelope(1_590_000_050, ttl, Topic(b"abcd"), sealed).mined(
        nonce
    ),
    st.integers(1, 127),
    st.binary(min_size=256, max_size=300),
    nonces,
)


def decode_by_general_reader(raw: bytes) -> tuple[int, int, bytes, bytes, int]:
    items = rlp.as_list(rlp.decode(raw), "envelope")
    if len(items) != 5:
        raise RemoteProtocolError("another number of items")
    return (
        rlp.as_uint(items[0], "expiry", 32),
        rlp.as_uint(items[1], "ttl", 32),
        rlp.as_bytes(items[2], "topic", 4),
        rlp.as_bytes(items[3], "data"),
        rlp.as_uint(items[4], "nonce", 64),
    )


def fields_of(envelope: Envelope) -> tuple[int, int, bytes, bytes, int]:
    return (
        envelope.expiry_unix_s,
        envelope.ttl_s,
        envelope.topic,
        envelope.data,
        envelope.nonce,
    )


def check_like_general_reader(raw: bytes) -> None:
    try:
        expected = decode_by_general_reader(raw)
    except RemoteProtocolError:
        expected = None
    try:
        decoded = decode_envelope(raw)
    except RemoteProtocolError:
        assert expected is None
        return
    assert fields_of(decoded) == expected
    assert decoded.raw == raw


@given(envelopes)
def test_envelope_survives_a_round_trip(envelope: Envelope) -> None:
    assert decode_envelope(envelope.raw) == envelope
    assert fields_of(decode_envelope(envelope.raw)) == decode_by_general_reader(envelope.raw)


@given(envelopes)
def test_prefix_is_the_encoding_of_four_items(envelope: Envelope) -> None:
    items = rlp.as_list(rlp.decode(envelope.raw), "envelope")
    assert envelope.prefix == rlp.encode(items[:4])


@given(st.lists(envelopes | usual_envelopes, max_size=5))
def test_packet_of_envelopes_survives_a_round_trip(packet: list[Envelope]) -> None:
    assert decode_envelopes(encode_envelopes(packet)) == packet


@given(usual_envelopes | envelopes, st.data())
def test_truncated_envelope_is_refused(envelope: Envelope, draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(envelope.raw) - 1))
    check_like_general_reader(envelope.raw[:cut])
    refused = False
    try:
        decode_envelope(envelope.raw[:cut])
    except RemoteProtocolError:
        refused = True
    assert refused


@given(usual_envelopes, st.data())
def test_one_changed_byte_is_read_as_the_general_reader_reads_it(
    envelope: Envelope, draw: st.DataObject
) -> None:
    # The ends matter: that is where the headers and the nonce are.
    near_start, near_end = st.integers(0, 18), st.integers(1, 10).map(lambda back: -back)
    place = draw.draw(near_start | near_end)
    changed = bytearray(envelope.raw)
    changed[place] = draw.draw(st.integers(0, 255))
    check_like_general_reader(bytes(changed))


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_only_the_remote_error(raw: bytes) -> None:
    check_like_general_reader(raw)
    try:
        decode_envelopes(raw)
    except RemoteProtocolError:
        return
    assert rlp.split_list(raw) is not None


@given(st.lists(st.binary(max_size=40), max_size=4), st.binary(max_size=300))
def test_lists_of_arbitrary_items_raise_only_the_remote_error(
    items: list[bytes], raw: bytes
) -> None:
    for body in (rlp.encode(items), rlp.encode_list([raw]), rlp.encode_list([*items, raw])):
        try:
            decode_envelopes(body)
        except RemoteProtocolError:
            continue


@given(usual_envelopes, st.integers(0, 600), st.integers(0, 255))
def test_one_changed_byte_of_a_packet_raises_only_the_remote_error(
    envelope: Envelope, place: int, byte: int
) -> None:
    changed = bytearray(encode_envelopes([envelope, envelope]))
    changed[place % len(changed)] = byte
    try:
        decode_envelopes(bytes(changed))
    except RemoteProtocolError:
        return


@given(st.binary(max_size=600), st.binary(max_size=300), st.booleans())
def test_body_survives_a_round_trip(payload: bytes, padding: bytes, signed: bool) -> None:
    signer = SIGNER if signed else None
    plaintext = encode_body(payload, padding=padding, signer=signer, entropy=SeededEntropy())
    body = decode_body(plaintext)
    assert body.payload == payload
    assert not padding or body.padding == padding
    assert body.transport_sender == (secp256k1.public_key(SIGNER) if signed else None)


@given(st.binary(max_size=200))
def test_arbitrary_plaintext_raises_only_the_remote_error(plaintext: bytes) -> None:
    try:
        body = decode_body(plaintext)
    except RemoteProtocolError:
        return
    assert plaintext[1:].find(body.payload) >= 0
    assert plaintext.find(body.padding) >= 0


@given(st.integers(0, 600), st.integers(0, 255))
def test_truncated_and_changed_plaintext_raises_only_the_remote_error(
    place: int, byte: int
) -> None:
    plaintext = encode_body(bytes(300), padding=None, signer=SIGNER, entropy=SeededEntropy())
    changed = bytearray(plaintext)
    changed[place % len(changed)] = byte
    for broken in (plaintext[: place % len(plaintext)], bytes(changed)):
        try:
            decode_body(broken)
        except RemoteProtocolError:
            continue


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_sealed_payload_opens(payload: bytes, symmetric: bool, signed: bool) -> None:
    key = SHARED if symmetric else RECIPIENT
    envelope_key = SHARED if symmetric else secp256k1.public_key(RECIPIENT)
    route = EnvelopeRoute(Topic(b"abcd"), envelope_key, SIGNER if signed else None)
    now = Moment(0.0, 1_590_000_000.0)
    envelope = seal(payload, route, ttl_s=50, now=now, entropy=SeededEntropy(payload)).mined(0)
    message = open_envelope(envelope, key, pow=0.0)
    assert message is not None
    assert message.payload == payload
    assert (message.transport_sender is not None) == signed


@given(st.booleans(), st.integers(0, 500), st.integers(1, 255), st.booleans())
def test_changed_or_truncated_data_do_not_open(
    symmetric: bool, place: int, difference: int, cut: bool
) -> None:
    key = SHARED if symmetric else RECIPIENT
    envelope_key = SHARED if symmetric else secp256k1.public_key(RECIPIENT)
    route = EnvelopeRoute(Topic(b"abcd"), envelope_key, None)
    now = Moment(0.0, 1_590_000_000.0)
    whole = seal(b"hello", route, ttl_s=50, now=now, entropy=SeededEntropy()).data
    broken = bytearray(whole)
    broken[place % len(whole)] ^= difference
    sealed = whole[: place % len(whole)] if cut else bytes(broken)
    envelope = UnminedEnvelope(1_590_000_050, 50, Topic(b"abcd"), sealed).mined(0)
    assert open_envelope(envelope, key, pow=0.0) is None


@given(st.binary(max_size=300), KEYS)
def test_arbitrary_data_raise_only_the_remote_error(
    sealed: bytes, key: SymmetricKey | PrivateKey
) -> None:
    try:
        open_data(sealed, key)
    except RemoteProtocolError:
        return


@given(topics)
def test_topic_sets_one_to_three_bits_and_survives_the_wire(topic: Topic) -> None:
    bloom = topic_bloom(topic)
    assert 1 <= bloom.bit_count() <= 3
    assert bloom_from_bytes(bloom_to_bytes(bloom)) == bloom
