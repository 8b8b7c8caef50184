"""The tables of chats; what the port promises stands in tests/contract."""

from contextlib import closing
from dataclasses import replace
from typing import Final

from contract.made import chat, message, message_id, person, reaction
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.chat_message import ImageMessage
from sottovoce.payloads.message_id import MessageId
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


def test_progress_is_written_once_for_all_that_a_transaction_tells(
    store: MemoryPersonStore,
) -> None:
    said = replace(message(1, own=True), state=MessageState.QUEUED, raw=b"raw")
    store.chat.save_message(said)
    store.commit()
    store.begin()
    before = store._db._raw.total_changes()
    for state in (MessageState.QUEUED, MessageState.SENT, MessageState.STORED):
        store.chat.save_message(replace(said, state=state))
        assert store.chat.load_message(said.id) == replace(said, state=state)
    arrived = replace(said, state=MessageState.ACKNOWLEDGED, raw=b"")
    store.chat.save_message(arrived)
    assert store._db._raw.total_changes() == before
    store.commit()
    assert store._db._raw.total_changes() - before == 2  # the message, and what it encloses
    assert read_anew(store, said.id) == arrived


def test_progress_of_many_messages_is_written_before_memory_lets_go_of_one(
    store: MemoryPersonStore,
) -> None:
    for n in range(1, 100):
        said = replace(message(n, own=True), state=MessageState.QUEUED)
        store.chat.save_message(said)
        store.chat.save_message(replace(said, state=MessageState.SENT))
    store.commit()
    for n in range(1, 100):
        kept = read_anew(store, message_id(n))
        assert kept is not None
        assert kept.state is MessageState.SENT


def test_progress_that_was_undone_leaves_nothing_behind(store: MemoryPersonStore) -> None:
    said = replace(message(1, own=True), state=MessageState.QUEUED)
    store.chat.save_message(said)
    store.commit()
    store.begin()
    store.chat.save_message(replace(said, state=MessageState.SENT))
    store.rollback()
    store.begin()
    assert store.chat.load_message(said.id) == said
    store.commit()
    assert read_anew(store, said.id) == said


def test_message_that_is_removed_after_its_progress_leaves_no_row(
    store: MemoryPersonStore,
) -> None:
    said = replace(message(1, own=True), state=MessageState.QUEUED, raw=b"raw")
    store.chat.save_message(said)
    store.chat.save_message(replace(said, state=MessageState.SENT))
    store.chat.remove_messages(LOBBY, up_to_clock=9)
    store.commit()
    assert [count(store, table) for table in ("messages", "enclosures")] == [0, 0]


def test_text_that_changes_after_progress_is_written_with_it(store: MemoryPersonStore) -> None:
    said = replace(message(1, own=True), state=MessageState.QUEUED)
    store.chat.save_message(said)
    store.chat.save_message(replace(said, state=MessageState.SENT))
    changed = replace(said, text="other", state=MessageState.FAILED)
    store.chat.save_message(changed)
    store.commit()
    assert read_anew(store, said.id) == changed


def read_anew(store: MemoryPersonStore, name: MessageId) -> Message | None:
    """Return a message as its tables have it."""
    with closing(store.open_history()) as history:
        return history.read_message(name)
