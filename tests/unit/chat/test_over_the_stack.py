"""Conversations over whole stacks, joined by a post office in memory."""

from dataclasses import replace

from typing_extensions import override

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    Asked,
    BlockContact,
    Command,
    JoinPublicChat,
    React,
    SendMessage,
)
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import ChatEvent, Done
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, Contact, Message, MessageState
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.composing import compose
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    BundleLearned,
    ForwardSecrecySet,
    MessageSubmitted,
    MessageWithdrawn,
    PeopleChanged,
    Sealed,
    SentToPeers,
    StackOutput,
    Started,
    Undeliverable,
)
from sottovoce.stack.settings import StackSettings
from unit.stack import post_office
from unit.stack.post_office import Office

LOBBY = ChatId("lobby")


class Talker(post_office.Person):
    """Somebody with chats on top of the stack."""

    def __init__(self, name: str, office: Office) -> None:
        super().__init__(name, office, replace(StackSettings()))
        self.chat_store = MemoryChatStore()
        self.chats = Conversations(
            self.key, lambda payload: compose(payload, self.private), self.chat_store
        )
        self.id = ChatId(contact_id(self.key))
        office.people.append(self)
        self.start()
        self.hear(Started())
        office.settle()

    @override
    def _carry_out(self, output: StackOutput) -> None:
        match output:
            case Arrived() | Sealed() | SentToPeers() | Acknowledged() | Undeliverable():
                self.hear(output)
            case _:
                super()._carry_out(output)

    def hear(self, event: ChatEvent) -> Done | None:
        done = None
        for output in self.chats.handle(event, self.office.now):
            match output:
                case (
                    PeopleChanged()
                    | MessageSubmitted()
                    | MessageWithdrawn()
                    | BundleLearned()
                    | ForwardSecrecySet()
                ):
                    self.tell(output)
                case Done():
                    done = output
                case _:
                    pass
        return done

    def do(self, command: Command) -> Done:
        done = self.hear(Asked(1, command))
        assert done is not None
        self.office.pass_time(10)
        return done

    def says(self, text: str, to: "Talker") -> Message:
        message = self.do(SendMessage(to.id, text)).result
        assert isinstance(message, Message)
        return message

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


def two_people() -> tuple[Office, Talker, Talker]:
    office = Office()
    return office, Talker("anna", office), Talker("bruno", office)


def test_public_message_is_heard_once_by_everybody() -> None:
    _, anna, bruno = two_people()
    anna.do(JoinPublicChat(LOBBY))
    bruno.do(JoinPublicChat(LOBBY))
    message = anna.do(SendMessage(LOBBY, "Ciao")).result
    assert isinstance(message, Message)
    assert anna.history(LOBBY) == bruno.history(LOBBY) == ["Ciao"]
    assert anna.kept(message).state is MessageState.SENT
    assert anna.kept(message).secrecy is Secrecy.PUBLIC
    assert bruno.kept(message).secrecy is Secrecy.PUBLIC


def test_stranger_learns_nothing_until_accepted() -> None:
    office, anna, bruno = two_people()
    message = anna.says("psst", bruno)
    office.pass_time(600)
    assert bruno.history(anna.id) == ["psst"]
    assert anna.kept(message).state is MessageState.SENT
    bruno.do(AcceptChat(anna.id))
    office.pass_time(3600)
    assert anna.kept(message).state is MessageState.ACKNOWLEDGED
    assert bruno.history(anna.id) == ["psst"]


def test_contacts_talk_with_forward_secrecy_and_see_how_far_it_came() -> None:
    office, anna, bruno = two_people()
    anna.do(AddContact(bruno.key))
    assert bruno.contact(anna).requested
    bruno.do(AddContact(anna.key))
    office.pass_time(60)
    assert anna.contact(bruno).requested
    bruno.says("Ciao Anna", anna)
    message = anna.says("Ciao Bruno", bruno)
    assert anna.history(bruno.id) == bruno.history(anna.id) == ["Ciao Anna", "Ciao Bruno"]
    assert anna.kept(message).state is MessageState.ACKNOWLEDGED
    assert anna.kept(message).secrecy is Secrecy.RATCHET
    assert bruno.kept(message).secrecy is Secrecy.RATCHET


def test_reaction_and_block_reach_the_other_side() -> None:
    office, anna, bruno = two_people()
    anna.do(AddContact(bruno.key))
    bruno.do(AddContact(anna.key))
    message = anna.says("Ciao", bruno)
    bruno.do(React(message.id, ReactionType.LOVE))
    (reaction,) = anna.chat_store.reactions([message.id])
    assert (reaction.author, reaction.type) == (bruno.key, ReactionType.LOVE)
    bruno.do(BlockContact(anna.key))
    unheard = anna.says("hello?", bruno)
    office.pass_time(600)
    assert bruno.history(anna.id) == ["Ciao"]
    assert anna.kept(unheard).state is MessageState.SENT
