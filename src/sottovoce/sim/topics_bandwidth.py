"""What people receive when private messages share one topic, 5000, or have one for each pair.

The same messages go the three ways, each between nodes of one kind around one relay. Everybody also
listens to the contact codes of their contacts and to public chats, where nobody speaks: these fill
a bloom filter as they do in life. Where a person listens and where a message goes is told by the
table that the program has; only the one topic for everybody is of earlier years.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final, NamedTuple

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.node import inputs
from sottovoce.node.node import Node
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.light_network import FULL, LightKind
from sottovoce.sim.people_network import quick_key
from sottovoce.sim.world import SimulatedNode, World
from sottovoce.stack.routes import Routes
from sottovoce.stack.topics import GENERIC_DISCOVERY

_SETTLE_S: Final = 5.0
_SPREAD_S: Final = 3.0
# What a chat message with its signatures and its ratchet takes, about.
_PAYLOAD_BYTES: Final = 500
# Nobody here comes late, so nothing has to be kept.
_TTL_S: Final = 15


class Scheme(Enum):
    """How private messages choose their topic; the value is what people read."""

    ONE_TOPIC = "one topic"
    PARTITIONS = "5000 partitions"
    NEGOTIATED = "a topic per pair"


@dataclass(frozen=True, slots=True)
class BandwidthSettings:
    """How many people say how much.

    Attributes:
        people: How many there are.
        contacts: How many contacts each has; they write to these alone.
        chats: How many public chats each listens to.
        messages: Private messages of each.
        duration_s: Virtual seconds in which they are said.
    """

    people: int = 30
    contacts: int = 10
    chats: int = 5
    messages: int = 15
    duration_s: float = 300.0


@dataclass(frozen=True, slots=True)
class BandwidthLine:
    """What a person receives, on average, in one case.

    Attributes:
        scheme: How topics are chosen.
        announces: What nodes speak, and what they tell their peers.
        topics: How many topics a person announces.
        sent: Private messages of everybody.
        meant: Those that were meant for a person.
        received: Envelopes that came to a person.
        bytes: Bytes of the packets that came to a person, greetings included.
    """

    scheme: str
    announces: str
    topics: float
    sent: int
    meant: float
    received: float
    bytes: float

    @property
    def others_share(self) -> float:
        """Which part of what was neither meant for a person nor said by them came to them."""
        others = self.sent - 2 * self.meant  # Everybody says as much as anybody else.
        return (self.received - self.meant) / others if others else 0.0


class _Said(NamedTuple):
    """One message: when, by whom, to whom."""

    time_s: float
    author: int
    reader: int


class Village:
    """The people, who knows whom, and what is said: the same in each case."""

    def __init__(self, settings: BandwidthSettings, seed: int) -> None:
        self.settings: Final = settings
        self.seed: Final = seed
        random = Random(f"village {seed}")  # noqa: S311
        count = settings.people
        entropy = SeededEntropy("village", seed)
        self._identities: Final = [secp256k1.generate_private_key(entropy) for _ in range(count)]
        self.keys: Final = [secp256k1.public_key(identity) for identity in self._identities]
        # Contact is mutual: neighbours on a ring, so that everybody has as many.
        steps = range(1, settings.contacts // 2 + 1)
        self.contacts: Final = [
            sorted({(place + step * side) % count for step in steps for side in (-1, 1)})
            for place in range(count)
        ]
        self.said: Final[list[_Said]] = [
            _Said(
                _SETTLE_S + random.uniform(0.0, settings.duration_s),
                author,
                random.choice(self.contacts[author]),
            )
            for author in range(count)
            for _ in range(settings.messages)
        ]

    def run(self, scheme: Scheme, kind: LightKind) -> BandwidthLine:
        """Let everything be said once."""
        world = World(self.seed)
        relay = world.add_node(gossip=FULL)
        # People's own envelopes wait as they do in life; it does not change what comes in.
        gossip = replace(kind.gossip, own_delay_s_max=FULL.own_delay_s_max)
        homes = [world.add_node(gossip=gossip) for _ in self.keys]
        routes = [self._routes(place, scheme) for place in range(len(self.keys))]
        filters = [_filters(table, scheme) for table in routes]
        for home, wanted in zip(homes, filters, strict=True):
            for number, each in enumerate(wanted, start=1):
                world.start(home.number, inputs.InstallFilter(number, each))
            world.start(home.number, inputs.AddPeer(relay.enode))
        for request, said in enumerate(self.said, start=1):
            route = _route(routes[said.author], self.keys[said.reader], scheme)
            world.command_at(said.time_s, homes[said.author].number, _post(request, route))
        world.run_until(_SETTLE_S + self.settings.duration_s + _SPREAD_S)
        return self._line(scheme, kind, homes, filters)

    def _line(
        self,
        scheme: Scheme,
        kind: LightKind,
        homes: Sequence[SimulatedNode],
        filters: Sequence[Sequence[Filter]],
    ) -> BandwidthLine:
        count = len(homes)
        counted = [_node_of(home).relay_statistics for home in homes]
        topics = sum(map(_announced_count, filters))
        return BandwidthLine(
            scheme=scheme.value,
            announces=kind.announces,
            topics=topics / count,
            sent=len(self.said),
            meant=len(self.said) / count,
            received=sum(each.envelopes_received for each in counted) / count,
            bytes=sum(each.payload_bytes_received for each in counted) / count,
        )

    def _routes(self, place: int, scheme: Scheme) -> Routes:
        """Make the table of one person, with the keys of all names in it."""
        identity = self._identities[place]
        routes = Routes(identity)
        contacts = [self.keys[other] for other in self.contacts[place]]
        chats = (f"chat-{place}-{number}" for number in range(self.settings.chats))
        routes.want(public_chats=frozenset(chats), followed=frozenset(contacts), silent=frozenset())
        if scheme is Scheme.NEGOTIATED:
            for other in contacts:
                routes.agree(other, _secret(identity, other))
        for name in routes.names():
            routes.learn_key(name, quick_key(name))
        return routes


def _secret(identity: PrivateKey, other: PublicKey) -> SymmetricKey:
    return SymmetricKey(secp256k1.shared_x(identity, other))


def _filters(routes: Routes, scheme: Scheme) -> list[Filter]:
    """Return all filters of a person."""
    of_class, of_us = routes.filters_of_people()
    if scheme is Scheme.ONE_TOPIC:
        of_class = replace(of_class, topics=frozenset({GENERIC_DISCOVERY.topic}))
    named = (routes.filter_of_name(name) for name in sorted(routes.names()))
    return [of_class, of_us, *(wanted for wanted in named if wanted is not None)]


def _announced_count(filters: Sequence[Filter]) -> int:
    """Count the topics that peers may be told of."""
    return len({topic for wanted in filters if wanted.announced for topic in wanted.topics})


def _route(routes: Routes, reader: PublicKey, scheme: Scheme) -> EnvelopeRoute:
    route = routes.to_person(reader, agreed=scheme is Scheme.NEGOTIATED)
    if scheme is Scheme.ONE_TOPIC:
        route = replace(route, topic=GENERIC_DISCOVERY.topic)
    return route


def _post(request: int, route: EnvelopeRoute) -> inputs.PostMessage:
    return inputs.PostMessage(
        request=request,
        route=route,
        payload=bytes(_PAYLOAD_BYTES),
        ttl_s=_TTL_S,
        pow_target=0.0,
        work_time_s=0.0,
    )


def _node_of(simulated: SimulatedNode) -> Node:
    assert isinstance(simulated.node, Node)
    return simulated.node
