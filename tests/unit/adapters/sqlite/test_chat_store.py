"""The tables of chats; what the port promises stands in tests/contract."""

from dataclasses import replace
from typing import Final

from contract.made import chat, message, message_id, person, reaction
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.records import ChatId, MessageState
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.chat_message import ImageMessage
from unit.adapters.sqlite.plan import count, steps

LOBBY: Final = ChatId("lobby")
MARK: Final = "unmistakable"


def work(store: ChatStore) -> None:
    store.save_chat(chat("lobby"))
    for text in ("hello", "hello", "other"):
        store.save_message(message(1, text=text))
        store.save_reaction(reaction(1, 5))
    store.load_message(message_id(1))
    store.load_reaction(message_id(1), person(5), 1)
    store.unread_count(LOBBY, above_clock=0)
    store.remove_messages(LOBBY, up_to_clock=5)
    store.remove_contact(person(1))
    store.remove_chat(LOBBY)


def test_everything_is_found_by_an_index(store: MemoryPersonStore) -> None:
    found = set(steps(store, lambda: work(store.chat)))
    assert not {step for step in found if step.startswith("SCAN")}


def words_index(store: MemoryPersonStore) -> bytes:
    """Return all that the index of words holds, and fail if it does not fit the messages."""
    store._db.rows("INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 1)")
    return b"".join(block for (block,) in store._db.rows("SELECT block FROM message_words_data"))


def test_removed_words_leave_the_index(store: MemoryPersonStore) -> None:
    for n in range(50):
        store.chat.save_message(message(n, text=f"{MARK} text {n}"))
    store.commit()
    store.begin()
    assert MARK.encode() in words_index(store)
    store.chat.remove_messages(LOBBY, up_to_clock=40)
    for n in range(41, 50):
        store.chat.save_message(message(n, text="changed"))
    store.commit()
    store.begin()
    assert MARK.encode() not in words_index(store)


def test_removed_chat_leaves_no_row(store: MemoryPersonStore) -> None:
    store.chat.save_chat(chat("lobby"))
    store.chat.save_message(replace(message(1), raw=b"raw"))
    store.chat.save_reaction(reaction(1, 5))
    store.chat.save_reaction(reaction(2, 5))  # of a message that never came
    store.chat.remove_chat(LOBBY)
    tables = ("chats", "chat_numbers", "messages", "enclosures", "reactions", "message_words")
    assert [count(store, table) for table in tables] == [0] * len(tables)


def test_large_parts_are_not_written_again_when_the_state_changes(
    store: MemoryPersonStore,
) -> None:
    first = replace(message(1, own=True), attachment=ImageMessage(bytes(100_000)), raw=b"raw")
    store.chat.save_message(first)
    store.commit()
    store.begin()
    before = store._db._raw.total_changes()
    store.chat.save_message(replace(first, state=MessageState.ACKNOWLEDGED))
    assert store._db._raw.total_changes() - before == 1
