from dataclasses import replace

from sottovoce.chat.commands import (
    React,
    SendMessage,
)
from sottovoce.chat.events import MessageAdded, ReactionChanged, Unshown
from sottovoce.chat.records import Message
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import (
    ImageMessage,
    MessageType,
)
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from unit.chat.people import LOBBY, NOW_MS, Person, carry, one, only, public

PNG = ImageMessage(b"\x89PNG\r\n\x1a\n" + bytes(32), 1)


def reaction(
    message: Message, *, clock: int = NOW_MS + 1, retracted: bool = False, chat_id: str = LOBBY
) -> EmojiReaction:
    return EmojiReaction(
        clock=clock,
        chat_id=chat_id,
        message_id=message_id_text(message.id),
        message_type=MessageType.PUBLIC_GROUP if chat_id == LOBBY else MessageType.ONE_TO_ONE,
        type=ReactionType.LOVE,
        retracted=retracted,
    )


def test_reaction_is_kept_and_told(anna: Person, bruno: Person) -> None:
    bruno.join()
    message = one(MessageAdded, bruno.arrives(public(), anna)).message
    told = one(ReactionChanged, bruno.arrives(reaction(message), anna)).reaction
    assert (told.message_id, told.chat_id, told.author) == (message.id, LOBBY, anna.key)
    assert bruno.store.reactions([message.id]) == [told]
    assert bruno.chat().last_clock == NOW_MS + 1
    assert bruno.chat().unread_count == 1


def test_reaction_in_a_private_chat_is_kept(anna: Person, bruno: Person) -> None:
    message = bruno.hears(anna)
    told = one(ReactionChanged, bruno.arrives(reaction(message, chat_id=bruno.id), anna))
    assert told.reaction.chat_id == anna.id


def test_reaction_to_an_unknown_message_is_dropped(
    anna: Person, bruno: Person, carla: Person
) -> None:
    bruno.join()
    message = bruno.hears(anna)
    assert bruno.drops(reaction(message), anna) is Unshown.NO_MESSAGE
    of_carla = reaction(message, chat_id=bruno.id)
    assert bruno.drops(of_carla, carla) is Unshown.NO_MESSAGE
    nonsense = replace(of_carla, message_id="nonsense")
    assert bruno.drops(nonsense, anna) is Unshown.NO_MESSAGE


def test_own_reaction_of_another_device_is_kept_and_takes_no_room(
    anna: Person, bruno: Person
) -> None:
    bruno.join()
    message = one(MessageAdded, bruno.arrives(public(), anna)).message
    held_bytes = bruno.chat().held_bytes
    bruno.arrives(reaction(message), bruno)
    assert [it.author for it in bruno.store.reactions([message.id])] == [bruno.key]
    assert bruno.chat().held_bytes == held_bytes


def test_retraction_counts_whenever_it_comes(anna: Person, bruno: Person) -> None:
    bruno.join()
    message = one(MessageAdded, bruno.arrives(public(), anna)).message
    given, taken = reaction(message), reaction(message, clock=NOW_MS + 2, retracted=True)
    assert only(ReactionChanged, bruno.arrives(taken, anna)) == []
    assert bruno.drops(given, anna) is Unshown.STALE
    assert bruno.store.reactions([message.id]) == []
    again = replace(given, clock=NOW_MS + 3)
    assert not one(ReactionChanged, bruno.arrives(again, anna)).reaction.retracted
    taken_again = replace(taken, clock=NOW_MS + 4)
    assert one(ReactionChanged, bruno.arrives(taken_again, anna)).reaction.retracted
    assert bruno.store.reactions([message.id]) == []


def test_reaction_of_a_group_or_in_another_chat_is_dropped(anna: Person, bruno: Person) -> None:
    bruno.join()
    message = one(MessageAdded, bruno.arrives(public(), anna)).message
    of_group = replace(reaction(message), message_type=MessageType.PRIVATE_GROUP)
    assert bruno.drops(of_group, anna) is Unshown.UNKNOWN_KIND
    assert bruno.drops(reaction(message), anna, public_chats=("x",)) is Unshown.OTHER_CHAT


def test_reactions_of_people_meet(anna: Person, bruno: Person) -> None:
    anna.join()
    bruno.join()
    carry(anna.do(SendMessage(LOBBY, "Ciao")), anna, bruno)
    (message,) = bruno.store.page(LOBBY, before=None, limit=1)
    outputs = bruno.do(React(message.id, ReactionType.LAUGH))
    told = one(ReactionChanged, carry(outputs, bruno, anna, bruno)).reaction
    assert (told.author, told.type) == (bruno.key, ReactionType.LAUGH)
    assert bruno.chats.statistics[Unshown.STALE] == 1


def test_reactions_count_in_a_full_public_chat(anna: Person) -> None:
    bruno = Person(2, settings=ChatSettings(public_chat_bytes_max=4 * 1100))
    bruno.join()
    bruno.arrives(public("old", clock=NOW_MS - 1), anna)
    bruno.arrives(public("older", clock=NOW_MS - 2), anna)
    message = one(MessageAdded, bruno.arrives(public("new", clock=NOW_MS + 1), anna)).message
    for number in range(10, 20):
        bruno.arrives(reaction(message), Person(number))
    assert bruno.chat().held_bytes <= 4 * 1100
    assert len(bruno.texts()) < 3
