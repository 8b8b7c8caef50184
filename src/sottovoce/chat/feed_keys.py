"""How a record of a feed is named in the list of changes.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import ChatId, Reaction
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.message_id import MessageId

PROFILE_KEY: Final = b""
# Notes about groups: each device makes them out of the group's events.
NOTED_BY_EACH: Final = (ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP,)

_ID_BYTES: Final = 32


def contact_key(key: PublicKey) -> bytes:
    """Return the name of a contact's record: 64 bytes."""
    return key.raw


def chat_key(chat_id: ChatId) -> bytes:
    """Return the name of a chat's record."""
    return chat_id.encode()


def reaction_key(reaction: Reaction) -> bytes:
    """Return the name of a reaction's record: message, author, and one byte of its type."""
    return reaction_name(reaction.message_id, reaction.author.raw, reaction.type)


def reaction_name(message_id: bytes, author: bytes, type: int) -> bytes:
    """Return the name of a reaction's record out of its parts."""
    return bytes([*message_id, *author, type])


def read_reaction_key(name: bytes) -> tuple[MessageId, PublicKey, int]:
    """Take the name of a reaction's record apart."""
    message_id, author = name[:_ID_BYTES], name[_ID_BYTES:-1]
    return MessageId(message_id), PublicKey(author), name[-1]
