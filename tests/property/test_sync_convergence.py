"""Two and three people on a network that loses, repeats, reorders and crashes reach each other.

Every body comes up exactly once at its peer and is told delivered exactly once to its author. A
crash before the commit of an event undoes what it stored and releases nothing; a crash after it
loses what was on its way to the network, and what came up stays.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from sottovoce.sync.events import (
    BodiesReceived,
    BodyQueued,
    BodySubmitted,
    BytesReceived,
    Delivered,
    PayloadToSend,
    SyncEvent,
    TimePassed,
)
from sottovoce.sync.schedule import DEFAULT
from sottovoce.sync.settings import Mode, SyncSettings
from unit.sync.people import ANNA, BRUNO, CARLA, EAGER, GROUP, Person

if TYPE_CHECKING:
    from sottovoce.sync.records import MessageId

KEYS = (ANNA, BRUNO, CARLA)
FAIR_ROUNDS_MAX = 60

SETTINGS = st.builds(
    SyncSettings, mode=st.sampled_from(Mode), schedule=st.sampled_from([EAGER, DEFAULT])
)


@dataclass(frozen=True)
class Packet:
    """A payload on its way."""

    sender: int
    to: int
    raw: bytes


class Network(RuleBasedStateMachine):
    """Some people, what is on its way, and what came up."""

    people_count = 2

    def __init__(self) -> None:
        super().__init__()
        self.people: list[Person] = []
        self.packets: list[Packet] = []
        self.submitted: dict[tuple[int, int, MessageId], bytes] = {}
        self.came_up: list[tuple[int, int, bytes]] = []
        self.delivered: list[tuple[int, int, MessageId]] = []

    @initialize(chosen=st.data())
    def gather(self, chosen: st.DataObject) -> None:
        self.people = [
            Person(settings=chosen.draw(SETTINGS, label="settings"))
            for _ in range(self.people_count)
        ]

    # ---- steps

    @rule(data=st.data(), fate=st.sampled_from(["kept", "kept", "before", "after"]))
    def submit(self, data: st.DataObject, fate: str) -> None:
        author = data.draw(st.integers(0, self.people_count - 1), label="author")
        to = (author + data.draw(st.integers(1, self.people_count - 1), label="to")) % (
            self.people_count
        )
        body = f"{len(self.submitted)} from {author}".encode()
        self.happen(author, BodySubmitted(GROUP, KEYS[to], body), fate)

    @precondition(lambda self: self.packets)
    @rule(
        data=st.data(),
        repeated=st.booleans(),
        fate=st.sampled_from(["kept", "kept", "kept", "before", "after"]),
    )
    def deliver(self, data: st.DataObject, repeated: bool, fate: str) -> None:
        index = data.draw(st.integers(0, len(self.packets) - 1), label="packet")
        packet = self.packets[index] if repeated else self.packets.pop(index)
        self.happen(packet.to, BytesReceived(KEYS[packet.sender], packet.raw), fate)

    @precondition(lambda self: self.packets)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.packets.pop(data.draw(st.integers(0, len(self.packets) - 1), label="packet"))

    @rule(
        index=st.integers(0, 2),
        seconds=st.sampled_from([0.0, 0.3, 1.0, 20.0, 4000.0]),
        fate=st.sampled_from(["kept", "kept", "kept", "before", "after"]),
    )
    def pass_time(self, index: int, seconds: float, fate: str) -> None:
        person = self.people[index % self.people_count]
        person.now_s += seconds
        person.unix_s += seconds
        self.happen(index % self.people_count, TimePassed(), fate)

    @rule(index=st.integers(0, 2), jump_s=st.sampled_from([-(10.0**9), -3600.0, 0.5, 10.0**9]))
    def wall_clock_jumps(self, index: int, jump_s: float) -> None:
        self.people[index % self.people_count].unix_s += jump_s

    @rule(index=st.integers(0, 2), booted_s=st.sampled_from([0.0, 5.0, 10.0**6]))
    def reboot(self, index: int, booted_s: float) -> None:
        person = self.people[index % self.people_count]
        person.now_s = booted_s
        person.start()

    # ---- what an event does

    def happen(self, index: int, event: SyncEvent, fate: str) -> None:
        person = self.people[index]
        if fate == "before":
            stored = person.snapshot()
            person.handle(event)
            person.store = stored
            person.start()
            return
        for output in person.handle(event):
            match output:
                case BodyQueued(peer, id):
                    assert isinstance(event, BodySubmitted)
                    self.submitted[index, KEYS.index(peer), id] = event.body
                case BodiesReceived(peer, messages):
                    for message in messages:
                        self.came_up.append((KEYS.index(peer), index, message.body))
                case Delivered(peer, ids):
                    self.delivered += [(index, KEYS.index(peer), id) for id in ids]
                case PayloadToSend(peer, raw) if fate == "kept":
                    self.packets.append(Packet(index, KEYS.index(peer), raw))
                case _:
                    pass
        if fate == "after":
            person.start()

    # ---- what must hold

    @invariant()
    def nothing_comes_up_twice(self) -> None:
        assert len(set(self.came_up)) == len(self.came_up)

    @invariant()
    def nothing_is_delivered_twice_or_too_early(self) -> None:
        assert len(set(self.delivered)) == len(self.delivered)
        for author, to, id in self.delivered:
            assert (author, to, self.submitted[author, to, id]) in self.came_up

    @invariant()
    def what_is_not_delivered_waits(self) -> None:
        for author, to, id in self.submitted.keys() - set(self.delivered):
            assert id in self.people[author].sync.waiting(KEYS[to])

    @override
    def teardown(self) -> None:
        """Let the network be perfect: everything arrives, and everybody comes to rest."""
        for _ in range(FAIR_ROUNDS_MAX):
            if not self.packets and all(p.sync.next_deadline() is None for p in self.people):
                break
            arriving, self.packets = self.packets, []
            for packet in arriving:
                self.happen(packet.to, BytesReceived(KEYS[packet.sender], packet.raw), "kept")
            for index, person in enumerate(self.people):
                person.now_s = max(person.now_s, person.sync.next_deadline() or 0.0)
                self.happen(index, TimePassed(), "kept")
        self.nothing_comes_up_twice()
        self.nothing_is_delivered_twice_or_too_early()
        assert sorted(self.came_up) == sorted(
            (author, to, body) for (author, to, _), body in self.submitted.items()
        )
        assert set(self.delivered) == set(self.submitted)
        assert all(not list(person.store.waiting()) for person in self.people)
        assert all(len(person.sync._ledger) == 0 for person in self.people)


class NetworkOfThree(Network):
    """The same with a third one, who talks with both."""

    people_count = 3


TestTwoPeople: Any = pytest.mark.slow(Network.TestCase)
TestTwoPeople.settings = settings(stateful_step_count=40)
TestThreePeople: Any = pytest.mark.slow(NetworkOfThree.TestCase)
TestThreePeople.settings = settings(stateful_step_count=40)
