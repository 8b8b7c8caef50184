"""A conversation, with a crash at every single point of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.events import (
    BodyQueued,
    BodySubmitted,
    BytesReceived,
    Delivered,
    PayloadToSend,
    SyncEvent,
    SyncOutput,
    TimePassed,
)
from sottovoce.sync.settings import Mode, SyncSettings
from unit.sync.people import ANNA, BRUNO, EAGER, GROUP, Person, only

ROUNDS = 14


@dataclass
class Crash:
    """A crash while the n-th event is handled.

    Attributes:
        point: Which event.
        committed: Whether what the event stored was kept; what it sent is lost in any case.
        happened: Whether the conversation came so far.
    """

    point: int
    committed: bool
    happened: bool = False


class Conversation:
    """Anna writes twice and Bruno once; the network is perfect, the machines are not."""

    def __init__(self, mode: Mode, crash: Crash) -> None:
        settings = SyncSettings(mode=mode, schedule=EAGER)
        self.people = {ANNA: Person(settings=settings), BRUNO: Person(settings=settings)}
        self.crash = crash
        self.event_count = 0
        self.submitted = 0

    def run(self) -> None:
        for turn in range(ROUNDS):
            if turn < 3:
                author = (ANNA, BRUNO, ANNA)[turn]
                self.submit(author, str(turn).encode())
            for author in (ANNA, BRUNO):
                for raw in self.tick(author):
                    self.happen(other(author), BytesReceived(author, raw))

    def submit(self, author: PublicKey, body: bytes) -> None:
        event = BodySubmitted(GROUP, other(author), body)
        # Whoever was not told that the body is taken, gives it again.
        if not only(BodyQueued, self.happen(author, event)):
            self.happen(author, event)

    def tick(self, author: PublicKey) -> Iterator[bytes]:
        person = self.people[author]
        person.now_s += 0.3
        for output in self.happen(author, TimePassed()):
            if isinstance(output, PayloadToSend):
                yield output.raw

    def happen(self, key: PublicKey, event: SyncEvent) -> list[SyncOutput]:
        """Let an event happen; a crash keeps its commit or nothing, and sends nothing."""
        person = self.people[key]
        self.event_count += 1
        if self.event_count - 1 != self.crash.point:
            return person.handle(event)
        self.crash.happened = True
        if self.crash.committed:
            outputs = person.handle(event)
            person.start()
            return [output for output in outputs if not isinstance(output, PayloadToSend)]
        stored, told = person.snapshot(), (list(person.bodies), list(person.delivered))
        person.handle(event)
        person.store, (person.bodies, person.delivered) = stored, told
        person.start()
        return []


def other(key: PublicKey) -> PublicKey:
    return BRUNO if key == ANNA else ANNA


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("mode", Mode)
def test_crash_at_any_point_loses_nothing_and_hands_nothing_up_twice(
    mode: Mode, committed: bool
) -> None:
    for point in range(1000):
        crash = Crash(point, committed)
        conversation = Conversation(mode, crash)
        conversation.run()
        anna, bruno = conversation.people[ANNA], conversation.people[BRUNO]
        assert bruno.bodies == [b"0", b"2"]
        assert anna.bodies == [b"1"]
        assert (len(anna.delivered), len(bruno.delivered)) == (2, 1)
        assert (anna.sync.next_deadline(), bruno.sync.next_deadline()) == (None, None)
        if not crash.happened:
            break
    assert point > 25


def test_body_that_was_handed_up_before_a_restart_is_acknowledged_after_it() -> None:
    anna, bruno = Person(), Person()
    id = anna.submit(b"ciao")
    bruno.receive(anna.sent()[0], ANNA)
    bruno.start()
    assert bruno.wait(60) == []
    bruno.receive(anna.wait(6)[0], ANNA)
    assert bruno.bodies == [b"ciao"]
    assert only(Delivered, anna.receive(bruno.wait(0.3)[0])) == [Delivered(BRUNO, (id,))]
