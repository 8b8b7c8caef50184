"""One simulated client: the real `MailClient`, in lives that crashes end.

It does what `node.Person` and `runtime.PersonLane` do around the machine: a transaction around each
batch, messages and coverage in one commit, nothing out before it. A message is whatever the node
hands on that somebody really posted.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail import client_events as events
from sottovoce.mail.client import MailClient
from sottovoce.mail.client_events import ClientEvent, ClientOutput
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.settings import ClientSettings
from sottovoce.sim.mail_node import ClientNode, NodeFact
from sottovoce.sim.mail_store import CommittedStore
from sottovoce.sim.mail_world import Alarm, MailWorld, moment_of
from sottovoce.sim.people_device import CrashPoint

WAKE_S_MAX: Final = 0.02

Input: TypeAlias = ClientEvent | EnvelopeHash


class SimulatedClient:
    """A client, whichever life it is in.

    Args:
        world: The time.
        number: Its place in the world.
        servers: The mailservers that it trusts.
        make_node: Makes the node of a life.
        make_entropy: Gives the entropy of a life, by its number.
        settings: Times and bounds.

    Attributes:
        number: The same.
        store: What it keeps.
        topics: What it hears, each with the moment since when.
        up: Whether its process runs.
        suspended: Whether it is suspended: nothing comes to it.
        suspended_s: For how long it was suspended in all.
        ahead_s: By how much its wall clock is ahead.
        drift: Seconds by which its wall clock gains, a second.
        crash_at: Where to end at the next batch that comes to that point, or None.
        on_told: Told each message that its node hands on.
        on_event: Told each event before the machine takes it.
        on_output: Told each output when it is let out.
        on_commit: Told after each commit.
        on_crash: Told whose process has ended.
    """

    def __init__(
        self,
        world: MailWorld,
        number: int,
        servers: tuple[Mailserver, ...],
        make_node: Callable[["SimulatedClient", Entropy], ClientNode],
        make_entropy: Callable[[int], Entropy],
        settings: ClientSettings,
    ) -> None:
        self.number: Final = number
        self.store: Final = CommittedStore()
        self.topics: Final[dict[Topic, float]] = {}
        self.up = False
        self.suspended = False
        self.suspended_s = 0.0
        self.ahead_s = 0.0
        self.drift = 0.0
        self.crash_at: CrashPoint | None = None
        self.on_told: Callable[[EnvelopeHash], None] = lambda _: None
        self.on_event: Callable[[ClientEvent], None] = lambda _: None
        self.on_output: Callable[[ClientOutput], None] = lambda _: None
        self.on_commit: Callable[[], None] = lambda: None
        self.on_crash: Callable[[], None] = lambda: None
        self._world: Final = world
        self._servers: Final = servers
        self._make_node: Final = make_node
        self._make_entropy: Final = make_entropy
        self._settings: Final = settings
        self._life = 0
        self._inbox: deque[Input] = deque()
        self._woken = False
        self._suspended_at_s = 0.0
        self._alarm: Final = Alarm(world, self._wake)
        self._machine: MailClient | None = None
        self._requests: dict[int, int] = {}
        self._entropy = make_entropy(0)
        self.node: ClientNode = make_node(self, self._entropy)

    def moment(self) -> Moment:
        """Return what its clocks show now."""
        ahead_s = self.ahead_s + self.drift * self._world.now_s
        return moment_of(self._world, ahead_s=ahead_s, suspended_s=self.suspended_s)

    # ---- lives

    def start(self) -> None:
        """Begin a life on what was committed, off line."""
        assert not self.up
        self.up = True
        self._life += 1
        self._entropy = self._make_entropy(self._life)
        self.node = self._make_node(self, self._entropy)
        self._wake()

    def crash(self) -> None:
        """End the process here: what was not committed is gone."""
        self.up = False
        self._life += 1
        self.crash_at = None
        self._inbox.clear()
        self._alarm.set(None)
        self._machine = None
        self._requests = {}
        self.store.rollback()
        self.node.end()
        self.on_crash()

    # ---- wishes of its owner

    def set_topics(self, topics: Iterable[Topic]) -> None:
        """Hear other topics from now on."""
        before = dict(self.topics)
        self.topics.clear()
        for topic in topics:
            self.topics[topic] = before.get(topic, self._world.now_s)
        self.put(events.TopicsChanged(frozenset(self.topics)))

    def go(self, *, online: bool) -> None:
        """Find the network, or lose it."""
        if self.up and self.node.online != online:
            self.node.go(online=online)
            self.put(events.OnlineChanged(online))

    def fetch(self, request: int) -> None:
        """Want history now."""
        self.put(events.FetchAsked(request))

    # ---- what comes in

    def put(self, event: Input) -> None:
        """Let an input wait for the next batch."""
        if self.up:
            self._inbox.append(event)
            self._wake()

    def hear(self, fact: NodeFact) -> None:
        """Take what the node tells."""
        if isinstance(fact, events.PageArriving | events.PageDone):
            of_machine = self._requests.get(fact.request)
            if of_machine is None:
                return  # Of a machine that is no more.
            if isinstance(fact, events.PageDone):
                del self._requests[fact.request]
            fact = replace(fact, request=of_machine)
        elif isinstance(fact, bytes):
            self.on_told(fact)
        self.put(fact)

    def live(self, envelope: Envelope) -> None:
        """Hear an envelope from the network."""
        if self.up and not self.suspended and self.node.online:
            self.node.live(envelope)

    def _wake(self) -> None:
        if not self._woken and self.up and not self.suspended:
            self._woken = True
            life = self._life
            pause_s = self._world.random.uniform(0.0, WAKE_S_MAX)
            self._world.after(pause_s, lambda: self._run_batch(life))

    def suspend(self) -> None:
        """Stand still, clocks as well, until `resume`; links break unnoticed."""
        self.suspended = True
        self._suspended_at_s = self._world.now_s
        self.node.freeze()

    def resume(self) -> None:
        """Go on after having been suspended."""
        self.suspended = False
        self.suspended_s += self._world.now_s - self._suspended_at_s
        self.node.thaw()
        self._wake()

    # ---- one batch

    def _run_batch(self, life: int) -> None:
        self._woken = False
        if not self.up or self.suspended:
            return
        if life != self._life:
            self._wake()
            return
        if self._crashes(CrashPoint.BEFORE_BATCH):
            return
        batch, self._inbox = list(self._inbox), deque()
        outputs = self._handle(batch)
        if self.crash_at is CrashPoint.REFUSED:
            self._refuse(batch)
        elif not self._crashes(CrashPoint.BEFORE_COMMIT):
            self.store.commit()
            self.on_commit()
            self._release(outputs)

    def _release(self, outputs: list[ClientOutput]) -> None:
        if self._crashes(CrashPoint.AFTER_COMMIT):
            return
        for place, output in enumerate(outputs):
            if place == 1 and self._crashes(CrashPoint.AMID_RELEASE):
                return
            self._perform(output)
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._machine is not None:
            due_s = self._machine.next_deadline()
            self._alarm.set(None if due_s is None else due_s + self.suspended_s)

    def _handle(self, batch: list[Input]) -> list[ClientOutput]:
        outputs: list[ClientOutput] = []
        if self._machine is None:
            outputs += self._revive()
        machine = self._machine
        assert machine is not None
        due_s = machine.next_deadline()
        if due_s is not None and due_s <= self.moment().monotonic_s:
            outputs += self._tell(machine, events.TimePassed())
        for event in batch:
            if isinstance(event, bytes):
                self.store.show(event)
            else:
                outputs += self._tell(machine, event)
        return outputs

    def _tell(self, machine: MailClient, event: ClientEvent) -> list[ClientOutput]:
        self._world.note("client", self.number, event)
        if isinstance(event, events.TopicsChanged):
            self._note_joining()
        self.on_event(event)
        return machine.handle(event, self.moment())

    def _note_joining(self) -> None:
        """Topics are wanted since the machine heard of them first, and kept it."""
        known = self.store.mail.load_topics()
        for topic in self.topics:
            if topic not in known:
                self.topics[topic] = self._world.now_s

    def _revive(self) -> list[ClientOutput]:
        machine = MailClient(self.store.mail, self._entropy, self.moment(), self._settings)
        self._machine = machine
        beginning: list[ClientEvent] = [
            events.Started(),
            events.ServersChanged(self._servers),
            events.TopicsChanged(frozenset(self.topics)),
            events.OnlineChanged(self.node.online),
        ]
        beginning += [events.ServerConnected(key) for key in self.node.connected()]
        return [output for event in beginning for output in self._tell(machine, event)]

    def _refuse(self, batch: list[Input]) -> None:
        """Undo a batch as the lane does when the disk is full; messages of it come once more."""
        self._world.faults[CrashPoint.REFUSED.value] += 1
        self.crash_at = None
        self.store.rollback()
        self._machine = None
        for number in self._requests:
            self.node.cancel(number)
        self._requests = {}
        self._inbox.extendleft(reversed([it for it in batch if isinstance(it, bytes)]))
        self._wake()

    def _crashes(self, point: CrashPoint) -> bool:
        if self.crash_at is not point:
            return False
        self._world.faults[point.value] += 1
        self.crash()
        return True

    # ---- what goes out

    def _perform(self, output: ClientOutput) -> None:
        self.on_output(output)
        match output:
            case events.AskPage(request, server, wanted):
                number = self.node.next_request()
                self._requests[number] = request
                self.node.ask(number, server, wanted)
            case events.CancelPage(request):
                for number, of_machine in list(self._requests.items()):
                    if of_machine == request:
                        del self._requests[number]
                        self.node.cancel(number)
            case events.ConnectServer(server):
                self.node.connect(server)
            case events.DisconnectServer(key):
                self.node.disconnect(key)
            case events.FetchProgress() | events.FetchDone() | events.ServersStanding():
                pass
            case _:
                assert_never(output)

    def has(self, envelope: EnvelopeHash) -> bool:
        """Tell whether it shows a message."""
        return envelope in self.store.shown

    def standing(self) -> tuple[events.ServerStatus, ...]:
        """Return how its servers stand."""
        return () if self._machine is None else self._machine.standing()
