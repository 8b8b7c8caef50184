"""Leaves of what chats do with messages: reading ids, quotes, mentions, what a message weighs.

Spec: status-go protocol/message.go and message_handler.go; status-react (mentions are `@` and the
key).
"""

import re
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import Chat, Message, MessageState
from sottovoce.chat.settings import MESSAGE_BYTES
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    ChatMessage,
    ContentType,
    ImageMessage,
    StickerMessage,
)
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.events import Arrived

_MS_PER_S: Final = 1000
_ID_TEXT: Final = re.compile(r"0x([0-9a-f]{64})")
_ATTACHMENT_CONTENT: Final[dict[type[Attachment], ContentType]] = {
    StickerMessage: ContentType.STICKER,
    ImageMessage: ContentType.IMAGE,
    AudioMessage: ContentType.AUDIO,
}


def unix_ms(now: Moment) -> int:
    """Return the wall clock in whole milliseconds, rounded down."""
    return int(now.unix_s * _MS_PER_S)


def utf8_bytes(text: str) -> int | None:
    """Return how many bytes a text has in UTF-8; None if it has no such form."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None  # The error would carry the text.


def read_id(text: str) -> MessageId | None:
    """Read the id that a reply or a reaction names; None if it is none."""
    found = _ID_TEXT.fullmatch(text)
    return None if found is None else MessageId(bytes.fromhex(found[1]))


def quoted_message(store: ChatStore, message: Message) -> Message | None:
    """Return the message that another one answers, if it is here and in the same chat."""
    identifier = read_id(message.response_to)
    quoted = None if identifier is None else store.load_message(identifier)
    return quoted if quoted is not None and quoted.chat_id == message.chat_id else None


def mentions(text: str, key: PublicKey) -> bool:
    """Tell whether a text names a person: ``@`` and the contact id."""
    return f"@{contact_id(key)}" in text


def is_note(message: Message) -> bool:
    """Tell whether a message is a note on a group's event, which nobody wrote."""
    return message.content_type == ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP


def content_type_of(attachment: Attachment) -> ContentType:
    """Return the content type of a message that carries this."""
    return _ATTACHMENT_CONTENT[type(attachment)]


def size_bytes(message: Message) -> int:
    """Return what a message weighs where strangers' messages are bounded."""
    match message.attachment:
        case ImageMessage(payload=payload) | AudioMessage(payload=payload):
            attached_bytes = len(payload)
        case _:
            attached_bytes = 0
    short_bytes = len(message.ens_name.encode()) + len(message.response_to.encode())
    return MESSAGE_BYTES + len(message.text.encode()) + attached_bytes + short_bytes


def received_message(
    payload: ChatMessage, event: Arrived, *, chat: Chat, own: bool, now: Moment
) -> Message:
    """Return what is stored of a message that arrived.

    Args:
        payload: What it says.
        event: How it arrived.
        chat: Where it is shown.
        own: Whether it comes from another device of ours.
        now: The time.
    """
    attachment = payload.attachment
    if attachment is not None and payload.content_type != content_type_of(attachment):
        attachment = None  # Its content was not checked, and nobody would look for it.
    return Message(
        event.message_id,
        chat.id,
        event.author,
        payload.clock,
        payload.timestamp_unix_ms,
        unix_ms(now),
        payload.content_type,
        payload.text,
        response_to=payload.response_to,
        ens_name=payload.ens_name,
        attachment=attachment,
        own=own,
        secrecy=event.secrecy,
        state=MessageState.SENT if own else MessageState.RECEIVED,
    )
