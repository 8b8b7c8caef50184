"""From a destination to the envelope that can reach it, and which topics have to be heard.

Chat names a `Destination` and never sees a topic; gossip seals for a route and never sees a chat.
What stands here is a table: it learns who is wanted and what was agreed, and asks nobody. Keys of
names are derived and stored by others.

Spec: Status specs 10 (waku usage), "Topic/Encryption Keys" and "Topics"; status-go
protocol/transport/filters_manager.go (docs/spec-deviations.md, "Negotiated topics of strangers").
"""

from collections.abc import Iterable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.stack.destinations import Contact, Private
from sottovoce.stack.destinations import PublicChat as PublicChat
from sottovoce.stack.topics import (
    TopicName,
    contact_code,
    negotiated,
    partitioned,
    personal_discovery,
    public_chat,
)
from sottovoce.stack.topics import key_of_name as key_of_name
from sottovoce.stack.topics import topic_of_name as topic_of_name


def route_to(
    destination: PublicChat, *, key: SymmetricKey, signer: PrivateKey | None
) -> EnvelopeRoute:
    """Return the route of a public chat whose key is at hand (`key_of_name` made it)."""
    return EnvelopeRoute(topic_of_name(destination.name), key, signer)


class Routes:
    """Who is where: the table of one person.

    Attributes:
        own: Our public key.
    """

    def __init__(self, identity: PrivateKey) -> None:
        self._identity: Final = identity
        self.own: Final = secp256k1.public_key(identity)
        self._own_code: Final = contact_code(self.own)
        self._public: frozenset[str] = frozenset()
        self._followed: frozenset[PublicKey] = frozenset()
        self._silent: frozenset[PublicKey] = frozenset()
        self._agreed: Final[dict[PublicKey, TopicName]] = {}
        self._keys: Final[dict[str, SymmetricKey]] = {}

    # ---- what it learns

    def want(
        self,
        *,
        public_chats: frozenset[str],
        followed: frozenset[PublicKey],
        silent: frozenset[PublicKey],
    ) -> None:
        """Learn whom we want to hear: the whole truth.

        Args:
            public_chats: Names of public chats.
            followed: People whose contact codes are read.
            silent: People whose negotiated topic is not heard, whatever was agreed.
        """
        self._public, self._followed, self._silent = public_chats, followed, silent

    def agree(self, peer: PublicKey, secret: SymmetricKey) -> TopicName:
        """Learn of a negotiated secret; returns the topic that it makes."""
        name = self._agreed.get(peer)
        if name is None:
            name = self._agreed[peer] = negotiated(secret)
        return name

    def learn_key(self, name: str, key: SymmetricKey) -> None:
        """Learn the key of a name."""
        self._keys[name] = key

    def forget_key(self, name: str) -> None:
        """Forget the key of a name that is not needed any more."""
        self._keys.pop(name, None)

    # ---- what it tells

    def has_key(self, name: str) -> bool:
        """Tell whether the key of a name is at hand."""
        return name in self._keys

    def has_agreed(self, peer: PublicKey) -> bool:
        """Tell whether a negotiated topic with somebody is known."""
        return peer in self._agreed

    def names(self) -> set[str]:
        """Return the names that have to be heard with a key of their own."""
        return {
            *self._public,
            *(contact_code(person).text for person in self._followed),
            self._own_code.text,
            *(name.text for peer, name in self._agreed.items() if peer not in self._silent),
        }

    def filters_of_people(self) -> tuple[Filter, Filter]:
        """Return how we hear what is sealed for our own key, live or out of an archive.

        Peers may be told of the topic of our key's class alone. Our personal topic is that of our
        key and of no other, and nobody sends to it.
        """
        of_class = frozenset({partitioned(self.own).topic})
        of_us = frozenset({personal_discovery(self.own).topic})
        return (
            Filter(self._identity, of_class, allows_direct=True),
            Filter(self._identity, of_us, allows_direct=True, announced=False),
        )

    def filter_of_name(self, name: str) -> Filter | None:
        """Return how a name is heard; None while its key is not at hand.

        Of our own contact code peers are told nothing: whoever listens to it would be us.
        """
        key = self._keys.get(name)
        topics = frozenset({topic_of_name(name)})
        announced = name != self._own_code.text
        return None if key is None else Filter(key, topics, allows_direct=True, announced=announced)

    def is_public_chat(self, name: str) -> bool:
        """Tell whether a name is that of a public chat that we want to hear."""
        return name in self._public

    def to_public_chat(self, name: str) -> EnvelopeRoute | None:
        """Return the way to a public chat, heard or not; None while its key is not at hand."""
        return self._keyed(public_chat(name))

    def to_person(self, person: PublicKey, *, agreed: bool) -> EnvelopeRoute:
        """Return the way to a person, or to our own devices.

        Args:
            person: Whose it is.
            agreed: Whether every device that shall read it is known to have the negotiated secret.
                While its key is not at hand the way is the one that needs nothing agreed, which
                the person hears as well.
        """
        name = self._agreed.get(person)
        if agreed and name is not None:
            route = self._keyed(name)
            if route is not None:
                return route
        return EnvelopeRoute(partitioned(person).topic, person, self._identity)

    def has_followers_key(self) -> bool:
        """Tell whether our contact code's key is at hand."""
        return self._own_code.text in self._keys

    def to_followers(self) -> EnvelopeRoute | None:
        """Return the way of our contact code; None while its key is not at hand."""
        return self._keyed(self._own_code)

    def peer_of(self, destination: Private) -> PublicKey:
        """Return the identity behind a destination that is no public chat."""
        return destination.key if isinstance(destination, Contact) else self.own

    def _keyed(self, name: TopicName) -> EnvelopeRoute | None:
        key = self._keys.get(name.text)
        return None if key is None else EnvelopeRoute(name.topic, key, self._identity)


def public_chats_of(names: Iterable[str], routes: Routes) -> tuple[str, ...]:
    """Return which of these names are public chats that we want to hear, in ascending order."""
    return tuple(sorted(name for name in names if routes.is_public_chat(name)))
