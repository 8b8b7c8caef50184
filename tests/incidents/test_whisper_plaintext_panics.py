"""Plaintexts on which go-ethereum 1.9.6 panics: anybody with a public chat's key could send them.

The reader there checked the payload's length, but not where the size field and the payload end
against the end of the message or the beginning of the signature.
"""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import gcm_seal
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.filters import Filter, FilterTable
from sottovoce.gossip.message_body import decode_body

SHARED = SymmetricKey(b"\x05" * 32)
SIGNER = PrivateKey(b"\x07" * 32)
TOPIC = Topic(b"\x01\x02\x03\x04")
REST = bytes(range(40))


def signed(unsigned: bytes) -> bytes:
    return unsigned + secp256k1.sign(SIGNER, keccak256(unsigned))


PANICS = {
    "payload one byte longer than the message": b"\x01\x29" + REST,
    "size field of two bytes with one there": b"\x02\x01",
    "size field of three bytes with one there": b"\x03\x01",
    "nothing after the flags": b"\x01",
    "signed, payload one byte into the signature": signed(b"\x05\x29" + REST),
}


@pytest.mark.parametrize("plaintext", PANICS.values(), ids=PANICS.keys())
def test_plaintext_on_which_geth_panics_is_refused(plaintext: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_body(plaintext)


@pytest.mark.parametrize("plaintext", PANICS.values(), ids=PANICS.keys())
def test_sealed_plaintext_on_which_geth_panics_reaches_no_filter(plaintext: bytes) -> None:
    salt = bytes(12)
    data = gcm_seal(SHARED.raw, salt, plaintext) + salt
    envelope = UnminedEnvelope(1_590_000_050, 50, TOPIC, data).mined(0)
    table = FilterTable()
    table.install(0, Filter(SHARED))
    assert table.open(envelope, direct=False, pow=1.0) is None


def test_sent_time_of_an_expiry_below_the_ttl_wraps_around() -> None:
    # Expiry and ttl come from the network: their difference must be no negative number, which
    # would look like an envelope of the distant past and break whoever stores it in 32 bits.
    envelope = UnminedEnvelope(10, 50, TOPIC, b"").mined(0)
    assert envelope.sent_unix_s == 2**32 - 40
    assert UnminedEnvelope(0, 2**32 - 1, TOPIC, b"").mined(0).sent_unix_s == 1
