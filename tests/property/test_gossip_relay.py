"""Whatever peers send, a relay ignores it or fails the peer; it never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.envelope import encode_envelopes
from sottovoce.gossip.events import (
    EnvelopePosted,
    GossipEvent,
    PacketsToSend,
    PeerBlocked,
    PeerDrained,
    PeerFailed,
    PeerLeft,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.sync_packets import SyncResponse, encode_sync_response
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO, WHISPER_V6
from unit.gossip.network import Bench, envelopes_to, make_envelope, messages, status

PEER, OTHER = 1, 2
ENVELOPES = [make_envelope(bytes([n]) * (40 * n), pow=0.002 * n) for n in range(1, 7)]
MAIL = GossipSettings(serves_mail=True, own_delay_s_max=0.0)

rlp_items = st.recursive(
    st.binary(max_size=70) | st.integers(0, 2**64 - 1),
    lambda children: st.lists(children, max_size=7),
    max_leaves=20,
)
meaningful = sorted({*STATUS_GO.kinds, *STATUS_GO_WAKU_V1.kinds})
codes = st.sampled_from(meaningful) | st.integers(0, WHISPER_V6.code_count - 1)
payloads = st.binary(max_size=200) | rlp_items.map(rlp.encode)

GOOD = [
    status(),
    messages(*ENVELOPES[:2]),
    Packet(2, rlp.encode(1)),
    Packet(3, rlp.encode(bytes(64))),
    Packet(11, rlp.encode(bytes(32))),
    Packet(12, rlp.encode((1, (bytes(32), ((bytes(32), 37, b"text"),))))),
    Packet(20, rlp.encode((1, 2, 3))),
    Packet(22, rlp.encode(((0, 0), (1, bytes(64)), (4, (1, 2, 3)), (5, (b"abcd",))))),
    Packet(123, rlp.encode((1, 2, bytes(64), 10, b""))),
    Packet(124, encode_sync_response(SyncResponse(envelopes=tuple(ENVELOPES[:2])))),
    Packet(125, rlp.encode(bytes(64))),
    Packet(126, rlp.encode((bytes(32), 1, 2, 3, b"", bytes(64)))),
    Packet(126, rlp.encode((bytes(32), 1, 2, 3, b"", bytes(64), (b"abcd",)))),
    Packet(127, ENVELOPES[0].raw),
    Packet(127, encode_envelopes(ENVELOPES[:2])),
]


def dialect_name(dialect: Dialect) -> str:
    return f"{dialect.speaker}, {dialect.capability.name}/{dialect.capability.version}"


every_dialect = pytest.mark.parametrize(
    "dialect", [STATUS_GO, GETH, STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1], ids=dialect_name
)


def survives(bench: Bench, packet: Packet) -> None:
    """Feed a packet and require that nothing came of it but the end of this one peer."""
    failed = [output for output in bench.feed(PEER, packet) if isinstance(output, PeerFailed)]
    assert len(failed) <= 1
    assert all(output.peer == PEER for output in failed)
    assert bench.session(OTHER).is_greeted
    assert bench.session(PEER).has_failed == bool(failed)


def ready(dialect: Dialect) -> Bench:
    bench = Bench(dialect=dialect, settings=MAIL)
    bench.greet(PEER, trusted=True)
    bench.greet(OTHER)
    return bench


@every_dialect
@given(code=codes, payload=payloads)
def test_garbage_of_every_code_is_ignored_or_fails_the_peer(
    dialect: Dialect, code: int, payload: bytes
) -> None:
    survives(ready(dialect), Packet(code, payload))


@every_dialect
@given(payload=payloads)
def test_garbage_as_a_status_greets_or_fails_the_peer(dialect: Dialect, payload: bytes) -> None:
    bench = Bench(dialect=dialect, settings=MAIL)
    bench.join(PEER)
    bench.greet(OTHER)
    bench.feed(PEER, Packet(0, payload))
    assert bench.session(PEER).is_greeted != bench.session(PEER).has_failed


@pytest.mark.parametrize("dialect", [STATUS_GO, STATUS_GO_WAKU_V1], ids=dialect_name)
@pytest.mark.parametrize("good", GOOD, ids=lambda packet: f"code {packet.code}")
def test_packet_cut_anywhere_is_ignored_or_fails_the_peer(dialect: Dialect, good: Packet) -> None:
    bench = ready(dialect)
    for end in range(len(good.payload)):
        if bench.session(PEER).has_failed:
            bench.handle(PeerLeft(PEER))
            bench.greet(PEER, trusted=True)
        survives(bench, Packet(good.code, good.payload[:end]))


@pytest.mark.parametrize("dialect", [STATUS_GO, STATUS_GO_WAKU_V1], ids=dialect_name)
@given(data=st.data())
def test_packet_with_a_changed_byte_is_ignored_or_fails_the_peer(
    dialect: Dialect, data: st.DataObject
) -> None:
    good = data.draw(st.sampled_from(GOOD))
    changed = bytearray(good.payload)
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    survives(ready(dialect), Packet(good.code, bytes(changed)))


events = st.one_of(
    st.lists(st.sampled_from(ENVELOPES), max_size=4).flatmap(
        lambda chosen: st.sampled_from([PEER, OTHER]).map(
            lambda peer: PeerPackets(peer, (messages(*chosen),))
        )
    ),
    st.sampled_from(ENVELOPES).map(EnvelopePosted),
    st.sampled_from([PEER, OTHER, 3]).flatmap(
        lambda peer: st.sampled_from([PeerBlocked(peer), PeerDrained(peer)])
    ),
    st.just(TimePassed()),
)


@given(
    steps=st.lists(st.tuples(events, st.sampled_from([0.0, 0.1, 5.0])), max_size=25),
    delay_s=st.sampled_from([0.0, 0.3]),
)
def test_nobody_gets_an_envelope_twice_or_back_and_the_pool_keeps_its_bound(
    steps: list[tuple[GossipEvent, float]], delay_s: float
) -> None:
    # There is room for everything: what was evicted and comes again is new to everybody.
    bench = Bench(settings=GossipSettings(own_delay_s_max=delay_s))
    known: dict[int, set[bytes]] = {PEER: set(), OTHER: set(), 3: set()}
    for peer in known:
        bench.greet(peer)
    for event, seconds in steps:
        if isinstance(event, PeerPackets) and bench.passed_s < 50:
            (packet,) = event.packets
            sent = {part.hash for part in ENVELOPES if part.raw in packet.payload}
            known[event.peer] |= sent
        outputs = bench.handle(event) + bench.wait(seconds)
        for peer, hashes in known.items():
            for envelope in envelopes_to(peer, outputs):
                assert envelope.hash not in hashes
                hashes.add(envelope.hash)


@given(steps=st.lists(st.tuples(events, st.sampled_from([0.0, 0.1, 5.0])), max_size=25))
def test_pool_and_packets_keep_their_bounds(steps: list[tuple[GossipEvent, float]]) -> None:
    settings = GossipSettings(pool_bytes_max=500, packet_bytes_target=200, message_bytes_max=600)
    bench = Bench(settings=settings)
    for peer in (PEER, OTHER, 3):
        bench.greet(peer)
    for event, seconds in steps:
        outputs = bench.handle(event) + bench.wait(seconds)
        assert bench.relay.pool.size_bytes <= settings.pool_bytes_max
        assert bench.relay.pool.size_bytes == sum(
            len(entry.envelope.raw) for entry in bench.relay.pool.entries()
        )
        for output in outputs:
            if isinstance(output, PacketsToSend):
                assert max(len(packet.payload) for packet in output.packets) <= 600


def test_deep_lists_fail_the_peer_without_harm() -> None:
    for dialect in (STATUS_GO, STATUS_GO_WAKU_V1):
        for code in range(WHISPER_V6.code_count):
            survives(ready(dialect), Packet(code, b"\xc1" * 400 + b"\xc0"))
