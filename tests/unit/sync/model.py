"""All states that two synchronizers and a bad network can reach, on the real machine.

The search is breadth-first. A state is what both machines hold, the payloads on their way, and what
each told. The network loses, repeats and reorders as it likes, machines start anew at any point,
and time passes for one or the other; a crash before or after a commit is a loss and a start. Two
states of a machine count as one if they differ in nothing that it will ever act upon: numbers of
epochs count from the present one.

Machines are kept pickled, and a step that was computed once is looked up: a search makes a
thousand times more steps than the machines have different ones.
"""

import pickle
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sottovoce.base.quantities import PublicKey
from sottovoce.sync.events import PayloadToSend
from sottovoce.sync.settings import Mode, SyncSettings
from unit.sync.people import ANNA, BRUNO, EAGER, Person, only

# With more on its way a further payload is lost, as anything may be.
PACKETS_MAX: Final = 2
# Attempts and pauses need no larger numbers than where they change what happens.
PAUSE_SEEN_MAX: Final = 16

Fingerprint = tuple[object, ...]


class Packet(NamedTuple):
    """A payload on its way."""

    to: int
    raw: bytes


class State(NamedTuple):
    """A state of the whole.

    Attributes:
        nodes: What each machine will act upon.
        packets: What is on its way.
        left: How many bodies each still has to submit.
    """

    nodes: tuple[Fingerprint, Fingerprint]
    packets: tuple[Packet, ...]
    left: tuple[int, int]


class StuckError(AssertionError):
    """A state from which a perfect network does not lead to rest with everything delivered."""


def fingerprint(person: Person) -> Fingerprint:
    """Return what a machine will act upon, and what it told so far."""
    ledger = person.sync._ledger
    epoch = person.sync._rhythm.epoch(person.now)
    lines = [
        (
            line.serial,
            line.type,
            line.message_id,
            leaves - epoch,
            line.repeated,
            None if line.sent_epoch is None else min(epoch - line.sent_epoch, PAUSE_SEEN_MAX),
            line.send_count if line.type == line.type.REQUEST else line.send_count > 0,
            line in ledger._peers[line.peer].held,
        )
        for line, leaves in ledger._agenda._epoch_of.items()
    ]
    return (
        tuple(line[1:] for line in sorted(lines)),
        tuple((entry.message_id, entry.send_count > 0) for entry in person.store.waiting()),
        tuple(sorted(id for _, id in person.store._received.entries)),
        tuple(person.bodies),
        tuple(person.delivered),
        tuple(state.body_epoch == epoch for state in ledger._peers.values()),
    )


class Model:
    """Anna and Bruno, each with bodies for the other.

    Attributes:
        seen: The states that were found.
        steps: How many steps were taken.
    """

    def __init__(self, *, bodies: tuple[int, int], mode: Mode) -> None:
        self.settings: Final = SyncSettings(mode=mode, schedule=EAGER)
        self.bodies: Final = bodies
        self._frozen: dict[Fingerprint, bytes] = {}
        self._known_steps: dict[tuple[Fingerprint, object], tuple[Fingerprint, list[Packet]]] = {}
        self._resting: set[State] = set()
        self.seen: set[State] = set()
        self.steps = 0

    def search(self, states_max: int) -> None:
        """Visit states until all are seen or so many, and check each.

        Raises:
            StuckError: A state that does not come to rest.
        """
        fresh = self._freeze(Person(settings=self.settings))
        frontier = [State((fresh, fresh), (), self.bodies)]
        self.seen = set(frontier)
        while frontier:
            found: list[State] = []
            for state in frontier:
                self._check(state)
                for successor in self._successors(state):
                    if successor not in self.seen:
                        self.seen.add(successor)
                        found.append(successor)
                if len(self.seen) >= states_max:
                    return
            frontier = found

    # ---- steps

    def _successors(self, state: State) -> Iterator[State]:
        for node in (0, 1):
            if state.left[node]:
                yield self._submit(state, node)
            yield self._tick(state, node)
            yield self._step(state, node, "restart", Person.start)
        for index in range(len(state.packets)):
            without = state.packets[:index] + state.packets[index + 1 :]
            yield state._replace(packets=without)
            yield self._deliver(state, index, without)
            yield self._deliver(state, index, state.packets)

    def _submit(self, state: State, node: int) -> State:
        left = list(state.left)
        left[node] -= 1
        body = f"{node}{left[node]}".encode()
        after = self._step(state, node, body, lambda person: person.submit(body, peer_of(node)))
        return after._replace(left=(left[0], left[1]))

    def _tick(self, state: State, node: int) -> State:
        return self._step(state, node, "tick", _pass_time)

    def _deliver(self, state: State, index: int, packets: tuple[Packet, ...]) -> State:
        to, raw = state.packets[index]
        return self._step(
            state._replace(packets=packets),
            to,
            raw,
            lambda person: person.receive(raw, peer_of(to)),
        )

    def _step(
        self, state: State, node: int, action: object, act: Callable[[Person], object]
    ) -> State:
        self.steps += 1
        key = (state.nodes[node], (node, action))
        if key not in self._known_steps:
            person = self._thaw(state.nodes[node])
            outputs = act(person)
            sent = [
                Packet(1 - node, output.raw)
                for output in only(PayloadToSend, outputs if isinstance(outputs, list) else ())
            ]
            self._known_steps[key] = (self._freeze(person), sent)
        after, sent = self._known_steps[key]
        nodes = (after, state.nodes[1]) if node == 0 else (state.nodes[0], after)
        packets = tuple(sorted((*state.packets, *sent)[:PACKETS_MAX]))
        return State(nodes, packets, state.left)

    def _freeze(self, person: Person) -> Fingerprint:
        key = fingerprint(person)
        if key not in self._frozen:
            self._frozen[key] = pickle.dumps(person)
        return key

    def _thaw(self, key: Fingerprint) -> Person:
        person: Person = pickle.loads(self._frozen[key])
        return person

    # ---- what must hold

    def _check(self, state: State) -> None:
        for node in (0, 1):
            bodies, delivered = state.nodes[node][3], state.nodes[node][4]
            received = state.nodes[1 - node][2]
            assert isinstance(bodies, tuple)
            assert isinstance(delivered, tuple)
            assert isinstance(received, tuple)
            assert len(set(bodies)) == len(bodies), "a body was handed up twice"
            assert len(set(delivered)) == len(delivered), "a body was delivered twice"
            assert set(delivered) <= set(received), "a body was delivered that did not arrive"
        self._check_rest(state)

    def _check_rest(self, state: State) -> None:
        """Follow a perfect network to its rest; what was seen to rest before ends the way."""
        way: dict[State, None] = {}
        while state not in self._resting:
            if state in way:
                raise StuckError("two machines go round in circles")
            way[state] = None
            following = self._fair_step(state)
            if following is None:
                self._check_end(state)
                break
            state = following
        self._resting.update(way)

    def _fair_step(self, state: State) -> State | None:
        if state.packets:
            return self._deliver(state, 0, state.packets[1:])
        if any(node[0] for node in state.nodes):
            return self._tick(self._tick(state, 0), 1)
        return None

    def _check_end(self, state: State) -> None:
        for node in (0, 1):
            lines, waiting, _, _, delivered, _ = state.nodes[node]
            assert isinstance(delivered, tuple)
            if lines or waiting:
                raise StuckError("something waits for ever")
            if len(delivered) != self.bodies[node] - state.left[node]:
                raise StuckError("a body was lost")
            other = state.nodes[1 - node][3]
            assert isinstance(other, tuple)
            if len(other) != len(delivered):
                raise StuckError("a body did not come up once")


def peer_of(node: int) -> PublicKey:
    """Return whom a machine speaks with."""
    return (BRUNO, ANNA)[node]


def _pass_time(person: Person) -> object:
    deadline_s = person.sync.next_deadline()
    if deadline_s is None:
        return None
    person.now_s = deadline_s
    return person.flush()
