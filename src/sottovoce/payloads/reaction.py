"""A reaction to a message.

Spec: status-go v0.60 (September 2020), protocol/protobuf/emoji_reaction.proto.
"""

from dataclasses import dataclass
from enum import IntEnum

from sottovoce.payloads.chat_message import MessageType
from sottovoce.payloads.form import EnumNumber, ShortText, Uint64, Value


class ReactionType(IntEnum):
    """Which face."""

    UNKNOWN_EMOJI_REACTION_TYPE = 0
    LOVE = 1
    THUMBS_UP = 2
    THUMBS_DOWN = 3
    LAUGH = 4
    SAD = 5
    ANGRY = 6


@dataclass(frozen=True, slots=True, repr=False)
class EmojiReaction(Value):
    """One face under one message, or its retraction.

    Attributes:
        clock: The clock of the chat.
        chat_id: As in a chat message.
        message_id: Text of the id of the message that it is about.
        message_type: A `MessageType`.
        type: A `ReactionType`.
        retracted: Whether the author takes it back.
    """

    clock: Uint64 = 0
    chat_id: ShortText = ""
    message_id: ShortText = ""
    message_type: EnumNumber = MessageType.UNKNOWN_MESSAGE_TYPE
    type: EnumNumber = ReactionType.UNKNOWN_EMOJI_REACTION_TYPE
    retracted: bool = False
