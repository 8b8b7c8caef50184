"""The type of a payload is not signed: each type's bytes, read as each other type.

Whoever gets a signed payload can send it on under another number. What comes of it is an error, or
a value of the new type that says nothing in a chat. The same key signs group events, behind the
group's id, and bundles; they are read as payloads here, too, and payloads as events.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.author_signature import sign_as_author
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.feed import FeedPlace
from sottovoce.payloads.group_rules import evaluate
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import SignedEvent, open_events, sign_event
from sottovoce.payloads.metadata import Unwrapped, unwrap, wrap
from sottovoce.payloads.push import ContactCodeAdvertisement
from sottovoce.payloads.registry import PAYLOAD_CLASSES, Payload, PayloadType, UnknownPayload
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import Wrapper, decode_wrapper, encode_payload, encode_wrapper
from sottovoce.secure.bundle import SignedPrekey, sign_bundle, signed_bytes
from unit.payloads import test_validity as valid
from unit.payloads.people import ANNA, BRUNO_ID, GROUP_ID, MESSAGE, NOW_UNIX_MS
from unit.payloads.protobuf_bytes import bytes_field, number_field

CREATION = sign_event(
    MembershipEvent(1, name="lunch", type=EventType.CHAT_CREATED), chat_id=GROUP_ID, author_key=ANNA
)
IN_GROUP = replace(valid.IN_GROUP, chat_id=GROUP_ID)
REACTION = replace(valid.REACTION, chat_id=GROUP_ID)
# One bare and one full value of each type; all of them keep every rule.
VALUES: Final[tuple[Payload, ...]] = (
    MESSAGE, replace(MESSAGE, response_to="0x1", ens_name="anna.eth"),
    valid.STICKER, valid.IMAGE, valid.AUDIO,
    valid.UPDATE, replace(valid.UPDATE, ens_name="anna.eth", profile_image="data:"),
    MembershipUpdate(GROUP_ID, (CREATION.wire,)),
    MembershipUpdate(GROUP_ID, (CREATION.wire,), IN_GROUP),
    MembershipUpdate(GROUP_ID, (CREATION.wire,), REACTION),
    valid.PAIRING, valid.SYNC, replace(valid.SYNC, account=None),
    valid.ADDRESS_REQUEST, replace(valid.ADDRESS_REQUEST, contract="0x3"),
    valid.ACCEPTANCE, valid.REFUSAL,
    valid.REQUEST, replace(valid.REQUEST, contract="0x3"),
    valid.PAYMENT, replace(valid.PAYMENT, id="0x1"),
    valid.REFUSED_PAYMENT,
    valid.CONTACT,
    replace(
        valid.CONTACT, profile_image="data:", ens_name="a.eth", last_updated=3, system_tags=("a",)
    ),
    valid.ACCOUNT, replace(valid.ACCOUNT, profile_image="data:", last_updated=3),
    valid.PUBLIC_CHAT, ContactCodeAdvertisement((b"a",)),
    valid.REACTION, replace(valid.REACTION, retracted=True), valid.INVITATION,
    replace(valid.INVITATION, introduction_message="hello"),
    valid.FEED, replace(valid.FEED, last=3, records=(b"1",), after=(FeedPlace("b", b"2", 1),)),
)  # fmt: skip

# Which types pass every check as which others. They are built alike, a clock and texts, so that
# the bytes do not tell them apart. Nothing passes as what is said in a chat, and a message passes
# as nothing else. Whoever acts on one of the others asks that author and transport sender are one.
PASSING: Final[dict[int, set[int]]] = {
    2: {7, 8, 11, 13, 14},
    3: {15},
    4: {2, 7, 8, 10, 11, 14},
    5: {15},
    6: {2, 7, 8, 11, 13, 14},
    7: {2, 8, 11, 14},
    8: {2, 11, 13, 14},
    9: {2, 4, 7, 8, 10, 11, 14},
    10: {2, 4, 7, 8, 11, 14},
    11: {2, 8, 13, 14},
    12: {2, 4, 7, 8, 10, 11, 13, 14},
    13: {2, 8, 11, 14},
    14: {2, 8, 11, 13},
    15: {3},
    22: {2, 7, 8, 11, 14, 23},
    23: {2, 7, 8, 11, 13, 14},
    7301: {3, 15},
}
SAID_IN_A_CHAT: Final = {PayloadType.CHAT_MESSAGE, PayloadType.EMOJI_REACTION}


def read_as(payload: Payload, number: int) -> Unwrapped | None:
    """Sign a payload, let somebody change its number, and read and check it; None if refused."""
    return read_wrapper(replace(decode_wrapper(wrap(payload, ANNA).raw), type_number=number))


def read_wrapper(wrapper: Wrapper) -> Unwrapped | None:
    """Read and check what somebody has put together; None if it is refused."""
    try:
        unwrapped = unwrap(encode_wrapper(wrapper))
        check_received(unwrapped.payload, envelope_unix_ms=NOW_UNIX_MS)
    except RemoteProtocolError:
        return None
    return unwrapped


def test_every_type_is_here() -> None:
    assert {encode_payload(payload)[0] for payload in VALUES} == set(PAYLOAD_CLASSES)
    assert len(PAYLOAD_CLASSES) == 18


@pytest.mark.parametrize("number", PAYLOAD_CLASSES, ids=lambda number: number.name)
def test_each_type_as_each_other_is_refused_or_harmless(number: PayloadType) -> None:
    passed = set[int]()
    for payload in VALUES:
        if encode_payload(payload)[0] != number:
            continue
        own = wrap(payload, ANNA)
        for other, value_class in PAYLOAD_CLASSES.items():
            read = read_as(payload, other)
            if read is None:
                assert other != number
                continue
            assert type(read.payload) is value_class
            assert read.author == public_key(ANNA)
            assert (read.message_id == own.message_id) == (other == number)
            passed.add(other)
    assert passed - {number} == PASSING.get(number, set())


def test_nothing_passes_as_what_is_said_in_a_chat_and_no_message_as_anything_else() -> None:
    assert not SAID_IN_A_CHAT & set().union(*PASSING.values())
    assert PayloadType.CHAT_MESSAGE not in PASSING


def test_what_passes_as_a_group_is_no_group() -> None:
    number = PayloadType.MEMBERSHIP_UPDATE_MESSAGE
    for payload in VALUES:
        read = None if isinstance(payload, MembershipUpdate) else read_as(payload, number)
        if read is None:
            continue
        update = read.payload
        assert isinstance(update, MembershipUpdate)
        assert update.content is None
        with pytest.raises(RemoteProtocolError):
            evaluate(update.chat_id, open_events(update, now_unix_ms=NOW_UNIX_MS))


@pytest.mark.parametrize("number", [0, 16, 17, 18, 19, 20, 21, 24, 4711, -1])
def test_each_type_under_a_number_without_a_meaning_is_shown_to_nobody(number: int) -> None:
    for payload in VALUES:
        read = read_as(payload, number)
        assert read is not None
        assert read.payload == UnknownPayload(number, encode_payload(payload)[1])


# ---- group events and bundles, which the same key signs

EVENTS: Final = (
    MembershipEvent(NOW_UNIX_MS, name="lunch", type=EventType.CHAT_CREATED),
    MembershipEvent(NOW_UNIX_MS, name="lunch", type=EventType.NAME_CHANGED),
    MembershipEvent(NOW_UNIX_MS, (BRUNO_ID,), type=EventType.MEMBERS_ADDED),
    MembershipEvent(NOW_UNIX_MS, type=EventType.MEMBER_JOINED),
    MembershipEvent(NOW_UNIX_MS, (BRUNO_ID,), type=EventType.MEMBER_REMOVED),
    MembershipEvent(NOW_UNIX_MS, (BRUNO_ID,), type=EventType.ADMINS_ADDED),
    MembershipEvent(NOW_UNIX_MS, (BRUNO_ID,), type=EventType.ADMIN_REMOVED),
)
# The whole of this id is fields that no payload has. Somebody chose the UUID and tried some ten
# thousand keys of his own, for the four digits that are heads of fields.
_BEFORE_KEY: Final = "bf4bbeb1-3d0f-4c5a-8a8b-0d3f5f8f7a10-0x04"
SKIPPED_ID: Final = _BEFORE_KEY + "1" * (104 - len(_BEFORE_KEY)) + "b5" + "1" * 53 + 2 * "e1111"
# As what its events pass: types that are a clock and texts, or a clock alone, and an invitation,
# which has one number more. Whoever acts on them asks that author and transport sender are one.
PASSING_EVENTS: Final = {2, 8, 11, 13, 14, 23}


def passing(signature: bytes, signed: bytes) -> set[int]:
    """Return the types as which something signed passes every check."""
    read = {number: read_wrapper(Wrapper(signature, signed, number)) for number in PAYLOAD_CLASSES}
    return {int(number) for number, unwrapped in read.items() if unwrapped is not None}


def signed_for(chat_id: str) -> list[SignedEvent]:
    return [sign_event(event, chat_id=chat_id, author_key=ANNA) for event in EVENTS]


def test_event_of_a_group_passes_as_no_payload() -> None:
    for signed in signed_for(GROUP_ID):
        assert passing(signed.signature, GROUP_ID.encode() + signed.raw) == set()


def test_event_of_a_group_with_a_chosen_id_says_nothing_in_a_chat() -> None:
    passed = set[int]()
    for signed in signed_for(SKIPPED_ID):
        passed |= passing(signed.signature, SKIPPED_ID.encode() + signed.raw)
    assert passed == PASSING_EVENTS
    assert not SAID_IN_A_CHAT & passed


def message_as_group_id(event: MembershipEvent) -> str:
    """Write the id of a group so that id and event are a public message with a field more."""
    words = bytes_field(3, b"I owe Bruno a hundred")
    chat = bytes_field(6, b"status") + number_field(7, 2) + number_field(8, 1)
    swallowed = 196 - len(BRUNO_ID) - len(sign_event(event, chat_id=GROUP_ID, author_key=ANNA).raw)
    # The length of the field is written so that it is valid UTF-8.
    head = number_field(1, 1) + number_field(2, 1) + words + chat + b"\x7a\xc4\x81\x00"
    return head.decode() + "A" * swallowed + BRUNO_ID


def test_joining_a_group_whose_id_is_a_message_signs_nothing() -> None:
    joining = MembershipEvent(NOW_UNIX_MS, type=EventType.MEMBER_JOINED)
    chat_id = message_as_group_id(joining)
    raw = sign_event(joining, chat_id=GROUP_ID, author_key=ANNA).raw
    # It would be Anna's word in a public chat.
    read = read_wrapper(Wrapper(None, chat_id.encode() + raw, PayloadType.CHAT_MESSAGE))
    assert read is not None
    assert isinstance(read.payload, ChatMessage)
    assert read.payload.text == "I owe Bruno a hundred"
    with pytest.raises(LocalProtocolError):
        sign_event(joining, chat_id=chat_id, author_key=ANNA)


def opens_as_events(signature: bytes, signed: bytes) -> Iterator[SignedEvent]:
    """Take the head of something signed for a group's id, however long, and the rest for an event.

    Without any id at all nothing is a group.
    """
    for end in range(1, len(signed)):
        with contextlib.suppress(RemoteProtocolError, UnicodeDecodeError):
            update = MembershipUpdate(signed[:end].decode(), (signature + signed[end:],))
            yield from open_events(update, now_unix_ms=NOW_UNIX_MS)


def test_no_payload_is_an_event_of_any_group() -> None:
    # With a clock of which each byte is a letter; else the head is no text, and no id.
    in_ascii = [replace(each, clock=0x4A) for each in valid.CLOCKED]
    spoken = [
        replace(MESSAGE, clock=0x4A, timestamp_unix_ms=0x4A, chat_id=chat_id)
        for chat_id in (BRUNO_ID, GROUP_ID)
    ]
    reaction = replace(REACTION, clock=0x4A)
    for payload in (*VALUES, *in_ascii, *spoken, reaction):
        raw = encode_payload(payload)[1]
        assert list(opens_as_events(sign_as_author(ANNA, raw), raw)) == []


def test_bundle_passes_as_no_payload_and_as_no_event() -> None:
    for number in range(1, 40):
        key = secp256k1.compress(public_key(PrivateKey(bytes((number,)) * 32)))
        prekeys = {f"{number:08x}-3d0f-4c5a-8a8b-0d3f5f8f7a10": SignedPrekey(key, number, 1)}
        bundle = sign_bundle(ANNA, prekeys, timestamp_ns=NOW_UNIX_MS * 1_000_000)
        raw = signed_bytes(bundle)
        assert passing(bundle.signature, raw) == set()
        assert list(opens_as_events(bundle.signature, raw)) == []
