"""People with chats on whole stacks, each with one device or several, joined by a post office."""

from collections.abc import Iterable
from typing import Any, TypeVar

from typing_extensions import override

from sottovoce.chat.author import Author
from sottovoce.chat.commands import (
    AddContact,
    Asked,
    Command,
    EnableDevice,
    IntroduceDevice,
    SendMessage,
)
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import ChatEvent, ChatOutput, Done, Refused
from sottovoce.chat.feed_memory import MemoryFeedStore
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, Contact, Device, Message
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership_event import sign_event
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.composing import compose
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    BundleLearned,
    DeviceEnabled,
    ForwardSecrecySet,
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallations,
    PeerInstallationSeen,
    PeersChanged,
    PeopleChanged,
    Sealed,
    SentToPeers,
    StackOutput,
    Started,
    Undeliverable,
)
from sottovoce.stack.settings import StackSettings
from unit.stack import post_office
from unit.stack.post_office import PHONE, Office

FactT = TypeVar("FactT")


class Talker(post_office.Person):
    """One device of somebody, with chats on top of the stack.

    Attributes:
        told: All that the person was told, until it is taken.
        feed_store: What feeds between devices keep; None if this device feeds none.
    """

    def __init__(
        self,
        name: str,
        office: Office,
        *,
        device: str = PHONE,
        data_sync: bool = True,
        feeds: bool = False,
    ) -> None:
        super().__init__(name, office, StackSettings(data_sync=data_sync), device)
        self.chat_store = MemoryChatStore()
        self.feed_store = MemoryFeedStore(self.chat_store) if feeds else None
        self.author = Author(
            self.key,
            self.installation_id,
            lambda payload: compose(payload, self.private),
            lambda event, chat_id: sign_event(event, chat_id=chat_id, author_key=self.private),
            SeededEntropy(len(office.people)),
        )
        self.id = ChatId(contact_id(self.key))
        self.told: list[ChatOutput] = []
        office.people.append(self)
        self.run()

    def run(self) -> None:
        """Start the program, anew if it ran."""
        self.chats = Conversations(self.author, self.chat_store, feed_store=self.feed_store)
        self.start()
        self.hear(Started())
        self.hear(PeersChanged(1 if self.connected else 0))
        self.office.settle()

    @override
    def connect(self, connected: bool = True) -> None:
        self.hear(PeersChanged(1 if connected else 0))
        super().connect(connected)

    @override
    def _carry_out(self, output: StackOutput) -> None:
        match output:
            case (
                Arrived()
                | Sealed()
                | SentToPeers()
                | Acknowledged()
                | Undeliverable()
                | OwnInstallations()
                | PeerInstallationSeen()
            ):
                self.hear(output)
            case _:
                super()._carry_out(output)

    def hear(self, event: ChatEvent) -> None:
        for output in self.chats.handle(event, self.office.now):
            match output:
                case (
                    PeopleChanged()
                    | MessageSubmitted()
                    | MessageWithdrawn()
                    | BundleLearned()
                    | ForwardSecrecySet()
                    | DeviceEnabled()
                ):
                    self.tell(output)
                case _:
                    self.told.append(output)

    # ---- commands

    def do(self, command: Command) -> Done:
        """Ask for something that is done, and let a while pass."""
        self.hear(Asked(1, command))
        done = self.told[-1]
        assert isinstance(done, Done), done
        self.office.pass_time(10)
        return done

    def refused(self, command: Command) -> str:
        """Ask for something that is refused, and return why."""
        self.hear(Asked(1, command))
        refused = self.told.pop()
        assert isinstance(refused, Refused), refused
        return refused.reason

    def says(self, text: str, to: "Talker") -> Message:
        message = self.do(SendMessage(to.id, text)).result
        assert isinstance(message, Message)
        return message

    # ---- what is there

    def take_told(self, kind: type[FactT]) -> list[FactT]:
        """Return what was told of one kind, and forget all that was told."""
        found: list[FactT] = [fact for fact in self.told if isinstance(fact, kind)]
        self.told.clear()
        return found

    def kept(self, message: Message) -> Message:
        kept = self.chat_store.load_message(message.id)
        assert kept is not None
        return kept

    def history(self, chat_id: ChatId) -> list[str]:
        page = self.chat_store.page(chat_id, before=None, limit=99)
        return [message.text for message in reversed(page)]

    def contact(self, other: "Talker") -> Contact:
        (found,) = (it for it in self.chat_store.contacts() if it.key == other.key)
        return found

    def device(self, other: "Talker") -> Device:
        """Return what is known of another device of the same person, or of this one."""
        devices = self.chat_store.devices()
        (found,) = (it for it in devices if it.installation_id == other.installation_id)
        return found


def two_people() -> tuple[Office, Talker, Talker]:
    office = Office()
    return office, Talker("anna", office), Talker("bruno", office)


def pair(*devices: Talker) -> None:
    """Let the devices of one person introduce themselves and enable each other."""
    for device in devices:
        device.do(IntroduceDevice(device.installation_id.title(), "phone"))
    for device in devices:
        enable(device, (it for it in devices if it is not device))


def enable(device: Talker, others: Iterable[Talker]) -> None:
    for other in others:
        device.do(EnableDevice(other.installation_id))


def family(**settings: Any) -> tuple[Office, Talker, Talker, Talker]:
    """Return Anna's two paired devices, and Bruno's one; they have each other as contacts."""
    office = Office()
    phone = Talker("anna", office, **settings)
    bruno = Talker("bruno", office, **settings)
    phone.do(AddContact(bruno.key))
    bruno.do(AddContact(phone.key))
    desk = Talker("anna", office, device="desk", **settings)
    pair(phone, desk)
    for person in (phone, desk, bruno):
        person.told.clear()
    return office, phone, desk, bruno
