"""Conversations over whole stacks, joined by a post office in memory."""

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    BlockContact,
    CreateGroup,
    JoinGroup,
    JoinPublicChat,
    React,
    RemoveMember,
    SendMessage,
)
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import ChatId, Group, Message, MessageState
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from unit.chat.talkers import Talker, two_people
from unit.stack.post_office import Office

LOBBY = ChatId("lobby")


def test_public_message_is_heard_once_by_everybody() -> None:
    _, anna, bruno = two_people()
    anna.do(JoinPublicChat(LOBBY))
    bruno.do(JoinPublicChat(LOBBY))
    message = anna.do(SendMessage(LOBBY, "Ciao")).result
    assert isinstance(message, Message)
    assert anna.history(LOBBY) == bruno.history(LOBBY) == ["Ciao"]
    assert anna.kept(message).state is MessageState.SENT
    assert anna.kept(message).secrecy is Secrecy.PUBLIC
    assert bruno.kept(message).secrecy is Secrecy.PUBLIC


def test_stranger_learns_nothing_until_accepted() -> None:
    office, anna, bruno = two_people()
    message = anna.says("psst", bruno)
    office.pass_time(600)
    assert bruno.history(anna.id) == ["psst"]
    assert anna.kept(message).state is MessageState.SENT
    bruno.do(AcceptChat(anna.id))
    office.pass_time(3600)
    assert anna.kept(message).state is MessageState.ACKNOWLEDGED
    assert bruno.history(anna.id) == ["psst"]


def test_contacts_talk_with_forward_secrecy_and_see_how_far_it_came() -> None:
    office, anna, bruno = two_people()
    anna.do(AddContact(bruno.key))
    assert bruno.contact(anna).requested
    bruno.do(AddContact(anna.key))
    office.pass_time(60)
    assert anna.contact(bruno).requested
    bruno.says("Ciao Anna", anna)
    message = anna.says("Ciao Bruno", bruno)
    assert anna.history(bruno.id) == bruno.history(anna.id) == ["Ciao Anna", "Ciao Bruno"]
    assert anna.kept(message).state is MessageState.ACKNOWLEDGED
    assert anna.kept(message).secrecy is Secrecy.RATCHET
    assert bruno.kept(message).secrecy is Secrecy.RATCHET


def test_reaction_and_block_reach_the_other_side() -> None:
    office, anna, bruno = two_people()
    anna.do(AddContact(bruno.key))
    bruno.do(AddContact(anna.key))
    message = anna.says("Ciao", bruno)
    bruno.do(React(message.id, ReactionType.LOVE))
    (reaction,) = anna.chat_store.reactions([message.id])
    assert (reaction.author, reaction.type) == (bruno.key, ReactionType.LOVE)
    bruno.do(BlockContact(anna.key))
    unheard = anna.says("hello?", bruno)
    office.pass_time(600)
    assert bruno.history(anna.id) == ["Ciao"]
    assert anna.kept(unheard).state is MessageState.SENT


def group_of_three() -> tuple[Office, list[Talker], ChatId]:
    office = Office()
    people = [Talker(name, office) for name in ("anna", "bruno", "carla")]
    anna, bruno, carla = people
    group = anna.do(CreateGroup("walk", (bruno.key, carla.key))).result
    assert isinstance(group, Group)
    for person in (bruno, carla):
        person.do(JoinGroup(group.chat_id))
    office.pass_time(60)
    return office, people, group.chat_id


def texts(person: Talker, chat_id: ChatId) -> list[str]:
    page = person.chat_store.page(chat_id, before=None, limit=99)
    return [it.text for it in reversed(page) if not is_note(it)]


def test_group_of_strangers_talks_and_every_member_has_every_message() -> None:
    office, people, chat_id = group_of_three()
    said = [person.do(SendMessage(chat_id, person.name)).result for person in people]
    office.pass_time(60)
    for person, message in zip(people, said, strict=True):
        assert texts(person, chat_id) == ["anna", "bruno", "carla"]
        assert isinstance(message, Message)
        kept = person.kept(message)
        assert (kept.state, kept.acknowledged_count) == (MessageState.ACKNOWLEDGED, 2)
        assert kept.secrecy is Secrecy.RATCHET


def test_nothing_that_waits_reaches_who_was_removed_while_offline() -> None:
    office, (anna, bruno, carla), chat_id = group_of_three()
    carla.connect(False)
    before = anna.do(SendMessage(chat_id, "before")).result
    anna.do(RemoveMember(chat_id, carla.key))
    anna.do(SendMessage(chat_id, "after"))
    bruno.do(SendMessage(chat_id, "after, too"))
    carla.connect()
    office.pass_time(600)
    assert texts(bruno, chat_id) == ["before", "after", "after, too"]
    assert texts(carla, chat_id) == []
    (group,) = carla.chat_store.list_groups()
    assert group.members == (anna.key, bruno.key)
    assert isinstance(before, Message)
    assert anna.kept(before).state is MessageState.ACKNOWLEDGED
    for person in (anna, bruno, carla):
        assert list(person.stores.sync.waiting()) == []
