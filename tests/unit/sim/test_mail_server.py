"""A simulated mailserver: the machine, its archive, and its lives."""

from typing import TYPE_CHECKING

from sottovoce.sim.mail_server import BROKEN, FULL
from unit.sim.mail_scene import TOPIC, Scene

if TYPE_CHECKING:
    from sottovoce.gossip.envelope import Envelope


def test_what_it_hears_is_told_and_comes_onto_its_disk() -> None:
    scene = Scene()
    taken: list[Envelope] = []
    lost: list[Envelope] = []
    scene.server.on_taken, scene.server.on_lost = taken.append, lost.extend
    said = scene.say(3)
    assert taken == said
    scene.wait(5.0)
    assert scene.server.archive.size().envelopes == 3
    scene.server.crash()
    assert not lost


def test_what_does_not_fit_is_not_taken_and_what_waits_is_lost_with_the_process() -> None:
    scene = Scene()
    taken: list[Envelope] = []
    lost: list[Envelope] = []
    scene.server.on_taken, scene.server.on_lost = taken.append, lost.extend
    scene.server.full = True
    said = scene.say(15)
    assert taken == said[:10]
    scene.wait(5.0)
    scene.server.crash()
    assert lost == taken
    scene.say()
    assert len(taken) == 10


def test_what_waits_for_a_full_disk_reaches_whoever_asks() -> None:
    scene = Scene()
    scene.server.full = True
    said = scene.say(8)
    scene.wait(300.0)
    scene.client.go(online=True)
    scene.wait(30.0)
    assert scene.server.archive.size().envelopes == 0
    wanted = [envelope.hash for envelope in said if envelope.topic == TOPIC]
    assert wanted
    assert all(map(scene.client.has, wanted))


def test_archive_outlives_a_crash_and_what_waited_does_not() -> None:
    scene = Scene()
    scene.say()
    scene.wait(5.0)
    scene.server.write_lag_s = 10.0
    scene.say()
    scene.wait(1.0)
    scene.server.crash()
    scene.say()
    scene.server.start()
    scene.wait(30.0)
    assert scene.server.archive.size().envelopes == 1


def test_full_disk_is_told_at_once_and_what_fits_the_buffer_is_stored_when_there_is_room() -> None:
    scene = Scene()
    scene.server.full = True
    scene.say(10)
    scene.wait(1.0)
    assert scene.server.troubles[0][1] == FULL
    scene.say(15)
    scene.wait(60.0)
    assert scene.server.archive.size().envelopes == 0
    assert scene.server.machine.sizes()["envelopes to archive"] == 10
    scene.server.full = False
    scene.wait(60.0)
    assert scene.server.archive.size().envelopes == 10
    assert scene.server.troubles[-1][1] == ""
    assert scene.server.machine.statistics.dropped == 15
    assert scene.world.faults["disk full"] > 1


def test_archive_that_refuses_everything_is_told_and_answers_are_refusals() -> None:
    scene = Scene()
    scene.server.broken = True
    scene.say()
    scene.client.go(online=True)
    scene.wait(10.0)
    assert scene.server.troubles[0][1] == BROKEN
    assert scene.server.machine.statistics.answered == 0
    assert scene.server.machine.statistics.refused.total() > 0
    scene.server.broken = False
    scene.wait(90.0)  # Whether it can be read again shows when it is cleaned.
    assert scene.server.troubles[-1][1] == ""
    assert scene.server.archive.size().envelopes == 1


def test_slow_archive_and_slow_packets_delay_the_answer() -> None:
    def answered_s(read_lag_s: float, lag_s: float) -> float:
        scene = Scene()
        scene.server.read_lag_s, scene.server.lag_s = read_lag_s, lag_s
        scene.client.go(online=True)
        while not scene.done():
            scene.wait(0.1)
        return scene.world.now_s

    quick_s = answered_s(0.0, 0.0)
    assert quick_s + 1.5 < answered_s(2.0, 0.0) < quick_s + 5.0
    assert quick_s + 1.5 < answered_s(0.0, 2.0) < quick_s + 5.0
