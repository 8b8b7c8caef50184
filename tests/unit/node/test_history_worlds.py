"""Asking a server that speaks both worlds: where it is asked, and where when it says nothing."""

from dataclasses import replace

import pytest

from sottovoce.base.packets import Capability
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.mail.client_events import PageEnd
from sottovoce.node import history_worlds, inputs
from sottovoce.node.effects import HistoryReasked
from sottovoce.node.history_worlds import SILENCE_S
from unit.node.mail_scene import TO_UNIX_S, WANTED, Scene, old

BOTH = (WHISPER_V6, WAKU_V1)


def counts(scene: Scene) -> tuple[int, int]:
    """Return how many requests came on Whisper and on Waku, since the server connected."""
    return len(scene.server.requests("shh")), len(scene.server.requests("waku"))


def come_back(scene: Scene, offers: tuple[Capability, ...]) -> None:
    scene.client.command(inputs.StreamClosed(scene.server.wire.stream))
    scene.server.offers = offers
    scene.server.connect()


def ask_in_vain(scene: Scene, request: int, seconds: float = SILENCE_S) -> None:
    scene.ask(request)
    scene.pump.wait(seconds)
    scene.client.command(inputs.CancelHistory(request))


def test_server_of_both_worlds_is_asked_over_waku() -> None:
    scene = Scene(offers=BOTH)
    scene.server.world = "waku"
    scene.ask(1)
    scene.server.send(old(b"one"))
    scene.server.send(old(b"two"), old(b"three"))
    scene.server.complete()
    scene.ask(2)
    assert counts(scene) == (0, 2)
    assert scene.client.heard() == [b"one", b"two", b"three"]
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]


def test_server_that_is_silent_on_waku_gets_the_same_request_over_whisper() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S - 0.1)
    assert counts(scene) == (0, 1)
    scene.pump.wait(0.1)
    assert counts(scene) == (1, 1)
    assert scene.client.told(HistoryReasked) == [HistoryReasked(1)]
    on_waku, on_whisper = scene.server.requests("waku"), scene.server.requests("shh")
    assert [part.hash for part in on_whisper] == [part.hash for part in on_waku]
    scene.server.send(old(b"one"))
    scene.server.complete()
    assert scene.client.heard() == [b"one"]
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]


def test_world_that_answered_is_asked_at_once_and_alone_from_then_on() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    scene.server.complete()
    scene.ask(2)
    scene.pump.wait(5.0)
    scene.server.complete()
    assert counts(scene) == (2, 1)


def test_server_of_one_world_is_asked_once() -> None:
    scene = Scene(offers=(WAKU_V1,))
    scene.ask(1)
    scene.pump.wait(5.0)
    assert counts(scene) == (0, 1)
    assert scene.client.told(HistoryReasked) == []


def test_server_that_is_silent_in_both_worlds_is_asked_once_in_each() -> None:
    scene = Scene(offers=BOTH)
    for request in range(3):
        ask_in_vain(scene, request, 60.0)
    assert counts(scene) == (3, 3)
    assert scene.done() == []


def test_slow_server_may_answer_in_both_worlds_and_is_heard_in_the_first_that_speaks() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    for world in ("waku", "shh"):
        scene.server.world = world
        scene.server.send(old(b"one"), old(b"two"))
        scene.server.complete()
    assert scene.client.heard() == [b"one", b"two"]
    assert [(part.envelopes, part.new) for part in scene.arriving()] == [(2, 2)]
    assert [fact.end for fact in scene.done()] == [PageEnd.ANSWERED]
    assert scene.client.node.relay_statistics.unasked == 2
    scene.ask(2)
    assert counts(scene) == (1, 2)


def test_late_answer_in_the_other_world_is_no_lie_of_a_request_that_is_open_there() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    late = scene.server.requests("shh")[0].hash
    scene.server.world = "waku"
    scene.server.complete()
    ask_in_vain(scene, 2)
    scene.server.world = "shh"
    scene.ask(3, replace(WANTED, from_unix_s=TO_UNIX_S - 100))
    scene.server.send(old(b"of the first"))
    scene.server.complete(id=late)
    scene.server.send(old(b"of the third", sent_unix_s=TO_UNIX_S - 50))
    scene.server.complete()
    assert scene.client.heard() == [b"of the third"]
    assert [(fact.request, fact.end) for fact in scene.done()] == [
        (1, PageEnd.ANSWERED),
        (3, PageEnd.ANSWERED),
    ]


def test_lie_in_the_other_world_ends_the_request() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    scene.server.send(*(old(number.to_bytes(4, "big")) for number in range(11)))
    assert [fact.end for fact in scene.done()] == [PageEnd.DISHONEST]


def test_world_that_falls_silent_is_asked_once_more_alone_and_the_other_one_next() -> None:
    scene = Scene(offers=BOTH)
    scene.server.world = "waku"
    scene.ask(1)
    scene.server.complete()
    ask_in_vain(scene, 2)
    assert counts(scene) == (0, 2)
    scene.ask(3)
    assert counts(scene) == (1, 2)


def test_what_a_trusted_server_sends_by_itself_is_no_word() -> None:
    scene = Scene(offers=BOTH)
    key = scene.server.mailserver.enode.public_key
    scene.client.command(inputs.TrustPeer(key, trusted=True))
    scene.ask(1)
    scene.server.world = "waku"
    scene.server.send(old(b"unasked", sent_unix_s=TO_UNIX_S + 50))
    scene.pump.wait(SILENCE_S)
    assert counts(scene) == (1, 1)


def test_server_that_leaves_while_it_is_asked_in_both_worlds_ends_the_request_once() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    scene.client.command(inputs.StreamClosed(scene.server.wire.stream))
    assert [fact.end for fact in scene.done()] == [PageEnd.DISCONNECTED]
    assert scene.client.node.sizes()["history requests"] == 0


def test_request_that_is_cancelled_at_once_says_nothing_of_the_server() -> None:
    scene = Scene(offers=BOTH)
    ask_in_vain(scene, 1, 0.5)
    scene.ask(2)
    assert counts(scene) == (0, 2)


def test_answer_that_was_begun_is_no_silence() -> None:
    scene = Scene(offers=BOTH)
    scene.server.world = "waku"
    scene.ask(1)
    scene.server.send(old(b"one"))
    scene.pump.wait(SILENCE_S)
    scene.client.command(inputs.CancelHistory(1))
    scene.ask(2)
    assert counts(scene) == (0, 2)


def test_refusal_is_an_answer() -> None:
    scene = Scene(offers=BOTH)
    scene.server.world = "waku"
    scene.ask(1)
    scene.server.complete(error="rate limit exceeded")
    scene.ask(2)
    assert counts(scene) == (0, 2)


def test_answer_in_the_world_where_nothing_was_asked_counts_not() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.server.send(old(b"one"))
    scene.server.complete()
    assert scene.client.heard() == []
    assert scene.done() == []


def test_what_was_learned_outlives_the_connection() -> None:
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    scene.server.complete()
    come_back(scene, BOTH)
    scene.ask(2)
    assert counts(scene) == (1, 0)


def test_server_that_comes_back_serving_the_other_world_is_asked_there_in_the_same_request() -> (
    None
):
    scene = Scene(offers=BOTH)
    scene.ask(1)
    scene.pump.wait(SILENCE_S)
    scene.server.complete()
    come_back(scene, BOTH)
    scene.ask(2)
    scene.pump.wait(SILENCE_S)
    assert counts(scene) == (1, 1)
    scene.server.world = "waku"
    scene.server.send(old(b"upgraded"))
    scene.server.complete()
    assert scene.client.heard() == [b"upgraded"]
    scene.ask(3)
    assert counts(scene) == (1, 2)


@pytest.mark.parametrize(
    ("first", "then", "asked"),
    [
        ((WHISPER_V6,), BOTH, (1, 0)),
        ((WAKU_V1,), BOTH, (0, 1)),
        (BOTH, (WAKU_V1,), (0, 1)),
        (BOTH, (WHISPER_V6,), (1, 0)),
        ((WHISPER_V6,), (WAKU_V1,), (0, 1)),
    ],
)
def test_server_that_comes_back_with_other_worlds_is_asked_where_it_answered_or_where_it_can(
    first: tuple[Capability, ...], then: tuple[Capability, ...], asked: tuple[int, int]
) -> None:
    scene = Scene(offers=first)
    scene.server.world = first[-1].name
    scene.ask(1)
    scene.server.complete()
    come_back(scene, then)
    scene.ask(2)
    assert counts(scene) == asked


def test_what_is_known_of_servers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_worlds, "SERVERS_MAX", 2)
    scene = Scene(servers=3, offers=BOTH)
    for request, server in enumerate(scene.servers):
        server.world = "waku"
        scene.ask(request, server=server)
        server.complete()
    assert scene.client.node.sizes()["history worlds"] == 2
