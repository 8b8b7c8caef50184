"""Asking a server that speaks both worlds: where it is asked, and where when it says nothing."""

import pytest

from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.mail.client_events import PageEnd
from sottovoce.node import history_worlds, inputs
from unit.node.mail_scene import Scene, old

BOTH = (WHISPER_V6, WAKU_V1)


def counts(scene: Scene) -> tuple[int, int]:
    """Return how many requests came on Whisper and on Waku, since the server connected."""
    return len(scene.server.requests("shh")), len(scene.server.requests("waku"))


def ask_in_vain(scene: Scene, request: int, seconds: float = history_worlds.SILENCE_S) -> None:
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


def test_server_that_is_silent_on_waku_is_asked_over_whisper_the_next_time_and_from_then_on() -> (
    None
):
    scene = Scene(offers=BOTH)
    ask_in_vain(scene, 1)
    for request in (2, 3):
        scene.ask(request)
        scene.server.send(old(bytes([request])))
        scene.server.complete()
    assert counts(scene) == (2, 1)
    assert scene.client.heard() == [b"\x02", b"\x03"]


def test_server_that_is_silent_in_both_worlds_is_asked_in_turns() -> None:
    scene = Scene(offers=BOTH)
    for request in range(4):
        ask_in_vain(scene, request)
    assert counts(scene) == (2, 2)


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
    scene.pump.wait(history_worlds.SILENCE_S)
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
    ask_in_vain(scene, 1)
    scene.client.command(inputs.StreamClosed(scene.server.wire.stream))
    scene.server.connect()
    scene.ask(2)
    assert counts(scene) == (1, 0)


def test_server_that_comes_back_with_one_world_is_asked_in_it() -> None:
    scene = Scene(offers=BOTH)
    ask_in_vain(scene, 1)
    scene.client.command(inputs.StreamClosed(scene.server.wire.stream))
    scene.server.offers = (WAKU_V1,)
    scene.server.connect()
    scene.ask(2)
    assert counts(scene) == (0, 1)


def test_what_is_known_of_servers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_worlds, "SERVERS_MAX", 2)
    scene = Scene(servers=3, offers=BOTH)
    for request, server in enumerate(scene.servers):
        server.world = "waku"
        scene.ask(request, server=server)
        server.complete()
    assert scene.client.node.sizes()["history worlds"] == 2
