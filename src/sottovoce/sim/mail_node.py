"""What stands between a simulated client and the mailservers: its node, as far as history goes.

Links, redials, what gossip lets through, and the very book and memory by which a node decides what
of an answer was asked for and is new. Streams and sessions are left out.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.gossip import events as gossip
from sottovoce.gossip.direct_packets import decode_completion_body
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.proof_of_work import search
from sottovoce.mail import client_events as events
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_events import SendArchived
from sottovoce.mail.settings import MINIMUM_POW
from sottovoce.node.effects import Compute, Effect, HistoryArriving, HistoryDone
from sottovoce.node.heard import Heard
from sottovoce.node.history import HistoryBook
from sottovoce.node.inputs import AskHistory, Computed
from sottovoce.sim.mail_lies import Answer
from sottovoce.sim.mail_links import Link, Wire
from sottovoce.sim.mail_server import SimulatedServer
from sottovoce.sim.mail_world import MailWorld

REDIAL_S_MIN: Final = 2.0
REDIAL_S_MAX: Final = 16.0
NONCES_PER_S: Final = 1_000_000
FILTER: Final = 1

NodeFact: TypeAlias = (
    EnvelopeHash
    | events.ServerConnected
    | events.ServerGone
    | events.PageArriving
    | events.PageDone
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node is connected to.

    Attributes:
        world: The time.
        wire: What carries its packets.
        servers: The mailservers by their keys.
        client: The number of the client.
        key: Whom servers take it for.
        tell: Told each fact.
        opens: Whether a filter of the client opens an envelope.
        moment: Reads its clocks.
    """

    world: MailWorld
    wire: Wire
    servers: Mapping[PublicKey, SimulatedServer]
    client: int
    key: PublicKey
    tell: Callable[[NodeFact], None]
    opens: Callable[[Envelope], bool]
    moment: Callable[[], Moment]


class ClientNode:
    """A client's node in one life.

    Args:
        around: What it is connected to.
        entropy: Where the keys of requests come from.

    Attributes:
        online: Whether it has peers.
        unasked: Packets that were skipped because nobody had asked for them.
    """

    def __init__(self, around: Surroundings, entropy: Entropy) -> None:
        self.online = False
        self.unasked = 0
        self._around: Final = around
        self._ended = False
        self._wanted: Final[dict[PublicKey, Mailserver]] = {}
        self._links: Final[dict[PublicKey, Link]] = {}
        self._dialling: Final[set[PublicKey]] = set()
        self._asked: Final[set[int]] = set()
        self._requests: Final = itertools.count(1)
        self._heard: Final = Heard()
        self._heard.filter_installed(FILTER)
        self._book: Final = HistoryBook(
            entropy,
            job_numbers=itertools.count(1),
            heard=self._heard,
            find_sessions=self._sessions_with,
            tell_relay=self._tell_relay,
            emit=self._emit,
        )

    # ---- what the client wants

    def next_request(self) -> int:
        """Return a number that no request of this life had."""
        return next(self._requests)

    def connected(self) -> list[PublicKey]:
        """Return the servers that are connected."""
        return list(self._links)

    def connect(self, server: Mailserver) -> None:
        """Connect to a server, again and again."""
        self._wanted[server.enode.public_key] = server
        self._dial(server.enode.public_key)

    def disconnect(self, key: PublicKey) -> None:
        """Let go of a server."""
        self._wanted.pop(key, None)
        self._leave(key)

    def ask(self, request: int, server: Mailserver, wanted: HistoryRequest) -> None:
        """Ask a server for a page."""
        self._book.ask(AskHistory(request, server, wanted), MINIMUM_POW, self._around.moment())

    def cancel(self, request: int) -> None:
        """Take nothing more of a page."""
        self._book.cancel(request, self._around.moment())

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that servers can make grow."""
        return self._book.sizes() | {"heard": len(self._heard)}

    # ---- what its surroundings do

    def go(self, *, online: bool) -> None:
        """Find the network, or lose it with all links."""
        self.online = online
        if online:
            for key in self._wanted:
                self._dial(key)
        else:
            for key in list(self._links):
                self._leave(key)

    def freeze(self) -> list[PublicKey]:
        """Lose all links without noticing; returns those who were connected."""
        for link in self._links.values():
            self._around.wire.cut(link)
            self._around.servers[self._key_of(link)].cut(link)
        return list(self._links)

    def thaw(self) -> None:
        """Notice that links are gone."""
        for key in list(self._links):
            if not self._links[key].open:
                self._lost(key)

    def end(self) -> None:
        """End with the process."""
        for link in self._links.values():
            self._around.wire.cut(link)
            self._around.servers[self._key_of(link)].cut(link)
        self._links.clear()
        self._ended = True
        self.online = False

    def live(self, envelope: Envelope) -> None:
        """Hear an envelope from the network."""
        self._open((envelope,))

    # ---- links

    def _sessions_with(self, key: PublicKey) -> tuple[int, ...]:
        peer = self._peer_of(key)
        return () if peer is None else (peer,)

    def _peer_of(self, key: PublicKey) -> int | None:
        link = self._links.get(key)
        return None if link is None else link.peer

    def _key_of(self, link: Link) -> PublicKey:
        return next(key for key, its in self._links.items() if its is link)

    def _dial(self, key: PublicKey) -> None:
        is_here = key in self._links or key in self._dialling
        if self.online and key in self._wanted and not is_here:
            self._dialling.add(key)
            pause_s = self._around.wire.flight_s() + self._around.wire.flight_s()
            self._around.world.after(pause_s, partial(self._dialled, key))

    def _dialled(self, key: PublicKey) -> None:
        self._dialling.discard(key)
        if self._ended or not self.online or key not in self._wanted:
            return
        server = self._around.servers[key]
        if not server.up:
            self._around.tell(events.ServerGone(key, "nobody answers there"))
            self._redial(key)
            return
        peer = self._around.wire.next_peer()
        link = Link(
            peer,
            self._around.client,
            self._around.key,
            hear=partial(self._take, key, peer),
            lost=partial(self._lost_later, key, peer),
        )
        self._links[key] = link
        server.accept(link)
        self._around.tell(events.ServerConnected(key))

    def _redial(self, key: PublicKey) -> None:
        pause_s = self._around.world.random.uniform(REDIAL_S_MIN, REDIAL_S_MAX)
        self._around.world.after(pause_s, lambda: None if self._ended else self._dial(key))

    def _leave(self, key: PublicKey) -> None:
        link = self._links.get(key)
        if link is not None:
            self._around.wire.cut(link)
            self._around.servers[key].cut(link)
            self._lost(key)

    def _lost_later(self, key: PublicKey, peer: int) -> None:
        self._around.world.after(
            self._around.wire.flight_s(),
            lambda: self._lost(key) if self._peer_of(key) == peer else None,
        )

    def _lost(self, key: PublicKey) -> None:
        if self._ended:
            return
        link = self._links.pop(key)
        self._asked.discard(link.peer)
        self._book.peer_left(link.peer, self._around.moment())
        self._around.tell(events.ServerGone(key, "the connection ended"))
        self._redial(key)

    # ---- packets

    def _take(self, key: PublicKey, peer: int, packet: Answer) -> None:
        """Take a packet as gossip does: only of whoever was asked and has not answered yet."""
        if self._peer_of(key) != peer:
            return
        if peer not in self._asked:
            self.unasked += 1
            return
        now = self._around.moment()
        if isinstance(packet, SendArchived):
            envelopes = tuple(decode_envelope(raw) for raw in packet.envelopes)
            self._book.received(gossip.DirectReceived(peer, envelopes, trusted=False), now)
            return
        said = decode_completion_body(packet.body)
        completed = gossip.RequestCompleted(
            peer, said.request_id, said.last_envelope, said.cursor, said.error
        )
        self._book.completed(completed, now)

    # ---- what the book wants

    def _tell_relay(self, event: gossip.GossipEvent, now: Moment) -> None:
        match event:
            case gossip.DirectRequestPosted(peer, payload):
                self._asked.add(peer)
                link = next(it for it in self._links.values() if it.peer == peer)
                server = self._around.servers[self._key_of(link)]
                self._around.wire.send_up(link, partial(server.ask, link, payload))
            case gossip.DirectRequestClosed(peer):
                self._asked.discard(peer)
            case gossip.DirectOffered(envelopes):
                self._open(envelopes)
            case gossip.OpeningMarked(mark):
                self._book.opened_up_to(mark)
            case _:
                raise AssertionError(f"{type(event).__name__} is nothing that a book says")

    def _open(self, envelopes: tuple[Envelope, ...]) -> None:
        for envelope in envelopes:
            opens = self._around.opens(envelope)
            if opens and self._heard.take_untold(envelope.hash, (FILTER,)):
                self._around.tell(envelope.hash)

    def _emit(self, effect: Effect) -> None:
        match effect:
            case HistoryArriving(request, envelopes, new, size_bytes):
                self._around.tell(events.PageArriving(request, envelopes, new, size_bytes))
            case HistoryDone(request, end, cursor, detail):
                self._around.tell(events.PageDone(request, end, cursor, detail))
            case Compute(job, prefix, bits, work_time_s):
                nonce = search(prefix, bits, 0, int(work_time_s * NONCES_PER_S))
                self._around.world.after(0.0, partial(self._computed, Computed(job, nonce)))
            case _:
                raise AssertionError(f"{type(effect).__name__} is nothing that a book wants")

    def _computed(self, result: Computed) -> None:
        if not self._ended:
            self._book.computed(result, self._around.moment())
