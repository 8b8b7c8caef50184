"""What every store of chats promises to the machine that writes."""

from dataclasses import replace

import pytest

from contract.conftest import Kept
from contract.made import chat, message, message_id, person, reaction
from sottovoce.chat.records import ChatId, Contact, Message, MessageState, Profile
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    AudioType,
    ContentType,
    ImageMessage,
    ImageType,
    StickerMessage,
)
from sottovoce.secure.facts import Secrecy

LOBBY = ChatId("lobby")
FULL_CONTACT = Contact(person(1), True, True, True, True, "An", "anna.eth", "data:", 5, 6)
ATTACHMENTS = [
    StickerMessage("e301", -7),
    ImageMessage(b"\x89PNG", ImageType.PNG),
    AudioMessage(b"aac", AudioType.AAC, 1500),
]


def test_profile_is_empty_at_first_and_replaced(kept: Kept) -> None:
    assert kept.store.load_profile() == Profile()
    kept.store.save_profile(Profile("a.eth", "data:"))
    kept.store.save_profile(Profile("b.eth"))
    assert kept.store.load_profile() == Profile("b.eth")


def test_chats_are_replaced_with_all_they_say(kept: Kept) -> None:
    kept.store.save_chat(chat("lobby"))
    full = replace(
        chat("lobby", accepted=False, last_message_unix_ms=5),
        active=False,
        muted=True,
        last_clock=1,
        deleted_at_clock=2,
        read_at_clock=3,
        unread_count=4,
        held_bytes=6,
        older_clock=7,
        older_bytes=8,
    )
    kept.store.save_chat(full)
    assert list(kept.store.chats()) == [full]


def test_contacts_are_replaced_and_removed(kept: Kept) -> None:
    kept.store.save_contact(Contact(person(1)))
    kept.store.save_contact(FULL_CONTACT)
    kept.store.save_contact(Contact(person(2)))
    assert sorted(kept.store.contacts(), key=lambda it: it.key.raw) == [
        FULL_CONTACT,
        Contact(person(2)),
    ]
    kept.store.remove_contact(person(3))
    kept.store.remove_contact(person(1))
    assert list(kept.store.contacts()) == [Contact(person(2))]


@pytest.mark.parametrize("attachment", [None, *ATTACHMENTS])
def test_message_comes_back_as_it_was_kept(kept: Kept, attachment: Attachment | None) -> None:
    full = replace(
        message(1, text="so \x00 'ed' 🎈", own=True),
        response_to="0x01",
        ens_name="a.eth",
        attachment=attachment,
        secrecy=Secrecy.RATCHET,
        state=MessageState.FAILED,
        peer_count=3,
        reason="nobody took it",
        raw=b"raw",
    )
    kept.store.save_message(full)
    assert kept.store.load_message(full.id) == full
    assert kept.store.load_message(message_id(2)) is None


@pytest.mark.parametrize("attachment", ATTACHMENTS)
def test_message_is_replaced_with_all_its_parts(kept: Kept, attachment: Attachment) -> None:
    versions: list[Message] = [
        replace(message(1), attachment=attachment, raw=b"1"),
        replace(message(1), attachment=attachment, raw=b"2"),
        replace(message(1, text="other words"), secrecy=None),
        replace(message(1), attachment=ImageMessage(b"x")),
    ]
    for version in versions:
        kept.store.save_message(version)
        assert kept.store.load_message(message_id(1)) == version


def test_removed_chat_takes_messages_and_reactions_along(kept: Kept) -> None:
    kept.store.save_chat(chat("lobby"))
    kept.store.save_chat(chat("bar"))
    kept.store.save_message(message(1))
    kept.store.save_message(message(2, chat_id="bar"))
    kept.store.save_reaction(reaction(1, 5))
    kept.store.remove_chat(LOBBY)
    kept.store.remove_chat(ChatId("nowhere"))
    assert [it.id for it in kept.store.chats()] == ["bar"]
    assert kept.store.load_message(message_id(1)) is None
    assert kept.store.load_reaction(message_id(1), person(5), 1) is None
    assert kept.store.load_message(message_id(2)) == message(2, chat_id="bar")


def test_messages_up_to_a_clock_are_removed_with_their_reactions(kept: Kept) -> None:
    for n in (1, 2, 3):
        kept.store.save_message(message(n))
        kept.store.save_reaction(reaction(n, 5))
    kept.store.save_message(message(4, chat_id="bar", clock=1))
    kept.store.remove_messages(LOBBY, up_to_clock=2)
    kept.store.remove_messages(ChatId("nowhere"), up_to_clock=2)
    left = [n for n in (1, 2, 3, 4) if kept.store.load_message(message_id(n)) is not None]
    assert left == [3, 4]
    assert kept.store.load_reaction(message_id(2), person(5), 1) is None
    assert kept.store.load_reaction(message_id(3), person(5), 1) == reaction(3, 5)


def test_unread_messages_are_those_of_others_above_a_clock(kept: Kept) -> None:
    for n in (1, 2, 3, 4):
        kept.store.save_message(message(n, own=n == 3))
    kept.store.save_message(message(5, chat_id="bar"))
    counts = [kept.store.unread_count(LOBBY, above_clock=clock) for clock in (0, 1, 3, 4)]
    assert counts == [3, 2, 1, 0]
    assert kept.store.unread_count(ChatId("nowhere"), above_clock=0) == 0


def test_notes_on_events_of_a_group_are_never_unread(kept: Kept) -> None:
    note = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    kept.store.save_message(replace(message(1), content_type=note))
    kept.store.save_message(message(2))
    assert kept.store.unread_count(LOBBY, above_clock=0) == 1


def test_reaction_is_replaced_and_found_even_if_taken_back(kept: Kept) -> None:
    kept.store.save_reaction(reaction(1, 5))
    kept.store.save_reaction(reaction(1, 5, clock=2, retracted=True))
    assert kept.store.load_reaction(message_id(1), person(5), 1) == reaction(
        1, 5, clock=2, retracted=True
    )
    assert kept.store.load_reaction(message_id(1), person(5), 2) is None
