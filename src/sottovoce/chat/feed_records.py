"""Records of feeds made of what is stored, and the rule by which the later decision counts.

Each decision of the person (a chat is muted, a contact blocked) has the time at which it was made.
Of two devices' versions the later one counts, and of the same time the larger value, so that all
devices end with the same whatever came first. What happens by itself carries no time of its own:
where it sets something, that is as old as the decision before.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias, TypeVar

from sottovoce.chat.records import Chat, ChatKind, Contact, Message, MessageState, Profile, Reaction
from sottovoce.payloads.chat_message import (
    AudioMessage,
    ChatMessage,
    ContentType,
    ImageMessage,
    MessageType,
)
from sottovoce.payloads.feed import (
    FeedChat,
    FeedContact,
    FeedGroupEvent,
    FeedMessage,
    FeedProfile,
    FeedReaction,
)
from sottovoce.payloads.limits import FEED_RECORD_BYTES_MAX, TIMESTAMP_UNIX_MS_MAX
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.wire import encode_payload
from sottovoce.secure.facts import Secrecy

Stamps: TypeAlias = tuple[int, ...]
_ValueT = TypeVar("_ValueT", bool, str)

# What a record has beside the attachment of its message: ids, a text, a reason.
_BESIDE_ATTACHMENT_BYTES: Final = 80 * 1024

KIND_NUMBERS: Final = {
    ChatKind.ONE_TO_ONE: MessageType.ONE_TO_ONE,
    ChatKind.PUBLIC: MessageType.PUBLIC_GROUP,
    ChatKind.GROUP: MessageType.PRIVATE_GROUP,
}
SECRECY_NUMBERS: Final = {None: 0, Secrecy.PUBLIC: 1, Secrecy.DH_ONLY: 2, Secrecy.RATCHET: 3}
# In the order in which a message of our own comes forward.
STATE_NUMBERS: Final = {
    MessageState.RECEIVED: 0,
    MessageState.QUEUED: 1,
    MessageState.SENT: 2,
    MessageState.STORED: 3,
    MessageState.FAILED: 4,
    MessageState.ACKNOWLEDGED: 5,
}


def padded(stamps: Stamps, count: int) -> Stamps:
    """Return as many stamps as there are decisions; those that are not known are 0."""
    return (*stamps, *[0] * count)[:count]


def stamped(
    before: Sequence[bool | str],
    after: Sequence[bool | str],
    stamps: Stamps,
    *,
    decided_unix_ms: int | None,
) -> Stamps:
    """Return the stamps of decisions that may have changed.

    Args:
        before: What they were.
        after: What they are.
        stamps: When they were made.
        decided_unix_ms: The time, if the person decides now; None if something happens by itself.
    """
    return tuple(
        stamp if old == new else _later(stamp, _is_more(new, old), decided_unix_ms)
        for old, new, stamp in zip(before, after, padded(stamps, len(after)), strict=True)
    )


def _later(stamp: int, is_more: bool, decided_unix_ms: int | None) -> int:
    # At least one more than what it replaces, so that it counts whatever clock that was made by.
    if decided_unix_ms is not None:
        return min(max(decided_unix_ms, stamp + 1), TIMESTAMP_UNIX_MS_MAX)
    return stamp if is_more else min(stamp + 1, TIMESTAMP_UNIX_MS_MAX)


def _is_more(new: bool | str, old: bool | str) -> bool:
    return str(new) > str(old) if isinstance(new, str) else bool(new) > bool(old)


def later(ours: _ValueT, our_stamp: int, theirs: _ValueT, their_stamp: int) -> tuple[_ValueT, int]:
    """Return which version of a decision counts, with its stamp."""
    ours_counts = (our_stamp, ours) >= (their_stamp, theirs)
    return (ours, our_stamp) if ours_counts else (theirs, their_stamp)


# ---- what a person decides


def chat_decisions(chat: Chat) -> tuple[bool, bool, bool]:
    """Return what the person decides about a chat."""
    return chat.active, chat.accepted, chat.muted


def contact_decisions(contact: Contact) -> tuple[bool, bool, bool, str]:
    """Return what the person decides about somebody."""
    return contact.added, contact.blocked, contact.verified, contact.nickname


def contact_words(contact: Contact) -> tuple[bool, str, str]:
    """Return what somebody says about themselves."""
    return contact.requested, contact.ens_name, contact.picture


def progress(message: Message) -> tuple[int, str, int, int]:
    """Return how far a message of our own has come."""
    number = STATE_NUMBERS[message.state] if message.own else 0
    return number, message.reason, message.recipient_count, message.acknowledged_count


# ---- records


def profile_record(profile: Profile) -> FeedProfile:
    """Return the record of the profile."""
    return FeedProfile(profile.ens_name, profile.picture, min(profile.clock, TIMESTAMP_UNIX_MS_MAX))


def contact_record(contact: Contact, stamps: Stamps) -> FeedContact:
    """Return the record of a person."""
    added, blocked, verified, nickname = padded(stamps, 4)
    return FeedContact(
        key=contact.key.raw,
        added=contact.added,
        added_unix_ms=added,
        blocked=contact.blocked,
        blocked_unix_ms=blocked,
        verified=contact.verified,
        verified_unix_ms=verified,
        nickname=contact.nickname,
        nickname_unix_ms=nickname,
        requested=contact.requested,
        ens_name=contact.ens_name,
        picture=contact.picture,
        updated_clock=contact.updated_clock,
        told_clock=contact.told_clock,
    )


def chat_record(chat: Chat, stamps: Stamps) -> FeedChat:
    """Return the record of a chat."""
    active, accepted, muted = padded(stamps, 3)
    return FeedChat(
        id=chat.id,
        kind=KIND_NUMBERS[chat.kind],
        active=chat.active,
        active_unix_ms=active,
        accepted=chat.accepted,
        accepted_unix_ms=accepted,
        muted=chat.muted,
        muted_unix_ms=muted,
        read_at_clock=chat.read_at_clock,
        deleted_at_clock=chat.deleted_at_clock,
    )


def message_record(message: Message, kind: ChatKind, stamps: Stamps) -> FeedMessage:
    """Return the record of a message; what is too large to travel goes without its attachment."""
    state, reason, recipient_count, acknowledged_count = progress(message)
    (state_unix_ms,) = padded(stamps, 1)
    return FeedMessage(
        id=message.id,
        author=message.author.raw,
        kept_unix_ms=min(message.kept_unix_ms, TIMESTAMP_UNIX_MS_MAX),
        secrecy=SECRECY_NUMBERS[message.secrecy],
        state=state,
        state_unix_ms=state_unix_ms,
        reason=reason,
        recipient_count=recipient_count,
        acknowledged_count=acknowledged_count,
        content=_content(message, kind),
    )


def reaction_record(reaction: Reaction) -> FeedReaction:
    """Return the record of a reaction."""
    return FeedReaction(
        reaction.message_id,
        reaction.chat_id,
        reaction.author.raw,
        reaction.type,
        reaction.clock,
        reaction.retracted,
    )


def event_record(event: SignedEvent) -> FeedGroupEvent:
    """Return the record of a group's event."""
    return FeedGroupEvent(event.chat_id, event.wire)


def _content(message: Message, kind: ChatKind) -> bytes:
    attachment, content_type = message.attachment, message.content_type
    if isinstance(attachment, ImageMessage | AudioMessage):
        room_bytes = FEED_RECORD_BYTES_MAX - _BESIDE_ATTACHMENT_BYTES
        if len(attachment.payload) > room_bytes:
            attachment, content_type = None, ContentType.TEXT_PLAIN
    written = ChatMessage(
        clock=message.clock,
        timestamp_unix_ms=message.written_unix_ms,
        text=message.text,
        response_to=message.response_to,
        ens_name=message.ens_name,
        chat_id=message.chat_id,
        message_type=KIND_NUMBERS[kind],
        content_type=content_type,
        attachment=attachment,
    )
    return encode_payload(written)[1]
