"""Asking for history: what is sent, what of the answer counts, and how each request ends."""

from dataclasses import replace

import pytest

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.seal import open_envelope
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import bloom_of
from sottovoce.node import history, inputs, open_history
from sottovoce.node.effects import Compute, HistoryArriving, HistoryDone, MessageArrived
from unit.node.mail_scene import (
    FILTER,
    FROM_UNIX_S,
    HEARING,
    PASSWORD,
    TO_UNIX_S,
    WANTED,
    Scene,
    old,
)
from unit.node.pump import TOPIC

OTHER = Topic(b"else")
CURSOR = b"\x07" * 36


# ---- the request


def test_request_is_sealed_with_the_password_and_signed_by_nobody_known() -> None:
    scene = Scene()
    scene.ask(1)
    scene.server.complete()
    scene.ask(2)
    assert scene.server.asked() == WANTED
    first, second = (open_envelope(part, PASSWORD, pow=0.0) for part in scene.server.requests())
    assert first is not None
    assert second is not None
    signers = {first.transport_sender, second.transport_sender, scene.client.node.public_key, None}
    assert len(signers) == 4
    (envelope, _) = scene.server.requests()
    assert (envelope.topic, envelope.ttl_s) == (bytes(4), 50)
    assert envelope_pow(envelope) >= 0.002


def test_request_without_a_password_is_sealed_to_the_server_s_key() -> None:
    scene = Scene()
    scene.server.mailserver = Mailserver(scene.server.mailserver.enode, None)
    scene.ask()
    assert open_envelope(scene.server.requests()[0], scene.server.key, pow=0.0) is not None


def test_large_request_has_its_work_done_elsewhere() -> None:
    scene = Scene()
    topics = tuple(number.to_bytes(4, "big") for number in range(10_000))
    scene.ask(wanted=replace(WANTED, topics=topics))
    (job,) = scene.client.told(Compute)
    assert scene.server.requests() == []
    scene.client.command(inputs.Computed(job.job, 12345))
    assert scene.server.asked().topics == topics


# ---- the answer


def test_answer_is_opened_told_and_ended_in_this_order() -> None:
    scene = Scene()
    scene.ask(7)
    scene.server.send(old(b"one"), old(b"two"))
    scene.server.send(old(b"three"))
    scene.server.complete(cursor=CURSOR)
    assert scene.client.heard() == [b"one", b"two", b"three"]
    assert [fact.direct for fact in scene.client.told(MessageArrived)] == [True] * 3
    assert [(part.request, part.envelopes, part.new) for part in scene.arriving()] == [
        (7, 2, 2),
        (7, 1, 1),
    ]
    assert scene.done() == [HistoryDone(7, PageEnd.ANSWERED, CURSOR)]
    assert scene.client.effects.index(scene.done()[0]) > max(
        scene.client.effects.index(fact) for fact in scene.client.told(MessageArrived)
    )


def test_end_waits_for_opening_however_much_there_is_to_open() -> None:
    scene = Scene()
    scene.ask(wanted=replace(WANTED, limit=300))
    envelopes = [old(number.to_bytes(4, "big")) for number in range(300)]
    scene.server.send(*envelopes)
    scene.server.complete()
    kinds = [type(effect) for effect in scene.client.effects]
    assert kinds.count(MessageArrived) == 300
    assert kinds[-1] is HistoryDone


def test_refusal_carries_the_server_s_words() -> None:
    scene = Scene()
    scene.ask()
    scene.server.complete(error="rate limit exceeded")
    assert scene.done() == [HistoryDone(1, PageEnd.REFUSED, detail="rate limit exceeded")]


def test_what_was_heard_live_is_not_told_again_and_is_not_new() -> None:
    scene = Scene()
    live = old(b"live", sent_unix_s=TO_UNIX_S, pow=0.01)
    scene.server.wire.send(Packet(1, rlp.encode_list([live.raw])))
    scene.ask()
    scene.server.send(live, old(b"missed"))
    scene.server.complete()
    assert scene.client.heard() == [b"live", b"missed"]
    assert [(part.envelopes, part.new) for part in scene.arriving()] == [(2, 1)]


def test_overlapping_pages_of_several_servers_show_nothing_twice() -> None:
    scene = Scene(servers=2)
    for request, server in enumerate(scene.servers):
        scene.ask(request, server=server)
    for server in scene.servers:
        server.send(old(b"one"), old(b"two"))
        server.complete()
    assert scene.client.heard() == [b"one", b"two"]
    assert [part.new for part in scene.arriving()] == [2, 0]
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED] * 2


def test_filter_that_came_later_hears_what_another_one_had() -> None:
    scene = Scene()
    for request in (1, 2):
        scene.ask(request)
        scene.server.send(old(b"one"))
        scene.server.complete()
        scene.client.command(inputs.InstallFilter(FILTER + request, HEARING))
    assert [fact.filters for fact in scene.client.told(MessageArrived)] == [
        (FILTER,),
        (FILTER + 1,),
    ]


def test_bloom_is_enough_for_a_server_that_looks_at_nothing_else() -> None:
    scene = Scene()
    alike = next(
        topic
        for topic in (Topic(b"don" + bytes([last])) for last in range(256))
        if topic_bloom(topic) & topic_bloom(TOPIC) == topic_bloom(topic)
    )
    scene.ask()
    scene.server.send(old(b"alike", topic=alike), old(b"named"))
    scene.server.complete()
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]
    assert scene.client.heard() == [b"named"]


def test_answer_until_now_may_be_as_new_as_the_server_likes() -> None:
    scene = Scene()
    scene.ask(wanted=replace(WANTED, to_unix_s=0, limit=0))
    scene.server.send(old(b"new", sent_unix_s=TO_UNIX_S + 50))
    scene.server.complete()
    assert scene.client.heard() == [b"new"]


def test_message_that_was_asked_for_names_the_request_that_brought_it() -> None:
    scene = Scene()
    key = scene.server.mailserver.enode.public_key
    scene.client.command(inputs.TrustPeer(key, trusted=True))
    scene.server.send(old(b"unasked"))
    live = old(b"live", sent_unix_s=TO_UNIX_S, pow=0.01)
    scene.server.wire.send(Packet(1, rlp.encode_list([live.raw])))
    scene.ask(7)
    scene.server.send(old(b"one"), old(b"beside", sent_unix_s=TO_UNIX_S + 50))
    scene.server.send(old(b"two"))
    scene.server.complete()
    told = {fact.message.payload: fact.page for fact in scene.client.told(MessageArrived)}
    assert told == {b"unasked": None, b"live": None, b"one": 7, b"beside": None, b"two": 7}
    assert scene.client.node.sizes()["history brought"] == 0


def test_what_a_cancelled_request_brought_is_forgotten() -> None:
    scene = Scene()
    scene.ask(7)
    scene.server.send(old(b"one"))
    assert scene.client.node.sizes()["history brought"] == 1
    scene.client.command(inputs.CancelHistory(7))
    assert scene.client.node.sizes()["history brought"] == 0


def test_what_a_trusted_server_sends_beyond_the_limit_is_remembered_for_no_request() -> None:
    scene = Scene()
    key = scene.server.mailserver.enode.public_key
    scene.client.command(inputs.TrustPeer(key, trusted=True))
    scene.ask(7, wanted=replace(WANTED, limit=2))
    scene.server.send(*(old(bytes([number])) for number in range(3)))
    assert len(scene.client.heard()) == 3
    assert scene.client.node.sizes()["history brought"] == 2


# ---- liars


@pytest.mark.parametrize(
    ("liars_share", "words"),
    [
        ([old(b"early", sent_unix_s=FROM_UNIX_S - 1)], "not asked for"),
        ([old(b"late", sent_unix_s=TO_UNIX_S + 1)], "not asked for"),
        ([old(b"other", topic=OTHER)], "not asked for"),
        ([old(number.to_bytes(4, "big")) for number in range(11)], "more envelopes"),
    ],
)
def test_liar_ends_its_request(liars_share: list[Envelope], words: str) -> None:
    scene = Scene()
    scene.ask()
    scene.server.send(old(b"true"))
    scene.server.send(*liars_share)
    scene.server.send(old(b"too late"))
    scene.server.complete(cursor=CURSOR)
    (done,) = scene.done()
    assert (done.end, done.cursor) == (PageEnd.DISHONEST, b"")
    assert words in done.detail
    assert scene.client.heard() == [b"true"]
    assert scene.client.node.relay_statistics.unasked == 2


def test_answer_of_too_many_bytes_is_a_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    monkeypatch.setattr(open_history, "ANSWER_BYTES_MAX", 1000)
    scene.ask()
    scene.server.send(old(bytes(2000)))
    assert [fact.end for fact in scene.done()] == [PageEnd.DISHONEST]


def test_unasked_answers_are_skipped_and_counted() -> None:
    scene = Scene(servers=2)
    scene.ask()
    scene.servers[1].send(old(b"unasked"))
    scene.servers[1].complete(id=scene.server.requests()[0].hash)
    scene.server.complete(id=bytes(32))
    assert scene.client.heard() == []
    assert scene.done() == []
    assert scene.client.node.relay_statistics.unasked == 2
    scene.server.complete()
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]


def test_trusted_peer_may_send_what_it_likes_at_any_time() -> None:
    scene = Scene()
    key = scene.server.mailserver.enode.public_key
    scene.client.command(inputs.TrustPeer(key, trusted=True))
    scene.server.send(old(b"before"))
    scene.ask()
    scene.server.send(old(b"beside", sent_unix_s=TO_UNIX_S + 50))
    scene.server.send(old(b"asked"))
    scene.server.complete()
    assert scene.client.heard() == [b"before", b"beside", b"asked"]
    assert [(part.envelopes, part.new) for part in scene.arriving()] == [(0, 0), (1, 1)]
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]


# ---- other ends


def test_server_that_is_not_connected_cannot_be_asked() -> None:
    scene = Scene()
    stranger = replace(
        scene.server.mailserver.enode, public_key=secp256k1.public_key(scene.client.key)
    )
    scene.client.command(inputs.AskHistory(1, Mailserver(stranger, PASSWORD), WANTED))
    assert [fact.end for fact in scene.done()] == [PageEnd.NOT_CONNECTED]


def test_server_that_leaves_amid_its_answer_ends_the_request() -> None:
    scene = Scene()
    scene.ask()
    scene.server.send(old(b"one"))
    scene.client.command(inputs.StreamClosed(scene.server.wire.stream))
    assert scene.client.heard() == [b"one"]
    assert [fact.end for fact in scene.done()] == [PageEnd.DISCONNECTED]


def test_server_is_asked_one_thing_at_a_time() -> None:
    scene = Scene()
    scene.ask(1)
    scene.ask(2)
    (refused,) = scene.done()
    assert (refused.request, refused.end) == (2, PageEnd.REFUSED)
    scene.server.complete()
    scene.ask(3)
    scene.server.complete()
    assert [fact.request for fact in scene.done()] == [2, 1, 3]


def test_requests_of_a_node_are_bounded() -> None:
    scene = Scene(servers=history.REQUESTS_MAX + 1)
    for request, server in enumerate(scene.servers):
        scene.ask(request, server=server)
    (refused,) = scene.done()
    assert (refused.request, refused.end) == (history.REQUESTS_MAX, PageEnd.REFUSED)
    assert scene.client.node.sizes()["history requests"] == history.REQUESTS_MAX


def test_senseless_request_is_refused_with_words() -> None:
    scene = Scene()
    scene.ask(wanted=replace(WANTED, from_unix_s=TO_UNIX_S + 1))
    (refused,) = scene.done()
    assert refused.end is PageEnd.REFUSED
    assert "bounds" in refused.detail


def test_request_to_a_blocked_server_is_answered_when_it_reads() -> None:
    scene = Scene()
    scene.client.command(inputs.WriteBlocked(scene.server.wire.stream))
    scene.ask()
    scene.client.command(inputs.WriteDrained(scene.server.wire.stream))
    scene.server.complete()
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]


def test_cancelled_request_brings_nothing_more() -> None:
    scene = Scene()
    scene.ask()
    scene.client.command(inputs.CancelHistory(1))
    scene.server.send(old(b"one"))
    scene.server.complete()
    assert scene.client.heard() == []
    assert scene.done() == []
    assert scene.arriving() == []


def test_rest_of_a_cancelled_answer_is_no_lie_of_the_next() -> None:
    scene = Scene()
    scene.ask(1)
    cancelled = scene.server.requests()[0].hash
    scene.client.command(inputs.CancelHistory(1))
    scene.ask(2, replace(WANTED, from_unix_s=TO_UNIX_S - 100))
    scene.server.send(old(b"of the first"))
    scene.server.complete(id=cancelled)
    scene.server.send(old(b"of the second", sent_unix_s=TO_UNIX_S - 50))
    scene.server.complete()
    assert scene.client.heard() == [b"of the second"]
    assert [(fact.request, fact.end) for fact in scene.done()] == [(2, PageEnd.ANSWERED)]


def test_late_answer_to_a_request_that_was_given_up_is_no_lie_of_a_smaller_one_for_the_same() -> (
    None
):
    scene = Scene()
    scene.ask(1)
    given_up = scene.server.requests()[0].hash
    scene.client.command(inputs.CancelHistory(1))
    scene.ask(2, replace(WANTED, limit=1))
    scene.server.send(old(b"late"), old(b"later"))
    scene.server.complete(id=given_up)
    scene.server.send(old(b"late"))
    scene.server.complete()
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]
    assert sum(fact.envelopes for fact in scene.arriving()) == 1
    assert scene.client.heard() == [b"late", b"later"]


def test_work_for_a_cancelled_request_is_cancelled() -> None:
    scene = Scene()
    topics = tuple(number.to_bytes(4, "big") for number in range(10_000))
    scene.ask(wanted=replace(WANTED, topics=topics))
    scene.client.command(inputs.CancelHistory(1))
    (job,) = scene.client.told(Compute)
    scene.client.command(inputs.Computed(job.job, 12345))
    assert scene.server.requests() == []
    assert scene.done() == []


def test_bytes_and_numbers_of_a_packet_are_told() -> None:
    scene = Scene()
    scene.ask()
    one, two = old(b"one"), old(b"two", topic=OTHER)
    wide = bloom_of(frozenset({TOPIC, OTHER}))
    scene.client.command(inputs.CancelHistory(1))
    scene.ask(2, replace(WANTED, bloom=wide))
    scene.server.send(one, two)
    size_bytes = len(one.raw) + len(two.raw)
    assert scene.arriving() == [HistoryArriving(2, envelopes=2, new=2, bytes=size_bytes)]
