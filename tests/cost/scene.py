"""A relay between a source and sinks, fed with fixed work, and the counting of what that takes.

Only what repeats exactly is counted: calls of functions and objects in memory, never time.
"""

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sottovoce.base.packets import Packet
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.settings import GossipSettings
from sottovoce.node import inputs
from sottovoce.node.effects import WriteBytes
from sottovoce.node.settings import NodeSettings
from unit.node.pump import MESSAGES, START_UNIX_S, Party, Pump, Stranger, key_number

DATA_BYTES = 512
# What go-ethereum's node says: no confirmations, which would hash each packet once more.
STATUS = Packet(0, rlp.encode([6]))
STATUS_OF_ONE_WHO_WANTS_NOTHING = Packet(0, rlp.encode([6, 0x7FEFFFFFFFFFFFFF]))
_TTL_S = 50
# Far below what makes a packet full, so that nothing is left for a later call.
_FILLED_AT_ONCE = 100


def make_envelopes(first: int, count: int) -> list[Envelope]:
    """Make envelopes of one size with different data; their work is worth next to nothing."""
    expiry = int(START_UNIX_S) + _TTL_S
    return [
        decode_envelope(
            rlp.encode(
                [expiry, _TTL_S, b"cost", serial.to_bytes(4, "big") * (DATA_BYTES // 4), 0x800000]
            )
        )
        for serial in range(first, first + count)
    ]


def packet_of(envelopes: list[Envelope]) -> Packet:
    """Make the packet that carries envelopes."""
    return Packet(MESSAGES, rlp.encode_list([envelope.raw for envelope in envelopes]))


class Scene:
    """One relay, one source, and sinks that want everything.

    Attributes:
        party: The relay.
        sinks: Its other peers.
    """

    def __init__(self, *, sinks: int = 1, idle: int = 0, filters: int = 0) -> None:
        self._pump = Pump()
        self.party: Party = self._pump.add(
            settings=NodeSettings(peers_max=1000),
            gossip=GossipSettings(minimum_pow=0.0, own_delay_s_max=0.0),
        )
        self._source = Stranger(self._pump, self.party, key_number(1000)).call()
        self._source.send(STATUS_OF_ONE_WHO_WANTS_NOTHING)
        self.sinks = [
            Stranger(self._pump, self.party, key_number(2000 + number)).call()
            for number in range(sinks)
        ]
        for sink in self.sinks:
            sink.send(STATUS)
        for number in range(idle):
            other = Stranger(self._pump, self.party, key_number(3000 + number)).call()
            other.send(STATUS_OF_ONE_WHO_WANTS_NOTHING)
        for number in range(filters):
            foreign = make_filter(
                symmetric_key=SymmetricKey(b"k" * 32), topics=[number.to_bytes(4, "big")]
            )
            self.party.command(inputs.InstallFilter(number, foreign))
        self._made = 0

    def fresh(self, count: int) -> list[Envelope]:
        """Make envelopes that the relay has not seen."""
        self._made += count
        return make_envelopes(self._made - count, count)

    def arrival(self, *packets: list[Envelope]) -> inputs.StreamBytes:
        """Return what comes in when the source sends packets in one piece."""
        frames = b"".join(
            self._source.sealed(16 + MESSAGES, packet_of(packet).payload) for packet in packets
        )
        return inputs.StreamBytes(self._source.stream, frames)

    def relay(self, arrived: inputs.StreamBytes) -> list[WriteBytes]:
        """Let the relay take what came in, and return what it writes in the same call."""
        effects = self.party.node.handle(arrived, self._pump.now)
        return [effect for effect in effects if isinstance(effect, WriteBytes)]

    def fill_pool(self, count: int) -> None:
        """Let the relay pool so many more, a packet at a time."""
        for start in range(0, count, _FILLED_AT_ONCE):
            self.relay(self.arrival(self.fresh(min(_FILLED_AT_ONCE, count - start))))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._pump.wait(seconds)

    def calls_of_a_second(self) -> int:
        """Count the Python functions that the relay calls when a second passes."""
        self._pump.passed_s += 1.0
        with counting_calls() as counted:
            self.party.node.handle(inputs.TimePassed(), self._pump.now)
        return counted.total()

    def lines(self, arrived: inputs.StreamBytes) -> int:
        """Count the lines of Python that the relay runs for what came in, loops included."""
        with counting_lines() as counted:
            self.party.node.handle(arrived, self._pump.now)
        return counted[0]

    def calls(self, arrived: inputs.StreamBytes) -> int:
        """Count the Python functions that the relay calls for what came in."""
        with counting_calls() as counted:
            self.party.node.handle(arrived, self._pump.now)
        return counted.total()


@contextmanager
def counting_calls() -> Iterator[Counter[str]]:
    """Count calls of Python functions by name while the block runs."""
    counted: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: Any) -> None:
        # Comprehensions are functions up to Python 3.11 and none later.
        if event == "call" and not frame.f_code.co_name.startswith("<"):
            counted[frame.f_code.co_qualname] += 1

    before = sys.getprofile()
    with _without_collector():
        sys.setprofile(note)
        try:
            yield counted
        finally:
            sys.setprofile(before)


@contextmanager
def counting_lines() -> Iterator[list[int]]:
    """Count lines that are run while the block runs, each round of a loop anew."""
    counted = [0]

    def note(_frame: FrameType, _event: str, _: Any) -> Any:
        counted[0] += 1
        return note

    before = sys.gettrace()
    with _without_collector():
        sys.settrace(note)
        try:
            yield counted
        finally:
            sys.settrace(before)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the collector from running: what listens to it elsewhere in the process is no cost."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def counted(function: Callable[..., Any]) -> tuple[Callable[..., Any], list[int]]:
    """Return a function that does the same, and a list that gets an item for each call."""
    seen: list[int] = []

    def call(*arguments: Any, **named: Any) -> Any:
        seen.append(1)
        return function(*arguments, **named)

    return call, seen
