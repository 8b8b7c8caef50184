"""Names of topics, and what derives from a name: the topic itself and, for some, a key.

It owns how Status names the topics of public chats and of people. Who listens where, and which of
a person's topics a message takes, is not its business.

Names of people's topics hold whole public keys, and a negotiated name is a secret, so a name never
shows its text.

Spec: Status specs 10 (waku usage), "Topics" and "Partitioned topic"; status-go
protocol/transport/topic.go and filters_manager.go (docs/spec-deviations.md, "Passwords").
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, PublicKey, Topic, topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import public_key, shared_x
from sottovoce.gossip.keyring import symmetric_key_from_password

# People share topics with one another in so many classes; another number would reach nobody.
PARTITIONS: Final = 5000

_DISCOVERY: Final = "contact-discovery"
_X: Final = slice(32)


def topic_of_name(name: str) -> Topic:
    """Return the first four bytes of Keccak-256 over the UTF-8 name.

    Raises:
        LocalProtocolError: The name has no UTF-8 form.
    """
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        raise LocalProtocolError("a name has a character that UTF-8 has no form for") from None
    return topic(keccak256(raw)[:TOPIC_BYTES])


def key_of_name(name: str) -> SymmetricKey:
    """Derive the key of a name; takes tens of milliseconds, so keep the result.

    Raises:
        LocalProtocolError: The name has no UTF-8 form.
    """
    return symmetric_key_from_password(name)


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic by its name.

    Attributes:
        text: The name.
        has_key: Whether envelopes there are sealed with the key of the name; else they are sealed
            for a person's public key.
    """

    text: str = field(repr=False)
    has_key: bool

    @property
    def topic(self) -> Topic:
        """The topic; different names may share one."""
        return topic_of_name(self.text)

    def derive_key(self) -> SymmetricKey:
        """Derive the key of the name; takes tens of milliseconds, so keep the result.

        Raises:
            LocalProtocolError: Envelopes of this topic are sealed for a public key, and whoever
                sealed one with the name's key would be read by everybody and by nobody meant.
        """
        if not self.has_key:
            raise LocalProtocolError("envelopes of this topic are sealed for a public key")
        return key_of_name(self.text)


# Where clients of earlier years met; none of 2020 sends or listens there.
GENERIC_DISCOVERY: Final = TopicName(_DISCOVERY, has_key=False)


def public_chat(name: str) -> TopicName:
    """Return the topic of a public chat: its name as it is."""
    return TopicName(name, has_key=True)


def contact_code(person: PublicKey) -> TopicName:
    """Return where a person publishes bundles; with 0x in front of the key."""
    return TopicName(f"0x{person.uncompressed.hex()}-contact-code", has_key=True)


def partition(person: PublicKey) -> int:
    """Return the class of a person, from 0 to 4999: the x coordinate modulo 5000."""
    return int.from_bytes(person.raw[_X]) % PARTITIONS


def partitioned(person: PublicKey) -> TopicName:
    """Return the topic that a person shares with others of the class; the number has no zeros."""
    return TopicName(f"{_DISCOVERY}-{partition(person)}", has_key=False)


def personal_discovery(person: PublicKey) -> TopicName:
    """Return a person's own topic, without 0x in front of the key; people listen, nobody sends."""
    return TopicName(f"{_DISCOVERY}-{person.uncompressed.hex()}", has_key=False)


def negotiated(secret: SymmetricKey) -> TopicName:
    """Return the topic of two people who agreed on a secret, or of one person's devices.

    Args:
        secret: The x coordinate of the two identities' Diffie-Hellman point, 32 bytes; the name is
            its 64 hexadecimal digits, zeros in front included, without 0x.
    """
    return TopicName(secret.raw.hex(), has_key=True)


def negotiated_filter_id(person: PublicKey) -> str:
    """Return what Status' clients call the negotiated topic with a person in their own tables.

    It never travels and is no topic's name.
    """
    return f"0x{person.uncompressed.hex()}-negotiated"


def topics_with(identity: PrivateKey, person: PublicKey) -> frozenset[Topic]:
    """Return where a person's messages to us may be, whatever was agreed with them.

    Raises:
        InvalidKeyError: The person's key is not on the curve.
    """
    names = (
        partitioned(public_key(identity)),
        contact_code(person),
        negotiated(SymmetricKey(shared_x(identity, person))),
    )
    return frozenset(name.topic for name in names)
