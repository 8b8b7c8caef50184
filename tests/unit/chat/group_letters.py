"""Histories of groups as tests write them, true and forged."""

from dataclasses import replace

from sottovoce.chat.group_history import GroupHistory, group_history
from sottovoce.chat.records import ChatId
from sottovoce.payloads.chat_message import ChatMessage, MessageType
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import SignedEvent
from unit.chat.people import NOW_MS, Person, private


def history(person: Person, chat_id: ChatId) -> GroupHistory:
    """Return what somebody knows of a group, from their store."""
    events = [it for it in person.store.group_events() if it.chat_id == chat_id]
    return group_history(chat_id, events)


def signed(
    author: Person, chat_id: str, type: EventType, *members: str, name: str = "", clock: int
) -> SignedEvent:
    return author.sign_event(MembershipEvent(clock, members, name, type), chat_id)


def update(
    chat_id: str,
    events: tuple[SignedEvent, ...] | list[SignedEvent],
    content: ChatMessage | None = None,
) -> MembershipUpdate:
    return MembershipUpdate(chat_id, tuple(it.wire for it in events), content)


def text(chat_id: str, words: str, *, clock: int = NOW_MS + 100) -> ChatMessage:
    said = private(Person(1), words, clock=clock)
    return replace(said, chat_id=chat_id, message_type=MessageType.PRIVATE_GROUP)
