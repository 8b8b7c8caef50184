"""The histories of all groups, in step with the store."""

from sottovoce.chat.group_book import GroupBook
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType
from unit.chat.group_letters import signed
from unit.chat.people import Person

ANNA = Person(1)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", ANNA.key))
CREATED = signed(ANNA, ID, EventType.CHAT_CREATED, name="walk", clock=1)


def test_groups_are_made_anew_from_the_store() -> None:
    store = MemoryChatStore()
    book = GroupBook(store)
    assert book.history(ID).events == ()
    assert book.members(ID) == ()
    after = book.history(ID).with_events([CREATED])
    book.put(after, [CREATED])
    assert GroupBook(store).history(ID) == book.history(ID) == after
    assert book.members(ID) == (ANNA.key,)
    assert list(store.list_groups()) == [after.record()]
    book.remove(ID)
    book.remove(ID)
    assert book.members(ID) == ()
