"""The bytes of payloads: protobuf on one side, our own values on the other.

It is the only module of this layer that knows generated code, and no generated class leaves it.
Fields that do not exist yet are skipped, types that do not exist yet are kept as bytes, and what
breaks the encoding or a bound raises one error.

Spec: Protocol Buffers, "Encoding"; Status specs 6 (payloads); status-go protocol/protobuf/*.proto.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar, cast

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    ChatMessage,
    ImageMessage,
    StickerMessage,
)
from sottovoce.payloads.devices import (
    SyncInstallation,
    SyncInstallationAccount,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.feed import (
    RECORD_CLASSES,
    DeviceFeed,
    FeedPlace,
    FeedRecord,
    RecordKind,
)
from sottovoce.payloads.form import Value, check_form
from sottovoce.payloads.limits import (
    FEED_PLACES_MAX,
    FEED_RECORDS_MAX,
    SYNC_ENTRIES_MAX,
    UNKNOWN_FIELDS_BYTES_MAX,
    WRAPPER_BYTES_MAX,
)
from sottovoce.payloads.membership import GroupContent, MembershipEvent, MembershipUpdate
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.payloads.registry import PAYLOAD_CLASSES, Payload, PayloadType, UnknownPayload
from sottovoce.proto import payloads_pb2 as pb

ValueT = TypeVar("ValueT", bound=Value)
MessageT = TypeVar("MessageT", bound=Message)


@dataclass(frozen=True, slots=True, repr=False)
class Wrapper(Value):
    """What goes around every payload.

    Attributes:
        signature: The author's, 65 bytes; None if there is none. An empty one is a broken one.
        payload: The encoded payload, which alone is signed.
        type_number: Which payload it is, a `PayloadType` or a number from later versions.
    """

    signature: bytes | None
    payload: bytes
    type_number: int


def encode_wrapper(wrapper: Wrapper) -> bytes:
    """Encode a wrapper.

    Raises:
        LocalProtocolError: It is larger than anything that the network carries.
    """
    message = pb.ApplicationMetadataMessage(
        payload=wrapper.payload,
        type=cast("pb.ApplicationMetadataMessage.Type.ValueType", wrapper.type_number),
    )
    if wrapper.signature is not None:
        message.signature = wrapper.signature
    return _serialize(message)


def decode_wrapper(raw: bytes) -> Wrapper:
    """Decode a wrapper.

    Raises:
        RemoteProtocolError: The bytes are no wrapper, or too many.
    """
    message = _parse(pb.ApplicationMetadataMessage, raw)
    signature = message.signature if message.HasField("signature") else None
    return Wrapper(signature, message.payload, message.type)


def encode_payload(payload: Payload) -> tuple[int, bytes]:
    """Encode a payload.

    Returns:
        Its type's number and its bytes.

    Raises:
        LocalProtocolError: A field breaks its bounds, or an unknown payload has the number of a
            known type.
    """
    check_form(payload, LocalProtocolError)
    if isinstance(payload, UnknownPayload):
        if payload.type_number in PAYLOAD_CLASSES:
            raise LocalProtocolError("an unknown payload has the number of a known type")
        return payload.type_number, payload.raw
    return _TYPE_OF[type(payload)], _serialize(_CODECS[type(payload)].write(payload))


def decode_payload(type_number: int, raw: bytes) -> Payload:
    """Decode the payload of a wrapper.

    Args:
        type_number: What the wrapper says it is; a number without a meaning is no error.
        raw: The payload's bytes.

    Raises:
        RemoteProtocolError: The bytes are no payload of this type, were written as another one, or
            break a bound.
    """
    value_class = PAYLOAD_CLASSES.get(cast("PayloadType", type_number))
    payload: Payload
    if value_class is None:
        payload = UnknownPayload(type_number, raw)
    else:
        codec = _CODECS[value_class]
        message = _parse(codec.message, raw)
        if isinstance(message, pb.SyncInstallation):
            _check_counts(message)
        elif isinstance(message, pb.DeviceFeed):
            _check_places(message)
        _check_unread(message)
        payload = codec.read(message)
    check_form(payload, RemoteProtocolError)
    return payload


def encode_event(event: MembershipEvent) -> bytes:
    """Encode a group event, without its signature.

    Raises:
        LocalProtocolError: A field breaks its bounds.
    """
    check_form(event, LocalProtocolError)
    return _serialize(_EVENT.write(event))


def decode_event(raw: bytes) -> MembershipEvent:
    """Decode a group event, without its signature.

    Raises:
        RemoteProtocolError: The bytes are no event, were written as something else, or a field
            breaks its bounds.
    """
    message = _parse(_EVENT.message, raw)
    _check_unread(message)
    event = _EVENT.read(message)
    check_form(event, RemoteProtocolError)
    return event


def encode_record(record: FeedRecord) -> bytes:
    """Encode a record of a feed: its kind in one byte, then its fields.

    Raises:
        LocalProtocolError: A field breaks its bounds.
    """
    check_form(record, LocalProtocolError)
    kind, codec = _RECORDS[type(record)]
    return bytes([kind]) + _serialize(codec.write(record))


def decode_record(raw: bytes) -> FeedRecord:
    """Decode a record of a feed.

    Raises:
        RemoteProtocolError: Its kind is unknown, the bytes are no record of it, or a field breaks
            its bounds.
    """
    value_class = RECORD_CLASSES.get(cast("RecordKind", raw[0])) if raw else None
    if value_class is None:
        raise RemoteProtocolError("a record of a feed is of no known kind")
    _, codec = _RECORDS[value_class]
    message = _parse(codec.message, raw[1:])
    _check_unread(message)
    record: FeedRecord = codec.read(message)
    check_form(record, RemoteProtocolError)
    return record


# ---- bytes


def _parse(message_class: type[MessageT], raw: bytes) -> MessageT:
    name = message_class.DESCRIPTOR.name
    if len(raw) > WRAPPER_BYTES_MAX:
        raise RemoteProtocolError(f"{name} has more than {WRAPPER_BYTES_MAX} bytes")
    message = message_class()
    try:
        message.ParseFromString(raw)
    except DecodeError:
        is_read = False
    else:
        is_read = True
    # Raised only here: the library's text may quote what it could not read.
    if not is_read:
        raise RemoteProtocolError(f"{name} cannot be decoded")
    return message


def _check_unread(message: Message) -> None:
    """Check the fields that were skipped, in a message and in all that is in it.

    Raises:
        RemoteProtocolError: They are too many bytes, or one is known and has another wire type.
    """
    read = type(message)()
    read.CopyFrom(message)
    read.DiscardUnknownFields()
    unread_bytes = message.ByteSize() - read.ByteSize()
    if unread_bytes == 0:
        return
    # Before each field becomes an object.
    if unread_bytes > UNKNOWN_FIELDS_BYTES_MAX:
        name = message.DESCRIPTOR.name
        raise RemoteProtocolError(
            f"{name} has more than {UNKNOWN_FIELDS_BYTES_MAX} bytes of unknown fields"
        )
    _check_wire_types(message)


def _check_wire_types(message: Message) -> None:
    # The type of a payload is not signed. A field that is known, and was skipped since it is of
    # another wire type, shows that the bytes were written as another payload: no later version of
    # the protocol changes what kind of bytes a number stands for.
    known, unread = message.DESCRIPTOR.fields_by_number, UnknownFieldSet(message)
    if any(unread[place].field_number in known for place in range(len(unread))):
        raise RemoteProtocolError(f"{message.DESCRIPTOR.name} has the fields of another payload")
    for inner in _messages_in(message):
        _check_wire_types(inner)


def _messages_in(message: Message) -> Iterator[Message]:
    for field, held in message.ListFields():
        if field.message_type is None:
            continue
        yield from held if field.is_repeated else (held,)


def _serialize(message: Message) -> bytes:
    # Fields leave in the order of their numbers, as the Go library writes them.
    raw = message.SerializeToString(deterministic=True)
    if len(raw) > WRAPPER_BYTES_MAX:
        name = message.DESCRIPTOR.name
        raise LocalProtocolError(f"{name} has more than {WRAPPER_BYTES_MAX} bytes")
    return raw


# ---- values


@dataclass(frozen=True, slots=True)
class _Codec(Generic[ValueT, MessageT]):
    """How a class of values and a generated class become each other."""

    message: type[MessageT]
    read: Callable[[MessageT], ValueT]
    write: Callable[[ValueT], MessageT]


def _plain(value_class: type[ValueT], message_class: type[MessageT]) -> _Codec[ValueT, MessageT]:
    """Make the codec of a class whose fields have the names that they have on the wire."""
    # Every class of values is a dataclass; the type checker cannot say that of a class object.
    names = tuple(field.name for field in fields(value_class))  # type: ignore[arg-type]

    def read(message: MessageT) -> ValueT:
        return value_class(**{name: _held(getattr(message, name)) for name in names})

    def write(value: ValueT) -> MessageT:
        return message_class(**{name: getattr(value, name) for name in names})

    return _Codec(message_class, read, write)


def _held(field: object) -> object:
    """Take a field out of its message: a list of the library becomes a tuple."""
    return field if isinstance(field, bytes | int | str) else tuple(cast("tuple[object]", field))


_EVENT: Final = _plain(MembershipEvent, pb.MembershipUpdateEvent)
_STICKER: Final = _plain(StickerMessage, pb.StickerMessage)
_IMAGE: Final = _plain(ImageMessage, pb.ImageMessage)
_AUDIO: Final = _plain(AudioMessage, pb.AudioMessage)
_REACTION: Final = _plain(EmojiReaction, pb.EmojiReaction)
_CONTACT: Final = _plain(SyncInstallationContact, pb.SyncInstallationContact)
_PUBLIC_CHAT: Final = _plain(SyncInstallationPublicChat, pb.SyncInstallationPublicChat)
_PLACE: Final = _plain(FeedPlace, pb.FeedPlace)
_ACCOUNT: Final = _plain(SyncInstallationAccount, pb.SyncInstallationAccount)


def _read_chat_message(message: pb.ChatMessage) -> ChatMessage:
    return ChatMessage(
        clock=message.clock,
        timestamp_unix_ms=message.timestamp,
        text=message.text,
        response_to=message.response_to,
        ens_name=message.ens_name,
        chat_id=message.chat_id,
        message_type=message.message_type,
        content_type=message.content_type,
        attachment=_read_attachment(message),
    )


def _read_attachment(message: pb.ChatMessage) -> Attachment | None:
    match message.WhichOneof("payload"):
        case "sticker":
            return _STICKER.read(message.sticker)
        case "image":
            return _IMAGE.read(message.image)
        case "audio":
            return _AUDIO.read(message.audio)
        case None:
            return None


def _write_chat_message(value: ChatMessage) -> pb.ChatMessage:
    message = pb.ChatMessage(
        clock=value.clock,
        timestamp=value.timestamp_unix_ms,
        text=value.text,
        response_to=value.response_to,
        ens_name=value.ens_name,
        chat_id=value.chat_id,
        message_type=cast("pb.ChatMessage.MessageType.ValueType", value.message_type),
        content_type=cast("pb.ChatMessage.ContentType.ValueType", value.content_type),
    )
    match value.attachment:
        case StickerMessage() as sticker:
            message.sticker.CopyFrom(_STICKER.write(sticker))
        case ImageMessage() as image:
            message.image.CopyFrom(_IMAGE.write(image))
        case AudioMessage() as audio:
            message.audio.CopyFrom(_AUDIO.write(audio))
        case None:
            pass
    return message


def _read_update(message: pb.MembershipUpdateMessage) -> MembershipUpdate:
    content: GroupContent | None = None
    match message.WhichOneof("content"):
        case "message":
            content = _read_chat_message(message.message)
        case "emoji_reaction":
            content = _REACTION.read(message.emoji_reaction)
        case None:
            pass
    return MembershipUpdate(message.chat_id, tuple(message.events), content)


def _write_update(value: MembershipUpdate) -> pb.MembershipUpdateMessage:
    message = pb.MembershipUpdateMessage(chat_id=value.chat_id, events=value.events)
    match value.content:
        case ChatMessage() as chat_message:
            message.message.CopyFrom(_write_chat_message(chat_message))
        case EmojiReaction() as reaction:
            message.emoji_reaction.CopyFrom(_REACTION.write(reaction))
        case None:
            pass
    return message


def _read_sync(message: pb.SyncInstallation) -> SyncInstallation:
    return SyncInstallation(
        contacts=tuple(_CONTACT.read(contact) for contact in message.contacts),
        public_chats=tuple(_PUBLIC_CHAT.read(chat) for chat in message.public_chats),
        account=_ACCOUNT.read(message.account) if message.HasField("account") else None,
    )


def _check_counts(message: pb.SyncInstallation) -> None:
    # Before half a million empty entries are copied, looked at and become as many values.
    if max(len(message.contacts), len(message.public_chats)) > SYNC_ENTRIES_MAX:
        raise RemoteProtocolError(f"SyncInstallation has more than {SYNC_ENTRIES_MAX} entries")


def _write_sync(value: SyncInstallation) -> pb.SyncInstallation:
    return pb.SyncInstallation(
        contacts=[_CONTACT.write(contact) for contact in value.contacts],
        public_chats=[_PUBLIC_CHAT.write(chat) for chat in value.public_chats],
        account=_ACCOUNT.write(value.account) if value.account is not None else None,
    )


def _read_feed(message: pb.DeviceFeed) -> DeviceFeed:
    return DeviceFeed(
        installation_id=message.installation_id,
        life=message.life,
        last=message.last,
        after=tuple(_PLACE.read(place) for place in message.after),
        records=tuple(message.records),
        have=tuple(_PLACE.read(place) for place in message.have),
        asks=tuple(message.asks),
    )


def _write_feed(value: DeviceFeed) -> pb.DeviceFeed:
    return pb.DeviceFeed(
        installation_id=value.installation_id,
        life=value.life,
        last=value.last,
        after=[_PLACE.write(place) for place in value.after],
        records=value.records,
        have=[_PLACE.write(place) for place in value.have],
        asks=value.asks,
    )


def _check_places(message: pb.DeviceFeed) -> None:
    # Before many empty places are copied and become as many values.
    if max(len(message.after), len(message.have), len(message.asks)) > FEED_PLACES_MAX:
        raise RemoteProtocolError(f"DeviceFeed has more than {FEED_PLACES_MAX} places")
    if len(message.records) > FEED_RECORDS_MAX:
        raise RemoteProtocolError(f"DeviceFeed has more than {FEED_RECORDS_MAX} records")


_STRUCTURED: Final[dict[PayloadType, _Codec[Any, Any]]] = {
    PayloadType.CHAT_MESSAGE: _Codec(pb.ChatMessage, _read_chat_message, _write_chat_message),
    PayloadType.MEMBERSHIP_UPDATE_MESSAGE: _Codec(
        pb.MembershipUpdateMessage, _read_update, _write_update
    ),
    PayloadType.SYNC_INSTALLATION: _Codec(pb.SyncInstallation, _read_sync, _write_sync),
    PayloadType.DEVICE_FEED: _Codec(pb.DeviceFeed, _read_feed, _write_feed),
}
_TYPE_OF: Final = {value_class: number for number, value_class in PAYLOAD_CLASSES.items()}
# Every other class of values has the name of its message.
_CODECS: Final[dict[type[Value], _Codec[Any, Any]]] = {
    value_class: _STRUCTURED.get(number) or _plain(value_class, getattr(pb, value_class.__name__))
    for number, value_class in PAYLOAD_CLASSES.items()
}
_RECORDS: Final[dict[type[Value], tuple[RecordKind, _Codec[Any, Any]]]] = {
    value_class: (kind, _plain(value_class, getattr(pb, value_class.__name__)))
    for kind, value_class in RECORD_CLASSES.items()
}
