from dataclasses import replace

import pytest

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    BlockContact,
    ClearChat,
    LeaveChat,
    OpenOneToOne,
    React,
    SendMessage,
    VerifyContact,
)
from sottovoce.chat.events import ChatChanged, ContactChanged, Unshown
from sottovoce.chat.inbox import without_older_half
from sottovoce.chat.records import Chat, ChatKind
from sottovoce.chat.settings import (
    MESSAGE_BYTES,
    REACTION_BYTES,
    STRANGER_BYTES_MAX,
    ChatSettings,
)
from sottovoce.payloads.chat_message import ContentType, ImageMessage, MessageType
from sottovoce.payloads.limits import IMAGE_BYTES_MAX
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from unit.chat.people import LOBBY, NOW_MS, Person, one, only, private, update

SMALL = MESSAGE_BYTES + len("Ciao")


def bruno(**limits: int) -> Person:
    return Person(2, settings=ChatSettings(**limits))


def strangers(count: int) -> list[Person]:
    return [Person(100 + number) for number in range(count)]


def waiting(person: Person) -> set[str]:
    return {chat.id for chat in person.store.chats() if not chat.accepted}


def test_stranger_is_heard_up_to_a_bound() -> None:
    anna, to = Person(1), bruno(stranger_bytes_max=3 * SMALL)
    for number in range(3):
        to.hears(anna, clock=NOW_MS + number)
    assert to.chat(anna.id).held_bytes == 3 * SMALL
    assert to.drops(private(to, clock=NOW_MS + 3), anna) is Unshown.INBOX_FULL


def test_bound_of_a_stranger_outlives_a_restart() -> None:
    anna, to = Person(1), bruno(stranger_bytes_max=2 * SMALL)
    to.hears(anna)
    to.hears(anna, clock=NOW_MS + 1)
    to.start()
    assert to.drops(private(to, clock=NOW_MS + 2), anna) is Unshown.INBOX_FULL


def test_clearing_a_stranger_s_chat_makes_room() -> None:
    anna, to = Person(1), bruno(stranger_bytes_max=SMALL)
    to.hears(anna)
    to.do(ClearChat(anna.id))
    assert to.hears(anna, clock=NOW_MS + 1).text == "Ciao"


@pytest.mark.parametrize("how", ["accept", "write", "add", "react"])
def test_whoever_is_let_in_is_no_longer_limited(how: str) -> None:
    anna, to = Person(1), bruno(stranger_bytes_max=SMALL)
    message = to.hears(anna)
    match how:
        case "accept":
            to.do(AcceptChat(anna.id))
        case "write":
            to.do(SendMessage(anna.id, "Ciao"))
        case "add":
            to.do(AddContact(anna.key))
        case _:
            to.do(React(message.id, ReactionType.LOVE))
    assert to.chat(anna.id).accepted
    assert to.chat(anna.id).held_bytes == 0
    for number in range(1, 20):
        to.hears(anna, clock=NOW_MS + number)
    assert to.chat(anna.id).held_bytes == 0


def test_opening_a_stranger_s_chat_does_not_accept_it() -> None:
    anna, to = Person(1), bruno()
    to.hears(anna)
    to.do(LeaveChat(anna.id))
    to.do(OpenOneToOne(anna.key))
    assert to.chat(anna.id).active
    assert not to.chat(anna.id).accepted


def test_oldest_stranger_s_chat_gives_way() -> None:
    to, people = bruno(strangers_max=3), strangers(4)
    for number, stranger in enumerate(people[:3]):
        to.hears(stranger, clock=NOW_MS + number)
    gone, new = only(ChatChanged, to.arrives(private(to, clock=NOW_MS + 3), people[3]))
    assert (gone.chat.id, gone.chat.active, gone.chat.unread_count) == (people[0].id, False, 0)
    assert new.chat.id == people[3].id
    assert waiting(to) == {stranger.id for stranger in people[1:]}
    assert to.texts(people[0].id) == []


def test_stranger_who_was_left_gives_way_first() -> None:
    to, people = bruno(strangers_max=3), strangers(4)
    for number, stranger in enumerate(people[:3]):
        to.hears(stranger, clock=NOW_MS + number)
    to.do(LeaveChat(people[2].id))
    to.hears(people[3], clock=NOW_MS + 9)
    assert waiting(to) == {people[0].id, people[1].id, people[3].id}


def test_all_strangers_together_stay_within_a_bound() -> None:
    to, people = bruno(inbox_bytes_max=4 * SMALL), strangers(6)
    for number, stranger in enumerate(people):
        to.hears(stranger, clock=NOW_MS + number)
    assert waiting(to) == {stranger.id for stranger in people[2:]}


def test_accepted_chats_never_give_way() -> None:
    anna, carla = Person(1), Person(3)
    to, people = bruno(strangers_max=1, inbox_bytes_max=2 * SMALL), strangers(5)
    to.do(AddContact(anna.key))
    to.hears(anna, clock=NOW_MS - 9)
    to.hears(carla, clock=NOW_MS - 8)
    to.do(AcceptChat(carla.id))
    to.do(LeaveChat(carla.id))
    for number, stranger in enumerate(people):
        to.hears(stranger, clock=NOW_MS + number)
    assert to.texts(anna.id) == to.texts(carla.id) == ["Ciao"]
    assert waiting(to) == {people[4].id}


def test_stranger_can_send_a_picture_of_any_size() -> None:
    anna, to = Person(1), bruno()
    image = ImageMessage(b"\xff\xd8\xff" + bytes(IMAGE_BYTES_MAX - 3), 2)
    picture = replace(private(to), content_type=ContentType.IMAGE, attachment=image)
    to.arrives(picture, anna)
    assert to.texts(anna.id) == ["Ciao"]
    again = replace(picture, clock=NOW_MS + 1)
    assert to.drops(again, anna) is Unshown.INBOX_FULL


def test_stranger_s_reactions_count() -> None:
    anna, to = Person(1), bruno(stranger_bytes_max=SMALL + REACTION_BYTES)
    message = to.hears(anna)
    love = EmojiReaction(
        clock=NOW_MS + 1,
        chat_id=to.id,
        message_id=message_id_text(message.id),
        message_type=MessageType.ONE_TO_ONE,
        type=ReactionType.LOVE,
    )
    to.arrives(love, anna)
    assert to.chat(anna.id).held_bytes == SMALL + REACTION_BYTES
    to.arrives(replace(love, clock=NOW_MS + 2, retracted=True), anna)
    assert to.chat(anna.id).held_bytes == SMALL + REACTION_BYTES
    assert to.drops(replace(love, type=ReactionType.SAD), anna) is Unshown.INBOX_FULL


@pytest.mark.slow
def test_flood_of_one_stranger_is_bounded() -> None:
    anna, carla, to = Person(1), Person(3), bruno()
    to.hears(carla)
    for number in range(10_000):
        to.arrives(private(to, f"{number}", clock=NOW_MS + number), anna)
    chat = to.chat(anna.id)
    assert chat.held_bytes <= STRANGER_BYTES_MAX
    assert chat.unread_count == len(to.texts(anna.id)) < STRANGER_BYTES_MAX / MESSAGE_BYTES
    assert to.chats.statistics[Unshown.INBOX_FULL] == 10_000 - chat.unread_count
    assert to.texts(carla.id) == ["Ciao"]


def test_flood_of_many_strangers_is_bounded() -> None:
    to = bruno(strangers_max=5)
    for number, stranger in enumerate(strangers(50)):
        to.hears(stranger, clock=NOW_MS + number)
        to.arrives(update(clock=NOW_MS + number), stranger)
    assert len(waiting(to)) == 5


# ---- contact requests


def test_oldest_request_gives_way() -> None:
    to, people = bruno(requests_max=3), strangers(4)
    for number, stranger in enumerate(people[:3]):
        to.arrives(update(clock=NOW_MS + number), stranger)
    gone, new = only(ContactChanged, to.arrives(update(clock=NOW_MS + 3), people[3]))
    assert (gone.contact.key, gone.contact.requested) == (people[0].key, False)
    assert new.contact.key == people[3].key
    assert {contact.key for contact in to.store.contacts()} == {it.key for it in people[1:]}


def test_request_of_somebody_whom_we_know_never_gives_way() -> None:
    to, people = bruno(requests_max=1), strangers(6)
    to.do(AddContact(people[0].key))
    to.do(BlockContact(people[1].key))
    to.do(VerifyContact(people[2].key))
    to.do(OpenOneToOne(people[3].key))
    to.arrives(update(), people[3])
    for number, stranger in enumerate(people[4:]):
        to.arrives(update(clock=NOW_MS + number), stranger)
    kept = {contact.key for contact in to.store.contacts()}
    assert kept == {it.key for it in (*people[:4], people[5])}


def test_repeated_request_makes_nobody_give_way() -> None:
    to, people = bruno(requests_max=2), strangers(2)
    for number in range(3):
        for stranger in people:
            outputs = to.arrives(update(clock=NOW_MS + number), stranger)
            assert len(only(ContactChanged, outputs)) == (number == 0)
    assert len(list(to.store.contacts())) == 2


def test_what_was_deleted_stays_so_when_the_older_half_leaves() -> None:
    chat = Chat(LOBBY, ChatKind.PUBLIC, deleted_at_clock=5, held_bytes=9, older_bytes=4)
    assert without_older_half(chat) == replace(chat, held_bytes=5, older_bytes=0)
    marked = replace(chat, older_clock=7)
    assert without_older_half(marked).deleted_at_clock == 7


def test_one_request_is_told_once() -> None:
    anna, to = Person(1), bruno()
    assert one(ContactChanged, to.arrives(update(), anna)).request_received
    assert to.arrives(update(clock=NOW_MS + 1), anna) == []
