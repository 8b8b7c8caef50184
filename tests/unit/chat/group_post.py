"""A post for groups: what people submit waits until it is carried, and is acknowledged."""

from collections.abc import Iterable
from dataclasses import replace

from sottovoce.chat.commands import AddContact, Command, CreateGroup, JoinGroup, SendMessage
from sottovoce.chat.events import ChatOutput, Done, MessageAdded
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import ChatId, Group, Message
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.metadata import unwrap
from sottovoce.secure.facts import Secrecy
from sottovoce.stack import destinations
from sottovoce.stack.destinations import OwnDevices
from sottovoce.stack.events import Acknowledged, Arrived, MessageSubmitted, MessageWithdrawn
from unit.chat.people import ENVELOPE, NOW_MS, Person, one


class Circle:
    """People, the first of whom has added the others, and who write through one post.

    Attributes:
        waiting: What was submitted and not carried yet, in order: by whom, and what.
        outputs: What anybody said since it was last asked for.
    """

    def __init__(self, *numbers: int) -> None:
        self.people = [Person(number) for number in numbers]
        self.waiting: list[tuple[Person, MessageSubmitted]] = []
        for person in self.people:
            for other in self.people:
                if other is not person:
                    self.do(person, AddContact(other.key))
        self.settle()

    # ---- what people do

    def do(self, person: Person, command: Command) -> list[ChatOutput]:
        """Let somebody do something; it is submitted and not carried yet."""
        return self.take(person, person.do(command))

    def take(self, person: Person, outputs: list[ChatOutput]) -> list[ChatOutput]:
        """Collect what somebody submits, and drop what they withdraw."""
        for output in outputs:
            if isinstance(output, MessageSubmitted):
                self.waiting.append((person, output))
            elif isinstance(output, MessageWithdrawn):
                self.waiting = [
                    (by, it)
                    for by, it in self.waiting
                    if by is not person
                    or it.message_id != output.message_id
                    or output.destination not in (None, it.destination)
                ]
        return outputs

    def says(self, person: Person, text: str, chat_id: ChatId) -> Message:
        return one(MessageAdded, self.do(person, SendMessage(chat_id, text))).message

    # ---- the post

    def settle(self) -> None:
        """Carry everything, also what follows from it."""
        while self.waiting:
            self.carry(self.waiting.pop(0))

    def hold(self) -> list[tuple[Person, MessageSubmitted]]:
        """Take what waits out of the post."""
        held, self.waiting = self.waiting, []
        return held

    def carry_all(self, held: Iterable[tuple[Person, MessageSubmitted]]) -> None:
        for each in held:
            self.carry(each)

    def carry(self, posted: tuple[Person, MessageSubmitted]) -> list[ChatOutput]:
        """Bring one letter, and its acknowledgement back."""
        sender, letter = posted
        reader = self._reader(sender, letter)
        if reader is None:
            return []
        outputs = self.take(reader, reader.handle(arrived(letter, sender)))
        if not isinstance(letter.destination, OwnDevices):
            self.take(sender, sender.handle(Acknowledged(letter.message_id, letter.destination)))
        return outputs

    def _reader(self, sender: Person, letter: MessageSubmitted) -> Person | None:
        match letter.destination:
            case destinations.Contact(key=key):
                found = [it for it in self.people if it.key == key and it.device == "device-1"]
            case OwnDevices():
                found = [it for it in self.people if it.key == sender.key and it is not sender]
            case _:
                raise AssertionError
        return found[0] if found else None


def arrived(letter: MessageSubmitted, sender: Person) -> Arrived:
    """Return how the stack tells that somebody's letter arrived."""
    unwrapped = unwrap(letter.raw)
    author = unwrapped.author
    assert author is not None
    payload = unwrapped.payload
    if author != sender.key:
        assert isinstance(payload, MembershipUpdate)
        payload = replace(payload, content=None)
    return Arrived(
        payload=payload,
        author=author,
        message_id=unwrapped.message_id,
        secrecy=Secrecy.RATCHET,
        public_chats=(),
        sent_unix_ms=NOW_MS,
        envelope=ENVELOPE,
    )


def group_of(person: Person, chat_id: ChatId) -> Group:
    """Return a group as somebody sees it."""
    (found,) = (it for it in person.store.list_groups() if it.chat_id == chat_id)
    return found


def said(person: Person, chat_id: ChatId) -> list[str]:
    """Return what people said in a group, without notes, the oldest first."""
    page = person.store.page(chat_id, before=None, limit=1000)
    return [message.text for message in reversed(page) if not is_note(message)]


def notes(person: Person, chat_id: ChatId) -> list[str]:
    """Return the notes of a group, the oldest first."""
    page = person.store.page(chat_id, before=None, limit=1000)
    return [message.text for message in reversed(page) if is_note(message)]


def make_group(circle: Circle, *, joined: bool = True, name: str = "walk") -> ChatId:
    """Let the first of a circle make a group of all, whom all others join."""
    creator, *others = circle.people
    created = circle.do(creator, CreateGroup(name, tuple(it.key for it in others)))
    chat_id = _group_in(created).chat_id
    circle.settle()
    if joined:
        for other in others:
            circle.do(other, JoinGroup(chat_id))
            circle.settle()
    return chat_id


def _group_in(outputs: list[ChatOutput]) -> Group:
    result = one(Done, outputs).result
    assert isinstance(result, Group)
    return result
