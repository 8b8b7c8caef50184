from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.identity.contact_link import ContactLink, parse_contact_link
from sottovoce.secure.bundle import verify_bundle
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.wire import decode_bundle
from sottovoce.stack.bundles import learn_bundle, own_bundle
from unit.stack.post_office import START
from vectors.scripted_entropy import SeededEntropy

ANNA = PrivateKey(b"anna's key is thirty-two bytes !")
BOB = PrivateKey(b"bob's key is of thirty-two bytes")
ANNA_KEY, BOB_KEY = secp256k1.public_key(ANNA), secp256k1.public_key(BOB)


def channel_of(identity: PrivateKey) -> Channel:
    return Channel(identity, identity.raw[:5].decode(), MemoryStore(), SeededEntropy(identity.raw))


def test_own_bundle_is_signed_by_us_and_fits_into_a_link() -> None:
    raw = own_bundle(channel_of(ANNA), START)
    assert verify_bundle(decode_bundle(raw)) == ANNA_KEY
    assert parse_contact_link(ContactLink(ANNA_KEY, raw).text()) == ContactLink(ANNA_KEY, raw)


def test_learned_bundle_makes_the_first_message_forward_secret() -> None:
    bob = channel_of(BOB)
    assert bob.seal(ANNA_KEY, b"before", START).secrecy is Secrecy.DH_ONLY
    assert learn_bundle(bob, ANNA_KEY, own_bundle(channel_of(ANNA), START), START)
    assert bob.seal(ANNA_KEY, b"after", START).secrecy is Secrecy.RATCHET


def test_bundle_of_another_person_or_of_nobody_is_refused() -> None:
    bob, raw = channel_of(BOB), own_bundle(channel_of(ANNA), START)
    assert not learn_bundle(bob, BOB_KEY, raw, START)
    assert not learn_bundle(bob, ANNA_KEY, b"\xff", START)
    assert not learn_bundle(bob, ANNA_KEY, b"", START)
    forged = bytearray(raw)
    forged[60] ^= 1
    assert not learn_bundle(bob, ANNA_KEY, bytes(forged), START)
    assert bob.installations(ANNA_KEY) == {}
