"""A simulated client: the machine, its store, and its lives."""

from typing import TYPE_CHECKING

import pytest

from sottovoce.mail import client_events as events
from sottovoce.sim.people_device import CrashPoint
from unit.sim.mail_scene import OTHER, TOPIC, Scene

if TYPE_CHECKING:
    from sottovoce.base.quantities import EnvelopeHash
    from sottovoce.sim.mail_client import SimulatedClient


def wanted(scene: Scene) -> set[bytes]:
    """Return the hashes of what was posted on the client's topics."""
    return {
        hash
        for hash, row in scene.traffic.posted.items()
        if row.envelope.topic in scene.client.topics
    }


def test_history_of_its_topics_is_shown_and_nothing_else() -> None:
    scene = Scene()
    scene.say(9)
    scene.wait(200.0)
    scene.client.go(online=True)
    scene.wait(10.0)
    assert scene.done() == [True]
    assert scene.client.store.shown == wanted(scene)
    assert 0 < len(wanted(scene)) < 9


def test_what_was_heard_live_is_not_told_again() -> None:
    scene = Scene()
    told: list[EnvelopeHash] = []
    scene.client.on_told = told.append
    scene.client.go(online=True)
    scene.wait(10.0)
    (envelope,) = scene.say()
    scene.client.set_topics([TOPIC, OTHER])
    scene.client.live(envelope)
    scene.client.fetch(1)
    scene.wait(10.0)
    assert told == [envelope.hash]


@pytest.mark.parametrize("point", list(CrashPoint))
def test_whatever_happens_around_a_commit_all_is_shown_in_the_end(point: CrashPoint) -> None:
    scene = Scene()
    scene.say(9)
    scene.wait(200.0)
    scene.client.go(online=True)
    scene.wait(1.2)
    scene.client.crash_at = point
    scene.wait(60.0)
    assert scene.world.faults[point.value] == 1
    assert scene.client.up == (point is CrashPoint.REFUSED)
    if not scene.client.up:
        scene.client.start()
        scene.client.go(online=True)
        scene.wait(60.0)
    assert scene.client.store.shown == wanted(scene)


def test_crash_takes_what_was_not_committed() -> None:
    scene = Scene()
    scene.client.store.show(next(iter(scene.say())).hash)
    scene.client.crash()
    assert scene.client.store.shown == set()


def test_suspended_client_does_nothing_and_then_goes_on() -> None:
    scene = Scene()
    scene.client.go(online=True)
    scene.wait(10.0)
    scene.client.suspend()
    said = scene.say()
    scene.client.live(said[0])
    before = len(scene.events)
    scene.wait(86_400.0)
    assert len(scene.events) == before
    scene.client.resume()
    assert scene.client.moment().monotonic_s == pytest.approx(10.0)
    scene.client.fetch(1)
    scene.wait(60.0)
    assert scene.client.store.shown == wanted(scene)
    assert any(isinstance(event, events.ServerGone) for event in scene.events[before:])


def test_topic_is_wanted_since_the_machine_heard_of_it() -> None:
    scene = Scene()
    scene.wait(1.0)
    scene.client.crash()
    scene.wait(99.0)
    scene.client.set_topics([TOPIC, OTHER])
    scene.wait(100.0)
    scene.client.start()
    scene.wait(1.0)
    assert scene.client.topics[TOPIC] == pytest.approx(0.0, abs=0.1)
    assert scene.client.topics[OTHER] == pytest.approx(200.0, abs=0.1)


def test_wrong_clock_shows_in_its_moments() -> None:
    scene = Scene()
    scene.wait(100.0)
    client: SimulatedClient = scene.client
    client.ahead_s, client.drift = -50.0, 0.1
    assert client.moment().unix_s == scene.world.true_unix_s() - 40.0
