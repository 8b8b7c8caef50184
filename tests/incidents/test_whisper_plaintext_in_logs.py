"""Nothing private shows in the text form of what a log line may be handed.

Go nodes printed whole messages and keys at their highest log level, and one crashed there.
"""

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.message_body import decode_body, encode_body
from sottovoce.gossip.seal import EnvelopeRoute, open_envelope, seal
from vectors.scripted_entropy import SeededEntropy

TOPIC = Topic(b"topi")
SHARED = SymmetricKey(b"shared key of thirty-two bytes!!")
RECIPIENT = PrivateKey(b"private key of thirty-two bytes!")
SIGNER = PrivateKey(b"signing key of thirty-two bytes!")
PAYLOAD = b"meet me at noon"
PADDING = b"filling"
ROUTES: dict[str, tuple[EnvelopeRoute, SymmetricKey | PrivateKey]] = {
    "symmetric": (EnvelopeRoute(TOPIC, SHARED, SIGNER), SHARED),
    "asymmetric": (EnvelopeRoute(TOPIC, secp256k1.public_key(RECIPIENT), SIGNER), RECIPIENT),
}
PUBLIC = [secp256k1.public_key(key).raw for key in (RECIPIENT, SIGNER)]
PRIVATE = [TOPIC, PAYLOAD, PADDING, SHARED.raw, RECIPIENT.raw, SIGNER.raw, *PUBLIC]


def shown(value: object) -> str:
    return f"{value!r} {value!s} {value}"


def check_hidden(value: object) -> None:
    text = shown(value)
    for secret in PRIVATE:
        assert secret.hex() not in text
        assert repr(secret)[2:-1] not in text


@pytest.mark.parametrize("kind", ROUTES)
def test_no_value_on_the_way_of_a_message_shows_a_secret(kind: str) -> None:
    route, key = ROUTES[kind]
    now = Moment(0.0, 1_590_000_000.0)
    unmined = seal(PAYLOAD, route, ttl_s=50, now=now, entropy=SeededEntropy(), padding=PADDING)
    envelope = unmined.mined(0)
    message = open_envelope(envelope, key, pow=0.5)
    assert message is not None
    for value in (route, key, unmined, envelope, message):
        check_hidden(value)


def test_body_and_filter_show_no_secret() -> None:
    plaintext = encode_body(PAYLOAD, padding=PADDING, signer=SIGNER, entropy=SeededEntropy())
    check_hidden(decode_body(plaintext))
    check_hidden(Filter(SHARED, frozenset({TOPIC}), secp256k1.public_key(SIGNER)))
    check_hidden(Filter(RECIPIENT, frozenset({TOPIC})))


def test_hostile_envelope_can_be_shown() -> None:
    # Empty data, no life, a topic that is no text: showing it must not fail either.
    raw = b"\xc9\x80\x80\x84\xff\x00\xfe\x01\x80\x80"
    assert "ff00fe01" not in shown(decode_envelope(raw))
