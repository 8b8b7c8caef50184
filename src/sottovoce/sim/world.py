"""A world of nodes on one heap of events.

Time is the time of the next event; nothing else moves. Each node has its own seeded entropy, the
network has another, so that a run follows from its seed alone and replays from it. After each
step the checkers that were handed in look at the world.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final, Protocol, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.proof_of_work import search
from sottovoce.gossip.settings import GossipSettings
from sottovoce.mail.archive import Archive
from sottovoce.mail.carrying_out import carried_out, failure_of
from sottovoce.mail.server_events import (
    ArchiveWish,
)
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    AskArchive,
    CancelCompute,
    CloseStream,
    Compute,
    Dial,
    Effect,
    Fact,
    PauseReading,
    RelayEffect,
    ResumeReading,
    WriteBytes,
)
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality, Network, StreamEnd

EPOCH_UNIX_S: Final = 1_590_000_000.0
PORT: Final = 30303
# A simulated processor tries a million nonces a second, as a real one does.
NONCES_PER_S: Final = 1_000_000
# What a clogged socket takes before it says so. Smaller than a real one's, so that it happens.
WRITE_BUFFER_BYTES: Final = 512
# A world that goes on for longer than this many events does not end by itself.
EVENTS_MAX: Final = 10_000_000


class NodeMachine(Protocol):
    """What the world runs: a node, or something that pretends to be one."""

    @property
    def public_key(self) -> PublicKey:
        """Its node key."""
        ...

    def handle(self, event: inputs.Input, now: Moment) -> list[Effect]:
        """Take one input and return its effects in order."""
        ...

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        ...


@dataclass(slots=True)
class SimulatedNode:
    """A node in the world and what its owner heard.

    Attributes:
        number: Its place in the world.
        node: The machine.
        make: Makes the machine anew after a crash; told how often it crashed.
        address: Its host.
        facts: Everything that it told its owner since it started, with the moment.
        on_fact: Told each fact as well.
        wishes: What its owner wants of it each time it starts.
        up: Whether it runs.
        crash_count: How often it crashed.
        crash_after: Crash after so many of the next relay effects, or None.
        clock_offset_s: By how much its wall clock is ahead.
        clock_drift: Seconds by which its wall clock gains, a second.
        timer_s: When it wants to be woken.
        archive: What its mailserver keeps envelopes in; it outlives a crash. None if it is none.
        archive_delay_s: How long the archive takes for anything. It is done after half of that and
            told after the rest, so that a crash may fall between.
        archive_fault: Why the archive refuses everything, one sentence; empty if it does not.
        archive_halted_until_s: Until when it does nothing at all.
    """

    number: int
    node: NodeMachine
    make: Callable[[int], NodeMachine]
    address: str
    facts: list[tuple[float, Fact]] = field(default_factory=list)
    on_fact: Callable[[Fact], None] | None = None
    wishes: list[inputs.Input] = field(default_factory=list)
    up: bool = True
    crash_count: int = 0
    crash_after: int | None = None
    clock_offset_s: float = 0.0
    clock_drift: float = 0.0
    timer_s: float | None = None
    archive: Archive | None = None
    archive_delay_s: float = 0.0
    archive_fault: str = ""
    archive_halted_until_s: float = 0.0

    @property
    def enode(self) -> Enode:
        """Where others dial it."""
        return Enode(self.node.public_key, self.address, PORT, PORT)


@dataclass(order=True, slots=True)
class _Event:
    """Something that happens to a node, as it runs since a crash; or an action on the world."""

    time_s: float
    sequence: int
    node: int = field(compare=False)
    life: int = field(compare=False)
    input: inputs.Input | None = field(compare=False)
    action: Callable[[], None] | None = field(compare=False, default=None)


class World:
    """Nodes, a network between them, and virtual time.

    Args:
        seed: Everything random follows from it.
        quality: How good the network is.
    """

    def __init__(self, seed: int, quality: LinkQuality | None = None) -> None:
        self.seed = seed
        self.now_s = 0.0
        self.network = Network(quality or LinkQuality(), Random(f"network {seed}"))  # noqa: S311
        self.nodes: list[SimulatedNode] = []
        self.checkers: list[Callable[[World], None]] = []
        self._heap: list[_Event] = []
        self._sequence = 0
        self._ends: dict[tuple[int, int], StreamEnd] = {}
        self._next_stream = 0
        self._hosts: dict[str, int] = {}
        self._trace = hashlib.sha256()
        self._wire = hashlib.sha256()
        self.event_count = 0
        self.faults: Counter[str] = Counter()
        self.stepped: SimulatedNode | None = None
        self.on_crash: Callable[[SimulatedNode], None] = lambda _: None

    def add_node(
        self,
        *,
        gossip: GossipSettings | None = None,
        settings: NodeSettings | None = None,
        mail: ServerSettings | None = None,
        archive: Archive | None = None,
    ) -> SimulatedNode:
        """Put a node into the world; its key follows from the seed and its number.

        A mailserver has an archive, too.
        """
        number = len(self.nodes)
        identity = secp256k1.generate_private_key(SeededEntropy("key", self.seed, number))

        def make(crash_count: int) -> Node:
            return Node(
                identity=identity,
                client_id=f"simulated/{number}",
                entropy=SeededEntropy("node", self.seed, number, crash_count),
                settings=settings or NodeSettings(),
                gossip_settings=gossip or GossipSettings(),
                mail=mail,
            )

        simulated = self.add_machine(make)
        simulated.archive = archive
        return simulated

    def add_machine(self, make: Callable[[int], NodeMachine]) -> SimulatedNode:
        """Put any machine with a node's entrances into the world."""
        number = len(self.nodes)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        simulated = SimulatedNode(number, make(0), make, address)
        self.nodes.append(simulated)
        self._hosts[address] = number
        self._set_timer(simulated)
        return simulated

    @property
    def trace_hash(self) -> str:
        """The hash of every event so far: equal on every run of the same seed."""
        return self._trace.hexdigest()

    @property
    def wire_hash(self) -> str:
        """The hash of every byte that nodes wrote, with its moment: what an observer could see."""
        return self._wire.hexdigest()

    def command(self, node: int, event: inputs.Input) -> None:
        """Hand a wish of its owner to a node, now."""
        self._schedule(self.now_s, node, event)

    def command_now(self, node: int, event: inputs.Input) -> None:
        """Let a node take a wish of its owner at once, before anything else happens.

        Raises:
            LocalProtocolError: The node refuses it.
        """
        self._sequence += 1
        life = self.nodes[node].crash_count
        self._step(_Event(self.now_s, self._sequence, node, life, event))

    def command_at(self, time_s: float, node: int, event: inputs.Input) -> None:
        """Hand a wish of its owner to a node at a later moment."""
        self._schedule(time_s, node, event)

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Do something to the world at a moment."""
        self._sequence += 1
        heapq.heappush(self._heap, _Event(time_s, self._sequence, -1, 0, None, action))

    def start(self, node: int, *wishes: inputs.Input) -> None:
        """Hand wishes to a node now, and again each time it starts after a crash."""
        self.nodes[node].wishes += wishes
        for wish in wishes:
            self._schedule(self.now_s, node, wish)

    def moment(self, simulated: SimulatedNode) -> Moment:
        """Return what a node's clocks show now."""
        gained_s = simulated.clock_offset_s + simulated.clock_drift * self.now_s
        return Moment(self.now_s, EPOCH_UNIX_S + self.now_s + gained_s)

    def next_event_s(self) -> float | None:
        """Return the moment of the next event, or None if nothing is left to happen."""
        return self._heap[0].time_s if self._heap else None

    def run_until(self, end_s: float) -> None:
        """Let everything happen that happens up to a moment.

        Raises:
            RuntimeError: The world did not come to rest within `EVENTS_MAX` events.
        """
        while self._heap and self._heap[0].time_s <= end_s:
            self._step(heapq.heappop(self._heap))
            if self.event_count > EVENTS_MAX:
                raise RuntimeError(f"seed {self.seed}: more than {EVENTS_MAX} events")
        self.now_s = max(self.now_s, end_s)

    # ---- one step

    def _schedule(self, time_s: float, node: int, event: inputs.Input) -> None:
        self._sequence += 1
        life = self.nodes[node].crash_count
        heapq.heappush(self._heap, _Event(time_s, self._sequence, node, life, event))

    def _step(self, event: _Event) -> None:
        self.now_s = event.time_s
        self.event_count += 1
        if event.input is None:
            assert event.action is not None
            event.action()
            return
        simulated = self.nodes[event.node]
        if not simulated.up or event.life != simulated.crash_count:
            return  # It was meant for a process that is no more.
        if isinstance(event.input, inputs.TimePassed):
            if simulated.timer_s != event.time_s:
                return  # A timer that was set anew meanwhile.
            simulated.timer_s = None
        if self._is_left_unread(event.node, event.input):
            return
        self._note(event.node, event.input)
        self._carry_out(simulated, simulated.node.handle(event.input, self.moment(simulated)))
        if simulated.up:
            self._set_timer(simulated)
        self.stepped = simulated
        for check in self.checkers:
            check(self)

    def _carry_out(self, simulated: SimulatedNode, effects: list[Effect]) -> None:
        """Do what a node wants, as far as it gets before a crash."""
        for effect in effects:
            if not isinstance(effect, RelayEffect):
                simulated.facts.append((self.now_s, effect))
                if simulated.on_fact is not None:
                    simulated.on_fact(effect)
                continue
            if simulated.crash_after == 0:
                self.faults["crash amid effects"] += 1
                self.crash(simulated)
                return
            if simulated.crash_after is not None:
                simulated.crash_after -= 1
            self._perform(simulated.number, effect)

    def _note(self, node: int, event: inputs.Input) -> None:
        """Add an event to the trace: when, where, what, and how much; contents are random."""
        size = len(event.data) if isinstance(event, inputs.StreamBytes) else 0
        line = f"{self.now_s:.9f} {node} {type(event).__name__} {size}\n"
        self._trace.update(line.encode())

    def _set_timer(self, simulated: SimulatedNode) -> None:
        deadline = simulated.node.next_deadline()
        if deadline is None:
            simulated.timer_s = None
        elif simulated.timer_s is None or deadline < simulated.timer_s:
            simulated.timer_s = max(deadline, self.now_s)
            self._schedule(simulated.timer_s, simulated.number, inputs.TimePassed())

    # ---- effects

    def _perform(self, node: int, effect: RelayEffect) -> None:
        match effect:
            case WriteBytes(stream, data):
                self._wire.update(f"{self.now_s:.9f} {node} {stream} ".encode() + data)
                self._write(self._ends.get((node, stream)), data)
            case CloseStream(stream):
                self._close(self._ends.get((node, stream)))
            case PauseReading(stream) | ResumeReading(stream):
                end = self._ends.get((node, stream))
                self._read(end, reads=isinstance(effect, ResumeReading))
            case Dial():
                self._dial(node, effect)
            case Compute(job, prefix, bits, work_time_s):
                tries_max = int(work_time_s * NONCES_PER_S)
                nonce = search(prefix, bits, 0, tries_max)
                tries = tries_max if nonce is None else nonce + 1
                done_s = self.now_s + tries / NONCES_PER_S
                self._schedule(done_s, node, inputs.Computed(job, nonce))
            case CancelCompute():
                pass  # The answer comes all the same, and the node ignores it.
            case AskArchive(wish):
                self._ask_archive(self.nodes[node], wish)
            case _:
                assert_never(effect)

    def _ask_archive(self, simulated: SimulatedNode, wish: ArchiveWish) -> None:
        life = simulated.crash_count

        def do() -> None:
            if simulated.crash_count != life:
                return  # What a process had not begun is gone with it.
            if self.now_s < simulated.archive_halted_until_s:
                self.at(simulated.archive_halted_until_s, do)
                return
            assert simulated.archive is not None, "a mailserver was given no archive"
            fault = simulated.archive_fault
            answer = failure_of(wish, fault) if fault else carried_out(simulated.archive, wish)
            answered = inputs.ArchiveAnswered(answer)
            self._schedule(self.now_s + simulated.archive_delay_s / 2, simulated.number, answered)

        self.at(self.now_s + simulated.archive_delay_s / 2, do)

    def _dial(self, node: int, effect: Dial) -> None:
        target = self._hosts.get(effect.host)
        arrival_s = self.now_s + self.network.flight_s()
        if target is None or not self.nodes[target].up:
            failure = inputs.DialFailed(effect.attempt, f"nobody is at {effect.host}")
            self._schedule(arrival_s, node, failure)
            return
        near, far = self._open_stream(node, target)
        near_s = arrival_s + self.network.flight_s()
        # No byte, and no end, may arrive at an end before that end knows of the stream.
        far.last_arrival_s, near.last_arrival_s = near_s, arrival_s
        far.opened_s, near.opened_s = arrival_s, near_s
        address = self.nodes[node].address
        self._schedule(arrival_s, target, inputs.StreamAccepted(far.number, address))
        opened = inputs.DialSucceeded(effect.attempt, near.number, effect.host)
        self._schedule(near_s, node, opened)

    def _open_stream(self, node: int, target: int) -> tuple[StreamEnd, StreamEnd]:
        self._next_stream += 2
        near = StreamEnd(node, self._next_stream)
        far = StreamEnd(target, self._next_stream + 1)
        near.other, far.other = far, near
        self._ends[node, near.number] = near
        self._ends[target, far.number] = far
        return near, far

    def _write(self, end: StreamEnd | None, data: bytes) -> None:
        if end is None or end.other is None:
            return
        arrived = inputs.StreamBytes(end.other.number, data)
        self._schedule(self._arrival_s(end), end.other.node, arrived)
        if end.clogged_until_s <= self.now_s:
            return
        end.clogged_bytes += len(data)
        if end.clogged_bytes > WRITE_BUFFER_BYTES and not end.blocked:
            end.blocked = True
            self.faults["blocked write"] += 1
            self._schedule(self.now_s, end.node, inputs.WriteBlocked(end.number))

    def _close(self, end: StreamEnd | None) -> None:
        if end is None or end.other is None:
            return
        other = end.other
        self._forget(end)
        self._schedule(self.now_s, end.node, inputs.StreamClosed(end.number))
        self._schedule(self._arrival_s(end), other.node, inputs.StreamClosed(other.number))

    def _is_left_unread(self, node: int, event: inputs.Input) -> bool:
        """Keep bytes that arrive at a node which does not read their stream for now."""
        if not isinstance(event, inputs.StreamBytes):
            return False
        end = self._ends.get((node, event.stream))
        if end is None or (end.reads and not end.unread):
            return False
        end.unread.append(event.data)
        return True

    def _read(self, end: StreamEnd | None, *, reads: bool) -> None:
        if end is not None:
            end.reads = reads
            self.at(self.now_s, lambda: self._hand_over(end))

    def _hand_over(self, end: StreamEnd) -> None:
        if end.reads and end.unread:
            data = b"".join(end.unread)
            end.unread.clear()
            self.command_now(end.node, inputs.StreamBytes(end.number, data))

    def _forget(self, end: StreamEnd) -> None:
        assert end.other is not None
        del self._ends[end.node, end.number], self._ends[end.other.node, end.other.number]

    def _arrival_s(self, end: StreamEnd) -> float:
        """Return when what is written at this end now arrives: in order, at the earliest."""
        earliest_s = max(self.now_s, end.clogged_until_s) + self.network.flight_s()
        end.last_arrival_s = max(end.last_arrival_s, earliest_s)
        return end.last_arrival_s

    # ---- faults

    def ends(self, node: int | None = None) -> list[StreamEnd]:
        """Return the ends of open streams, all or those of one node, in order of their numbers."""
        return [end for (owner, _), end in sorted(self._ends.items()) if node in (None, owner)]

    def cut(self, end: StreamEnd) -> None:
        """Break a stream: both ends learn it at once, and what was under way is lost."""
        assert end.other is not None
        self._forget(end)
        for lost in (end, end.other):
            heard_s = max(self.now_s, lost.opened_s)
            self._schedule(heard_s, lost.node, inputs.StreamClosed(lost.number))

    def clog(self, end: StreamEnd, duration_s: float) -> None:
        """Let nothing written at this end through for a while; its buffer fills."""
        end.clogged_until_s = max(end.clogged_until_s, self.now_s + duration_s)
        self.at(end.clogged_until_s, lambda: self._unclog(end))

    def _unclog(self, end: StreamEnd) -> None:
        if self.now_s < end.clogged_until_s:
            return  # It was clogged again meanwhile.
        end.clogged_bytes = 0
        if end.blocked:
            end.blocked = False
            self._schedule(self.now_s, end.node, inputs.WriteDrained(end.number))

    def crash(self, simulated: SimulatedNode) -> None:
        """End a node's process at once: everything that it had in memory is gone."""
        for end in self.ends(simulated.number):
            assert end.other is not None
            self._forget(end)
            closed = inputs.StreamClosed(end.other.number)
            self._schedule(self._arrival_s(end), end.other.node, closed)
        simulated.up = False
        simulated.crash_count += 1
        simulated.facts = []
        simulated.crash_after = None
        simulated.timer_s = None
        self.on_crash(simulated)

    def restart(self, simulated: SimulatedNode) -> None:
        """Start a crashed node again, with the same key and the wishes of its owner."""
        if simulated.up:
            return
        self.faults["restart"] += 1
        simulated.node = simulated.make(simulated.crash_count)
        simulated.up = True
        for wish in simulated.wishes:
            self._schedule(self.now_s, simulated.number, wish)
        self._set_timer(simulated)
