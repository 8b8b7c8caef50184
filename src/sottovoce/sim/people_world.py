"""A world of people's devices on one heap of events, on virtual time.

A run follows from its seed alone. Everybody's wall clock goes wrong in its own way; the monotonic
clocks do not.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import TYPE_CHECKING, Final, NamedTuple

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.moment import Moment
from sottovoce.chat.commands import Command
from sottovoce.chat.events import ChatFact, Done, Refused
from sottovoce.crypto import secp256k1
from sottovoce.mail.client_events import FetchDone, FetchProgress, ServersStanding
from sottovoce.node import inputs
from sottovoce.node.person_events import PersonOutput
from sottovoce.payloads.message_id import MessageId
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.people_device import (
    CrashPoint,
    DeviceIdentity,
    DeviceStore,
    SimulatedDevice,
    read_shown,
)
from sottovoce.sim.people_log import PeopleLog
from sottovoce.sim.people_network import PeopleNetwork, quick_key
from sottovoce.stack.events import DeriveKey, KeyDerived, OwnBundle
from sottovoce.stack.settings import StackSettings

if TYPE_CHECKING:
    from sottovoce.base.quantities import PublicKey
    from sottovoce.base.secret import PrivateKey

EPOCH_UNIX_S: Final = 1_590_000_000.0
# Between an input and its batch; a commit and the turns of a loop take milliseconds.
WAKE_S_MAX: Final = 0.02
KEY_S_MAX: Final = 0.2
# As the lane has it: a shorter wait can be rounded away.
TIMER_S_MIN: Final = 0.001
# No monotonic clock begins at another's zero.
MONOTONIC_STEP_S: Final = 1000.0
# A world that goes on for longer than this does not end by itself.
EVENTS_MAX: Final = 1_000_000

Answer = Callable[[Done | Refused | None], None]


class Clock(NamedTuple):
    """How wrong a wall clock is.

    Attributes:
        ahead_s: Seconds by which it was ahead at the beginning.
        drift: Seconds that it gains, a second.
    """

    ahead_s: float = 0.0
    drift: float = 0.0


class PeopleWorld:
    """People, their devices, and a network between them.

    Args:
        seed: Everything random follows from it.
        make_store: Makes an empty store.
        settings: Times and targets of every device.

    Attributes:
        now_s: The virtual second.
        network: What is between the devices.
        people: The identity of each person.
        devices: All devices.
        clocks: The clock of each device.
        log: What happened.
        faults: How often each kind of fault happened to devices.
        actions: How often their owners did what, beside talking.
        on_crash: Told whose process has ended.
        checkers: Told each fact that a device tells, with its number, after it is in the log.
    """

    def __init__(
        self,
        seed: int,
        make_store: Callable[[], DeviceStore] = MemoryPersonStore,
        settings: StackSettings | None = None,
    ) -> None:
        self.seed: Final = seed
        self.now_s = 0.0
        self.network: Final = PeopleNetwork(seed, self.at)
        self.people: Final[list[PrivateKey]] = []
        self.devices: Final[list[SimulatedDevice]] = []
        self.clocks: Final[list[Clock]] = []
        self.log: Final = PeopleLog()
        self.faults: Final[Counter[str]] = Counter()
        self.actions: Final[Counter[str]] = Counter()
        self.event_count = 0
        self.on_crash: Callable[[SimulatedDevice], None] = lambda _: None
        self.checkers: list[Callable[[int, ChatFact], None]] = []
        self._make_store: Final = make_store
        self._settings: Final = settings or StackSettings()
        self._random: Final = Random(f"people world {seed}")  # noqa: S311
        self._heap: Final[list[tuple[float, int, Callable[[], None]]]] = []
        self._sequence = 0
        self._batch_s: Final[dict[int, float]] = {}
        self._asked: Final[dict[tuple[int, int], Answer]] = {}
        self._last_request = 0
        self._trace: Final = hashlib.sha256()

    # ---- who is there

    def add_person(self) -> int:
        """Let a person in, who has no device yet."""
        entropy = SeededEntropy("person", self.seed, len(self.people))
        self.people.append(secp256k1.generate_private_key(entropy))
        return len(self.people) - 1

    def add_device(self, person: int) -> SimulatedDevice:
        """Give a person one more device, which is switched off."""
        number = len(self.devices)
        who = DeviceIdentity(number, person, self.people[person], f"device {number}")
        device = SimulatedDevice(
            who,
            self._make_store(),
            self._settings,
            partial(SeededEntropy, "device", self.seed, number),
            self,
            lambda: self.moment(number),
        )
        self.devices.append(device)
        self.clocks.append(Clock())
        return device

    def devices_of(self, person: int) -> list[SimulatedDevice]:
        """Return a person's devices."""
        return [device for device in self.devices if device.who.person == person]

    def people_keys(self) -> "list[PublicKey]":
        """Return the public keys of all people."""
        return [secp256k1.kept_public_key(identity) for identity in self.people]

    def moment(self, number: int) -> Moment:
        """Return what a device's clocks show now."""
        clock = self.clocks[number]
        unix_s = EPOCH_UNIX_S + self.now_s + clock.ahead_s + clock.drift * self.now_s
        return Moment(self.now_s + MONOTONIC_STEP_S * number, unix_s)

    @property
    def trace_hash(self) -> str:
        """The hash of every event so far: equal on every run of the same seed."""
        return self._trace.hexdigest()

    # ---- time

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        """Do something at a moment."""
        self._sequence += 1
        heapq.heappush(self._heap, (time_s, self._sequence, action))

    def run_until(self, end_s: float) -> None:
        """Let everything happen that happens up to a moment.

        Raises:
            RuntimeError: The world did not come to rest within `EVENTS_MAX` events.
        """
        while self._heap and self._heap[0][0] <= end_s:
            time_s, _, action = heapq.heappop(self._heap)
            self.now_s = max(self.now_s, time_s)
            self.event_count += 1
            if self.event_count > EVENTS_MAX:
                raise RuntimeError(f"seed {self.seed}: more than {EVENTS_MAX} events")
            action()
        self.now_s = max(self.now_s, end_s)

    def close(self) -> None:
        """Let go of all stores."""
        for device in self.devices:
            device.close()

    # ---- a device's life

    def start(self, device: SimulatedDevice) -> None:
        """Switch a device on, with its network."""
        if not device.up:
            self.network.enter(device.start())
            self.go_online(device)

    def go_online(self, device: SimulatedDevice) -> None:
        """Let a device's node find its peer."""
        if device.up and not device.box.online:
            self.network.connect(device.box, now_s=self.now_s)
            device.connect(True)

    def go_offline(self, device: SimulatedDevice) -> None:
        """Cut a device's node off."""
        if device.up and device.box.online:
            self.network.disconnect(device.box)
            device.connect(False)

    def crash(self, device: SimulatedDevice) -> None:
        """End a device's process where it stands."""
        self._batch_s.pop(device.who.number, None)
        self.network.leave(device.who.number)
        device.end()
        unanswered = [key for key in self._asked if key[0] == device.who.number]
        for key in unanswered:
            self._asked.pop(key)(None)
        self.on_crash(device)

    def message_ids(self, device: SimulatedDevice) -> frozenset[MessageId]:
        """Return the names of all messages that a device has committed."""
        return frozenset(message.id for message in read_shown(device).all_messages())

    def put_back(self, device: SimulatedDevice, copy: DeviceStore) -> None:
        """Have an older copy in the place of a device's store; it is switched off afterwards."""
        before = self.message_ids(device)
        if device.up:
            self.crash(device)
        device.put_back(copy)
        self.log.went_back(device.who.number, before=before, after=self.message_ids(device))

    def ask(self, device: SimulatedDevice, command: Command, answer: Answer) -> None:
        """Ask a device for something; the answer is None if its process ends before."""
        self._last_request += 1
        self._asked[device.who.number, self._last_request] = answer
        device.ask(self._last_request, command)

    # ---- what devices ask of it

    def wake(self, device: SimulatedDevice) -> None:
        """Have a device run its next batch soon."""
        self._plan_batch(device, self.now_s + self._random.uniform(0.0, WAKE_S_MAX))

    def perform(self, device: SimulatedDevice, output: PersonOutput) -> None:
        """Do what a person wants of its node, or note what it tells."""
        self._trace.update(type(output).__name__.encode())
        box = device.box
        match output:
            case inputs.PostMessage():
                self._trace.update(output.payload)
                unix_s = self.moment(device.who.number).unix_whole_s
                self.network.post(box, output, now_s=self.now_s, unix_s=unix_s)
            case inputs.InstallFilter():
                self.network.install(box, output, now_s=self.now_s)
            case inputs.RemoveFilter(number):
                del box.filters[number]
            case DeriveKey(name):
                self._derive(device, name)
            case OwnBundle():
                pass
            case (
                inputs.AskHistory()
                | inputs.CancelHistory()
                | inputs.AddPeer()
                | inputs.RemovePeer()
                | FetchProgress()
                | FetchDone()
                | ServersStanding()
            ):
                pass  # Nobody here trusts a mailserver.
            case _:
                self.log.heard(device.who.number, output, self.now_s)
                for check in self.checkers:
                    check(device.who.number, output)
                if isinstance(output, Done | Refused):
                    answer = self._asked.pop((device.who.number, output.request), None)
                    if answer is not None:
                        answer(output)

    def crashed(self, device: SimulatedDevice, point: CrashPoint) -> None:
        """Note that a process has ended there, or that its store refused a commit."""
        self.faults[point.value] += 1
        if point is not CrashPoint.REFUSED:
            self.crash(device)

    def _derive(self, device: SimulatedDevice, name: str) -> None:
        life = device.life
        done_s = self.now_s + self._random.uniform(0.0, KEY_S_MAX)

        def derived() -> None:
            if device.life == life:
                device.put(KeyDerived(name, quick_key(name)))

        self.at(done_s, derived)

    # ---- batches

    def _plan_batch(self, device: SimulatedDevice, time_s: float) -> None:
        number = device.who.number
        planned_s = self._batch_s.get(number)
        if planned_s is None or time_s < planned_s:
            self._batch_s[number] = time_s
            self.at(time_s, lambda: self._run_batch(device, time_s))

    def _run_batch(self, device: SimulatedDevice, time_s: float) -> None:
        number = device.who.number
        if self._batch_s.get(number) != time_s:
            return  # One that was planned for sooner, or for a process that is no more.
        del self._batch_s[number]
        self._trace.update(f"{time_s:.9f} {number}\n".encode())
        device.run_batch()
        deadline_s = device.next_deadline() if device.up else None
        if deadline_s is not None:
            due_s = deadline_s - MONOTONIC_STEP_S * number
            self._plan_batch(device, max(due_s, self.now_s) + TIMER_S_MIN)
