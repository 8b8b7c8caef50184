"""A world of nodes on one heap of events.

Time is the time of the next event; nothing else moves. Each node has its own seeded entropy, the
network has another, so that a run follows from its seed alone and replays from it. After each
step the checkers that were handed in look at the world.
"""

import hashlib
import heapq
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import TYPE_CHECKING, Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.proof_of_work import search
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    CancelCompute,
    CloseStream,
    Compute,
    Dial,
    Fact,
    RelayEffect,
    WriteBytes,
)
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality, Network, StreamEnd

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH_UNIX_S: Final = 1_590_000_000.0
PORT: Final = 30303
# A simulated processor tries a million nonces a second, as a real one does.
NONCES_PER_S: Final = 1_000_000
# A world that goes on for longer than this many events does not end by itself.
EVENTS_MAX: Final = 10_000_000


@dataclass(slots=True)
class SimulatedNode:
    """A node in the world and what its owner heard.

    Attributes:
        number: Its place in the world.
        node: The machine.
        address: Its host.
        facts: Everything that it told its owner, with the moment.
    """

    number: int
    node: Node
    address: str
    facts: list[tuple[float, Fact]] = field(default_factory=list)
    timer_s: float | None = None

    @property
    def enode(self) -> Enode:
        """Where others dial it."""
        return Enode(self.node.public_key, self.address, PORT, PORT)


@dataclass(order=True, slots=True)
class _Event:
    time_s: float
    sequence: int
    node: int = field(compare=False)
    input: inputs.Input = field(compare=False)


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
        self.event_count = 0

    def add_node(
        self,
        *,
        gossip: GossipSettings | None = None,
        settings: NodeSettings | None = None,
    ) -> SimulatedNode:
        """Put a node into the world; its key follows from the seed and its number."""
        number = len(self.nodes)
        entropy = SeededEntropy("node", self.seed, number)
        node = Node(
            identity=secp256k1.generate_private_key(entropy),
            client_id=f"simulated/{number}",
            entropy=entropy,
            settings=settings or NodeSettings(),
            gossip_settings=gossip or GossipSettings(),
        )
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        simulated = SimulatedNode(number, node, address)
        self.nodes.append(simulated)
        self._hosts[address] = number
        return simulated

    @property
    def trace_hash(self) -> str:
        """The hash of every event so far: equal on every run of the same seed."""
        return self._trace.hexdigest()

    def command(self, node: int, event: inputs.Input) -> None:
        """Hand a wish of its owner to a node, now."""
        self._schedule(self.now_s, node, event)

    def command_at(self, time_s: float, node: int, event: inputs.Input) -> None:
        """Hand a wish of its owner to a node at a later moment."""
        self._schedule(time_s, node, event)

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
        heapq.heappush(self._heap, _Event(time_s, self._sequence, node, event))

    def _step(self, event: _Event) -> None:
        self.now_s = event.time_s
        self.event_count += 1
        simulated = self.nodes[event.node]
        if isinstance(event.input, inputs.TimePassed):
            if simulated.timer_s != event.time_s:
                return  # A timer that was set anew meanwhile.
            simulated.timer_s = None
        self._note(event)
        moment = Moment(self.now_s, EPOCH_UNIX_S + self.now_s)
        for effect in simulated.node.handle(event.input, moment):
            if isinstance(effect, RelayEffect):
                self._perform(event.node, effect)
            else:
                simulated.facts.append((self.now_s, effect))
        self._set_timer(simulated)
        for check in self.checkers:
            check(self)

    def _note(self, event: _Event) -> None:
        """Add an event to the trace: when, where, what, and how much; contents are random."""
        size = len(event.input.data) if isinstance(event.input, inputs.StreamBytes) else 0
        kind = type(event.input).__name__
        self._trace.update(f"{event.time_s:.9f} {event.node} {kind} {size}\n".encode())

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
                self._write(self._ends.get((node, stream)), data)
            case CloseStream(stream):
                self._close(self._ends.get((node, stream)))
            case Dial():
                self._dial(node, effect)
            case Compute(job, prefix, bits, work_time_s):
                tries_max = int(work_time_s * NONCES_PER_S)
                nonce = search(prefix, bits, 0, tries_max)
                tries = tries_max if nonce is None else nonce + 1
                self._schedule(self.now_s + tries / NONCES_PER_S, node, inputs.Computed(job, nonce))
            case CancelCompute():
                pass  # The answer comes all the same, and the node ignores it.
            case _:
                assert_never(effect)

    def _dial(self, node: int, effect: Dial) -> None:
        target = self._hosts.get(effect.host)
        arrival_s = self.now_s + self.network.flight_s()
        if target is None:
            failure = inputs.DialFailed(effect.attempt, f"nobody is at {effect.host}")
            self._schedule(arrival_s, node, failure)
            return
        near, far = self._open_stream(node, target)
        near_s = arrival_s + self.network.flight_s()
        # No byte may arrive at an end before that end knows of the stream.
        far.last_arrival_s, near.last_arrival_s = near_s, arrival_s
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
        if end is None or not end.open or end.other is None:
            return
        other = end.other
        self._schedule(self._arrival_s(end), other.node, inputs.StreamBytes(other.number, data))

    def _close(self, end: StreamEnd | None) -> None:
        if end is None or end.other is None:
            return
        other = end.other
        if end.open:
            end.open = False
            self._schedule(self.now_s, end.node, inputs.StreamClosed(end.number))
        if other.open:
            self._schedule(self._arrival_s(end), other.node, inputs.StreamClosed(other.number))
            other.open = False

    def _arrival_s(self, end: StreamEnd) -> float:
        """Return when what is written at this end now arrives: in order, at the earliest."""
        end.last_arrival_s = max(end.last_arrival_s, self.now_s + self.network.flight_s())
        return end.last_arrival_s
