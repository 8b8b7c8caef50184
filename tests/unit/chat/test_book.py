from dataclasses import replace

import pytest

from sottovoce.chat.book import Book
from sottovoce.chat.events import ChatChanged, ContactChanged
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import Chat, ChatKind, Contact
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import ChatSettings
from sottovoce.stack import destinations
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.events import PeopleChanged
from unit.chat.people import LOBBY, Person, only

ANNA, BRUNO = Person(1), Person(2)
PUBLIC = Chat(LOBBY, ChatKind.PUBLIC)
PRIVATE = Chat(BRUNO.id, ChatKind.ONE_TO_ONE)


def book(store: MemoryChatStore | None = None) -> Book:
    return Book(ANNA.key, store or MemoryChatStore(), ChatSettings())


def test_what_is_put_is_stored_and_said() -> None:
    store = MemoryChatStore()
    kept = book(store)
    kept.put_chat(PUBLIC)
    kept.put_contact(Contact(BRUNO.key))
    assert list(store.chats()) == [kept.chat(LOBBY)] == [PUBLIC]
    assert list(store.contacts()) == [Contact(BRUNO.key)]
    assert only(ChatChanged, kept.said) == [ChatChanged(PUBLIC)]
    assert only(ContactChanged, kept.said) == [ContactChanged(Contact(BRUNO.key))]


def test_what_nobody_sees_is_stored_and_not_said() -> None:
    store = MemoryChatStore()
    kept = book(store)
    kept.put_chat(PUBLIC)
    kept.take_said()
    kept.put_chat(replace(PUBLIC, last_clock=5, held_bytes=7))
    assert kept.take_said() == []
    assert list(store.chats()) == [replace(PUBLIC, last_clock=5, held_bytes=7)]


def test_whom_to_hear_is_said_first_and_only_when_it_changed() -> None:
    kept = book()
    kept.put_chat(PUBLIC)
    assert isinstance(kept.take_said()[0], PeopleChanged)
    kept.put_chat(replace(PUBLIC, muted=True))
    kept.put_contact(Contact(BRUNO.key, verified=True))
    kept.put_contact(Contact(BRUNO.key, blocked=True))
    kept.put_contact(Contact(BRUNO.key))
    assert only(PeopleChanged, kept.take_said()) == []
    kept.say_people()
    assert len(kept.take_said()) == 1


def test_people_are_those_added_and_those_of_accepted_chats() -> None:
    carla, dario = Person(3), Person(4)
    kept = book()
    kept.put_chat(PRIVATE)
    kept.put_contact(Contact(carla.key, added=True))
    kept.put_chat(Chat(dario.id, ChatKind.ONE_TO_ONE, accepted=False))
    (people,) = only(PeopleChanged, kept.take_said())
    assert people.answered == people.followed == {BRUNO.key, carla.key}
    kept.put_chat(replace(PRIVATE, active=False))
    (people,) = only(PeopleChanged, kept.take_said())
    assert people.followed == {carla.key}
    assert people.answered == {BRUNO.key, carla.key}


def test_book_is_made_anew_from_the_store() -> None:
    store = MemoryChatStore()
    kept = book(store)
    kept.put_chat(PUBLIC)
    kept.put_chat(replace(PRIVATE, accepted=False))
    kept.put_contact(Contact(BRUNO.key, added=True, told_clock=9))
    again = book(store)
    assert again.chat(LOBBY) == PUBLIC
    assert again.inbox == {BRUNO.id}
    assert again.first_told_clock() == 9


def test_new_chat_is_later_than_all_that_was_said_before() -> None:
    kept = book()
    kept.put_contact(Contact(BRUNO.key, updated_clock=5, told_clock=9))
    assert kept.one_to_one(BRUNO.key).last_clock == 9
    kept.put_contact(Contact(BRUNO.key, updated_clock=11, told_clock=9))
    assert kept.one_to_one(BRUNO.key).last_clock == 11


def test_destination_follows_the_kind_of_chat() -> None:
    kept = book()
    assert kept.destinations(PUBLIC) == (PublicChat(LOBBY),)
    assert kept.destinations(PRIVATE) == (destinations.Contact(BRUNO.key),)
    kept.has_other_devices = True
    assert kept.destinations(PUBLIC) == (PublicChat(LOBBY),)
    assert kept.destinations(PRIVATE)[1:] == (destinations.OwnDevices(),)


def test_chat_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandRefusedError, match="no such chat"):
        book().known_chat(LOBBY)


def test_forgotten_are_told_to_whoever_shows_them() -> None:
    store = MemoryChatStore()
    kept = book(store)
    kept.put_chat(replace(PRIVATE, accepted=False, unread_count=3))
    kept.put_contact(Contact(BRUNO.key, requested=True))
    kept.take_said()
    kept.remove_chat(kept.known_chat(BRUNO.id))
    kept.remove_contact(BRUNO.key)
    gone = replace(PRIVATE, accepted=False, active=False)
    assert kept.take_said() == [ChatChanged(gone), ContactChanged(Contact(BRUNO.key))]
    assert list(store.chats()) == []
    assert list(store.contacts()) == []
