"""Whatever peers and owners do: what was carried adds up, and no count falls below nothing."""

from collections.abc import Callable
from random import Random
from typing import Final

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.confirmations import Refusal, batch_hash, encode_message_response
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    FilterInstalled,
    FilterRemoved,
    PeerBlocked,
    PeerDrained,
    PeerLeft,
    ReceivingPaused,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.traffic import Amount, Carried, Flow, TopicTable
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import STATUS_GO
from unit.gossip.network import START_UNIX_S, Bench, make_envelope, messages, packets_to

KEY: Final = SymmetricKey(b"\x07" * 32)
TOPICS: Final = [Topic(bytes([number, 1, 2, 3])) for number in range(12)]
MESSAGES, MESSAGE_RESPONSE = 1, 12
STEPS: Final = 150
PEERS_MAX: Final = 4


class Storm:
    """A relay with peers that come and go, lie and repeat, and an owner who changes their mind."""

    def __init__(self, random: Random) -> None:
        self.random = random
        settings = GossipSettings(
            interest=random.choice(list(Interest)),
            own_delay_s_max=0.0,
            minimum_pow=0.0,
            pool_bytes_max=random.choice([6000, 1_000_000]),
            rate_limits=random.choice([(0, 0, 0), (50, 20, 2)]),
        )
        dialect = random.choice([STATUS_GO, STATUS_GO_WAKU_V1])
        self.bench = Bench(settings=settings, dialect=dialect)
        self.made: list[Envelope] = []
        self.sent: list[tuple[int, Packet]] = []
        self.peers: list[int] = []
        self.count = 0

    def step(self) -> None:
        """Let one thing happen, and look at the sums."""
        steps = [self.peer_comes, self.filters_change, self.own, self.wait, self.pause]
        if self.peers:
            steps += [self.feed, self.feed, self.feed, self.refuse, self.press, self.peer_leaves]
        self.random.choice(steps)()
        gone = [peer for peer in self.peers if self.bench.session(peer).has_failed]
        for peer in gone:
            self.leave(peer)
        check(self.bench)

    def peer_comes(self) -> None:
        if len(self.peers) < PEERS_MAX:
            self.count += 1
            self.peers.append(self.count)
            self.bench.greet(self.count)

    def peer_leaves(self) -> None:
        if self.random.random() < 1 / 4:
            self.leave(self.random.choice(self.peers))

    def leave(self, peer: int) -> None:
        self.peers.remove(peer)
        self.bench.handle(PeerLeft(peer))

    def filters_change(self) -> None:
        self.count += 1
        topics = frozenset(self.random.sample(TOPICS, 2))
        announced = self.random.random() < 3 / 4
        self.bench.handle(FilterInstalled(self.count, Filter(KEY, topics, announced=announced)))
        self.bench.handle(FilterRemoved(self.random.randrange(self.count)))

    def fresh(self, age_s: int = 0) -> Envelope:
        self.count += 1
        made = make_envelope(
            self.count.to_bytes(4) + bytes(self.random.randrange(300)),
            topic=self.random.choice(TOPICS),
            pow=0.0,
            ttl_s=self.random.choice([1, 20, 50]),
            sent_unix_s=START_UNIX_S + int(self.bench.passed_s) - age_s,
        )
        self.made.append(made)
        return made

    def own(self) -> None:
        sent = self.bench.post(self.fresh()) + self.bench.wait(0.01)
        for peer in self.peers:
            self.sent += [(peer, packet) for packet in packets_to(peer, sent)]

    def feed(self) -> None:
        def one() -> Envelope:
            if self.made and self.random.random() < 1 / 2:
                return self.random.choice(self.made)
            return self.fresh(self.random.choice([0, 0, 0, 100]))

        said = messages(*(one() for _ in range(self.random.randint(1, 6))))
        self.bench.feed(self.random.choice(self.peers), said)

    def refuse(self) -> None:
        """Let a peer refuse what it got, and more."""
        got = [(peer, packet) for peer, packet in self.sent if packet.code == MESSAGES]
        known = [(peer, packet) for peer, packet in got if peer in self.peers]
        if known:
            peer, packet = self.random.choice(known)
            refused = [Refusal(made.hash, 22, "no") for made in self.made[-20:]]
            response = encode_message_response(batch_hash(packet.payload), refused, 1_000_000)
            self.bench.feed(peer, Packet(MESSAGE_RESPONSE, response))

    def press(self) -> None:
        peer = self.random.choice(self.peers)
        blocks = self.random.random() < 1 / 2
        self.bench.handle(PeerBlocked(peer) if blocks else PeerDrained(peer))

    def wait(self) -> None:
        self.bench.wait(self.random.choice([0.01, 0.5, 3.0, 30.0]))

    def pause(self) -> None:
        self.bench.handle(ReceivingPaused(self.random.random() < 1 / 3))


def check(bench: Bench) -> None:
    """Check that the topics add up to the total, and that nothing is below nothing."""
    carried = bench.relay.traffic()
    rows = [row.carried for row in carried.topics]
    assert added(rows, lambda row: row.received) == uses(carried.total.received)
    assert added(rows, lambda row: row.sent) == uses(carried.total.sent)
    for part in (carried.total, *(each.carried for each in carried.sessions), *rows):
        for flow in (part.received, part.sent):
            assert min(min(amount) for amount in uses(flow)) >= 0
            assert flow.other_bytes >= 0


def uses(flow: Flow) -> list[Amount]:
    return [flow.useful, flow.duplicate, flow.unwanted]


def added(rows: list[Carried], flow_of: Callable[[Carried], Flow]) -> list[Amount]:
    flows = [uses(flow_of(row)) for row in rows]
    return [
        Amount(sum(flow[use].envelopes for flow in flows), sum(flow[use].bytes for flow in flows))
        for use in range(3)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_what_topics_and_peers_carried_adds_up_whatever_happens(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    # With few rows they are given up again and again.
    kept = random.choice([2, 4, 2048])
    monkeypatch.setattr(TopicTable.__init__, "__kwdefaults__", {"rows_max": kept})
    storm = Storm(random)
    for _ in range(STEPS):
        storm.step()
