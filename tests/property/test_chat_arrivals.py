"""Whatever arrives, in whatever order: nothing raises, history has one order, counts are true."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    AddMembers,
    BlockContact,
    ClearChat,
    Command,
    CreateGroup,
    JoinGroup,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    PromoteMembers,
    React,
    RemoveContact,
    RemoveMember,
    RenameGroup,
    ResendMessage,
    ResignAdmin,
    SendMessage,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.events import Unshown
from sottovoce.chat.records import ChatId, ChatKind
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import ChatMessage, ContentType, ImageMessage, MessageType
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType
from sottovoce.payloads.message_id import MessageId, message_id_text
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.payloads.registry import Payload, UnknownPayload
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.events import Arrived, MessageSubmitted, SentToPeers, TimePassed, Undeliverable
from unit.chat.group_letters import signed, update
from unit.chat.people import ENVELOPE, NOW_MS, Person, only

AUTHORS: Final = tuple(Person(number) for number in range(1, 8))
NAMES: Final = ("lobby", "kitchen")
GROUP: Final = group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", AUTHORS[1].key)
PLACES: Final = (*NAMES, GROUP, *(person.id for person in AUTHORS), "", "nonsense")
LIMITS: Final = ChatSettings(
    strangers_max=3,
    stranger_bytes_max=5 * 1100,
    inbox_bytes_max=9 * 1100,
    requests_max=2,
    public_chat_bytes_max=9 * 1100,
)

clocks = st.integers(NOW_MS, NOW_MS + 20)
# Few ids, so that replies, reactions and duplicates meet messages.
ids = st.integers(0, 12).map(lambda number: MessageId(number.to_bytes(32, "big")))
messages = st.builds(
    ChatMessage,
    clock=clocks,
    timestamp_unix_ms=clocks,
    text=st.sampled_from(["Ciao", "@" + AUTHORS[0].id, "\x00\u202e", "x" * 2000]),
    response_to=st.one_of(st.just("nonsense"), ids.map(message_id_text)),
    ens_name=st.sampled_from(["", "a.eth", "b.eth"]),
    chat_id=st.sampled_from(PLACES),
    message_type=st.sampled_from([*MessageType, 77]),
    content_type=st.sampled_from([*ContentType, 77]),
    attachment=st.one_of(st.none(), st.just(ImageMessage(bytes(500), 1))),
)
reactions = st.builds(
    EmojiReaction,
    clock=clocks,
    chat_id=st.sampled_from(PLACES),
    message_id=st.one_of(st.just("nonsense"), ids.map(message_id_text)),
    message_type=st.sampled_from([*MessageType, 77]),
    type=st.integers(1, 6),
    retracted=st.booleans(),
)
updates = st.builds(
    ContactUpdate,
    clock=clocks,
    ens_name=st.sampled_from(["", "a.eth"]),
    profile_image=st.sampled_from(["", "nonsense"]),
)
# Events of one group that we are invited to; some are not allowed at their place.
ME, CREATOR, OTHER = AUTHORS[:3]
BEGINNING: Final = (
    signed(CREATOR, GROUP, EventType.CHAT_CREATED, name="walk", clock=NOW_MS),
    signed(CREATOR, GROUP, EventType.MEMBERS_ADDED, ME.id, OTHER.id, clock=NOW_MS + 1),
    signed(OTHER, GROUP, EventType.MEMBER_JOINED, clock=NOW_MS + 2),
)
LATER: Final = (
    signed(ME, GROUP, EventType.MEMBER_JOINED, clock=NOW_MS + 3),
    signed(CREATOR, GROUP, EventType.MEMBER_REMOVED, ME.id, clock=NOW_MS + 3),
    signed(CREATOR, GROUP, EventType.MEMBER_REMOVED, OTHER.id, clock=NOW_MS + 4),
    signed(CREATOR, GROUP, EventType.ADMINS_ADDED, OTHER.id, clock=NOW_MS + 4),
    signed(OTHER, GROUP, EventType.NAME_CHANGED, name="\x1b", clock=NOW_MS + 5),
    signed(CREATOR, GROUP, EventType.MEMBERS_ADDED, ME.id, clock=NOW_MS + 9),
)
in_group = {"chat_id": GROUP, "message_type": MessageType.PRIVATE_GROUP}
group_updates = st.builds(
    lambda later, content: update(
        GROUP, (*BEGINNING, *later), None if content is None else replace(content, **in_group)
    ),
    st.lists(st.sampled_from(LATER), unique=True, max_size=3),
    st.one_of(st.none(), messages, reactions),
)
payloads: st.SearchStrategy[Payload] = st.one_of(
    messages, messages, reactions, updates, group_updates, st.just(UnknownPayload())
)
arrivals = st.builds(
    Arrived,
    payload=payloads,
    author=st.sampled_from([person.key for person in AUTHORS]),
    message_id=ids,
    secrecy=st.sampled_from(Secrecy),
    public_chats=st.sampled_from([(), ("lobby",), NAMES]),
    sent_unix_ms=st.just(NOW_MS),
    envelope=st.just(ENVELOPE),
)
chat_ids = st.sampled_from(PLACES).map(ChatId)
keys = st.sampled_from([person.key for person in AUTHORS])
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(SendMessage, chat_ids, st.just("Ciao")),
    st.builds(JoinPublicChat, st.sampled_from(PLACES)),
    st.builds(OpenOneToOne, keys),
    st.builds(LeaveChat, chat_ids),
    st.builds(AcceptChat, chat_ids),
    st.builds(ClearChat, chat_ids),
    st.builds(MarkRead, chat_ids, st.one_of(st.none(), clocks)),
    st.builds(BlockContact, keys, st.booleans()),
    st.builds(React, ids, st.integers(0, 7), st.booleans()),
    st.builds(AddContact, keys, st.just("Bru"), st.just(b"bundle")),
    st.builds(RemoveContact, keys),
    st.builds(VerifyContact, keys, st.booleans()),
    st.builds(SetProfile, st.sampled_from(["", "a.eth"])),
    st.builds(MuteChat, chat_ids, st.booleans()),
    st.builds(CreateGroup, st.sampled_from(["", "run"]), st.lists(keys, max_size=2).map(tuple)),
    st.builds(JoinGroup, chat_ids),
    st.builds(AddMembers, chat_ids, st.lists(keys, max_size=2).map(tuple)),
    st.builds(RemoveMember, chat_ids, keys),
    st.builds(PromoteMembers, chat_ids, st.lists(keys, max_size=2).map(tuple)),
    st.builds(ResignAdmin, chat_ids),
    st.builds(RenameGroup, chat_ids, st.just("swim")),
)
waits = st.integers(-3 * 86_400, 3 * 86_400)


def somebody(settings: ChatSettings | None = None) -> Person:
    person = Person(1, settings=settings)
    for name in NAMES:
        person.join(name)
    return person


def check_counts(person: Person) -> None:
    for chat in person.store.chats():
        counted = person.store.unread_count(chat.id, above_clock=chat.read_at_clock)
        assert chat.unread_count == counted
        page = person.store.page(chat.id, before=None, limit=1000)
        assert all(chat.deleted_at_clock < it.clock <= chat.last_clock for it in page)


def check_limits(person: Person) -> None:
    waiting = [chat for chat in person.store.chats() if not chat.accepted]
    assert len(waiting) <= LIMITS.strangers_max
    assert all(chat.held_bytes <= LIMITS.stranger_bytes_max for chat in waiting)
    assert sum(chat.held_bytes for chat in waiting) <= LIMITS.inbox_bytes_max
    for chat in person.store.chats():
        if chat.kind is ChatKind.PUBLIC:
            assert chat.held_bytes <= LIMITS.public_chat_bytes_max


def take(person: Person, step: Arrived | Command | int) -> None:
    if isinstance(step, int):  # The wall clock jumps so many seconds.
        person.unix_s += step
        person.handle(TimePassed())
    elif isinstance(step, Arrived):
        person.handle(step)
    else:
        for submitted in only(MessageSubmitted, person.ask(step)):
            id, to = submitted.message_id, submitted.destination
            person.handle(SentToPeers(id, to, 1))
            person.handle(Undeliverable(id, to, "gone"))
            person.ask(ResendMessage(id))


@pytest.mark.slow
@given(st.lists(st.one_of(arrivals, arrivals, commands, waits), max_size=40))
def test_no_sequence_raises_or_breaks_counts_and_limits(
    steps: Sequence[Arrived | Command | int],
) -> None:
    person = somebody(LIMITS)
    for step in steps:
        take(person, step)
    check_counts(person)
    check_limits(person)
    before = person.people()
    groups = {group.chat_id for group in person.store.list_groups()}
    assert groups == {it.id for it in person.store.chats() if it.kind is ChatKind.GROUP}
    person.start()
    assert person.people() == before


@pytest.mark.slow
@given(st.lists(arrivals, max_size=25), st.randoms(use_true_random=False))
def test_order_of_history_is_total_and_the_same_whatever_arrives_first(
    events: list[Arrived], random: Random
) -> None:
    shown = [it for it in events if isinstance(it.payload, ChatMessage)]
    # An id names one message: that of the first payload that has it.
    events = list({it.message_id: it for it in shown}.values())
    first, second = somebody(), somebody()
    for event in events:
        first.handle(event)
    random.shuffle(events)
    for event in events:
        second.handle(event)
    for chat in first.store.chats():
        page = first.store.page(chat.id, before=None, limit=1000)
        other = second.store.page(chat.id, before=None, limit=1000)
        assert page == other
        places = [(it.clock, it.id) for it in page]
        assert places == sorted(set(places), reverse=True)
        assert second.chat(chat.id).unread_count == chat.unread_count
        assert second.chat(chat.id).last_clock == chat.last_clock
    assert first.chats.statistics == second.chats.statistics
    assert Unshown.DUPLICATE not in first.chats.statistics
