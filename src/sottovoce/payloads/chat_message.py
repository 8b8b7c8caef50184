"""A chat message: its text, where it belongs, and what is attached.

It owns the values and their numbers; what a receiver accepts is a question for `validity`.

Spec: Status specs 6 (payloads), "Chat Message" and 10.3 (images, audio); status-go
protocol/protobuf/chat_message.proto.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, TypeAlias

from sottovoce.payloads.form import Blob, EnumNumber, Int32, LongText, ShortText, Uint64, Value
from sottovoce.payloads.limits import AUDIO_BYTES_MAX, IMAGE_BYTES_MAX


class MessageType(IntEnum):
    """What kind of chat a message belongs to."""

    UNKNOWN_MESSAGE_TYPE = 0
    ONE_TO_ONE = 1
    PUBLIC_GROUP = 2
    PRIVATE_GROUP = 3
    SYSTEM_MESSAGE_PRIVATE_GROUP = 4  # a client's own note, which never travels


class ContentType(IntEnum):
    """What a message shows."""

    UNKNOWN_CONTENT_TYPE = 0
    TEXT_PLAIN = 1
    STICKER = 2
    STATUS = 3
    EMOJI = 4
    TRANSACTION_COMMAND = 5  # a client's own note, which never travels
    SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP = 6
    IMAGE = 7  # from September 2020 on
    AUDIO = 8  # from September 2020 on


class ImageType(IntEnum):
    """The format of an attached picture."""

    UNKNOWN_IMAGE_TYPE = 0
    PNG = 1
    JPEG = 2
    WEBP = 3
    GIF = 4


class AudioType(IntEnum):
    """The format of an attached recording."""

    UNKNOWN_AUDIO_TYPE = 0
    AAC = 1
    AMR = 2


@dataclass(frozen=True, slots=True, repr=False)
class StickerMessage(Value):
    """A sticker: the hexadecimal content hash of its picture, and the number of its pack."""

    hash: ShortText = ""
    pack: Int32 = 0


@dataclass(frozen=True, slots=True, repr=False)
class ImageMessage(Value):
    """A picture: the bytes of its file, and an `ImageType`."""

    payload: Annotated[bytes, Blob(IMAGE_BYTES_MAX)] = b""
    type: EnumNumber = ImageType.UNKNOWN_IMAGE_TYPE


@dataclass(frozen=True, slots=True, repr=False)
class AudioMessage(Value):
    """A recording: the bytes of its file, an `AudioType`, and how long it is."""

    payload: Annotated[bytes, Blob(AUDIO_BYTES_MAX)] = b""
    type: EnumNumber = AudioType.UNKNOWN_AUDIO_TYPE
    duration_ms: Uint64 = 0


Attachment: TypeAlias = StickerMessage | ImageMessage | AudioMessage


@dataclass(frozen=True, slots=True, repr=False)
class ChatMessage(Value):
    """A message as its author wrote it.

    Attributes:
        clock: The Lamport clock of its chat, on the scale of Unix milliseconds.
        timestamp_unix_ms: The author's own time.
        text: What it says; a client that cannot show the attachment shows this.
        response_to: Text of the message id that it answers, or empty.
        ens_name: The author's ENS name, an unproved claim, or empty.
        chat_id: Public: the chat's name; one-to-one: the recipient's contact id; group: its id.
        message_type: A `MessageType`.
        content_type: A `ContentType`.
        attachment: Sticker, picture or recording, if any.
    """

    clock: Uint64 = 0
    timestamp_unix_ms: Uint64 = 0
    text: LongText = ""
    response_to: ShortText = ""
    ens_name: ShortText = ""
    chat_id: ShortText = ""
    message_type: EnumNumber = MessageType.UNKNOWN_MESSAGE_TYPE
    content_type: EnumNumber = ContentType.UNKNOWN_CONTENT_TYPE
    attachment: Attachment | None = None
