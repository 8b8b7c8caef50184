"""What members of a private group send: its whole history of events, and a message with it.

The events stay the bytes that travelled; `membership_event` opens them, and `group_rules` says
what they make of a group.

Spec: Status specs draft 7 (group chat); status-go
protocol/protobuf/membership_update_message.proto.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, TypeAlias

from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.form import Blob, EnumNumber, Several, ShortText, Text, Uint64, Value
from sottovoce.payloads.limits import (
    EVENT_BYTES_MAX,
    EVENT_MEMBERS_MAX,
    EVENTS_MAX,
    SHORT_TEXT_BYTES_MAX,
)
from sottovoce.payloads.reaction import EmojiReaction


class EventType(IntEnum):
    """What an event does to its group."""

    UNKNOWN = 0
    CHAT_CREATED = 1
    NAME_CHANGED = 2
    MEMBERS_ADDED = 3
    MEMBER_JOINED = 4
    MEMBER_REMOVED = 5
    ADMINS_ADDED = 6
    ADMIN_REMOVED = 7


@dataclass(frozen=True, slots=True, repr=False)
class MembershipEvent(Value):
    """What one event says; who says it is known by its signature alone.

    Attributes:
        clock: The clock of the group; no two events of one group have the same.
        members: Contact ids of the people whom it concerns.
        name: The group's name, in events that set it.
        type: An `EventType`.
    """

    clock: Uint64 = 0
    members: Annotated[tuple[str, ...], Several(EVENT_MEMBERS_MAX, Text(SHORT_TEXT_BYTES_MAX))] = ()
    name: ShortText = ""
    type: EnumNumber = EventType.UNKNOWN


GroupContent: TypeAlias = ChatMessage | EmojiReaction


@dataclass(frozen=True, slots=True, repr=False)
class MembershipUpdate(Value):
    """The history of a group, and perhaps a message or a reaction in it.

    Attributes:
        chat_id: The group's id: a UUID, "-", the creator's contact id.
        events: Each a signature of 65 bytes and an encoded event.
        content: The message or reaction that travels with the history, if any.
    """

    chat_id: ShortText = ""
    events: Annotated[tuple[bytes, ...], Several(EVENTS_MAX, Blob(EVENT_BYTES_MAX))] = ()
    content: GroupContent | None = None
