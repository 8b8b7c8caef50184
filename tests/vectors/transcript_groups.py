"""Groups in a transcript: histories judged by the rules, and what a client shows of them."""

from dataclasses import dataclass
from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.group_history import GroupHistory, group_history
from sottovoce.chat.records import ChatId
from sottovoce.crypto.hashes import keccak256
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.group_rules import GroupState, evaluate, merge
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import (
    SignedEvent,
    open_event,
    open_events,
    sign_event,
)
from sottovoce.payloads.message_id import MessageId, message_id_text
from vectors.families.payloads import check_fields
from vectors.text import unhex


def check_update(
    update: MembershipUpdate, recorded: dict[str, Any], authors: dict[PublicKey, PrivateKey]
) -> None:
    """An update holds what was recorded, and its authors sign every event to the same bytes."""
    assert update.chat_id == recorded["chat_id"]
    assert list(update.events) == [unhex(event["wire"]) for event in recorded["events"]]
    for event in recorded["events"]:
        _check_event(update.chat_id, event, authors)
    assert (update.content is None) == ("message" not in recorded)
    if update.content is not None:
        check_fields(update.content, {"ChatMessage": recorded["message"]})


def _check_event(
    chat_id: str, recorded: dict[str, Any], authors: dict[PublicKey, PrivateKey]
) -> None:
    signed = open_event(unhex(recorded["wire"]), chat_id=chat_id)
    assert signed.author_id == recorded["from"]
    made = MembershipEvent(
        clock=int(recorded["clock"]),
        members=tuple(recorded["members"] or ()),
        name=recorded["name"],
        type=EventType[recorded["type"]],
    )
    assert signed.event == made
    assert sign_event(made, chat_id=chat_id, author_key=authors[signed.author]) == signed


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that a client shows in a group.

    Attributes:
        chat_id: The group.
        author: Who wrote it, or made the event.
        clock: Its clock.
        content_type: What it is.
        message_type: In what kind of chat; an event is told by the system.
        text: What it says; None for an event, which every client tells in words of its own.
    """

    chat_id: str
    author: str
    clock: int
    content_type: int
    message_type: int
    text: str | None


class GroupBook:
    """The groups of one person, as the rules make them.

    Attributes:
        shown: What was shown at any time, by its id.
    """

    def __init__(self, me: PublicKey) -> None:
        self._me: Final = contact_id(me)
        self._events: Final[dict[str, tuple[SignedEvent, ...]]] = {}
        self._histories: Final[dict[str, GroupHistory]] = {}
        self.shown: Final[dict[str, Shown]] = {}

    def state(self, chat_id: str) -> GroupState:
        """Return a group that we know, as it is now."""
        return evaluate(chat_id, self._events[chat_id])

    def take(
        self,
        update: MembershipUpdate,
        *,
        author: PublicKey,
        message_id: MessageId,
        now_unix_ms: int,
    ) -> set[str] | None:
        """Take an update, received or our own.

        Returns:
            The ids of what is shown for it; None if it is refused as a whole.
        """
        known = self._events.get(update.chat_id, ())
        try:
            opened = open_events(update, now_unix_ms=now_unix_ms)
            evaluate(update.chat_id, opened)
            following = merge(known, opened)
            state = evaluate(update.chat_id, following)
        except RemoteProtocolError:
            return None
        if not known and self._me not in state.members:
            return None
        self._events[update.chat_id] = following
        self._settle(update.chat_id, opened, following, state)
        told = {_event_id(event): _of_event(event) for event in following if event not in known}
        content = update.content
        joined = {contact_id(author), self._me} <= set(state.joined)
        if isinstance(content, ChatMessage) and joined:
            told[message_id_text(message_id)] = Shown(
                update.chat_id,
                contact_id(author),
                content.clock,
                content.content_type,
                content.message_type,
                content.text,
            )
        self.shown.update(told)
        return set(told)

    def _settle(
        self,
        chat_id: str,
        opened: tuple[SignedEvent, ...],
        following: tuple[SignedEvent, ...],
        state: GroupState,
    ) -> None:
        """A person of ours makes the same of it, and would send the same history."""
        empty = group_history(ChatId(chat_id), ())
        history = self._histories.get(chat_id, empty).with_events(opened)
        self._histories[chat_id] = history
        assert history.state == state
        assert history.allowed == following


def check_group(state: GroupState, recorded: dict[str, Any]) -> None:
    """A group is what a client showed of it."""
    assert state.name == recorded["name"]
    assert recorded["members"] == [
        {"id": member, "admin": member in state.admins, "joined": member in state.joined}
        for member in state.members
    ]


def check_shown(shown: Shown, recorded: dict[str, Any]) -> None:
    """A message in a group is as a client showed it."""
    assert shown.chat_id == recorded["local_chat_id"]
    assert shown.author == recorded["from"]
    assert shown.clock == int(recorded["clock"])
    assert shown.content_type == recorded["content_type"]
    assert shown.message_type == recorded["message_type"]
    assert shown.text in (None, recorded["text"])


def _event_id(event: SignedEvent) -> str:
    return f"0x{keccak256(event.signature).hex()}"


def _of_event(event: SignedEvent) -> Shown:
    return Shown(
        event.chat_id,
        event.author_id,
        event.event.clock,
        ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP,
        MessageType.SYSTEM_MESSAGE_PRIVATE_GROUP,
        None,
    )
