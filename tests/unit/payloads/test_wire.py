"""The bytes of payloads: what is tolerated, what is kept, and what is refused."""

from dataclasses import fields, replace
from enum import IntEnum

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.chat_message import (
    AudioMessage,
    AudioType,
    ChatMessage,
    ContentType,
    ImageMessage,
    ImageType,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.devices import (
    SyncInstallation,
    SyncInstallationAccount,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.invitation import InvitationState
from sottovoce.payloads.limits import (
    EVENT_BYTES_MAX,
    EVENT_MEMBERS_MAX,
    EVENTS_MAX,
    IMAGE_BYTES_MAX,
    PICTURE_TEXT_BYTES_MAX,
    SHORT_TEXT_BYTES_MAX,
    SYNC_ENTRIES_MAX,
    TAGS_MAX,
    TEXT_BYTES_MAX,
    UNKNOWN_FIELDS_BYTES_MAX,
    WRAPPER_BYTES_MAX,
)
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.push import ContactCodeAdvertisement
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.payloads.registry import PAYLOAD_CLASSES, Payload, PayloadType, UnknownPayload
from sottovoce.payloads.wire import (
    Wrapper,
    decode_event,
    decode_payload,
    decode_wrapper,
    encode_event,
    encode_payload,
    encode_wrapper,
)
from sottovoce.proto import payloads_pb2 as pb
from unit.payloads.people import MESSAGE
from unit.payloads.protobuf_bytes import bytes_field, group, nested, number_field, varint

STICKER = StickerMessage("e3010170", 7)
CHAT, SYNC = PayloadType.CHAT_MESSAGE, PayloadType.SYNC_INSTALLATION
GROUP = PayloadType.MEMBERSHIP_UPDATE_MESSAGE
each_type = pytest.mark.parametrize("number", PAYLOAD_CLASSES, ids=lambda number: number.name)


def encoded(payload: Payload) -> bytes:
    return encode_payload(payload)[1]


# ---- names and numbers


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (PayloadType, pb.ApplicationMetadataMessage.Type),
        (MessageType, pb.ChatMessage.MessageType),
        (ContentType, pb.ChatMessage.ContentType),
        (ImageType, pb.ImageMessage.ImageType),
        (AudioType, pb.AudioMessage.AudioType),
        (EventType, pb.MembershipUpdateEvent.EventType),
        (ReactionType, pb.EmojiReaction.Type),
        (InvitationState, pb.GroupChatInvitation.State),
    ],
    ids=lambda enum: getattr(enum, "__name__", ""),
)
def test_enumerations_have_the_names_and_numbers_of_the_wire(
    ours: type[IntEnum], theirs: type[pb.ChatMessage.MessageType]
) -> None:
    assert {member.name: member.value for member in ours} == dict(theirs.items())


@each_type
def test_fields_have_the_names_of_the_wire(number: PayloadType) -> None:
    others = {"timestamp_unix_ms": {"timestamp"}, "attachment": {"sticker", "image", "audio"},
              "content": {"message", "emoji_reaction"}}  # fmt: skip
    value_class = PAYLOAD_CLASSES[number]
    name = "MembershipUpdateMessage" if number == GROUP else value_class.__name__
    message = getattr(pb, name)
    wanted = {
        name for field in fields(value_class) for name in others.get(field.name, {field.name})
    }
    assert wanted == {field.name for field in message.DESCRIPTOR.fields}


# ---- round trips


@pytest.mark.parametrize(
    "payload",
    [
        MESSAGE,
        replace(MESSAGE, attachment=STICKER),
        replace(MESSAGE, attachment=StickerMessage(pack=-1)),
        replace(MESSAGE, attachment=ImageMessage(b"raw", ImageType.PNG)),
        replace(MESSAGE, attachment=AudioMessage(b"raw", AudioType.AMR, 5)),
        replace(MESSAGE, message_type=42, content_type=-1, clock=2**64 - 1),
        MembershipUpdate("id", (b"a", b""), MESSAGE),
        MembershipUpdate("id", (), EmojiReaction(1, "chat", "message", 1, 2, retracted=True)),
        SyncInstallation(
            (SyncInstallationContact(1, "id", "image", "name", 5, ("a", "b")),),
            (SyncInstallationPublicChat(2, "lobby"), SyncInstallationPublicChat()),
            SyncInstallationAccount(3, "image", 4),
        ),
        SyncInstallation(account=SyncInstallationAccount()),
        ContactCodeAdvertisement((b"one", b"", b"two")),
    ],
    ids=range(11),
)
def test_payload_survives_a_round_trip(payload: Payload) -> None:
    assert decode_payload(*encode_payload(payload)) == payload


@each_type
def test_empty_payload_of_each_type_is_no_bytes(number: PayloadType) -> None:
    payload = PAYLOAD_CLASSES[number]()
    assert encode_payload(payload) == (number, b"")
    assert decode_payload(number, b"") == payload


def test_empty_attachment_is_not_the_same_as_none() -> None:
    raw = encoded(ChatMessage(attachment=StickerMessage()))
    assert raw == bytes_field(9, b"")
    assert decode_payload(CHAT, raw) == ChatMessage(attachment=StickerMessage())


def test_empty_signature_is_not_the_same_as_none() -> None:
    assert decode_wrapper(bytes_field(1, b"")).signature == b""
    assert decode_wrapper(b"") == Wrapper(None, b"", 0)
    assert encode_wrapper(Wrapper(None, b"", 0)) == b""
    assert encode_wrapper(Wrapper(b"", b"", 0)) == bytes_field(1, b"")


# ---- what does not exist yet


@pytest.mark.parametrize("number", [0, 16, 21, 24, 4711, 2**31 - 1, -1, -(2**31)])
def test_type_that_does_not_exist_yet_is_kept_with_its_bytes(number: int) -> None:
    payload = decode_payload(number, b"\xff anything")
    assert payload == UnknownPayload(number, b"\xff anything")
    assert encode_payload(payload) == (number, b"\xff anything")


def test_unknown_payload_never_takes_the_number_of_a_known_type() -> None:
    with pytest.raises(LocalProtocolError):
        encode_payload(UnknownPayload(PayloadType.CHAT_MESSAGE, b""))


@each_type
@pytest.mark.parametrize(
    "field",
    [
        number_field(4711, 2**64 - 1),
        bytes_field(4711, b"\xff\xfe"),
        varint(4711 << 3 | 1) + bytes(8),
        varint(4711 << 3 | 5) + bytes(4),
        group(4711, number_field(1, 1)),
    ],
    ids=["number", "bytes", "eight bytes", "four bytes", "group"],
)
def test_field_that_does_not_exist_yet_is_skipped(number: PayloadType, field: bytes) -> None:
    assert decode_payload(number, field) == PAYLOAD_CLASSES[number]()


def test_unknown_fields_around_known_ones_change_nothing() -> None:
    raw = number_field(99, 1) + encoded(MESSAGE) + bytes_field(100, b"x")
    assert decode_payload(CHAT, raw) == MESSAGE


def test_unknown_fields_of_wrapper_and_event_are_skipped() -> None:
    event = MembershipEvent(1, ("a",), "b", EventType.CHAT_CREATED)
    assert decode_event(encode_event(event) + bytes_field(9, b"later")) == event
    wrapper = Wrapper(b"s", b"p", 3)
    assert decode_wrapper(encode_wrapper(wrapper) + number_field(9, 9)) == wrapper


@pytest.mark.parametrize(
    "field",
    [bytes_field(1, b"no clock"), number_field(3, 5), varint(7 << 3 | 5) + bytes(4), group(6, b"")],
    ids=["bytes for a number", "number for a text", "four bytes for a number", "group for a text"],
)
def test_known_field_of_a_wrong_wire_type_shows_another_payload(field: bytes) -> None:
    for raw in (field + encoded(MESSAGE), encoded(MESSAGE) + field):
        with pytest.raises(RemoteProtocolError, match="ChatMessage has the fields of another"):
            decode_payload(CHAT, raw)


@pytest.mark.parametrize(
    ("number", "raw"),
    [
        (CHAT, bytes_field(9, number_field(1, 5))),
        (GROUP, bytes_field(3, number_field(3, 5))),
        (GROUP, bytes_field(3, bytes_field(9, bytes_field(2, b"no pack")))),
        (GROUP, bytes_field(4, bytes_field(1, b"no clock"))),
        (SYNC, bytes_field(1, b"") + bytes_field(1, number_field(2, 5))),
        (SYNC, bytes_field(3, bytes_field(1, b"no clock"))),
    ],
    ids=["sticker", "message", "sticker of a message", "reaction", "second contact", "account"],
)
def test_known_field_of_a_wrong_wire_type_is_found_in_what_is_inside(
    number: PayloadType, raw: bytes
) -> None:
    with pytest.raises(RemoteProtocolError, match="has the fields of another"):
        decode_payload(number, raw)


@each_type
def test_unknown_fields_beyond_their_bound_are_refused(number: PayloadType) -> None:
    head_bytes = len(bytes_field(4711, bytes(UNKNOWN_FIELDS_BYTES_MAX))) - UNKNOWN_FIELDS_BYTES_MAX
    most = bytes_field(4711, bytes(UNKNOWN_FIELDS_BYTES_MAX - head_bytes))
    assert decode_payload(number, most) == PAYLOAD_CLASSES[number]()
    with pytest.raises(RemoteProtocolError, match="more than 16384 bytes of unknown fields"):
        decode_payload(number, most + number_field(100, 1))


# ---- hostile bytes


@pytest.mark.parametrize(
    ("written", "read"), [(2**40 + 1, 1), (2**32 - 1, -1), (2**63 + 42, 42), (2**31, -(2**31))]
)
def test_enumeration_of_more_than_32_bits_is_cut_as_the_go_library_cuts_it(
    written: int, read: int
) -> None:
    assert decode_payload(CHAT, number_field(7, written)) == ChatMessage(message_type=read)


def test_last_of_duplicated_fields_counts() -> None:
    raw = bytes_field(3, b"first") + number_field(1, 1) + bytes_field(3, b"last")
    assert decode_payload(CHAT, raw + number_field(1, 2)) == ChatMessage(clock=2, text="last")


def test_last_attachment_counts_and_parts_of_one_kind_are_joined() -> None:
    hash_part, pack_part = bytes_field(1, b"h"), number_field(2, 5)
    both = decode_payload(CHAT, bytes_field(9, hash_part) + bytes_field(9, pack_part))
    assert both == ChatMessage(attachment=StickerMessage("h", 5))
    other = decode_payload(CHAT, bytes_field(9, hash_part) + bytes_field(10, b""))
    assert other == ChatMessage(attachment=ImageMessage())


@pytest.mark.parametrize(
    "raw",
    [
        b"\x08",
        b"\x08\xff",
        b"\x08" + b"\xff" * 10,
        b"\x08" + b"\xff" * 11,
        b"\x0a\x05ab",
        b"\x1a" + varint(2**31 - 1) + b"a",
        b"\x1a" + varint(2**32) + b"a",
        b"\x1a" + varint(2**63) + b"a",
        b"\x1a" + varint(2**64 - 1) + b"a",
        b"\x00\x01",
        b"\x07\x01",
        b"\x0e\x01",
        varint(3 << 3 | 4),
        varint(3 << 3 | 3),
        bytes_field(3, b"\xff\xfe"),
        bytes_field(3, b"\xed\xa0\x80"),
        bytes_field(3, b"\xc0\x80"),
        bytes_field(6, "é".encode("latin-1")),
        bytes_field(9, bytes_field(1, b"\xff")),
        bytes_field(9, b"\x0a"),
    ],
    ids=[
        "no value", "cut number", "number of eleven bytes", "endless number", "cut text",
        "2 GiB", "4 GiB", "2^63 bytes", "2^64 bytes", "field 0", "wire type 7", "wire type 6",
        "end of no group", "group without end", "no UTF-8", "surrogate", "overlong", "Latin-1",
        "no UTF-8 in the sticker", "cut sticker",
    ],
)  # fmt: skip
def test_broken_encoding_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be decoded"):
        decode_payload(CHAT, raw)


def test_error_shows_nothing_of_the_bytes() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_payload(CHAT, bytes_field(3, b"secret \xff"))
    assert str(caught.value) == "ChatMessage cannot be decoded"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("number", [9, 4711])
def test_deep_nesting_of_messages_is_bounded(number: int) -> None:
    # An unknown field is bytes and not looked into; a sticker has no sticker in it.
    raw = nested(number, 3_000)
    expected = ChatMessage(attachment=StickerMessage()) if number == 9 else ChatMessage()
    assert decode_payload(CHAT, raw) == expected
    with pytest.raises(RemoteProtocolError, match="unknown fields"):
        decode_payload(CHAT, nested(number, 20_000))


def test_deep_nesting_of_groups_is_refused() -> None:
    start, end = varint(4711 << 3 | 3), varint(4711 << 3 | 4)
    with pytest.raises(RemoteProtocolError, match="cannot be decoded"):
        decode_payload(CHAT, start * 100_000 + end * 100_000)


def test_truncation_at_each_byte_is_refused_or_read_and_never_fails_otherwise() -> None:
    whole = encode_wrapper(Wrapper(b"s" * 65, encoded(replace(MESSAGE, attachment=STICKER)), 1))
    for cut in range(len(whole)):
        try:
            wrapper = decode_wrapper(whole[:cut])
        except RemoteProtocolError:
            continue
        assert wrapper.payload in (b"", decode_wrapper(whole).payload)


# ---- bounds


@pytest.mark.parametrize(
    "payload",
    [
        ChatMessage(text="a" * (TEXT_BYTES_MAX + 1)),
        ChatMessage(text="é" * (TEXT_BYTES_MAX // 2 + 1)),
        ChatMessage(chat_id="a" * (SHORT_TEXT_BYTES_MAX + 1)),
        ChatMessage(response_to="a" * (SHORT_TEXT_BYTES_MAX + 1)),
        ChatMessage(ens_name="a" * (SHORT_TEXT_BYTES_MAX + 1)),
        ChatMessage(attachment=StickerMessage("a" * (SHORT_TEXT_BYTES_MAX + 1))),
        ChatMessage(attachment=ImageMessage(bytes(IMAGE_BYTES_MAX + 1))),
        ContactUpdate(profile_image="a" * (PICTURE_TEXT_BYTES_MAX + 1)),
        MembershipUpdate(events=(b"",) * (EVENTS_MAX + 1)),
        MembershipUpdate(events=(bytes(EVENT_BYTES_MAX + 1),)),
        SyncInstallationContact(system_tags=("",) * (TAGS_MAX + 1)),
    ],
    ids=range(11),
)
def test_payload_beyond_a_bound_is_neither_read_nor_written(payload: Payload) -> None:
    number, raw = BEYOND[type(payload)]
    with pytest.raises(LocalProtocolError):
        encode_payload(payload)
    with pytest.raises(RemoteProtocolError, match="more than"):
        decode_payload(number, raw(payload))


def by_hand(payload: Payload) -> bytes:
    """Encode past every check of ours, with the generated code."""
    match payload:
        case ChatMessage(attachment=StickerMessage() as sticker):
            return pb.ChatMessage(sticker=pb.StickerMessage(hash=sticker.hash)).SerializeToString()
        case ChatMessage(attachment=ImageMessage() as image):
            return pb.ChatMessage(image=pb.ImageMessage(payload=image.payload)).SerializeToString()
        case ChatMessage():
            return pb.ChatMessage(
                text=payload.text,
                chat_id=payload.chat_id,
                response_to=payload.response_to,
                ens_name=payload.ens_name,
            ).SerializeToString()
        case ContactUpdate():
            return pb.ContactUpdate(profile_image=payload.profile_image).SerializeToString()
        case MembershipUpdate():
            return pb.MembershipUpdateMessage(events=payload.events).SerializeToString()
        case SyncInstallationContact():
            return pb.SyncInstallationContact(system_tags=payload.system_tags).SerializeToString()
        case _:
            raise AssertionError


BEYOND = {
    ChatMessage: (CHAT, by_hand),
    ContactUpdate: (PayloadType.CONTACT_UPDATE, by_hand),
    MembershipUpdate: (GROUP, by_hand),
    SyncInstallationContact: (PayloadType.SYNC_INSTALLATION_CONTACT, by_hand),
}


@pytest.mark.parametrize("field", [1, 2])
def test_flood_of_empty_entries_is_refused_before_they_become_values(field: int) -> None:
    with pytest.raises(RemoteProtocolError, match="entries"):
        decode_payload(SYNC, bytes_field(field, b"") * (SYNC_ENTRIES_MAX + 1))


def test_event_with_too_many_members_is_refused() -> None:
    raw = bytes_field(2, b"a") * (EVENT_MEMBERS_MAX + 1)
    with pytest.raises(RemoteProtocolError, match="elements"):
        decode_event(raw)
    with pytest.raises(LocalProtocolError, match="elements"):
        encode_event(MembershipEvent(members=("a",) * (EVENT_MEMBERS_MAX + 1)))


def test_wrapper_larger_than_an_envelope_is_neither_read_nor_written() -> None:
    with pytest.raises(RemoteProtocolError, match="more than"):
        decode_wrapper(bytes_field(2, bytes(WRAPPER_BYTES_MAX)))
    with pytest.raises(LocalProtocolError, match="more than"):
        encode_wrapper(Wrapper(None, bytes(WRAPPER_BYTES_MAX), 1))


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_text_that_is_no_unicode_is_never_written(text: str) -> None:
    for payload in (ChatMessage(text=text), MembershipUpdate(text), ContactUpdate(ens_name=text)):
        with pytest.raises(LocalProtocolError, match="Unicode"):
            encode_payload(payload)


@pytest.mark.parametrize("clock", [-1, 2**64])
def test_clock_that_its_field_cannot_hold_is_never_written(clock: int) -> None:
    with pytest.raises(LocalProtocolError, match="out of range"):
        encode_payload(ChatMessage(clock=clock))


@each_type
def test_no_payload_shows_its_content(number: PayloadType) -> None:
    payload = PAYLOAD_CLASSES[number]()
    assert repr(payload) == f"{type(payload).__name__}(…)"
