"""The asyncio shell around a node: it feeds inputs, carries out effects, and knows nothing else.

The driver takes what is ready, at most `BATCH_INPUTS_MAX` inputs or `BATCH_S_MAX` seconds of them,
then lets the loop breathe. Relay effects leave at once, facts at the end of the batch. It waits for
no disk: what a person keeps is stored by `person_lane`, which is told these facts.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Final, assert_never

from sottovoce.mail.archive import Archive
from sottovoce.mail.server_events import ArchiveAnswer
from sottovoce.node import inputs
from sottovoce.node.effects import (
    AskArchive,
    CancelCompute,
    CloseStream,
    Compute,
    Dial,
    Fact,
    PauseReading,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    RelayEffect,
    ResumeReading,
    WriteBytes,
)
from sottovoce.node.node import Node
from sottovoce.runtime import tcp
from sottovoce.runtime.archive_lane import ArchiveLane
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.tcp import StreamTraffic, TcpStream
from sottovoce.runtime.turns import InputTurns
from sottovoce.runtime.workers import MiningWorkers

BATCH_INPUTS_MAX: Final = 256
BATCH_S_MAX: Final = 0.005  # longer, and a waiting person's message would feel it
# Bytes of one stream that wait for the node; above that its socket is not read. The read that
# passes it comes on top, 256 KiB at the most.
UNREAD_BYTES_MAX: Final = 128 * 1024
# Open sockets, those that are being closed included. Peers and handshakes are some hundred at the
# most; beyond that it is a storm, and each socket that is read may hold `UNREAD_BYTES_MAX`.
STREAMS_MAX: Final = 256
_NO_STREAM: Final = -1
# How long a graceful stop waits for goodbyes to leave.
STOP_TIMEOUT_S: Final = 2.0

# Inputs after which a stream that the node could not take must not stay open.
_OF_A_STREAM: Final = (inputs.StreamBytes, inputs.StreamAccepted, inputs.DialSucceeded)

_log = logging.getLogger(__name__)


class Driver:
    """Runs one node on the running loop.

    Args:
        node: The machine.
        on_fact: Told each fact, on the loop's thread, after its batch; it must not block.
        archive: What the node's mailserver keeps envelopes in, or None if it is none; it is
            closed with the driver.
    """

    def __init__(
        self, node: Node, on_fact: Callable[[Fact], None], archive: Archive | None = None
    ) -> None:
        self._node = node
        self._on_fact = on_fact
        self._loop = asyncio.get_running_loop()
        self._workers = MiningWorkers()
        self._inputs = InputTurns()
        self._streams: dict[int, TcpStream] = {}
        self._unread_bytes: Counter[int] = Counter()
        self._paused: set[int] = set()  # the streams of which the node wants no more for now
        self._next_stream = 0
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._servers: list[asyncio.Server] = []
        self._batch_scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_s: float | None = None
        self._stopped = False
        self.failed_inputs: Counter[str] = Counter()
        self._archive: ArchiveLane | None = None
        if archive is not None:
            self._archive = ArchiveLane(archive, self._archive_answered, self.failed_inputs)

    # ---- the owner's side

    async def listen(self, host: str, port: int) -> int:
        """Accept peers; returns the port.

        Raises:
            ListenError: The port cannot be bound.
        """
        server, bound_port = await tcp.listen(host, port, self._accepting)
        self._servers.append(server)
        return bound_port

    def submit(self, event: inputs.Input) -> None:
        """Queue an input; it is handled soon, in order. A stopped driver takes no more."""
        if not self._stopped:
            self._inputs.put(event)
            self._schedule_batch()

    def command(self, event: inputs.Input) -> None:
        """Handle an owner's input now.

        Raises:
            LocalProtocolError: The node refuses it.
        """
        self._release(self._handle(event))
        self._set_timer()

    @property
    def archive_trouble(self) -> str:
        """That the archive is silent, one sentence; empty if it is not, or if there is none."""
        return "" if self._archive is None else self._archive.trouble

    def traffic(self) -> list[StreamTraffic]:
        """Return the counters of the open streams."""
        return [stream.traffic for stream in self._streams.values()]

    async def stop(self) -> None:
        """Say goodbye, let written bytes leave, close everything."""
        for server in self._servers:
            server.close()
        self.command(inputs.ShutDown())
        closing = [stream.closed for stream in self._streams.values()]
        if closing:
            await asyncio.wait(closing, timeout=STOP_TIMEOUT_S)
        for stream in self._streams.values():
            stream.abort()
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._archive is not None:
            await self._archive.stop()
        await self._workers.close()
        self._stopped = True
        self._inputs.clear()
        if self._timer is not None:
            self._timer.cancel()

    # ---- batches

    def _schedule_batch(self) -> None:
        if not self._batch_scheduled:
            self._batch_scheduled = True
            self._loop.call_soon(self._run_batch)

    def _run_batch(self) -> None:
        self._batch_scheduled = False
        end_s = self._loop.time() + BATCH_S_MAX
        facts: list[Fact] = []
        if self._due_s is not None and self._due_s <= read_clock().monotonic_s:
            # Setting the timer anew after each batch would put it off for as long as a peer is
            # busy; so what is due is handled first.
            facts += self._handle_guarded(inputs.TimePassed())
        for _ in range(BATCH_INPUTS_MAX):
            if not self._inputs:
                break
            facts += self._handle_guarded(self._inputs.take())
            if self._loop.time() > end_s:
                break
        if self._inputs:
            self._schedule_batch()
        self._release(facts)
        self._set_timer()

    def _handle_guarded(self, event: inputs.Input) -> list[Fact]:
        """Handle an input that came from outside; a bug of ours must not stop the relay."""
        try:
            return self._handle(event)
        except Exception:
            kind = type(event).__name__
            self.failed_inputs[kind] += 1
            _log.exception("an input of kind %s was set aside", kind)
            if isinstance(event, _OF_A_STREAM):
                self._perform(CloseStream(event.stream))
            return []
        finally:
            if isinstance(event, inputs.StreamBytes):
                self._bytes_were_read(event.stream, len(event.data))

    def _handle(self, event: inputs.Input) -> list[Fact]:
        facts: list[Fact] = []
        _log.debug("input %s", type(event).__name__)
        for effect in self._node.handle(event, read_clock()):
            if isinstance(effect, RelayEffect):
                self._perform(effect)
            else:
                facts.append(effect)
        return facts

    def _release(self, facts: list[Fact]) -> None:
        for fact in facts:
            _log_fact(fact)
            try:
                self._on_fact(fact)
            except Exception:
                self.failed_inputs["fact"] += 1
                _log.exception("the owner of the node could not take a fact")

    def _set_timer(self) -> None:
        due_s = None if self._stopped else self._node.next_deadline()
        if due_s == self._due_s and self._timer is not None:
            return  # as after most batches
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._due_s = due_s
        if due_s is not None:
            delay_s = max(0.0, due_s - read_clock().monotonic_s)
            self._timer = self._loop.call_later(delay_s, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        if not self._stopped:
            self._schedule_batch()

    def _archive_answered(self, answer: ArchiveAnswer) -> None:
        # At once, past what waits: a relay that is flooded stores what it can.
        self._release(self._handle_guarded(inputs.ArchiveAnswered(answer)))
        self._set_timer()

    # ---- effects

    def _perform(self, effect: RelayEffect) -> None:
        match effect:
            case WriteBytes(number, data):
                stream = self._streams.get(number)
                if stream is not None:
                    stream.write(data)
            case CloseStream(number):
                stream = self._streams.get(number)
                if stream is not None:
                    stream.close()
            case PauseReading(number) | ResumeReading(number):
                self._set_reading(number, reads=isinstance(effect, ResumeReading))
            case Dial():
                self._start_task(("dial", effect.attempt), self._dial(effect))
            case Compute():
                self._start_task(("job", effect.job), self._compute(effect))
            case CancelCompute(job):
                self._cancel_task(("job", job))
            case AskArchive(wish):
                assert self._archive is not None, "a mailserver was given no archive"
                self._archive.submit(wish)
            case _:
                assert_never(effect)

    def _start_task(self, name: object, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def _cancel_task(self, name: object) -> None:
        task = self._tasks.get(name)
        if task is not None:
            task.cancel()

    async def _dial(self, effect: Dial) -> None:
        attempt = effect.attempt
        try:
            await tcp.dial(effect.host, effect.port, lambda: self._dialling(attempt))
        except (OSError, OverflowError, UnicodeError) as error:
            where = f"{effect.host} port {effect.port}"
            detail = f"cannot connect to {where}: {tcp.describe(error)}"
            self.submit(inputs.DialFailed(attempt, detail))

    async def _compute(self, effect: Compute) -> None:
        nonce: int | None = None
        try:
            nonce = await self._workers.search(effect.prefix, effect.bits, effect.work_time_s)
        except OSError:
            _log.exception("a search for proof of work failed")
        self.submit(inputs.Computed(effect.job, nonce))

    # ---- streams

    def _accepting(self) -> TcpStream:
        def opened(stream: TcpStream, address: str) -> int:
            if len(self._streams) >= STREAMS_MAX:
                self._node.link_statistics.refused += 1
                stream.abort()
                return _NO_STREAM
            number = self._add_stream(stream)
            self.submit(inputs.StreamAccepted(number, address))
            return number

        return TcpStream(self, opened)

    def _dialling(self, attempt: int) -> TcpStream:
        def opened(stream: TcpStream, address: str) -> int:
            number = self._add_stream(stream)
            self.submit(inputs.DialSucceeded(attempt, number, address))
            return number

        return TcpStream(self, opened)

    def _add_stream(self, stream: TcpStream) -> int:
        self._next_stream += 1
        self._streams[self._next_stream] = stream
        return self._next_stream

    def stream_bytes(self, stream: int, data: bytes) -> None:
        """Queue bytes; stop reading a socket whose bytes pile up."""
        self._unread_bytes[stream] += len(data)
        if self._unread_bytes[stream] > UNREAD_BYTES_MAX:
            self._streams[stream].pause_reading()
        self.submit(inputs.StreamBytes(stream, data))

    def _bytes_were_read(self, number: int, size_bytes: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        before = self._unread_bytes[number]
        self._unread_bytes[number] = before - size_bytes
        if before > UNREAD_BYTES_MAX >= before - size_bytes and number not in self._paused:
            stream.resume_reading()

    def _set_reading(self, number: int, *, reads: bool) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        if not reads:
            self._paused.add(number)
            stream.pause_reading()
            return
        self._paused.discard(number)
        if self._unread_bytes[number] <= UNREAD_BYTES_MAX:
            stream.resume_reading()

    def stream_pressure(self, stream: int, *, blocked: bool) -> None:
        """Queue the news that a socket takes no bytes, or takes them again."""
        self.submit(inputs.WriteBlocked(stream) if blocked else inputs.WriteDrained(stream))

    def stream_closed(self, stream: int) -> None:
        """Queue the end of a stream."""
        self._streams.pop(stream, None)
        self._unread_bytes.pop(stream, None)
        self._paused.discard(stream)
        self.submit(inputs.StreamClosed(stream))


def _log_fact(fact: Fact) -> None:
    """Log what became of peers and posts; never what a message says, or who talks to whom."""
    match fact:
        case PeerConnected(key, client_id, address, inbound, protocols):
            how = "inbound" if inbound else "outbound"
            # A client id is a stranger's text: its repr cannot steer a terminal.
            spoken = " ".join(protocols)
            _log.info("peer %s connected, %s, %s, %s, %.100r", key, address, how, spoken, client_id)
        case PeerDisconnected(key, detail):
            _log.info("peer %s disconnected: %.200r", key, detail)
        case PeerUnreachable(key, detail, retry_in_s):
            _log.info("peer %s unreachable: %.200r; next try in %.1f s", key, detail, retry_in_s)
        case PostFailed(request, detail):
            _log.info("post %d failed: %s", request, detail)
        case _:
            _log.debug("%s", type(fact).__name__)
