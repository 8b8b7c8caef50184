"""Sealing and opening: keys, times, sizes, order of the draws."""

import pytest

from sottovoce.base.errors import DecryptionError, InvalidKeyError, LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import gcm_open, gcm_seal
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.message_body import PAYLOAD_BYTES_MAX
from sottovoce.gossip.seal import (
    EnvelopeRoute,
    open_data,
    open_envelope,
    overhead_bytes,
    seal,
)
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy

TOPIC = Topic(b"\x01\x02\x03\x04")
NOW = Moment(0.0, 1_590_000_000.9)
SHARED = SymmetricKey(b"\x05" * 32)
RECIPIENT = PrivateKey(b"\x06" * 32)
SIGNER = PrivateKey(b"\x07" * 32)
TO_SHARED = EnvelopeRoute(TOPIC, SHARED, None)
TO_RECIPIENT = EnvelopeRoute(TOPIC, secp256k1.public_key(RECIPIENT), SIGNER)


def sealed(payload: bytes, route: EnvelopeRoute, *, ttl_s: int = 50) -> UnminedEnvelope:
    return seal(payload, route, ttl_s=ttl_s, now=NOW, entropy=SeededEntropy())


def test_expiry_is_now_in_whole_seconds_and_the_ttl() -> None:
    envelope = sealed(b"hello", TO_SHARED)
    assert (envelope.expiry_unix_s, envelope.ttl_s) == (1_590_000_050, 50)
    assert envelope.topic == TOPIC


def test_symmetric_data_end_with_the_salt() -> None:
    salt = b"\x09" * 12
    envelope = seal(
        b"hi", TO_SHARED, ttl_s=50, now=NOW, entropy=ScriptedEntropy([salt]), padding=b"pad"
    )
    assert envelope.data[-12:] == salt
    assert gcm_open(SHARED.raw, salt, envelope.data[:-12]) == b"\x01\x02hipad"


def test_padding_is_drawn_before_the_salt() -> None:
    entropy = ScriptedEntropy([b"\x01" * 252, b"\x09" * 12])
    seal(b"hi", TO_SHARED, ttl_s=50, now=NOW, entropy=entropy)
    assert entropy.is_used_up


def test_padding_is_drawn_before_the_ephemeral_key_and_the_iv() -> None:
    entropy = ScriptedEntropy([b"\x01" * 187, b"\x02" * 32, b"\x03" * 16])
    seal(b"hi", TO_RECIPIENT, ttl_s=50, now=NOW, entropy=entropy)
    assert entropy.is_used_up


def test_symmetric_message_opens() -> None:
    message = open_envelope(sealed(b"hello", TO_SHARED).mined(3), SHARED, pow=0.5)
    assert message is not None
    assert message.payload == b"hello"
    assert message.transport_sender is None
    assert message.recipient is None
    assert message.topic == TOPIC
    assert (message.ttl_s, message.sent_unix_s) == (50, 1_590_000_000)
    assert message.pow == 0.5
    assert message.hash == sealed(b"hello", TO_SHARED).mined(3).hash


def test_asymmetric_message_names_sender_and_recipient() -> None:
    message = open_envelope(sealed(b"hello", TO_RECIPIENT).mined(3), RECIPIENT, pow=0.5)
    assert message is not None
    assert message.payload == b"hello"
    assert message.transport_sender == secp256k1.public_key(SIGNER)
    assert message.recipient == secp256k1.public_key(RECIPIENT)


@pytest.mark.parametrize("route", [TO_SHARED, TO_RECIPIENT], ids=["symmetric", "asymmetric"])
@pytest.mark.parametrize(
    "key", [SymmetricKey(b"\x08" * 32), SIGNER, SymmetricKey(RECIPIENT.raw), PrivateKey(SHARED.raw)]
)
def test_another_key_does_not_open(route: EnvelopeRoute, key: SymmetricKey | PrivateKey) -> None:
    envelope = sealed(b"hello", route).mined(3)
    assert open_envelope(envelope, key, pow=0.0) is None
    with pytest.raises(DecryptionError):
        open_data(envelope.data, key)


@pytest.mark.parametrize("size", [0, 11, 12, 27])
def test_data_without_room_for_tag_and_salt_do_not_open(size: int) -> None:
    with pytest.raises(DecryptionError):
        open_data(bytes(size), SHARED)


def test_message_that_opens_but_is_malformed_is_none() -> None:
    salt = bytes(12)
    data = gcm_seal(SHARED.raw, salt, b"\x01\xffshort") + salt
    envelope = UnminedEnvelope(1_590_000_050, 50, TOPIC, data).mined(0)
    assert open_envelope(envelope, SHARED, pow=0.0) is None


def test_payload_too_large_for_the_size_field_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        sealed(bytes(PAYLOAD_BYTES_MAX + 1), TO_SHARED)


@pytest.mark.parametrize("ttl_s", [-1, 2**32, 2**32 - 1])
def test_ttl_or_expiry_that_does_not_fit_is_refused(ttl_s: int) -> None:
    with pytest.raises(LocalProtocolError):
        sealed(b"hello", TO_SHARED, ttl_s=ttl_s)


def test_recipient_off_the_curve_is_refused() -> None:
    off_the_curve = EnvelopeRoute(TOPIC, PublicKey(b"\x01" * 64), None)
    with pytest.raises(InvalidKeyError):
        sealed(b"hello", off_the_curve)


@pytest.mark.parametrize("size", [0, 100, 188, 189, 253, 254, 1000, 65536])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
def test_overhead_is_known_before_sealing(size: int, signed: bool, symmetric: bool) -> None:
    key = SHARED if symmetric else secp256k1.public_key(RECIPIENT)
    envelope = sealed(bytes(size), EnvelopeRoute(TOPIC, key, SIGNER if signed else None))
    overhead = overhead_bytes(size, signed=signed, symmetric=symmetric)
    assert envelope.size_bytes == size + overhead
