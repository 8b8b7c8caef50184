"""What a node carried, with the names that a person knows for its topics."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from sottovoce.base.errors import SottovoceError
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.chat.records import ChatKind
from sottovoce.chat.stores import HistoryReader
from sottovoce.crypto.secp256k1 import public_key, shared_x
from sottovoce.node.traffic import NodeTraffic
from sottovoce.stack.topics import (
    contact_code,
    negotiated,
    partitioned,
    personal_discovery,
    public_chat,
)


class TopicUse(Enum):
    """What a topic is used for."""

    PUBLIC_CHAT = "public chat"
    TO_US = "first messages to us"
    OWN_CODE = "our contact code"
    OWN_DEVICES = "our devices"
    CONTACT_CODE = "contact code"
    PERSON = "messages with a person"


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A topic that a person knows; strangers may use it as well, for topics are short.

    Attributes:
        topic: Four bytes.
        use: What it is used for here.
        chat: The name of the public chat; else empty.
        person: Whose code it is, or with whom the messages are; else None.
    """

    topic: Topic = field(repr=False)
    use: TopicUse
    chat: str = field(default="", repr=False)
    person: PublicKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What a node carried, and what is known of its topics.

    Attributes:
        traffic: The counts.
        names: The topics in it that the person knows; none without an account.
    """

    traffic: NodeTraffic
    names: tuple[NamedTopic, ...] = ()


def name_topics(
    traffic: NodeTraffic, reader: HistoryReader, identity: PrivateKey
) -> tuple[NamedTopic, ...]:
    """Return what a person knows of the topics that a node carried, each topic once."""
    carried = {row.topic for row in traffic.topics}
    found: dict[Topic, NamedTopic] = {}
    for named in _known_topics(reader, identity):
        if named.topic in carried:
            found.setdefault(named.topic, named)
    return tuple(found.values())


def _known_topics(reader: HistoryReader, identity: PrivateKey) -> Iterator[NamedTopic]:
    own = public_key(identity)
    for chat in reader.list_chats():
        if chat.kind is ChatKind.PUBLIC:
            yield NamedTopic(public_chat(chat.id).topic, TopicUse.PUBLIC_CHAT, chat.id)
    yield NamedTopic(partitioned(own).topic, TopicUse.TO_US)
    yield NamedTopic(personal_discovery(own).topic, TopicUse.TO_US)
    yield NamedTopic(contact_code(own).topic, TopicUse.OWN_CODE)
    yield NamedTopic(_negotiated_topic(identity, own), TopicUse.OWN_DEVICES)
    for contact in reader.list_contacts():
        key = contact.key
        yield NamedTopic(contact_code(key).topic, TopicUse.CONTACT_CODE, person=key)
        try:
            topic = _negotiated_topic(identity, key)
        except SottovoceError:
            continue  # A stranger's key that is none: nobody can write to it.
        yield NamedTopic(topic, TopicUse.PERSON, person=key)


def _negotiated_topic(identity: PrivateKey, person: PublicKey) -> Topic:
    return negotiated(SymmetricKey(shared_x(identity, person))).topic
