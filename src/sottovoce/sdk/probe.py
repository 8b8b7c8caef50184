"""Checking one peer, step by step: which step of becoming peers fails, and what to do about it.

The steps are those that a connection goes through: the address, the TCP connection, the encrypted
handshake, a shared capability, and the greeting of the subprotocol. The machines are the node's
own; only the order of things is watched here. What is asked of a peer that has greeted, if anything
is, is somebody else's question.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from sottovoce.app.application import client_id
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode, parse_enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip import events as gossip
from sottovoce.gossip.registry import capabilities_for
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.node.link import protocol_of, session_number
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.runtime.tcp import describe

# Longer than each step may take on a node that works: 5 s of handshake, 10 s to the greeting.
PROBE_TIMEOUT_S: Final = 15.0
_READ_BYTES: Final = 65536
_STREAM: Final = 0  # there is one


class Step(Enum):
    """A step of becoming peers, in order, and then of asking a mailserver."""

    ADDRESS = "address"
    CONNECTION = "connection"
    HANDSHAKE = "handshake"
    CAPABILITY = "capability"
    STATUS = "status"
    REQUEST = "request"
    ANSWER = "answer"


PEER_STEPS: Final = (
    Step.ADDRESS,
    Step.CONNECTION,
    Step.HANDSHAKE,
    Step.CAPABILITY,
    Step.STATUS,
)


class Cause(Enum):
    """Why a step failed, in general."""

    INPUT = "what was given is not right"
    NETWORK = "the network or the peer"
    REFUSED = "the peer does not want us"
    SILENCE = "nothing came in time"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went.

    Attributes:
        step: Which one.
        ok: Whether it succeeded.
        detail: What was seen, one sentence; it may contain the peer's own words.
        remedy: What to do about a failure, or an empty text.
        cause: Why it failed, if it did.
    """

    step: Step
    ok: bool
    detail: str
    remedy: str = ""
    cause: Cause = Cause.NETWORK


class Question(Protocol):
    """What is asked of a peer that has greeted."""

    def ask(self, session: int, identity: PrivateKey, now: Moment) -> gossip.GossipEvent:
        """Return what to hand to the relay; called for each world that the peer speaks.

        Args:
            session: The relay's number for the peer in this world.
            identity: Our node key on this connection.
            now: The time.
        """
        ...

    def judge(self, output: gossip.GossipOutput) -> list[StepResult]:
        """Return what became of the question, the last results; none if it is still open."""
        ...

    def give_up(self, detail: str, cause: Cause) -> list[StepResult]:
        """Return what became of it when nothing more comes, for this reason."""
        ...


_REMEDIES: Final = {
    wire.DisconnectReason.TOO_MANY_PEERS: "the peer is full: try later, or ask its operator to "
    "raise its limit or to trust your node",
    wire.DisconnectReason.ALREADY_CONNECTED: "your node key is connected to it already",
    wire.DisconnectReason.CONNECTED_TO_SELF: "this is the node that you ask from; name another",
    wire.DisconnectReason.USELESS_PEER: "the peer runs no protocol that we run (shh/6, "
    "waku/0, waku/1): choose a node of Whisper or Waku, or switch one of them on there",
    wire.DisconnectReason.UNEXPECTED_IDENTITY: "another node answers there: ask for its present "
    "enode",
}
_ADDRESS_REMEDY: Final = "copy the whole line that the node prints"
_HANDSHAKE_REMEDY: Final = (
    "the key in the enode may not be the key of the node that answers, or it is no devp2p node: "
    "ask its operator for the present enode; a node may also be busy, or refuse a second "
    "connection from one address within 30 s: wait and try again"
)
_HANDSHAKE_DONE: Final = StepResult(
    Step.HANDSHAKE, True, "the node has the key that the enode names"
)
_STATUS_REMEDY: Final = (
    "ask the operator whether the node runs Whisper version 6, or Waku version 0 or 1"
)


async def probe(
    enode: str, *, timeout_s: float = PROBE_TIMEOUT_S, question: Question | None = None
) -> AsyncGenerator[StepResult, None]:
    """Try to become a peer and report each step as it is done; the first failure is the last.

    Args:
        enode: The peer's enode URL.
        timeout_s: Seconds for everything together.
        question: What to ask the peer, or None.

    Yields:
        One result a step.
    """
    try:
        peer = parse_enode(enode)
    except LocalProtocolError as error:
        yield StepResult(Step.ADDRESS, False, str(error), _ADDRESS_REMEDY, Cause.INPUT)
        return
    if peer.host is None or not peer.tcp_port:
        detail = "the enode has no address or no TCP port"
        yield StepResult(Step.ADDRESS, False, detail, _ADDRESS_REMEDY, Cause.INPUT)
        return
    yield StepResult(Step.ADDRESS, True, f"{peer.host} port {peer.tcp_port}")
    end_s = asyncio.get_running_loop().time() + timeout_s
    try:
        async with asyncio.timeout_at(end_s):
            reader, writer = await asyncio.open_connection(peer.host, peer.tcp_port)
    except (OSError, UnicodeError) as error:
        yield StepResult(
            Step.CONNECTION,
            False,
            describe(error),
            "check that the node runs, that host name and port are right, and that no firewall is "
            "in between",
        )
        return
    try:
        yield StepResult(Step.CONNECTION, True, "TCP connection open")
        async for result in _Attempt(peer, question).run(reader, writer, end_s):
            yield result
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Attempt:
    """The machines of one attempt, and which step they are in."""

    def __init__(self, peer: Enode, question: Question | None) -> None:
        entropy = SystemEntropy()
        self._question = question
        self._identity = secp256k1.generate_private_key(entropy)
        self._connection = Connection(
            ConnectionSettings(client_id(), capabilities_for(Transport.BOTH)),
            role=wire.Role.INITIATOR,
            identity=self._identity,
            remote=peer.public_key,
            entropy=entropy,
        )
        self._relay = Relay(GossipSettings(), entropy=entropy)
        self._step = Step.HANDSHAKE
        self._done = False
        # What is spoken, by the relay's numbers; those whose greeting is awaited.
        self._spoken: dict[int, Capability] = {}
        self._ungreeted: set[int] = set()

    async def run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end_s: float
    ) -> AsyncIterator[StepResult]:
        """Drive the machines until the greeting, a failure, or the end of the time."""
        event: wire.ConnectionEvent = wire.StreamOpened()
        while True:
            for result in self._tell(event, writer):
                yield result
            if self._done:
                return
            try:
                async with asyncio.timeout_at(end_s):
                    data = await reader.read(_READ_BYTES)
            except TimeoutError:
                for result in self._given_up("the peer said nothing more in time", Cause.SILENCE):
                    yield result
                return
            except OSError as error:
                for result in self._given_up(describe(error), Cause.NETWORK):
                    yield result
                return
            event = wire.BytesReceived(data) if data else wire.StreamEnded()

    def _tell(self, event: wire.ConnectionEvent, writer: asyncio.StreamWriter) -> list[StepResult]:
        results: list[StepResult] = []
        for output in self._connection.handle(event, read_clock()):
            match output:
                case wire.BytesToSend(data):
                    writer.write(data)
                case wire.PeerIdentified():
                    results += self._tell(wire.Admitted(), writer)
                case wire.PeerReady(hello, capabilities):
                    results += self._ready(hello, capabilities, writer)
                case wire.PacketsReceived(protocol, packets):
                    session = session_number(_STREAM, protocol)
                    results += self._gossip(gossip.PeerPackets(session, packets), writer)
                case wire.ConnectionEnded(reason, _, detail):
                    if not self._done:
                        results += self._ended(detail, reason)
                case wire.LargeFrameChanged():
                    pass  # One peer at a time is probed.
        return results

    def _ready(
        self,
        hello: wire.Hello,
        capabilities: tuple[Capability, ...],
        writer: asyncio.StreamWriter,
    ) -> list[StepResult]:
        self._step = Step.STATUS
        offered = ", ".join(f"{name}/{version}" for name, version in hello.capabilities)
        results = [
            _HANDSHAKE_DONE,
            StepResult(Step.CAPABILITY, True, f"{hello.client_id} runs {offered}"),
        ]
        # Waku first, as a node of ours asks for history.
        self._spoken = {
            session_number(_STREAM, capability.name): capability
            for capability in reversed(capabilities)
        }
        self._ungreeted = set(self._spoken)
        for session, capability in self._spoken.items():
            results += self._gossip(gossip.PeerJoined(session, capability), writer)
        return results

    def _gossip(self, event: gossip.GossipEvent, writer: asyncio.StreamWriter) -> list[StepResult]:
        results: list[StepResult] = []
        for output in self._relay.handle(event, read_clock()):
            match output:
                case gossip.PacketsToSend(session, packets):
                    submitted = wire.PacketsSubmitted(protocol_of(session), packets)
                    results += self._tell(submitted, writer)
                case gossip.PeerGreeted(session):
                    results += self._greeted(session, writer)
                case gossip.PeerFailed(_, detail):
                    results += self._given_up(detail, Cause.NETWORK)
                case _ if self._question is not None and self._is_asking:
                    answers = self._question.judge(output)
                    results += answers
                    if answers:
                        results += self._leave(writer)
                case _:
                    pass
        return results

    def _greeted(self, session: int, writer: asyncio.StreamWriter) -> list[StepResult]:
        self._ungreeted.discard(session)
        if self._ungreeted:
            return []
        spoken = " and ".join(f"{name}/{version}" for name, version, _ in self._spoken.values())
        results = [StepResult(Step.STATUS, True, f"greeted on {spoken}: envelopes would flow")]
        if self._question is None:
            return results + self._leave(writer)
        self._step = Step.REQUEST
        for peer in self._spoken:
            if not self._done:
                asked = self._question.ask(peer, self._identity, read_clock())
                results += self._gossip(asked, writer)
        return results

    @property
    def _is_asking(self) -> bool:
        return self._step is Step.REQUEST and not self._done

    def _leave(self, writer: asyncio.StreamWriter) -> list[StepResult]:
        self._done = True
        goodbye = wire.DisconnectRequested(wire.DisconnectReason.REQUESTED)
        return self._tell(goodbye, writer)

    def _given_up(self, detail: str, cause: Cause) -> list[StepResult]:
        if self._step is Step.REQUEST and self._question is not None:
            self._done = True
            return self._question.give_up(detail, cause)
        return [self._failure(detail, None)]

    def _ended(self, detail: str, reason: wire.DisconnectReason | None) -> list[StepResult]:
        if self._step is Step.HANDSHAKE and reason is wire.DisconnectReason.USELESS_PEER:
            # Capabilities are compared last: both have shown their keys and said Hello.
            self._step = Step.CAPABILITY
            return [_HANDSHAKE_DONE, self._failure(detail, reason)]
        if self._step is Step.REQUEST:
            return self._given_up(detail, Cause.NETWORK)
        return [self._failure(detail, reason)]

    def _failure(self, detail: str, reason: wire.DisconnectReason | None) -> StepResult:
        self._done = True
        default = _STATUS_REMEDY if self._step is Step.STATUS else _HANDSHAKE_REMEDY
        remedy = default if reason is None else _REMEDIES.get(reason, default)
        return StepResult(self._step, False, detail, remedy)
