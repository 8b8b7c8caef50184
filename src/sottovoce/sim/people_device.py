"""One simulated device of a person: the real `Person` on a real store, in lives that crashes end.

It does what `runtime.PersonLane` does around a person, on virtual time: a transaction around each
batch, and nothing out before the commit. Around any commit it can crash: before the batch, before
the commit, after it, or with half of what came out let out. What was committed is all that the next
life has.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.commands import Asked, Command
from sottovoce.chat.events import Refused
from sottovoce.chat.records import (
    Chat,
    ChatId,
    Contact,
    Device,
    Group,
    Message,
    Profile,
    Recipient,
)
from sottovoce.chat.stores import HistoryReader
from sottovoce.crypto import secp256k1
from sottovoce.node import effects, inputs
from sottovoce.node.person import PERSON_NUMBERS_FROM, Person
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.node.person_store import PersonStore
from sottovoce.node.restored import start_anew
from sottovoce.payloads.message_id import MessageId
from sottovoce.sim.people_network import Mailbox
from sottovoce.stack.events import PeersChanged, Started, TimePassed
from sottovoce.stack.settings import StackSettings

if TYPE_CHECKING:
    from sottovoce.gossip.filters import Filter

# As the lane has it: what waits beyond this goes into the next batch.
BATCH_INPUTS_MAX: Final = 256
MESSAGES_READ_MAX: Final = 10_000


class History(HistoryReader, Protocol):
    """A reader that has to be closed before its store."""

    def close(self) -> None:
        """Let go of it."""
        ...


class DeviceStore(PersonStore, Protocol):
    """A store that can be opened anew and copied, as files can."""

    def reopened(self) -> Self:
        """Return a store that knows only what was committed; this one is over."""
        ...

    def copied(self) -> Self:
        """Return a store of its own that has what was committed here."""
        ...

    def open_history(self) -> History:
        """Open a reader."""
        ...


class CrashPoint(Enum):
    """Where a process ends, around a commit."""

    BEFORE_BATCH = "crash before a batch"
    BEFORE_COMMIT = "crash before a commit"
    AFTER_COMMIT = "crash after a commit"
    AMID_RELEASE = "crash amid a release"
    REFUSED = "commit refused"


class Surroundings(Protocol):
    """What a device asks of the world around it."""

    def wake(self, device: "SimulatedDevice") -> None:
        """Have the device run its next batch soon."""
        ...

    def perform(self, device: "SimulatedDevice", output: PersonOutput) -> None:
        """Do what the person wants of its node, or tell its owner."""
        ...

    def crashed(self, device: "SimulatedDevice", point: CrashPoint) -> None:
        """Note that the process has ended there, or that its store refused a commit."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Whose device it is, and which.

    Attributes:
        number: Its place in the world.
        person: Whose, as a place among the people.
        identity: Who that is.
        installation_id: The name of the device.
    """

    number: int
    person: int
    identity: PrivateKey = field(repr=False)
    installation_id: str

    @property
    def key(self) -> PublicKey:
        """The person's public key."""
        return secp256k1.kept_public_key(self.identity)


class SimulatedDevice:
    """A device, whichever life it is in.

    Args:
        who: Whose it is.
        store: Where it begins.
        settings: Times and targets.
        make_entropy: Gives the entropy of a life, by its number.
        world: What is around it.

    Attributes:
        store: What it has committed.
        up: Whether its process runs.
        life: The number of the process, from 0.
        box: What its node has in this life.
        crash_at: Where to crash at the next batch that comes to that point, or None.
        keeps: How many outputs are let out before a crash amid a release.
        doom: Asked at each point where the process can end whether it does, with the number of
            outputs of the batch that were let out; by default `crash_at` and `keeps` decide.
        now: Reads its clocks.
    """

    def __init__(
        self,
        who: DeviceIdentity,
        store: DeviceStore,
        settings: StackSettings,
        make_entropy: Callable[[int], Entropy],
        world: Surroundings,
        now: Callable[[], Moment],
    ) -> None:
        self.who: Final = who
        self.store = store
        self.up = False
        self.life = -1
        self.box = Mailbox(who.number, self.put)
        self.crash_at: CrashPoint | None = None
        self.keeps = 0
        self.doom: Callable[[CrashPoint, int], bool] = self._is_planned
        self.now: Final = now
        self._settings: Final = settings
        self._make_entropy: Final = make_entropy
        self._world: Final = world
        self._inbox: deque[PersonInput] = deque()
        self._person: Person | None = None
        self._history: History | None = None
        self._installed: dict[int, Filter] = {}
        self._next_number = PERSON_NUMBERS_FROM
        self._entropy = make_entropy(0)

    # ---- lives

    def start(self) -> Mailbox:
        """Begin a life on what was committed; returns its node's new mailbox."""
        assert not self.up
        self.life += 1
        self.up = True
        self._entropy = self._make_entropy(self.life)
        self._inbox.clear()
        self._installed = {}
        self._next_number = PERSON_NUMBERS_FROM
        self._person = None
        self.box = Mailbox(self.who.number, self.put)
        self._world.wake(self)
        return self.box

    def end(self) -> None:
        """End the process here: what was not committed is gone."""
        self.up = False
        self.crash_at = None
        self._person = None
        self._close_reader()
        self.store = self.store.reopened()

    def reader(self) -> HistoryReader:
        """Return a reader of what the store has committed, for use at once."""
        if self._history is None:
            self._history = self.store.open_history()
        return self._history

    def close(self) -> None:
        """Let go of the store."""
        self._close_reader()
        self.store.close()

    def _close_reader(self) -> None:
        history, self._history = self._history, None
        if history is not None:
            history.close()

    def put_back(self, copy: DeviceStore) -> None:
        """Have an older copy in the place of the store, and start anew as the app does then."""
        assert not self.up
        self.close()
        self.store = copy
        copy.begin()
        entropy = self._make_entropy(-1)
        start_anew(self.who.identity, self.who.installation_id, copy, entropy, self.now())
        copy.commit()

    # ---- what comes in

    def put(self, event: PersonInput) -> None:
        """Let an input wait for the next batch."""
        if self.up:
            self._inbox.append(event)
            self._world.wake(self)

    def ask(self, request: int, command: Command) -> None:
        """Ask for something; the answer comes as a fact, if the process lives so long."""
        self.put(Asked(request, command))

    def connect(self, online: bool) -> None:
        """Tell the person that its node has its peer, or has lost it."""
        self.put(PeersChanged(1 if online else 0))

    def next_deadline(self) -> float | None:
        """Return when something is due without any input, on the device's monotonic clock."""
        return None if self._person is None else self._person.next_deadline()

    # ---- one batch

    def run_batch(self) -> None:
        """Handle what waits, commit, and let out what came of it."""
        if self._crashes(CrashPoint.BEFORE_BATCH):
            return
        batch = [self._inbox.popleft() for _ in range(min(len(self._inbox), BATCH_INPUTS_MAX))]
        self.store.begin()
        outputs = self._handle(batch)
        if self.store.wrote:
            if self._crashes(CrashPoint.BEFORE_COMMIT):
                return
            if self.crash_at is CrashPoint.REFUSED:
                self._refuse(batch)
                return
            self.store.commit()
            if self._crashes(CrashPoint.AFTER_COMMIT):
                return
        else:
            self.store.rollback()
        self._release(outputs)
        if self._inbox and self.up:
            self._world.wake(self)

    def _handle(self, batch: list[PersonInput]) -> list[PersonOutput]:
        outputs: list[PersonOutput] = []
        if self._person is None:
            outputs += self._revive()
        person = self._person
        assert person is not None
        due_s = person.next_deadline()
        if due_s is not None and due_s <= self.now().monotonic_s:
            batch.insert(0, TimePassed())
        for event in batch:
            outputs += person.handle(event, self.now())
        return outputs

    def _revive(self) -> list[PersonOutput]:
        now = self.now()
        self._person = Person(
            self.who.identity,
            self.who.installation_id,
            self.store,
            self._entropy,
            now,
            self._settings,
            installed=dict(self._installed),
            first_number=self._next_number,
        )
        outputs = self._person.handle(Started(), now)
        return outputs + self._person.handle(PeersChanged(int(self.box.online)), now)

    def _refuse(self, batch: list[PersonInput]) -> None:
        """Undo a batch as the lane does when the disk is full, and try the rest of it again."""
        self._person = None
        self.store.rollback()
        self.crash_at = None
        of_a_life = effects.PostSucceeded | effects.PostFailed | effects.SentToPeer
        waiting = [*batch, *self._inbox]
        self._inbox.clear()
        for event in waiting:
            if isinstance(event, Asked):
                self._world.perform(self, Refused(event.request, "full", by_store=True))
            elif not isinstance(event, of_a_life | TimePassed):
                self._inbox.append(event)
        self._world.crashed(self, CrashPoint.REFUSED)
        self._world.wake(self)

    def _release(self, outputs: list[PersonOutput]) -> None:
        for number, output in enumerate(outputs):
            if self._crashes(CrashPoint.AMID_RELEASE, number):
                return
            match output:
                case inputs.PostMessage(request):
                    self._next_number = max(self._next_number, request + 1)
                case inputs.InstallFilter(filter_number, wanted):
                    self._next_number = max(self._next_number, filter_number + 1)
                    self._installed[filter_number] = wanted
                case inputs.RemoveFilter(filter_number):
                    self._installed.pop(filter_number, None)
                case _:
                    pass
            self._world.perform(self, output)

    def _crashes(self, point: CrashPoint, released: int = 0) -> bool:
        if not self.doom(point, released):
            return False
        self._world.crashed(self, point)
        return True

    def _is_planned(self, point: CrashPoint, released: int) -> bool:
        if self.crash_at is not point:
            return False
        return point is not CrashPoint.AMID_RELEASE or released == self.keeps


class Shown(NamedTuple):
    """What a device shows of what it has committed.

    Attributes:
        chats: By their ids.
        messages: Of each chat, the newest first.
        groups: By the ids of their chats.
        contacts: By their keys.
        profile: What the person tells about themself.
    """

    chats: dict[ChatId, Chat]
    messages: dict[ChatId, list[Message]]
    groups: dict[ChatId, Group]
    contacts: Mapping[PublicKey, Contact] = {}
    profile: Profile = Profile()

    def messages_of(self, chat_id: ChatId) -> list[Message]:
        """Return the messages of a chat, which need not be there."""
        return self.messages.get(chat_id, [])

    def all_messages(self) -> Iterator[Message]:
        """Return the messages of all chats."""
        for page in self.messages.values():
            yield from page


def read_shown(device: SimulatedDevice) -> Shown:
    """Return what a device shows of what it has committed."""
    reader = device.reader()
    chats = {chat.id: chat for chat in reader.list_chats()}
    return Shown(
        chats=chats,
        messages={
            chat_id: list(reader.page(chat_id, before=None, limit=MESSAGES_READ_MAX))
            for chat_id in chats
        },
        groups={group.chat_id: group for group in reader.list_groups()},
        contacts={contact.key: contact for contact in reader.list_contacts()},
        profile=reader.read_profile(),
    )


def read_groups(device: SimulatedDevice) -> list[Group]:
    """Return the groups of a device, as far as it has committed them."""
    return list(device.reader().list_groups())


def read_devices(device: SimulatedDevice) -> list[Device]:
    """Return what a device knows of the devices of its owner."""
    return list(device.reader().list_devices())


def read_recipients(device: SimulatedDevice, shown: Shown) -> dict[MessageId, list[Recipient]]:
    """Return to whom the messages of a device went that it said in groups."""
    reader = device.reader()
    return {
        message.id: list(reader.list_recipients(message.id))
        for chat_id in shown.groups
        for message in shown.messages_of(chat_id)
        if message.own
    }
