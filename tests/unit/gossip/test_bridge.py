"""Two worlds over one pool: what crosses, what is kept apart, and what is never sent twice."""

from dataclasses import replace

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.bloom import BLOOM_BYTES, bloom_to_bytes, topic_bloom
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.events import (
    EnvelopePosted,
    FilterInstalled,
    GossipEvent,
    GossipOutput,
    PeerFailed,
    PeerJoined,
    PeerLeft,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.options import StatusOptions, decode_option_status, encode_option_status
from sottovoce.gossip.registry import dialect_for
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.gossip.status import decode_status, encode_status
from sottovoce.gossip.waku_v0 import WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1, WAKU_V1
from sottovoce.gossip.whisper_v6 import STATUS_GO, WHISPER_V6
from unit.gossip.network import (
    OTHER_TOPIC,
    START_UNIX_S,
    TOPIC,
    CountingEntropy,
    hashes_to,
    make_envelope,
    messages,
    packets_to,
)

WHISPER_BLOOM_CODE = 3
KEY = SymmetricKey(b"shared key of thirty-two bytes!!")
BRIDGE = GossipSettings(own_delay_s_max=0.0)
APART = replace(BRIDGE, bridges=False)
EITHER = replace(BRIDGE, transport=Transport.EITHER)
SAYS_ONE_POOL = StatusOptions(minimum_pow=0.0, light=False, confirmations=False, one_pool=True)
SAYS_NOTHING = replace(SAYS_ONE_POOL, one_pool=None)


def greeting(capability: Capability, said: StatusOptions = SAYS_NOTHING) -> Packet:
    return Packet(0, encode_status(dialect_for(capability), said))


class Bench:
    """One relay whose peers, of one world or of both, are played by the test."""

    def __init__(self, settings: GossipSettings = BRIDGE) -> None:
        self.relay = Relay(settings, entropy=CountingEntropy())
        self.passed_s = 0.0

    def handle(self, event: GossipEvent) -> list[GossipOutput]:
        now = Moment(self.passed_s, START_UNIX_S + self.passed_s)
        outputs = self.relay.handle(event, now)
        while (at := self.relay.next_deadline()) is not None and at <= self.passed_s:
            outputs += self.relay.handle(TimePassed(), now)
        return outputs

    def feed(self, peer: int, *packets: Packet) -> list[GossipOutput]:
        return self.handle(PeerPackets(peer, packets))

    def greet(self, peer: int, capability: Capability) -> list[GossipOutput]:
        """Let a peer of one world join and greet."""
        self.handle(PeerJoined(peer, capability))
        return self.feed(peer, greeting(capability))

    def join_both(self, peer: int) -> list[GossipOutput]:
        """Let a peer of both worlds join, by this number on Whisper and the next one on Waku."""
        joined = self.handle(PeerJoined(peer, WHISPER_V6, twin=peer + 1))
        return joined + self.handle(PeerJoined(peer + 1, WAKU_V1, twin=peer))

    def greet_both(
        self, peer: int, said: StatusOptions = SAYS_NOTHING, *, waku_first: bool = False
    ) -> list[GossipOutput]:
        """Let a peer of both worlds join and greet; `said` is its status on Waku."""
        self.join_both(peer)
        hellos = [(peer, greeting(WHISPER_V6)), (peer + 1, greeting(WAKU_V1, said))]
        if waku_first:
            hellos.reverse()
        return [output for number, hello in hellos for output in self.feed(number, hello)]


# ---- one pool


@pytest.mark.parametrize(
    ("source", "sink"),
    [(WHISPER_V6, WAKU_V1), (WAKU_V1, WHISPER_V6), (WAKU_V0, WHISPER_V6), (WAKU_V0, WAKU_V1)],
)
def test_envelope_crosses_from_one_world_to_the_other(source: Capability, sink: Capability) -> None:
    bench = Bench()
    bench.greet(1, source)
    bench.greet(2, sink)
    envelope = make_envelope()
    assert hashes_to(2, bench.feed(1, messages(envelope))) == [envelope.hash]


def test_what_crossed_is_not_sent_back_and_never_twice() -> None:
    bench = Bench()
    for peer, capability in enumerate((WHISPER_V6, WAKU_V1, WHISPER_V6, WAKU_V1)):
        bench.greet(peer, capability)
    envelope = make_envelope()
    sent = bench.feed(0, messages(envelope))
    for peer in (1, 2, 3):
        sent += bench.feed(peer, messages(envelope))
    assert [len(hashes_to(peer, sent)) for peer in range(4)] == [0, 1, 1, 1]


def test_newcomer_of_either_world_is_offered_what_came_from_the_other() -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    one, other = make_envelope(b"one"), make_envelope(b"other")
    bench.feed(1, messages(one))
    bench.feed(2, messages(other))
    assert hashes_to(3, bench.greet(3, WHISPER_V6)) == [one.hash, other.hash]
    assert hashes_to(4, bench.greet(4, WAKU_V1)) == [one.hash, other.hash]


def test_own_filters_of_a_bridge_narrow_nothing_that_crosses() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(1, make_filter(symmetric_key=KEY, topics=[TOPIC])))
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    envelope = make_envelope(topic=OTHER_TOPIC)
    assert hashes_to(2, bench.feed(1, messages(envelope))) == [envelope.hash]


def test_each_world_is_asked_for_what_its_peers_want() -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    bench.handle(PeerJoined(2, WAKU_V1))
    bench.feed(2, greeting(WAKU_V1, replace(SAYS_NOTHING, topics=frozenset({OTHER_TOPIC}))))
    one, other = make_envelope(), make_envelope(topic=OTHER_TOPIC)
    assert hashes_to(2, bench.feed(1, messages(one, other))) == [other.hash]


# ---- worlds kept apart


def test_worlds_are_kept_apart_without_the_bridge() -> None:
    bench = Bench(APART)
    for peer, capability in enumerate((WHISPER_V6, WAKU_V1, WHISPER_V6, WAKU_V1)):
        bench.greet(peer, capability)
    one, other = make_envelope(b"one"), make_envelope(b"other")
    sent = bench.feed(0, messages(one)) + bench.feed(1, messages(other))
    assert [hashes_to(peer, sent) for peer in range(4)] == [[], [], [one.hash], [other.hash]]
    assert hashes_to(4, bench.greet(4, WHISPER_V6)) == [one.hash]
    assert hashes_to(5, bench.greet(5, WAKU_V1)) == [other.hash]


def test_envelope_that_comes_from_both_worlds_goes_to_both() -> None:
    bench = Bench(APART)
    for peer, capability in enumerate((WHISPER_V6, WAKU_V1, WHISPER_V6, WAKU_V1)):
        bench.greet(peer, capability)
    envelope = make_envelope()
    first = bench.feed(0, messages(envelope))
    again = bench.feed(1, messages(envelope))
    assert [len(hashes_to(peer, first)) for peer in range(4)] == [0, 0, 1, 0]
    assert [len(hashes_to(peer, again)) for peer in range(4)] == [0, 0, 0, 1]
    assert hashes_to(3, bench.feed(1, messages(envelope))) == []
    assert bench.relay.statistics.envelopes_pooled == 1


def test_own_envelope_goes_to_both_worlds_though_they_are_apart() -> None:
    bench = Bench(APART)
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    envelope = make_envelope()
    sent = bench.handle(EnvelopePosted(envelope))
    assert hashes_to(1, sent) == hashes_to(2, sent) == [envelope.hash]


def test_envelope_of_others_that_we_post_ourselves_goes_to_both_worlds() -> None:
    bench = Bench(APART)
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    envelope = make_envelope()
    assert hashes_to(2, bench.feed(1, messages(envelope))) == []
    assert hashes_to(2, bench.handle(EnvelopePosted(envelope))) == [envelope.hash]


def test_light_node_relays_to_no_world_what_comes_from_both() -> None:
    bench = Bench(replace(APART, light=True))
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    bench.greet(3, WAKU_V1)
    envelope = make_envelope()
    sent = bench.feed(1, messages(envelope)) + bench.feed(2, messages(envelope))
    assert hashes_to(3, sent) == []


def test_refusal_in_one_world_does_not_refuse_in_the_other() -> None:
    bench = Bench(APART)
    for peer, capability in enumerate((WHISPER_V6, WAKU_V1, WAKU_V1)):
        bench.greet(peer, capability)
    early = make_envelope(sent_unix_s=START_UNIX_S + 25)
    assert bench.feed(0, messages(early)) != []  # refused, for it is from the future
    bench.passed_s = 20.0
    assert hashes_to(2, bench.feed(1, messages(early))) == [early.hash]


# ---- a peer of both worlds


@pytest.mark.parametrize("waku_first", [False, True])
def test_between_two_bridges_everything_goes_over_waku_alone(waku_first: bool) -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    pooled, later, own = make_envelope(b"pooled"), make_envelope(b"later"), make_envelope(b"own")
    bench.feed(1, messages(pooled))
    sent = bench.greet_both(10, SAYS_ONE_POOL, waku_first=waku_first)
    sent += bench.feed(1, messages(later))
    sent += bench.handle(EnvelopePosted(own))
    assert hashes_to(10, sent) == []
    assert hashes_to(11, sent) == [pooled.hash, later.hash, own.hash]


@pytest.mark.parametrize("waku_first", [False, True])
def test_peer_that_does_not_bridge_is_served_in_both_worlds(waku_first: bool) -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    pooled, later, own = make_envelope(b"pooled"), make_envelope(b"later"), make_envelope(b"own")
    bench.feed(1, messages(pooled))
    sent = bench.greet_both(10, waku_first=waku_first)
    sent += bench.feed(1, messages(later))
    sent += bench.handle(EnvelopePosted(own))
    everything = [pooled.hash, later.hash, own.hash]
    assert hashes_to(10, sent) == hashes_to(11, sent) == everything


def test_nothing_leaves_on_whisper_before_the_peer_said_on_waku_what_it_does() -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    bench.join_both(10)
    envelope = make_envelope()
    sent = bench.feed(10, greeting(WHISPER_V6)) + bench.feed(1, messages(envelope))
    assert hashes_to(10, sent) == []
    sent = bench.feed(11, greeting(WAKU_V1))
    assert hashes_to(10, sent) == hashes_to(11, sent) == [envelope.hash]


def test_node_that_keeps_the_worlds_apart_serves_a_bridge_in_both() -> None:
    bench = Bench(APART)
    bench.greet(1, WHISPER_V6)
    bench.greet_both(10, SAYS_ONE_POOL)
    envelope = make_envelope()
    sent = bench.feed(1, messages(envelope))
    assert (hashes_to(10, sent), hashes_to(11, sent)) == ([envelope.hash], [])


@pytest.mark.parametrize(
    ("settings", "told"),
    [(BRIDGE, True), (APART, None), (EITHER, None)],
    ids=["bridge", "apart", "either"],
)
def test_only_a_bridge_says_that_it_has_one_pool(
    settings: GossipSettings, told: bool | None
) -> None:
    [status] = packets_to(11, Bench(settings).join_both(10))
    assert decode_option_status(status.payload, STATUS_GO_WAKU_V1).one_pool is told


def test_peer_of_waku_alone_hears_nothing_of_the_bridge() -> None:
    [status] = packets_to(1, Bench().handle(PeerJoined(1, WAKU_V1)))
    assert decode_option_status(status.payload, STATUS_GO_WAKU_V1).one_pool is None


def test_word_of_one_pool_that_comes_later_changes_nothing() -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    bench.greet_both(10)
    update = encode_option_status(STATUS_GO_WAKU_V1, StatusOptions(one_pool=True))
    code = STATUS_GO_WAKU_V1.codes[PacketKind.STATUS_UPDATE]
    assert not any(isinstance(said, PeerFailed) for said in bench.feed(11, Packet(code, update)))
    envelope = make_envelope()
    sent = bench.feed(1, messages(envelope))
    assert hashes_to(10, sent) == hashes_to(11, sent) == [envelope.hash]


def test_sessions_of_a_peer_leave_one_after_the_other() -> None:
    bench = Bench()
    bench.greet_both(10)
    bench.handle(PeerLeft(10))
    bench.handle(PeerLeft(11))
    assert bench.relay.sizes()["sessions"] == 0
    bench.handle(PeerJoined(11, WAKU_V1, twin=10))
    assert not any(
        isinstance(said, PeerFailed) for said in bench.feed(11, greeting(WAKU_V1, SAYS_ONE_POOL))
    )


# ---- a quiet session


def test_quiet_session_wants_nothing_and_waku_what_is_wanted() -> None:
    joined = Bench(replace(EITHER, interest=Interest.TOPICS)).join_both(10)
    [quiet], [waku] = packets_to(10, joined), packets_to(11, joined)
    assert decode_status(quiet.payload, STATUS_GO).bloom == bytes(BLOOM_BYTES)
    assert decode_option_status(waku.payload, STATUS_GO_WAKU_V1).topics == frozenset()


def test_only_own_envelopes_leave_on_a_quiet_session() -> None:
    bench = Bench(EITHER)
    bench.greet(1, WHISPER_V6)
    others, own, later = make_envelope(b"others"), make_envelope(b"own"), make_envelope(b"later")
    bench.feed(1, messages(others))
    sent = bench.handle(EnvelopePosted(own)) + bench.greet_both(10)
    sent += bench.feed(1, messages(later))
    assert hashes_to(10, sent) == [own.hash]
    assert sorted(hashes_to(11, sent)) == sorted([own.hash, others.hash, later.hash])


def test_own_envelopes_go_to_a_bridge_once() -> None:
    bench = Bench(EITHER)
    bench.greet_both(10, SAYS_ONE_POOL)
    own = make_envelope()
    sent = bench.handle(EnvelopePosted(own))
    assert (hashes_to(10, sent), hashes_to(11, sent)) == ([], [own.hash])


@pytest.mark.parametrize("interest", [Interest.BLOOM, Interest.TOPICS])
def test_peer_that_joins_the_worlds_is_asked_on_waku_alone(interest: Interest) -> None:
    bench = Bench(replace(EITHER, interest=interest))
    bench.greet(1, WHISPER_V6)
    bench.greet_both(10, SAYS_ONE_POOL)
    wanted = make_filter(symmetric_key=KEY, topics=[TOPIC])
    told = bench.handle(FilterInstalled(1, wanted))
    assert [packet.payload[-BLOOM_BYTES:] for packet in packets_to(1, told)] == [
        bloom_to_bytes(topic_bloom(TOPIC))
    ]
    assert packets_to(10, told) == []
    assert len(packets_to(11, told)) == 1


def test_peer_that_may_keep_the_worlds_apart_is_asked_in_both() -> None:
    bench = Bench(replace(EITHER, interest=Interest.BLOOM))
    bench.handle(FilterInstalled(1, make_filter(symmetric_key=KEY, topics=[TOPIC])))
    [asked] = packets_to(10, bench.greet_both(10))
    assert asked.code == WHISPER_BLOOM_CODE
    assert asked.payload[-BLOOM_BYTES:] == bloom_to_bytes(topic_bloom(TOPIC))
    told = bench.handle(FilterInstalled(2, make_filter(symmetric_key=KEY, topics=[OTHER_TOPIC])))
    assert [len(packets_to(peer, told)) for peer in (10, 11)] == [1, 1]


def test_what_comes_on_a_quiet_session_is_not_carried_into_the_other_world() -> None:
    bench = Bench(EITHER)
    bench.greet_both(10)
    bench.greet(1, WAKU_V1)
    envelope = make_envelope()
    assert hashes_to(1, bench.feed(10, messages(envelope))) == []
    assert hashes_to(1, bench.feed(11, messages(envelope))) == [envelope.hash]


def test_who_pays_for_data_asks_a_peer_of_both_worlds_on_waku_alone() -> None:
    bench = Bench(replace(EITHER, interest=Interest.TOPICS))
    assert packets_to(10, bench.greet_both(10)) == []
    told = bench.handle(FilterInstalled(1, make_filter(symmetric_key=KEY, topics=[TOPIC])))
    assert [len(packets_to(peer, told)) for peer in (10, 11)] == [0, 1]


def test_whisper_peer_of_a_node_that_prefers_waku_is_not_quiet() -> None:
    bench = Bench(EITHER)
    bench.greet(1, WHISPER_V6)
    bench.greet(2, WAKU_V1)
    envelope = make_envelope()
    assert hashes_to(1, bench.feed(2, messages(envelope))) == [envelope.hash]


def test_peer_of_both_worlds_counts_once() -> None:
    bench = Bench()
    bench.greet(1, WHISPER_V6)
    bench.greet_both(10)
    counted = bench.relay.statistics
    assert (counted.peers, counted.peers_greeted) == (2, 2)
    bench.handle(PeerLeft(10))
    bench.handle(PeerLeft(11))
    assert counted.peers == 1
