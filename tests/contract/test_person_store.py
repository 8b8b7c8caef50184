"""What every person's store promises about transactions."""

import threading
from dataclasses import replace

import pytest

from contract.made import CHAIN, chat, message, message_id, message_keys, person, session
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.chat.records import ChatId, MessageState
from sottovoce.secure.facts import Secrecy
from sottovoce.sync.records import MessageId

LOBBY = ChatId("lobby")
RECEIVED = MessageId(b"r" * 32)


def write_everywhere(store: SqlitePersonStore) -> None:
    below = store.below_chat
    below.secure.save_session(session(1), b"record")
    below.secure.add_message_keys(session(1), message_keys(1), newest=9, above=-1)
    below.sync.remember_received(person(1), RECEIVED, answered=True, per_peer_max=9, total_max=9)
    store.chat.save_chat(chat("lobby"))
    store.chat.save_message(message(1))


def is_everywhere(store: SqlitePersonStore) -> list[bool]:
    below = store.below_chat
    return [
        below.secure.load_session(session(1)) is not None,
        below.secure.load_message_key(session(1), CHAIN, 1) is not None,
        below.sync.has_received(person(1), RECEIVED),
        bool(list(store.chat.chats())),
        store.chat.load_message(message_id(1)) is not None,
    ]


def test_batch_is_undone_as_a_whole(person_store: SqlitePersonStore) -> None:
    person_store.begin()
    write_everywhere(person_store)
    assert all(is_everywhere(person_store))
    person_store.rollback()
    assert not any(is_everywhere(person_store))


def test_batch_is_kept_as_a_whole(person_store: SqlitePersonStore) -> None:
    person_store.begin()
    write_everywhere(person_store)
    person_store.commit()
    person_store.begin()
    person_store.rollback()
    assert all(is_everywhere(person_store))


def test_batch_that_wrote_nothing_says_so(person_store: SqlitePersonStore) -> None:
    wrote = []
    for end in (person_store.commit, person_store.rollback):
        person_store.begin()
        person_store.below_chat.secure.load_own()
        wrote.append(person_store.wrote)
        person_store.below_chat.secure.save_own(b"own")
        wrote.append(person_store.wrote)
        end()
        wrote.append(person_store.wrote)
    assert wrote == [False, True, False] * 2


def test_commit_runs_on_another_thread(person_store: SqlitePersonStore) -> None:
    for n in (1, 2):
        person_store.begin()
        person_store.chat.save_message(message(n))
        thread = threading.Thread(target=person_store.commit)
        thread.start()
        thread.join()
    person_store.begin()
    assert person_store.chat.load_message(message_id(2)) == message(2)
    person_store.rollback()


def test_ids_are_counted_anew_after_a_rollback(person_store: SqlitePersonStore) -> None:
    sync = person_store.below_chat.sync
    for ends_well in (True, False, True):
        person_store.begin()
        for n in range(2):
            name = MessageId(bytes([ends_well, n]) * 16)
            if not sync.has_received(person(1), name):
                sync.remember_received(person(1), name, answered=True, per_peer_max=2, total_max=2)
        if ends_well:
            person_store.commit()
        else:
            person_store.rollback()
    assert all(sync.has_received(person(1), MessageId(bytes([1, n]) * 16)) for n in range(2))


def test_record_of_a_batch_that_was_undone_is_not_remembered(
    person_store: SqlitePersonStore,
) -> None:
    secure, chats = person_store.below_chat.secure, person_store.chat
    sent = replace(message(1), state=MessageState.SENT)
    for record, text, end in (
        (b"old", message(1), person_store.commit),
        (b"new", sent, person_store.rollback),
    ):
        person_store.begin()
        secure.save_own(record)
        secure.save_peer(b"peer", record, stranger=False)
        secure.save_session(session(1), record)
        chats.save_message(text)
        end()
    person_store.begin()
    found = secure.load_own(), secure.load_peer(b"peer"), secure.load_session(session(1))
    assert found == (b"old",) * 3
    assert chats.load_message(message_id(1)) == message(1)
    person_store.rollback()


def test_what_is_held_in_memory_stands_in_the_tables(person_store: SqlitePersonStore) -> None:
    raw = replace(message(1), own=True, raw=b"wrapped", state=MessageState.QUEUED)
    sealed = replace(raw, secrecy=Secrecy.RATCHET, state=MessageState.SENT, peer_count=2)
    done = replace(sealed, state=MessageState.ACKNOWLEDGED, raw=b"")
    moved = replace(done, text="other words", clock=done.clock + 1)
    history = person_store.open_history()
    for stage in (raw, sealed, done, moved, raw):
        person_store.begin()
        person_store.chat.save_message(stage)
        assert person_store.chat.load_message(stage.id) == stage
        person_store.commit()
        assert history.read_message(stage.id) == stage
        found = history.search("other", chat_id=LOBBY, before=None, limit=9)
        assert list(found) == ([moved] if stage is moved else [])
    history.close()


def test_what_was_removed_is_not_held_in_memory(person_store: SqlitePersonStore) -> None:
    secure, chats = person_store.below_chat.secure, person_store.chat
    person_store.begin()
    write_everywhere(person_store)
    secure.save_peer(b"peer", b"record", stranger=False)
    chats.remove_chat(LOBBY)
    secure.delete_session(session(1))
    secure.delete_peer(b"peer")
    assert chats.load_message(message_id(1)) is None
    assert secure.load_session(session(1)) is None
    assert secure.load_peer(b"peer") is None
    write_everywhere(person_store)
    assert all(is_everywhere(person_store))
    person_store.rollback()


def test_more_messages_than_are_held_in_memory_are_all_found(
    person_store: SqlitePersonStore,
) -> None:
    messages = [message(n) for n in range(1, 100)]
    person_store.begin()
    for each in messages:
        person_store.chat.save_message(each)
        person_store.below_chat.secure.save_peer(each.id, each.id, stranger=False)
    assert [person_store.chat.load_message(each.id) for each in messages] == messages
    assert all(person_store.below_chat.secure.load_peer(each.id) == each.id for each in messages)
    person_store.rollback()


def test_history_sees_what_was_committed_at_once(person_store: SqlitePersonStore) -> None:
    history = person_store.open_history()
    assert history.page(LOBBY, before=None, limit=9) == []
    for n in (1, 2):
        person_store.begin()
        person_store.chat.save_message(message(n))
        person_store.commit()
        assert len(history.page(LOBBY, before=None, limit=9)) == n
    history.close()


def test_writing_outside_of_a_transaction_is_a_mistake(person_store: SqlitePersonStore) -> None:
    with pytest.raises(AssertionError):
        person_store.chat.save_message(message(1))
