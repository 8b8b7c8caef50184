"""What is noted of what is saved."""

from dataclasses import replace

from sottovoce.chat.feed_keys import chat_key, contact_key
from sottovoce.chat.records import (
    Chat,
    ChatKind,
    Contact,
    Device,
    Message,
    MessageState,
    Profile,
    Reaction,
)
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.message_id import MessageId
from unit.chat.feed_scene import BRUNO, LOBBY, Scene
from unit.chat.people import NOW_MS

CHAT = Chat(LOBBY, ChatKind.PUBLIC)
MESSAGE = Message(MessageId(bytes(32)), LOBBY, BRUNO.key, 5, 6, 7, ContentType.TEXT_PLAIN, "Ciao")


def kinds(scene: Scene) -> list[RecordKind]:
    return [kind for kind, _ in scene.lacks()]


def test_nothing_is_noted_before_a_device_was_ever_enabled() -> None:
    scene = Scene()
    scene.log.has_life = scene.log.is_shared = False
    scene.noting.save_chat(CHAT)
    scene.noting.save_contact(Contact(BRUNO.key))
    scene.noting.save_profile(Profile("a.eth"))
    scene.noting.save_message(MESSAGE)
    scene.noting.save_reaction(Reaction(MESSAGE.id, LOBBY, BRUNO.key, 1, 5))
    assert (scene.lacks(), scene.log.has_news) == ([], False)
    assert scene.store.load_message(MESSAGE.id) == MESSAGE


def test_only_decisions_are_noted_while_no_device_is_enabled() -> None:
    scene = Scene()
    scene.log.is_shared = False
    scene.noting.save_message(MESSAGE)
    scene.noting.save_chat(CHAT)
    assert kinds(scene) == [RecordKind.CHAT]


def test_chat_is_noted_when_others_could_see_the_change() -> None:
    scene = Scene()
    scene.noting.save_chat(CHAT)
    scene.noting.save_chat(replace(CHAT, last_clock=9, unread_count=3, held_bytes=7))
    assert scene.feed.last_number() == 1
    scene.log.begin(by_person=True, now_unix_ms=NOW_MS)
    scene.noting.save_chat(replace(CHAT, muted=True))
    row = scene.feed.change(RecordKind.CHAT, chat_key(LOBBY))
    assert row is not None
    assert (row.number, row.stamps) == (2, (0, 0, NOW_MS))
    assert scene.log.is_urgent


def test_contact_is_noted_when_more_than_clocks_changed() -> None:
    scene = Scene()
    scene.noting.save_contact(Contact(BRUNO.key))
    scene.noting.save_contact(Contact(BRUNO.key, updated_clock=5, told_clock=6))
    assert scene.feed.last_number() == 1
    scene.log.begin(by_person=True, now_unix_ms=NOW_MS)
    scene.noting.save_contact(Contact(BRUNO.key, blocked=True))
    assert scene.log.stamps(RecordKind.CONTACT, contact_key(BRUNO.key)) == (0, NOW_MS, 0, 0)


def test_own_message_is_noted_with_each_state_by_the_device_that_sends_it() -> None:
    scene = Scene()
    queued = replace(MESSAGE, own=True, state=MessageState.QUEUED, raw=b"raw")
    scene.log.begin(by_person=True, now_unix_ms=NOW_MS)
    scene.noting.save_message(queued)
    assert not scene.log.is_urgent  # A copy is on its way by itself.
    scene.noting.save_message(replace(queued, peer_count=4))
    assert scene.feed.last_number() == 1
    scene.noting.save_message(replace(queued, state=MessageState.ACKNOWLEDGED, raw=b""))
    assert scene.log.stamps(RecordKind.MESSAGE, MESSAGE.id) == (NOW_MS + 1,)
    elsewhere = replace(queued, id=MessageId(b"e" * 32), raw=b"")
    scene.noting.save_message(elsewhere)
    assert scene.log.stamps(RecordKind.MESSAGE, elsewhere.id) == ()


def test_notes_on_groups_are_made_by_each_device() -> None:
    scene = Scene()
    note = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    scene.noting.save_message(replace(MESSAGE, content_type=note))
    assert scene.lacks() == []


def test_what_the_inbox_gives_up_leaves_the_list() -> None:
    scene = Scene()
    scene.noting.save_chat(CHAT)
    scene.noting.save_contact(Contact(BRUNO.key))
    scene.noting.remove_chat(LOBBY)
    scene.noting.remove_contact(BRUNO.key)
    assert scene.lacks() == []
    scene.noting.save_chat(CHAT)
    assert kinds(scene) == [RecordKind.CHAT]


def test_what_is_written_quietly_is_not_noted_and_is_known_all_the_same() -> None:
    scene = Scene()
    with scene.log.quiet():
        scene.noting.save_chat(CHAT)
        scene.noting.save_profile(Profile("a.eth"))
        scene.noting.save_message(MESSAGE)
    scene.noting.save_chat(CHAT)
    scene.noting.save_profile(Profile("a.eth"))
    scene.noting.save_message(MESSAGE)
    assert scene.lacks() == []


def test_everything_else_passes() -> None:
    scene = Scene()
    device = Device("phone")
    scene.noting.save_device(device)
    assert list(scene.noting.devices()) == [device]
    scene.noting.remove_device("phone")
    assert list(scene.store.devices()) == []
    scene.noting.save_message(MESSAGE)
    assert scene.noting.unread_count(LOBBY, above_clock=4) == 1
    assert list(scene.noting.recipients(MESSAGE.id)) == []
    assert list(scene.noting.waiting_recipients(LOBBY)) == []
