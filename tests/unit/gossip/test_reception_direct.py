"""Reception of what comes past the pool: direct messages, answers, requests to a mailserver."""

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip.direct_packets import (
    Completion,
    encode_completion_body,
    encode_request_complete,
)
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.events import (
    DirectOffered,
    DirectReceived,
    DirectRequestClosed,
    DirectRequestPosted,
    DirectRequestReceived,
    EnvelopesToArchive,
    Failure,
    FilterInstalled,
    GossipOutput,
    MessageOpened,
    OpenedUpTo,
    OpeningMarked,
    PeerFailed,
    PeerTrustChanged,
    RequestCompleted,
    SyncReceived,
    SyncRequested,
)
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.sync_packets import (
    SyncRequest,
    SyncResponse,
    encode_sync_request,
    encode_sync_response,
)
from sottovoce.gossip.whisper_v6 import GETH
from unit.gossip.network import (
    TOPIC,
    Bench,
    CountingEntropy,
    make_envelope,
    messages,
)

KEY = SymmetricKey(b"\x07" * 32)
MAIL = GossipSettings(serves_mail=True, own_delay_s_max=0.0)
MAIL_REQUEST = SyncRequest(1, 2, b"\xff" * 64, 10)


def failures(outputs: list[GossipOutput]) -> list[PeerFailed]:
    return [output for output in outputs if isinstance(output, PeerFailed)]


def readable(bench: Bench, topic: Topic = TOPIC) -> Envelope:
    route = EnvelopeRoute(topic, KEY, None)
    sealed = seal(b"hello", route, ttl_s=50, now=bench.now, entropy=CountingEntropy())
    return sealed.mined(0)


def test_direct_envelopes_are_taken_from_trusted_peers_only() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(3, Filter(KEY, allows_direct=True)))
    bench.greet(1)
    direct = Packet(127, readable(bench).raw)
    assert bench.feed(1, direct) == []
    bench.handle(PeerTrustChanged(1, trusted=True))
    (opened,) = bench.feed(1, direct)
    assert isinstance(opened, MessageOpened)
    assert (opened.filters, opened.direct) == ((3,), True)
    assert len(bench.relay.pool) == 0


def test_direct_envelopes_are_neither_checked_nor_deduplicated() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(3, Filter(KEY, allows_direct=True)))
    bench.greet(1, trusted=True)
    envelope = readable(bench)
    bench.wait(1000.0)
    listed = Packet(127, rlp.encode_list((envelope.raw, envelope.raw)))
    assert len(bench.feed(1, listed)) == 2
    assert sum(bench.relay.statistics.dropped.values()) == 0


def test_answers_of_an_asked_peer_go_up_unopened() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(3, Filter(KEY, allows_direct=True)))
    bench.greet(1)
    envelope = readable(bench)
    bench.handle(DirectRequestPosted(1, envelope.raw))
    received = DirectReceived(1, (envelope,), trusted=False)
    assert bench.feed(1, Packet(127, envelope.raw)) == [received]
    (opened,) = bench.handle(DirectOffered((envelope,)))
    assert isinstance(opened, MessageOpened)
    assert opened.direct
    bench.handle(DirectRequestClosed(1))
    assert bench.feed(1, Packet(127, envelope.raw)) == []
    assert bench.relay.statistics.unasked == 1


def test_mark_is_told_when_all_before_it_was_tried_and_told() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(3, Filter(KEY, allows_direct=True)))
    offered = DirectOffered((readable(bench),))
    bench.relay.handle(offered, bench.now)
    bench.relay.handle(OpeningMarked(7), bench.now)
    outputs = bench.handle(offered)
    assert [type(output) for output in outputs] == [MessageOpened, OpenedUpTo, MessageOpened]
    assert outputs[1] == OpenedUpTo(7)


def test_flood_of_unasked_answers_ends_the_session_and_nobody_elses() -> None:
    bench = Bench()
    bench.greet(1)
    bench.greet(2)
    flood = [Packet(code, b"\x01") for code in (125, 127)] * 3000
    (failed,) = failures(bench.feed(1, *flood))
    assert failed.failure is Failure.FLOOD
    assert not bench.session(2).has_failed


@pytest.mark.parametrize("packet", [Packet(125, b"\xa0" + bytes(32)), Packet(127, b"\xc0")])
def test_empty_answers_cost_an_asked_peer_its_patience(packet: Packet) -> None:
    bench = Bench()
    bench.greet(1)
    bench.handle(DirectRequestPosted(1, make_envelope().raw))
    (failed,) = failures(bench.feed(1, *[packet] * 6000))
    assert failed.failure is Failure.FLOOD


def test_direct_envelopes_do_not_reach_filters_that_want_none() -> None:
    bench = Bench()
    bench.handle(FilterInstalled(3, Filter(KEY)))
    bench.greet(1, trusted=True)
    assert bench.feed(1, Packet(127, readable(bench).raw)) == []


def test_geth_dialect_has_no_lists_of_direct_envelopes() -> None:
    bench = Bench(dialect=GETH)
    bench.greet(1, trusted=True)
    assert failures(bench.feed(1, Packet(127, make_envelope().raw))) == []
    listed = Packet(127, rlp.encode_list((make_envelope().raw,)))
    assert len(failures(bench.feed(1, listed))) == 1


def test_end_of_a_request_is_told_if_the_server_is_trusted() -> None:
    completion = Completion(b"\x01" * 32, b"\x02" * 32, b"\x03" * 36)
    packet = Packet(125, encode_request_complete(encode_completion_body(completion)))
    bench = Bench()
    bench.greet(1)
    assert bench.feed(1, packet) == []
    bench.handle(PeerTrustChanged(1, trusted=True))
    assert bench.feed(1, packet) == [
        RequestCompleted(1, b"\x01" * 32, b"\x02" * 32, b"\x03" * 36, None)
    ]


def test_requests_are_handed_up_only_by_a_mail_server() -> None:
    request = Packet(126, make_envelope().raw)
    sync = Packet(123, encode_sync_request(MAIL_REQUEST))
    plain, serving = Bench(), Bench(settings=MAIL)
    plain.greet(1)
    serving.greet(1)
    assert plain.feed(1, request, sync, Packet(126, b"\x01"), Packet(123, b"\x01")) == []
    assert serving.feed(1, request, sync) == [
        DirectRequestReceived(1, request.payload),
        SyncRequested(1, MAIL_REQUEST),
    ]


@pytest.mark.parametrize("code", [123, 126])
def test_malformed_request_fails_the_peer_of_a_mail_server(code: int) -> None:
    bench = Bench(settings=MAIL)
    bench.greet(1)
    assert len(failures(bench.feed(1, Packet(code, b"\x01")))) == 1


def test_sync_answers_count_from_trusted_peers_of_a_mail_server() -> None:
    response = SyncResponse(envelopes=(make_envelope(),), cursor=b"\x01", final=True)
    packet = Packet(124, encode_sync_response(response))
    bench = Bench(settings=MAIL)
    bench.greet(1)
    bench.greet(2, trusted=True)
    assert bench.feed(1, packet) == []
    assert bench.feed(2, packet) == [SyncReceived(2, response.envelopes, b"\x01", True, "")]


def test_mail_server_archives_what_is_newly_pooled_once() -> None:
    bench = Bench(settings=MAIL)
    bench.greet(1)
    first, second, own = (make_envelope(name) for name in (b"1", b"2", b"o"))
    assert EnvelopesToArchive((first, second)) in bench.feed(1, messages(first, second))
    again = bench.feed(1, messages(first))
    assert not any(isinstance(output, EnvelopesToArchive) for output in again)
    assert EnvelopesToArchive((own,)) in bench.post(own)
