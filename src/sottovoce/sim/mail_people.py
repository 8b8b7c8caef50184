"""Some hours of people with mailservers, whole nodes throughout: real packets, relays and persons.

Two people out of three close their app again and again, for minutes, also in the middle of what it
does; they talk in one channel. Two mailservers are honest: one of them crashes, the archive of the
other one refuses for a while, never both at once. A third one lies. In the end everybody has been
there for some minutes, and everybody shows everything that was said, once.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.secret import SymmetricKey
from sottovoce.chat.commands import JoinPublicChat, SendMessage
from sottovoce.chat.events import Done
from sottovoce.chat.records import ChatId
from sottovoce.crypto import secp256k1
from sottovoce.mail.client_events import ServersChanged
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import effects, inputs
from sottovoce.node.person_events import PersonOutput
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.mail_archive_lies import LyingArchive
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.people_device import (
    CrashPoint,
    DeviceIdentity,
    SimulatedDevice,
    read_shown,
)
from sottovoce.sim.people_network import quick_key
from sottovoce.sim.world import SimulatedNode, World
from sottovoce.stack.events import DeriveKey, KeyDerived, PeersChanged
from sottovoce.stack.settings import StackSettings

CHAT: Final = ChatId("inbox")
RELAYS: Final = 2
PEOPLE: Final = 3
MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
# Whoever is absent in the end comes back at once; redials, refusals and pages take some minutes.
CALM_S: Final = 10 * MINUTE_S
# An hour; of each person.
MESSAGES: Final = 40
ABSENCES: Final = 3
CRASHES: Final = 2
ABSENCE_S_MAX: Final = 15 * MINUTE_S
WAKE_S_MAX: Final = 0.02
KEY_S: Final = 0.1
ENDS: Final = tuple(point for point in CrashPoint if point is not CrashPoint.REFUSED)

_FOR_PERSONS: Final = (
    effects.MessageArrived
    | effects.SentToPeer
    | effects.PostSucceeded
    | effects.PostFailed
    | effects.HistoryArriving
    | effects.HistoryReasked
    | effects.HistoryDone
    | effects.PeerConnected
    | effects.PeerDisconnected
    | effects.PeerUnreachable
)
_FOR_NODES: Final = (
    inputs.PostMessage
    | inputs.InstallFilter
    | inputs.RemoveFilter
    | inputs.AskHistory
    | inputs.CancelHistory
    | inputs.AddPeer
    | inputs.RemovePeer
)


@dataclass(frozen=True, slots=True)
class MailPeopleOutcome:
    """What a run did.

    Attributes:
        trace_hash: Hash of every event of every node.
        message_count: Messages that were said.
        history_count: Envelopes that mailservers brought to people.
        faults: How often each kind of fault fired.
    """

    trace_hash: str
    message_count: int
    history_count: int
    faults: dict[str, int]


def run_mail_people(seed: int, hours: float = 1.0) -> MailPeopleOutcome:
    """Run the hours of a seed.

    Args:
        seed: Everything follows from it.
        hours: How many virtual hours things go wrong.

    Raises:
        ViolationError: Somebody lacks a message, or shows one twice.
    """
    people = MailPeople(seed, hours)
    try:
        people.run()
        people.check()
    finally:
        people.close()
    lies = people.liar.told
    return MailPeopleOutcome(
        trace_hash=people.world.trace_hash,
        message_count=len(people.said),
        history_count=people.history_count,
        faults=dict(people.world.faults) | lies,
    )


class MailPeople:
    """People, mailservers and relays.

    Attributes:
        world: The nodes.
        said: What was said and answered.
        liar: The archive that lies.
        history_count: Envelopes that came as history and were new.
    """

    def __init__(self, seed: int, hours: float = 1.0) -> None:
        self._hours: Final = hours
        self._end_s: Final = hours * HOUR_S
        self.world: Final = World(seed, LinkQuality(delay_min_s=0.02, delay_max_s=0.2, loss=0.01))
        self.said: Final[list[str]] = []
        self.history_count = 0
        self._random: Final = Random(f"mail people {seed}")  # noqa: S311
        self.liar: Final = LyingArchive(Random(f"lying archive {seed}"))  # noqa: S311
        self._relays: Final = [self.world.add_node() for _ in range(RELAYS)]
        password = SymmetricKey(SeededEntropy("password", seed).take(32))
        archives = (MemoryArchive(), MemoryArchive(), self.liar)
        self._servers: Final = [
            self.world.add_node(mail=ServerSettings(password_key=password), archive=archive)
            for archive in archives
        ]
        self._mailservers: Final = tuple(
            Mailserver(server.enode, password) for server in self._servers
        )
        self._homes: Final[dict[int, SimulatedNode]] = {}
        self._peers: Final[Counter[int]] = Counter()
        self._batch_s: Final[dict[int, float]] = {}
        self._texts: Final[dict[tuple[int, int], str]] = {}
        self._last_request = 0
        self._devices: Final = [self._make_device(number) for number in range(PEOPLE)]
        self._link()
        self.world.on_crash = self._node_ended

    def _make_device(self, number: int) -> SimulatedDevice:
        seed = self.world.seed
        identity = secp256k1.generate_private_key(SeededEntropy("person", seed, number))
        home = self.world.add_node()
        self._homes[number] = home
        device = SimulatedDevice(
            DeviceIdentity(number, number, identity, f"device {number}"),
            MemoryPersonStore(),
            StackSettings(),
            partial(SeededEntropy, "device", seed, number),
            self,
            lambda: self.world.moment(home),
        )
        home.on_fact = partial(self._fact, device)
        return device

    def _link(self) -> None:
        first, second = self._relays
        self.world.start(second.number, inputs.AddPeer(first.enode))
        for server in self._servers:
            for relay in self._relays:
                self.world.start(server.number, inputs.AddPeer(relay.enode))
        for home in self._homes.values():
            relay = self._random.choice(self._relays)
            self.world.start(home.number, inputs.AddPeer(relay.enode))

    # ---- some hours

    def run(self) -> None:
        """Let everything happen."""
        for device in self._devices:
            self._start(device)
            self._ask(device, JoinPublicChat(CHAT), "")
        for place in range(round(MESSAGES * self._hours)):
            moment_s = self._random.uniform(MINUTE_S, self._end_s)
            self.world.at(moment_s, partial(self._say, f"message {place}"))
        for device in self._devices[1:]:
            for _ in range(max(1, round(ABSENCES * self._hours))):
                self._sometime(partial(self._leave, device))
            for _ in range(max(1, round(CRASHES * self._hours))):
                self._sometime(partial(self._arm, device))
        self._plan_server_faults()
        self.world.at(self._end_s, self._everybody_comes)
        self.world.run_until(self._end_s + CALM_S)

    def _sometime(self, action: partial[None]) -> None:
        self.world.at(self._random.uniform(2 * MINUTE_S, self._end_s), action)

    def _plan_server_faults(self) -> None:
        """Have one honest server crash in the first half, and the other one's disk full later."""
        crashing, full, _ = self._servers
        self.world.at(
            self._random.uniform(0.1, 0.4) * self._end_s, partial(self.world.crash, crashing)
        )
        begin_s = self._random.uniform(0.6, 0.8) * self._end_s
        self.world.at(begin_s, partial(self._fill, full, "the disk is full"))
        self.world.at(begin_s + 0.1 * self._end_s, partial(self._fill, full, ""))

    def _fill(self, server: SimulatedNode, fault: str) -> None:
        self.world.faults["disk full"] += bool(fault)
        server.archive_fault = fault

    def _say(self, text: str) -> None:
        there = [device for device in self._devices if device.up]
        self._ask(self._random.choice(there), SendMessage(CHAT, text), text)

    def _ask(
        self, device: SimulatedDevice, command: JoinPublicChat | SendMessage, text: str
    ) -> None:
        self._last_request += 1
        if text:
            self._texts[device.who.number, self._last_request] = text
        device.ask(self._last_request, command)

    # ---- lives

    def _start(self, device: SimulatedDevice) -> None:
        home = self._homes[device.who.number]
        self._peers[device.who.number] = 0
        self.world.restart(home)
        device.start()
        device.put(ServersChanged(self._mailservers))

    def _leave(self, device: SimulatedDevice) -> None:
        if device.up:
            self.world.faults["absence"] += 1
            self._end(device)

    def _arm(self, device: SimulatedDevice) -> None:
        device.crash_at = self._random.choice(ENDS)

    def _end(self, device: SimulatedDevice) -> None:
        self._batch_s.pop(device.who.number, None)
        device.end()
        self.world.crash(self._homes[device.who.number])
        pause_s = self._random.uniform(0.1, ABSENCE_S_MAX)
        self.world.at(self.world.now_s + pause_s, partial(self._come, device))

    def _come(self, device: SimulatedDevice) -> None:
        if not device.up:
            self._start(device)

    def _everybody_comes(self) -> None:
        for device in self._devices:
            device.crash_at = None
            self._come(device)

    def _node_ended(self, node: SimulatedNode) -> None:
        if node in self._servers:
            self.world.faults["server crash"] += 1
            pause_s = self._random.uniform(1.0, 0.1 * self._end_s)
            self.world.at(self.world.now_s + pause_s, partial(self.world.restart, node))

    # ---- between a person and a node

    def _fact(self, device: SimulatedDevice, fact: effects.Fact) -> None:
        number = device.who.number
        if isinstance(fact, effects.PeerConnected | effects.PeerDisconnected):
            self._peers[number] += 1 if isinstance(fact, effects.PeerConnected) else -1
            device.put(PeersChanged(self._peers[number]))
        if isinstance(fact, effects.HistoryArriving):
            self.history_count += fact.new
        if isinstance(fact, _FOR_PERSONS):
            device.put(fact)

    def wake(self, device: SimulatedDevice) -> None:
        """Have a device run its next batch soon."""
        self._plan(device, self.world.now_s + self._random.uniform(0.0, WAKE_S_MAX))

    def _plan(self, device: SimulatedDevice, time_s: float) -> None:
        planned_s = self._batch_s.get(device.who.number)
        if planned_s is None or time_s < planned_s:
            self._batch_s[device.who.number] = time_s
            self.world.at(time_s, partial(self._run_batch, device, time_s))

    def _run_batch(self, device: SimulatedDevice, time_s: float) -> None:
        if self._batch_s.get(device.who.number) != time_s:
            return
        del self._batch_s[device.who.number]
        device.run_batch()
        deadline_s = device.next_deadline() if device.up else None
        if deadline_s is not None:
            self._plan(device, max(deadline_s, self.world.now_s) + WAKE_S_MAX)

    def perform(self, device: SimulatedDevice, output: PersonOutput) -> None:
        """Do what a person wants of its node, or note what it tells."""
        number = device.who.number
        if isinstance(output, _FOR_NODES):
            self.world.command(self._homes[number].number, output)
        elif isinstance(output, DeriveKey):
            derived = KeyDerived(output.name, quick_key(output.name))
            self.world.at(self.world.now_s + KEY_S, partial(device.put, derived))
        elif isinstance(output, Done) and (number, output.request) in self._texts:
            self.said.append(self._texts.pop((number, output.request)))

    def crashed(self, device: SimulatedDevice, point: CrashPoint) -> None:
        """End a device's process there, its node's too."""
        self.world.faults[point.value] += 1
        self._end(device)

    # ---- the end

    def check(self) -> None:
        """Look at what everybody shows.

        Raises:
            ViolationError: A message that was said is missing, or is there twice.
        """
        for device in self._devices:
            shown = Counter(message.text for message in read_shown(device).messages_of(CHAT))
            for text in self.said:
                if shown[text] != 1:
                    raise ViolationError(
                        f"seed {self.world.seed}: person {device.who.number} shows a message "
                        f"{shown[text]} times"
                    )

    def close(self) -> None:
        """Let go of all stores."""
        for device in self._devices:
            device.close()
