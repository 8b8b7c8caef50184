"""From words to wrappers, and to whoever gets them."""

from sottovoce.chat.book import Book
from sottovoce.chat.events import ChatOutput
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.posting import Posting
from sottovoce.chat.records import Chat, ChatId, ChatKind
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType, MembershipUpdate
from sottovoce.payloads.metadata import unwrap
from sottovoce.stack.destinations import Contact, OwnDevices
from sottovoce.stack.events import MessageSubmitted
from unit.chat.group_letters import signed, text
from unit.chat.people import Person, private

ANNA, BRUNO = Person(1), Person(2)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", ANNA.key))


def taken(book: Book) -> list[ChatOutput]:
    return [it for it in book.take_said() if isinstance(it, MessageSubmitted)]


def test_what_is_said_in_a_group_travels_with_its_history() -> None:
    book = Book(ANNA.key, MemoryChatStore(), ChatSettings())
    posting = Posting(book, ANNA.compose)
    created = signed(ANNA, ID, EventType.CHAT_CREATED, name="walk", clock=1)
    history = book.groups.history(ID).with_events([created])
    book.put_group(history, [created])
    said = text(ID, "Ciao")
    wrapped = posting.wrapped(said, Chat(ID, ChatKind.GROUP))
    assert unwrap(wrapped.raw).payload == MembershipUpdate(ID, (created.wire,), said)
    alone = posting.history(history)
    assert unwrap(alone.raw).payload == MembershipUpdate(ID, (created.wire,))


def test_what_is_said_to_a_person_travels_alone() -> None:
    book = Book(ANNA.key, MemoryChatStore(), ChatSettings())
    said = private(BRUNO)
    wrapped = Posting(book, ANNA.compose).wrapped(said, Chat(BRUNO.id, ChatKind.ONE_TO_ONE))
    assert unwrap(wrapped.raw).payload == said


def test_history_goes_to_our_other_devices_as_well() -> None:
    book = Book(ANNA.key, MemoryChatStore(), ChatSettings())
    posting = Posting(book, ANNA.compose)
    wrapped = ANNA.compose(private(BRUNO))
    to_bruno = MessageSubmitted(wrapped.message_id, wrapped.raw, Contact(BRUNO.key))
    posting.submit_history(wrapped, [BRUNO.key])
    assert taken(book) == [to_bruno]
    book.has_other_devices = True
    posting.submit_history(wrapped, [BRUNO.key])
    to_devices = MessageSubmitted(wrapped.message_id, wrapped.raw, OwnDevices())
    assert taken(book) == [to_bruno, to_devices]
