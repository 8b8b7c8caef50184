"""The relay and its interest: what is told in which call, and what a pause leaves behind."""

import tracemalloc

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.bloom import bloom_from_bytes, topic_bloom
from sottovoce.gossip.events import (
    FilterInstalled,
    ReceivingPaused,
    TimePassed,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings, Interest
from unit.gossip.network import (
    START_UNIX_S,
    Bench,
    CountingEntropy,
    hashes_to,
    make_envelope,
    messages,
)

KEY = SymmetricKey(b"\x07" * 32)


def test_what_came_while_receiving_was_paused_is_offered_afterwards() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    before, during = make_envelope(b"before"), make_envelope(b"during")
    bench.feed(1, messages(before))
    bench.handle(ReceivingPaused(paused=True))
    # It left its sender before that heard of the pause.
    assert hashes_to(2, bench.feed(1, messages(during))) == []
    assert hashes_to(3, bench.greet(3)) == []
    resumed = bench.wait(2) + bench.handle(ReceivingPaused(paused=False))
    assert [hashes_to(peer, resumed) for peer in (1, 2, 3)] == [
        [],
        [during.hash],
        [before.hash, during.hash],
    ]


def test_filters_installed_one_by_one_are_not_remembered_as_many_interests() -> None:
    settings = GossipSettings(interest=Interest.TOPICS)
    relay = Relay(settings, entropy=CountingEntropy())
    now = Moment(0.0, START_UNIX_S)
    tracemalloc.start()
    topics = [Topic(number.to_bytes(4, "big")) for number in range(500)]
    for number, topic in enumerate(topics):
        relay.handle(FilterInstalled(number, Filter(KEY, frozenset([topic]))), now)
        if number % 10 == 0:
            relay.handle(TimePassed(), now)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2_000_000
    assert relay.next_deadline() == now.monotonic_s
    relay.handle(TimePassed(), now)
    last = topic_bloom(topics[-1])
    assert bloom_from_bytes(relay.announced_bloom) & last == last
