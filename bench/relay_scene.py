"""A relay in memory between one source and two sinks, fed with fixed work.

Its one argument is a JSON object: ``workloads``, a list of objects with the fields of `Workload`,
and ``forks``. For each it prints one line of JSON: processor microseconds per envelope; or, with
``forks``, the numbers of two processes, of which the second did the work and the first did not. A
tool that counts instructions by process then tells what the work alone took, whatever else runs.
"""

import gc
import json
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bench.traffic import EnvelopeKind, bundles, topics
from bench.wire_end import WAKU_WANTS_ALL, WAKU_WANTS_NOTHING, WANTS_ALL, WANTS_NOTHING
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.settings import GossipSettings, Interest
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.effects import WriteBytes
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.loop import GC_THRESHOLDS
from sottovoce.runtime.system_entropy import SystemEntropy

# As in the node under test: a person who follows a hundred chats, one of them in the traffic.
_FILTER_COUNT: Final = 100
# What a loop hands on in one piece of a stream that is alone.
_READ_BYTES_MAX: Final = 64 * 1024
_TTL_S: Final = 60
_MESSAGES: Final = 1
_SINK_COUNT: Final = 2
_MICROSECONDS: Final = 1e6

_STATUSES: Final = {
    WHISPER_V6: (Packet(0, WANTS_ALL), Packet(0, WANTS_NOTHING)),
    WAKU_V1: (Packet(0, WAKU_WANTS_ALL), Packet(0, WAKU_WANTS_NOTHING)),
}
_WORLDS: Final = {
    "Whisper": (WHISPER_V6, WHISPER_V6),
    "Waku": (WAKU_V1, WAKU_V1),
    "bridged": (WHISPER_V6, WAKU_V1),
}


@dataclass(frozen=True, slots=True)
class Workload:
    """What is done.

    Attributes:
        world: What source and sinks speak: ``Whisper``, ``Waku``, ``bridged`` (a source of the one
            and sinks of the other).
        data_bytes: The length of an envelope's data.
        bundle: Envelopes in a packet.
        count: All of them.
        copies: How often each packet comes; all but the first is known.
        interest: What the relay tells that it wants; whoever does not want everything has no sinks.
    """

    world: str
    data_bytes: int
    bundle: int
    count: int
    interest: str = Interest.EVERYTHING.value
    copies: int = 1


class _End:
    """The other end of a stream: a connection that shakes hands and says a status."""

    def __init__(
        self, scene: "RelayScene", stream: int, capability: Capability, status: Packet
    ) -> None:
        self._scene = scene
        self._stream = stream
        self._capability = capability
        self._status = status
        self.packet_count = 0
        self._machine = Connection(
            ConnectionSettings("load/v1", (capability,)),
            role=wire.Role.INITIATOR,
            identity=secp256k1.generate_private_key(SystemEntropy()),
            remote=scene.node.public_key,
            entropy=SystemEntropy(),
        )
        scene.node.handle(inputs.StreamAccepted(stream, "127.0.0.1"), scene.now)

    def tell(self, event: wire.ConnectionEvent) -> bytes:
        """Return what the end says to the node.

        Raises:
            ConnectionError: The node ended the connection.
        """
        said = b""
        for output in self._machine.handle(event, self._scene.now):
            match output:
                case wire.BytesToSend(data):
                    said += data
                case wire.PeerIdentified():
                    said += self.tell(wire.Admitted())
                case wire.PeerReady():
                    said += self.sealed(self._status)
                case wire.PacketsReceived(_, packets):
                    self.packet_count += len(packets)
                case wire.LargeFrameChanged():
                    pass
                case wire.ConnectionEnded(_, _, detail):
                    raise ConnectionError(detail)
        return said

    def sealed(self, packet: Packet) -> bytes:
        """Return the frame of a packet."""
        return self.tell(wire.PacketsSubmitted(self._capability.name, (packet,)))


class RelayScene:
    """The relay, its peers, and the bytes that will come in.

    Attributes:
        node: The relay.
        now: The moment at which everything happens.
    """

    def __init__(self, work: Workload) -> None:
        self.now = Moment(1000.0, time.time())
        self._work = work
        interest = Interest(work.interest)
        self.node = Node(
            identity=secp256k1.generate_private_key(SystemEntropy()),
            client_id="relay/v1",
            entropy=SystemEntropy(),
            settings=NodeSettings(),
            gossip_settings=GossipSettings(
                minimum_pow=0.0, interest=interest, light=interest is not Interest.EVERYTHING
            ),
        )
        self._install_filters(heard_count=1 if interest is Interest.EVERYTHING else _FILTER_COUNT)
        near, far = _WORLDS[work.world]
        self._ends: dict[int, _End] = {}
        self._written: Counter[int] = Counter()
        source = self._connect(near, wants_all=False)
        if interest is Interest.EVERYTHING:
            for _ in range(_SINK_COUNT):
                self._connect(far, wants_all=True)
        kind = EnvelopeKind(work.data_bytes, _TTL_S)
        payloads = bundles(kind.make(0, work.count), work.bundle)
        frames = [
            source.sealed(Packet(_MESSAGES, payload))
            for payload in payloads
            for _ in range(work.copies)
        ]
        self._reads = [
            inputs.StreamBytes(1, frame[start : start + _READ_BYTES_MAX])
            for frame in frames
            for start in range(0, len(frame), _READ_BYTES_MAX)
        ]
        self._written.clear()

    def run(self) -> None:
        """Relay everything."""
        node, now = self.node, self.now
        for read in self._reads:
            for effect in node.handle(read, now):
                if isinstance(effect, WriteBytes):
                    self._written[effect.stream] += len(effect.data)
            due_s = node.next_deadline()
            if due_s is not None and due_s <= now.monotonic_s:
                node.handle(inputs.TimePassed(), now)

    def check(self) -> None:
        """Check that everything was pooled and sent to every sink."""
        counts = self.node.relay_statistics
        sent = self._work.count * (len(self._ends) - 1)
        assert (counts.envelopes_pooled, counts.envelopes_sent) == (self._work.count, sent), counts

    def _connect(self, capability: Capability, *, wants_all: bool) -> _End:
        stream = len(self._ends) + 1
        wants_everything, wants_nothing = _STATUSES[capability]
        end = _End(self, stream, capability, wants_everything if wants_all else wants_nothing)
        self._ends[stream] = end
        self._carry(stream, end.tell(wire.StreamOpened()))
        return end

    def _carry(self, stream: int, data: bytes) -> None:
        """Let bytes reach the node, and everything happen that follows."""
        coming = deque([inputs.StreamBytes(stream, data)])
        while coming:
            for effect in self.node.handle(coming.popleft(), self.now):
                if isinstance(effect, WriteBytes):
                    answer = self._ends[effect.stream].tell(wire.BytesReceived(effect.data))
                    if answer:
                        coming.append(inputs.StreamBytes(effect.stream, answer))

    def _install_filters(self, heard_count: int) -> None:
        for number in range(1, 1 + _FILTER_COUNT):
            every = topics()
            topic = (
                every[number % len(every)] if number <= heard_count else bytes((9, 9, 9, number))
            )
            key = SymmetricKey(number.to_bytes(32, "big"))
            wanted = make_filter(symmetric_key=key, topics=[topic])
            self.node.handle(inputs.InstallFilter(number, wanted), self.now)
        self.node.handle(inputs.TimePassed(), self.now)


def _measured(work: Workload) -> dict[str, Any]:
    scene = RelayScene(work)
    gc.collect()
    started_s = time.process_time()
    scene.run()
    cpu_s = time.process_time() - started_s
    scene.check()
    return {"cpu_us": cpu_s / work.count * _MICROSECONDS}


def _forked(work: Workload) -> dict[str, Any]:
    scene = RelayScene(work)
    gc.collect()
    return {"processes": list(_children(scene))}


def _children(scene: RelayScene) -> Iterator[int]:
    for works in (False, True):
        child = os.fork()
        if not child:
            if works:
                scene.run()
                scene.check()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status == 0, "the work failed"
        yield child


def _main(chosen: dict[str, Any]) -> None:
    gc.set_threshold(*GC_THRESHOLDS)
    for fields in chosen["workloads"]:
        work = Workload(**fields)
        print(json.dumps((_forked if chosen["forks"] else _measured)(work)), flush=True)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
