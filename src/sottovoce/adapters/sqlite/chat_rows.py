"""Chats, contacts, messages and reactions as rows, and back: which columns, in which order.

Spec: docs/reference/storage.md, "Chats".
"""

from dataclasses import fields
from operator import attrgetter
from typing import Final, assert_never

from sottovoce.adapters.sqlite.connection import Row, Values
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Contact,
    Message,
    MessageState,
    Profile,
    Reaction,
)
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    ImageMessage,
    StickerMessage,
)
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy

CHAT_COLUMNS: Final = (
    "kind, active, accepted, muted, last_clock, deleted_at_clock, read_at_clock, unread_count, "
    "last_message_unix_ms, held_bytes, older_clock, older_bytes, name"
)
CHATS: Final = f"""
SELECT chat_numbers.id, {CHAT_COLUMNS} FROM chats JOIN chat_numbers USING (chat)
"""

CONTACT_COLUMNS: Final = (
    "key, added, requested, blocked, verified, nickname, ens_name, picture, "
    "updated_clock, told_clock"
)
CONTACTS: Final = f"SELECT {CONTACT_COLUMNS} FROM contacts ORDER BY key"

PROFILE: Final = "SELECT ens_name, picture, clock FROM profile"

MESSAGE_COLUMNS: Final = (
    "id, chat, author, clock, written_unix_ms, kept_unix_ms, content_type, text, words, "
    "response_to, ens_name, own, secrecy, state, peer_count, reason, recipient_count, "
    "acknowledged_count"
)
PROGRESS_COLUMNS: Final = "secrecy, state, peer_count, reason, recipient_count, acknowledged_count"
ENCLOSURE_COLUMNS: Final = "attachment_kind, number, duration_ms, attachment, raw"
MESSAGES: Final = f"""
SELECT messages.id, chat_numbers.id, author, clock, written_unix_ms, kept_unix_ms, content_type,
  text, response_to, ens_name, own, {PROGRESS_COLUMNS}, {ENCLOSURE_COLUMNS}
FROM messages JOIN chat_numbers USING (chat) LEFT JOIN enclosures USING (message)
"""

# All of a message but how far it has come, and what is kept to resend it.
_PROGRESS: Final = frozenset({*PROGRESS_COLUMNS.split(", "), "raw"})
_said: Final = attrgetter(*(each.name for each in fields(Message) if each.name not in _PROGRESS))

# Where in a row of `MESSAGES` the content begins, and the columns of `enclosures`.
_TEXTS_AT: Final = 6
_PROGRESS_AT: Final = 11
_ENCLOSURE_AT: Final = 17

REACTION_COLUMNS: Final = "message_id, author, type, chat, clock, retracted"
REACTIONS: Final = """
SELECT message_id, chat_numbers.id, author, type, clock, retracted
FROM reactions JOIN chat_numbers USING (chat)
"""


def profile_of(row: Row | None) -> Profile:
    """Return the profile in a row; an empty one if there is none."""
    return Profile() if row is None else Profile(*row)


def chat_values(chat: Chat) -> Values:
    """Return the values of `CHAT_COLUMNS`."""
    return (
        chat.kind.value,
        chat.active,
        chat.accepted,
        chat.muted,
        chat.last_clock,
        chat.deleted_at_clock,
        chat.read_at_clock,
        chat.unread_count,
        chat.last_message_unix_ms,
        chat.held_bytes,
        chat.older_clock,
        chat.older_bytes,
        chat.name,
    )


def chat_of(row: Row) -> Chat:
    """Return the chat in a row of `CHATS`."""
    chat_id, kind, active, accepted, muted, *rest = row
    return Chat(ChatId(chat_id), ChatKind(kind), bool(active), bool(accepted), bool(muted), *rest)


def contact_values(contact: Contact) -> Values:
    """Return the values of `CONTACT_COLUMNS`."""
    return (
        contact.key.raw,
        contact.added,
        contact.requested,
        contact.blocked,
        contact.verified,
        contact.nickname,
        contact.ens_name,
        contact.picture,
        contact.updated_clock,
        contact.told_clock,
    )


def contact_of(row: Row) -> Contact:
    """Return the contact in a row of `CONTACTS`."""
    key, added, requested, blocked, verified, *rest = row
    return Contact(
        PublicKey(key), bool(added), bool(requested), bool(blocked), bool(verified), *rest
    )


def message_values(message: Message, chat: int, words: str) -> Values:
    """Return the values of `MESSAGE_COLUMNS`.

    Args:
        message: The message.
        chat: The number of its chat.
        words: The words of its text, separated by blanks.
    """
    return (
        message.id,
        chat,
        message.author.raw,
        message.clock,
        message.written_unix_ms,
        message.kept_unix_ms,
        message.content_type,
        message.text,
        words,
        message.response_to,
        message.ens_name,
        message.own,
        *progress_values(message),
    )


def progress_values(message: Message) -> Values:
    """Return the values of `PROGRESS_COLUMNS`."""
    return (
        None if message.secrecy is None else message.secrecy.value,
        message.state.value,
        message.peer_count,
        message.reason,
        message.recipient_count,
        message.acknowledged_count,
    )


def is_progress(before: Message, after: Message) -> bool:
    """Tell whether a message differs only in how far it has come, and what is kept to resend it."""
    return bool(_said(before) == _said(after))


def enclosure_values(message: Message) -> Values | None:
    """Return the values of `ENCLOSURE_COLUMNS`, or None for a message that is text alone."""
    match message.attachment:
        case None:
            return (None, 0, 0, b"", message.raw) if message.raw else None
        case StickerMessage(content_hash, pack):
            return "sticker", pack, 0, content_hash.encode(), message.raw
        case ImageMessage(payload, kind):
            return "image", int(kind), 0, payload, message.raw
        case AudioMessage(payload, kind, duration_ms):
            return "audio", int(kind), duration_ms, payload, message.raw
        case _:
            assert_never(message.attachment)


def message_of(row: Row) -> Message:
    """Return the message in a row of `MESSAGES`."""
    message_id, chat_id, author, clock, written_unix_ms, kept_unix_ms = row[:_TEXTS_AT]
    content_type, text, response_to, ens_name, own = row[_TEXTS_AT:_PROGRESS_AT]
    secrecy, state, peer_count, reason, recipient_count, acknowledged_count = row[
        _PROGRESS_AT:_ENCLOSURE_AT
    ]
    kind, number, duration_ms, attachment, raw = row[_ENCLOSURE_AT:]
    return Message(
        id=MessageId(message_id),
        chat_id=ChatId(chat_id),
        author=PublicKey(author),
        clock=clock,
        written_unix_ms=written_unix_ms,
        kept_unix_ms=kept_unix_ms,
        content_type=content_type,
        text=text,
        response_to=response_to,
        ens_name=ens_name,
        attachment=_attachment(kind, number, duration_ms, attachment),
        own=bool(own),
        secrecy=None if secrecy is None else Secrecy(secrecy),
        state=MessageState(state),
        peer_count=peer_count,
        reason=reason,
        raw=raw or b"",
        recipient_count=recipient_count,
        acknowledged_count=acknowledged_count,
    )


def _attachment(
    kind: str | None, number: int, duration_ms: int, attachment: bytes
) -> Attachment | None:
    match kind:
        case "sticker":
            return StickerMessage(attachment.decode(), number)
        case "image":
            return ImageMessage(attachment, number)
        case "audio":
            return AudioMessage(attachment, number, duration_ms)
        case _:  # the table's own check allows no other
            return None


def reaction_values(reaction: Reaction, chat: int) -> Values:
    """Return the values of `REACTION_COLUMNS`.

    Args:
        reaction: The reaction.
        chat: The number of its chat.
    """
    return (
        reaction.message_id,
        reaction.author.raw,
        reaction.type,
        chat,
        reaction.clock,
        reaction.retracted,
    )


def reaction_of(row: Row) -> Reaction:
    """Return the reaction in a row of `REACTIONS`."""
    message_id, chat_id, author, kind, clock, retracted = row
    return Reaction(
        message_id=MessageId(message_id),
        chat_id=ChatId(chat_id),
        author=PublicKey(author),
        type=kind,
        clock=clock,
        retracted=bool(retracted),
    )
