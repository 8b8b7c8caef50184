"""One simulated mailserver: the real `MailServer` on a real archive, in lives that crashes end.

It does what node and archive lane do around the machine: links come and go, the archive is asked
in two queues, one that writes and one that reads, and every answer takes its time. The archive
outlives crashes, as a disk does; what the machine had in memory does not.
"""

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from sottovoce.base.errors import StorageError
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import Archive
from sottovoce.mail.carrying_out import clean, failure_of
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.server import MailServer
from sottovoce.mail.server_events import (
    ArchiveAnswer,
    ArchiveWish,
    ArchivingChanged,
    AskSync,
    CleanArchive,
    Cleaned,
    EnvelopesReceived,
    FillDone,
    PageFound,
    PeerLeft,
    QueryArchive,
    RefuseSync,
    RequestReceived,
    SendArchived,
    SendCompletion,
    SendSynced,
    ServerEvent,
    ServerOutput,
    StoreBatch,
    Stored,
    TimePassed,
)
from sottovoce.mail.settings import ServerSettings
from sottovoce.sim.mail_lies import Answer, Liar
from sottovoce.sim.mail_links import Link, Wire
from sottovoce.sim.mail_world import Alarm, MailWorld, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sottovoce.base.quantities import EnvelopeHash

PORT: Final = 30303
WORK_S_MIN: Final = 0.001
WORK_S_MAX: Final = 0.05
FULL: Final = "the disk of the archive is full: make room"
BROKEN: Final = "the archive cannot be read or written: see to its disk"


class SimulatedServer:
    """A mailserver, whichever life it is in.

    Args:
        world: The time.
        wire: What carries its packets.
        number: Its place in the world.
        identity: Its node key.
        settings: Limits, password, retention.
        archive: What is on its disk.
        liar: What becomes of its answers, or None to be honest for ever.

    Attributes:
        number: The same.
        mailserver: How clients name it.
        archive: The same.
        up: Whether its process runs.
        full: Whether its disk takes nothing more.
        broken: Whether its archive refuses everything.
        read_lag_s: How much longer than usual the archive takes to find something.
        write_lag_s: How much longer it takes to store something.
        lag_s: How much later than usual its packets leave.
        ahead_s: By how much its clock is ahead.
        machine: The machine of this life.
        troubles: What it told its owner about archiving, with the moments.
        on_taken: Told of each envelope that it took, to store it and to answer with it.
        on_lost: Told of what it had taken and not stored when its process ended.
    """

    def __init__(
        self,
        world: MailWorld,
        wire: Wire,
        number: int,
        identity: PrivateKey,
        settings: ServerSettings,
        archive: Archive,
        liar: Liar | None,
    ) -> None:
        key = settings.password_key
        assert isinstance(key, SymmetricKey)
        self.number: Final = number
        host = f"10.0.0.{number + 1}"
        enode = Enode(secp256k1.public_key(identity), host, PORT, PORT)
        self.mailserver: Final = Mailserver(enode, key)
        self.archive: Final = archive
        self.liar: Final = liar
        self.up = False
        self.full = False
        self.broken = False
        self.read_lag_s = 0.0
        self.write_lag_s = 0.0
        self.lag_s = 0.0
        self.ahead_s = 0.0
        self.troubles: Final[list[tuple[float, str]]] = []
        self.on_taken: Callable[[Envelope], None] = lambda _: None
        self.on_lost: Callable[[Iterable[Envelope]], None] = lambda _: None
        self._unstored: Final[dict[EnvelopeHash, Envelope]] = {}
        self._world: Final = world
        self._wire: Final = wire
        self._settings: Final = settings
        self._links: Final[dict[int, Link]] = {}
        self._life = 0
        self._alarm: Final = Alarm(world, lambda: self.handle(TimePassed()))
        self.machine = MailServer(settings, self._moment())
        self._writing: deque[ArchiveWish] = deque()
        self._reading: deque[ArchiveWish] = deque()

    def _moment(self) -> Moment:
        return moment_of(self._world, ahead_s=self.ahead_s)

    # ---- lives

    def start(self) -> None:
        """Begin a life on what is on the disk."""
        assert not self.up
        self.up = True
        self._life += 1
        self.machine = MailServer(self._settings, self._moment())
        self._writing, self._reading = deque(), deque()
        self._alarm.set(self.machine.next_deadline())

    def crash(self) -> None:
        """End the process: links break, and what was not on the disk is gone."""
        assert self.up
        self.up = False
        self._life += 1
        self._alarm.set(None)
        self.on_lost(self._unstored.values())
        self._unstored.clear()
        links, copied = self._links, list(self._links.values())
        links.clear()
        for link in copied:
            self._wire.cut(link)
            link.lost()

    # ---- links

    def accept(self, link: Link) -> None:
        """Take a link in."""
        self._links[link.peer] = link

    def cut(self, link: Link) -> None:
        """Let a link go that the client's end has left."""
        if self._links.pop(link.peer, None) is not None:
            self.handle(PeerLeft(link.peer))

    def ask(self, link: Link, payload: bytes) -> None:
        """Take a request of a client."""
        self.handle(RequestReceived(link.peer, link.key, payload))

    def hear(self, envelope: Envelope) -> None:
        """Take an envelope from the network, if there is a process and room in its buffer."""
        waiting = self.machine.statistics.waiting_envelopes
        self.handle(EnvelopesReceived((envelope,)))
        if self.up and self.machine.statistics.waiting_envelopes > waiting:
            self._unstored[envelope.hash] = envelope
            self.on_taken(envelope)

    # ---- the machine

    def handle(self, event: ServerEvent) -> None:
        """Let the machine take an event, and do what it wants."""
        if not self.up:
            return
        self._world.note("server", self.number, event)
        answer: list[Answer] = []
        for output in self.machine.handle(event, self._moment()):
            self._perform(output, answer)
        if answer and self.liar is not None:
            answer = self.liar.twist(answer, int(self._world.true_unix_s()))
        for packet in answer:
            self._send(packet)
        self._alarm.set(self.machine.next_deadline())

    def _perform(self, output: ServerOutput, answer: list[Answer]) -> None:
        match output:
            case SendArchived() | SendCompletion():
                answer.append(output)
            case StoreBatch() | CleanArchive():
                self._queue(self._writing, output, self.write_lag_s)
            case QueryArchive():
                self._queue(self._reading, output, self.read_lag_s)
            case ArchivingChanged(trouble):
                self.troubles.append((self._world.now_s, trouble))
            case SendSynced() | RefuseSync() | AskSync() | FillDone():
                pass  # No server here fills its archive from another one.
            case _:
                assert_never(output)

    def _send(self, packet: Answer) -> None:
        link = self._links.get(packet.peer)
        if link is not None:
            self._wire.send_down(link, packet, self.lag_s)

    # ---- the archive

    def _queue(self, queue: deque[ArchiveWish], wish: ArchiveWish, lag_s: float) -> None:
        queue.append(wish)
        if len(queue) == 1:
            self._work(queue, lag_s)

    def _work(self, queue: deque[ArchiveWish], lag_s: float) -> None:
        pause_s = lag_s + self._world.random.uniform(WORK_S_MIN, WORK_S_MAX)
        self._world.after(pause_s, partial(self._do, queue, self._life))

    def _do(self, queue: deque[ArchiveWish], life: int) -> None:
        """Do what the archive was asked; a crash may come before the machine hears of it."""
        if life != self._life:
            return
        answer = self._carry_out(queue[0])
        pause_s = self._world.random.uniform(WORK_S_MIN, WORK_S_MAX)
        self._world.after(pause_s, partial(self._answered, queue, life, answer))

    def _answered(self, queue: deque[ArchiveWish], life: int, answer: ArchiveAnswer) -> None:
        if life != self._life:
            return
        self.handle(answer)
        queue.popleft()
        if queue:
            lag_s = self.read_lag_s if queue is self._reading else self.write_lag_s
            self._work(queue, lag_s)

    def _carry_out(self, wish: ArchiveWish) -> ArchiveAnswer:
        try:
            return self._answer_to(wish)
        except StorageError as error:
            return failure_of(wish, str(error))

    def _answer_to(self, wish: ArchiveWish) -> ArchiveAnswer:
        """Ask the archive.

        Raises:
            StorageError: It refuses, or its disk is full.
        """
        if self.broken:
            self._world.faults["archive refuses"] += 1
            raise StorageError(BROKEN)
        match wish:
            case StoreBatch(envelopes):
                if self.full:
                    self._world.faults["disk full"] += 1
                    raise StorageError(FULL)
                new = self.archive.store(envelopes)
                for envelope in envelopes:
                    self._unstored.pop(envelope.hash, None)
                return Stored(new)
            case QueryArchive(job, selection):
                return PageFound(job, self.archive.query(selection))
            case CleanArchive():
                return Cleaned(clean(self.archive, wish), self.archive.size())
            case _:
                assert_never(wish)
