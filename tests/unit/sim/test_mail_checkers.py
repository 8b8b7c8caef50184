"""The checkers of history find what they are there to find."""

from collections.abc import Callable

import pytest

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.mail import client_events as events
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_checkers import ClientWatch
from sottovoce.sim.mail_disks import HonestDisks
from sottovoce.sim.mail_world import EPOCH_UNIX_S
from unit.sim.mail_scene import TOPIC, Scene

NOW = int(EPOCH_UNIX_S)
CURSOR, OTHER_CURSOR = bytes(36), bytes([1] * 36)


class Watched(Scene):
    """A scene whose client is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.disks = HonestDisks(1)
        self.server.on_taken = lambda it: self.disks.taken(self.key, [it], self.world.now_s)
        self.watch = ClientWatch(self.world, self.client, self.disks)

    def ask(
        self,
        request: int,
        cursor: bytes = b"",
        from_unix_s: int = NOW - 100,
        to_unix_s: int = NOW,
    ) -> None:
        wanted = HistoryRequest(
            from_unix_s, to_unix_s, bloom_of(frozenset({TOPIC})), (TOPIC,), cursor=cursor
        )
        self.watch.output(events.AskPage(request, self.server.mailserver, wanted))

    def answer(self, request: int, cursor: bytes = b"") -> None:
        self.watch.event(events.PageDone(request, PageEnd.ANSWERED, cursor))


def fails(what: str, act: Callable[[], object]) -> None:
    with pytest.raises(ViolationError, match=what):
        act()


def test_quiet_life_of_an_honest_server_is_without_fault() -> None:
    scene = Watched()
    scene.client.go(online=True)
    for _ in range(20):
        scene.say(2)
        scene.wait(600.0)
    scene.client.fetch(1)
    scene.wait(60.0)
    scene.watch.everything_is_there(scene.world.now_s - 60.0)
    assert scene.watch.counts.checked > 10
    assert scene.watch.counts.complete > 1


def hidden(scene: Watched) -> EnvelopeHash:
    """Put an envelope onto the honest disk that the client never gets."""
    envelope = scene.traffic.invent(TOPIC, int(scene.world.true_unix_s()))
    scene.disks.taken(scene.key, [envelope], scene.world.now_s)
    return envelope.hash


def test_message_that_is_not_there_is_missed() -> None:
    scene = Watched()
    hidden(scene)
    scene.wait(300.0)
    fails("lacks an envelope", lambda: scene.watch.everything_is_there(scene.world.now_s))


def test_nothing_is_promised_of_what_is_too_young_too_old_or_was_lost() -> None:
    scene = Watched()
    scene.watch.everything_is_there(scene.world.now_s)
    lost = scene.traffic.invent(TOPIC, NOW - 3600)
    ancient = scene.traffic.invent(TOPIC, NOW - 10 * 86_400)
    scene.disks.taken(scene.key, [ancient, lost], scene.world.now_s)
    scene.disks.lost(scene.key, [lost])
    hidden(scene)
    scene.wait(60.0)
    scene.watch.everything_is_there(scene.world.now_s)


def test_what_waits_for_a_full_disk_is_not_excused() -> None:
    scene = Watched()
    scene.client.set_topics([])
    scene.server.full = True
    while not scene.disks.of(scene.key, TOPIC):
        scene.say()
    scene.wait(300.0)
    assert scene.server.archive.size().envelopes == 0
    scene.ask(1)
    scene.answer(1)
    fails("answered and lacks an envelope", lambda: cover(scene, NOW))


def test_nothing_is_promised_while_a_clock_is_far_off() -> None:
    scene = Watched()
    hidden(scene)
    scene.wait(300.0)
    scene.client.ahead_s = 3600.0
    scene.watch.everything_is_there(scene.world.now_s)


def test_machine_that_began_anew_under_a_fast_clock_is_excused_for_that_time() -> None:
    scene = Watched()
    scene.wait(1.0)
    scene.watch.clock_is_ahead(until_s=100.0, ahead_s=50.0)
    hidden(scene)
    scene.wait(200.0)
    scene.watch.crashed()
    scene.wait(600.0)
    scene.watch.everything_is_there(scene.world.now_s)


def test_machine_that_lives_to_see_its_clock_put_back_is_not_excused() -> None:
    scene = Watched()
    scene.wait(1.0)
    scene.watch.clock_is_ahead(until_s=100.0, ahead_s=50.0)
    hidden(scene)
    scene.wait(200.0)
    scene.watch.committed()
    scene.watch.crashed()
    scene.wait(600.0)
    fails("lacks an envelope", lambda: scene.watch.everything_is_there(scene.world.now_s))


def test_message_told_twice_in_one_life_is_found() -> None:
    scene = Watched()
    message = EnvelopeHash(bytes(32))
    scene.client.hear(message)
    scene.watch.crashed()
    scene.client.hear(message)
    fails("told a message twice", lambda: scene.client.hear(message))


def cover(scene: Watched, to_unix_s: int) -> None:
    scene.client.store.mail.replace_covered(scene.key, TOPIC, [(NOW - 100, to_unix_s)])
    scene.client.store.commit()
    scene.watch.committed()


def test_coverage_of_what_was_never_answered_is_found() -> None:
    scene = Watched()
    scene.ask(1)
    fails("answered which was not", lambda: cover(scene, NOW))


def test_coverage_of_what_was_answered_is_right() -> None:
    scene = Watched()
    scene.ask(1)
    scene.answer(1)
    cover(scene, NOW)
    fails("answered which was not", lambda: cover(scene, NOW + 1))


def test_coverage_without_what_was_in_it_is_found() -> None:
    scene = Watched()
    hidden(scene)
    scene.ask(1)
    scene.answer(1)
    fails("answered and lacks an envelope", lambda: cover(scene, NOW))


def test_cursor_goes_back_to_where_it_came_from() -> None:
    scene = Watched()
    scene.ask(1)
    scene.answer(1, CURSOR)
    scene.ask(2, CURSOR)
    scene.answer(2, OTHER_CURSOR)
    scene.ask(3, CURSOR)
    fails("cursor", lambda: scene.ask(4, OTHER_CURSOR, from_unix_s=NOW - 50))


def test_question_about_a_time_to_come_is_found() -> None:
    scene = Watched()
    scene.ask(1, to_unix_s=NOW + 500)
    scene.client.ahead_s = 500.0
    scene.ask(2, to_unix_s=NOW + 1000)
    scene.client.ahead_s = -500.0
    fails("time to come", lambda: scene.ask(3, to_unix_s=NOW + 1000))


def test_pages_that_bring_nothing_may_be_ten_in_a_row() -> None:
    scene = Watched()
    scene.ask(0)
    for request in range(12):
        if request == 1:
            scene.watch.event(events.PageArriving(1, 1, 1, 100))
        scene.answer(request, CURSOR)
        if request < 11:
            scene.ask(request + 1, CURSOR)
    fails("after 10 pages that brought nothing", lambda: scene.ask(12, CURSOR))


def test_silent_server_is_waited_for_no_longer_than_fifteen_seconds() -> None:
    scene = Watched()
    scene.wait(1.0)
    scene.ask(1)
    for moment_s in (15.0, 29.0):
        scene.world.run_until(moment_s)
        scene.watch.event(events.PageArriving(1, 0, 0, 0))
    scene.world.run_until(44.1)
    fails("says nothing", lambda: scene.watch.event(events.PageArriving(1, 0, 0, 0)))


def test_whoever_was_suspended_did_not_wait() -> None:
    scene = Watched()
    scene.wait(1.0)
    scene.ask(1)
    scene.world.run_until(3600.0)
    scene.watch.resumed()
    scene.watch.event(events.PageArriving(1, 0, 0, 0))


def test_deadline_that_does_not_pass_is_found() -> None:
    scene = Watched()
    for _ in range(20):
        scene.watch.event(events.TimePassed())
    fails("again and again", lambda: scene.watch.event(events.TimePassed()))
