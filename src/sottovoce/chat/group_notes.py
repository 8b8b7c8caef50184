"""What a group's timeline says of its events: local notes, which never travel.

Spec: status-go protocol/group_chat_system_messages.go (ids; the words are ours).
"""

from typing import Final, cast

from sottovoce.chat.group_history import is_somebody, shown_name
from sottovoce.chat.records import ChatId, Message
from sottovoce.crypto.hashes import keccak256
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId

_WORDS: Final = {
    EventType.CHAT_CREATED: "{author} created the group {name}",
    EventType.NAME_CHANGED: "{author} changed the group's name to {name}",
    EventType.MEMBERS_ADDED: "{author} invited {members}",
    EventType.MEMBER_JOINED: "{author} joined the group",
    EventType.MEMBER_REMOVED: "{author} removed {members}",
    EventType.ADMINS_ADDED: "{author} made {members} admin",
    EventType.ADMIN_REMOVED: "{author} is no longer an admin",
}
# An event can name any text as a person, and a note must not say the words of whoever wrote it.
_NOBODY: Final = "somebody without a key"
_LEFT: Final = "{author} left the group"


def note_id(signed: SignedEvent) -> MessageId:
    """Return the id of an event's note, the same on every device."""
    return MessageId(keccak256(signed.signature))


def note(signed: SignedEvent, *, kept_unix_ms: int) -> Message:
    """Return the note of an event that counts.

    Args:
        signed: The event.
        kept_unix_ms: The time.
    """
    event = signed.event
    return Message(
        note_id(signed),
        ChatId(signed.chat_id),
        signed.author,
        event.clock,
        event.clock,
        kept_unix_ms,
        ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP,
        _text(event, contact_id(signed.author)),
    )


def _text(event: MembershipEvent, author: str) -> str:
    if event.type == EventType.MEMBER_REMOVED and event.members == (author,):
        words = _LEFT
    else:
        words = _WORDS[cast("EventType", event.type)]
    members = ", ".join(f"@{it}" if is_somebody(it) else _NOBODY for it in event.members)
    name = f"\N{LEFT DOUBLE QUOTATION MARK}{shown_name(event.name)}\N{RIGHT DOUBLE QUOTATION MARK}"
    return words.format(author=f"@{author}", name=name, members=members)
