"""Contacts and the profile that are brought."""

from dataclasses import replace

from sottovoce.chat.events import ContactChanged, Unshown
from sottovoce.chat.feed_keys import contact_key
from sottovoce.chat.feed_settings import CLOCKS_APART_MS_MAX
from sottovoce.chat.records import Contact, Profile
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.feed import FeedContact, FeedProfile, RecordKind
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX
from unit.chat.feed_scene import BRUNO, CLARA, Scene
from unit.chat.people import NOW_MS, Person, only

ADDED = FeedContact(BRUNO.key.raw, added=True, added_unix_ms=5, nickname="Bru", told_clock=7)


def test_contact_is_here_as_there_and_is_said_once() -> None:
    scene = Scene()
    scene.takes(ADDED)
    scene.takes(ADDED)
    assert list(scene.store.contacts()) == [
        Contact(BRUNO.key, added=True, nickname="Bru", told_clock=7)
    ]
    assert len(only(ContactChanged, scene.book.said)) == 1


def test_each_decision_counts_for_itself() -> None:
    scene = Scene()
    scene.takes(replace(ADDED, blocked=True, blocked_unix_ms=9))
    scene.takes(FeedContact(BRUNO.key.raw, added_unix_ms=6, nickname="Zoe", nickname_unix_ms=1))
    (contact,) = scene.store.contacts()
    assert (contact.added, contact.blocked, contact.nickname) == (False, True, "Zoe")


def test_newest_word_of_a_contact_counts_and_none_of_the_future() -> None:
    scene = Scene()
    scene.takes(replace(ADDED, ens_name="new.eth", updated_clock=9))
    scene.takes(replace(ADDED, ens_name="old.eth", updated_clock=8))
    (contact,) = scene.store.contacts()
    assert (contact.ens_name, contact.updated_clock) == ("new.eth", 9)
    scene.takes(replace(ADDED, ens_name="far.eth", updated_clock=1 << 63, told_clock=1 << 63))
    (contact,) = scene.store.contacts()
    latest = NOW_MS + CLOCKS_APART_MS_MAX + CLOCK_AHEAD_MS_MAX
    assert (contact.updated_clock, contact.told_clock) == (latest, latest)


def test_people_stay_within_bounds() -> None:
    scene = Scene(ChatSettings(noted_max=1, requests_max=1))
    keys = [it.key.raw for it in (BRUNO, CLARA)]
    for key in keys:
        scene.takes(FeedContact(key, requested=True, updated_clock=5))
    assert len(scene.store.list_contacts()) == 1  # The older request made room.
    scene.takes(*(FeedContact(key, verified=True) for key in keys))
    assert len(scene.store.list_contacts()) == 2
    assert scene.book.statistics == {}


def test_no_further_person_is_noted_when_there_are_too_many() -> None:
    full = Scene(ChatSettings(noted_max=1, requests_max=1))
    full.takes(*(FeedContact(it.key.raw, added=True) for it in (BRUNO, CLARA)))
    full.takes(FeedContact(Person(4).key.raw, added=True))
    assert full.book.statistics == {Unshown.INBOX_FULL: 1}


def test_profile_that_was_chosen_later_counts() -> None:
    scene = Scene()
    scene.takes(FeedProfile("new.eth", "", 6))
    scene.takes(FeedProfile("old.eth", "", 5))
    assert scene.store.load_profile() == Profile("new.eth", "", 6)
    assert scene.lacks("tablet") == [(RecordKind.PROFILE, b"")]


def test_request_that_is_brought_is_one() -> None:
    scene = Scene()
    scene.takes(FeedContact(BRUNO.key.raw, requested=True))
    (changed,) = only(ContactChanged, scene.book.said)
    assert changed.request_received
    assert scene.lacks("tablet") == [(RecordKind.CONTACT, contact_key(BRUNO.key))]
