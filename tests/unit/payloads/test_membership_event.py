"""Group events: signed, opened, and kept as they came."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.author_signature import sign_as_author
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import leading_clock, open_event, open_events, sign_event
from sottovoce.payloads.wire import encode_event
from unit.payloads.people import ANNA, ANNA_ID, BRUNO_ID, GROUP_ID, NOW_UNIX_MS
from unit.payloads.protobuf_bytes import bytes_field, number_field
from unit.payloads.test_author_signature import negated

CHAT_ID = GROUP_ID
EVENT = MembershipEvent(NOW_UNIX_MS, ("someone",), "lunch", EventType.CHAT_CREATED)
SIGNED = sign_event(EVENT, chat_id=CHAT_ID, author_key=ANNA)


def test_signed_event_opens_to_itself() -> None:
    opened = open_event(SIGNED.wire, chat_id=CHAT_ID)
    assert opened == SIGNED
    assert opened.event == EVENT
    assert opened.author == public_key(ANNA)
    assert opened.author_id == ANNA_ID
    assert opened.raw == encode_event(EVENT)


def test_signature_is_over_the_id_of_the_group_and_the_event() -> None:
    assert SIGNED.signature == sign_as_author(ANNA, CHAT_ID.encode() + SIGNED.raw)
    assert open_event(SIGNED.wire, chat_id=CHAT_ID + "x").author != public_key(ANNA)


def test_raw_bytes_are_kept_with_fields_that_do_not_exist_yet() -> None:
    raw = SIGNED.raw + bytes_field(99, b"later")
    wire = sign_as_author(ANNA, CHAT_ID.encode() + raw) + raw
    opened = open_event(wire, chat_id=CHAT_ID)
    assert opened.event == EVENT
    assert opened.raw == raw
    assert opened.wire == wire


def test_changed_event_has_another_author() -> None:
    changed = SIGNED.wire.replace(b"lunch", b"punch")
    opened = open_event(changed, chat_id=CHAT_ID)
    assert opened.event.name == "punch"
    assert opened.author != public_key(ANNA)


@pytest.mark.parametrize("length", [0, 1, 64, 65])
def test_short_event_is_refused(length: int) -> None:
    with pytest.raises(RemoteProtocolError, match="too short"):
        open_event(SIGNED.wire[:length], chat_id=CHAT_ID)


@pytest.mark.parametrize(
    "signature",
    [bytes(65), b"\xff" * 65, SIGNED.signature[:64] + b"\x1b", negated(SIGNED.signature)],
    ids=["zeros", "ones", "v 27", "high s"],
)
def test_event_with_a_broken_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        open_event(signature + SIGNED.raw, chat_id=CHAT_ID)


@pytest.mark.parametrize("raw", [b"\x08", bytes_field(3, b"\xff"), b"\xff" * 20])
def test_event_that_is_no_protobuf_is_refused(raw: bytes) -> None:
    wire = sign_as_author(ANNA, CHAT_ID.encode() + raw) + raw
    with pytest.raises(RemoteProtocolError, match="cannot be decoded"):
        open_event(wire, chat_id=CHAT_ID)


def at(clock: int) -> bytes:
    event = MembershipEvent(clock, type=EventType.MEMBER_JOINED)
    return sign_event(event, chat_id=CHAT_ID, author_key=ANNA).wire


def test_events_of_an_update_open_in_the_order_in_which_they_came() -> None:
    update = MembershipUpdate(CHAT_ID, (at(NOW_UNIX_MS + 120_000), at(1)))
    events = open_events(update, now_unix_ms=NOW_UNIX_MS)
    assert [signed.event.clock for signed in events] == [NOW_UNIX_MS + 120_000, 1]


@pytest.mark.parametrize("clock", [0, NOW_UNIX_MS + 120_001, 2**64 - 1])
def test_one_event_with_an_impossible_clock_refuses_the_update(clock: int) -> None:
    update = MembershipUpdate(CHAT_ID, (at(1), at(clock)))
    with pytest.raises(RemoteProtocolError, match="clock"):
        open_events(update, now_unix_ms=NOW_UNIX_MS)


def test_one_broken_event_refuses_the_update() -> None:
    with pytest.raises(RemoteProtocolError):
        open_events(MembershipUpdate(CHAT_ID, (at(1), b"")), now_unix_ms=NOW_UNIX_MS)


def test_update_without_events_has_none() -> None:
    assert open_events(MembershipUpdate(CHAT_ID), now_unix_ms=NOW_UNIX_MS) == ()


@pytest.mark.parametrize(
    "chat_id",
    [
        "", "\ud800", "group", ANNA_ID, f"-{ANNA_ID}", f"zz-{ANNA_ID}", f"9d4bbeb1-{ANNA_ID}",
        GROUP_ID + " ", GROUP_ID + "\n", " " + GROUP_ID, "0" + GROUP_ID, GROUP_ID[:-1],
        GROUP_ID.upper(), GROUP_ID.replace("0x04", "0x02"), GROUP_ID.replace("9d4b", "9D4B"),
        GROUP_ID.replace("9d4b", "\uff19d4b"), f"\x08\x01\x10\x01{GROUP_ID}",
        GROUP_ID.replace("-0x", "0x"), f"{GROUP_ID}-{BRUNO_ID}",
    ],
)  # fmt: skip
def test_event_for_a_group_without_a_proper_id_is_not_signed(chat_id: str) -> None:
    with pytest.raises(LocalProtocolError, match="do not take part"):
        sign_event(EVENT, chat_id=chat_id, author_key=ANNA)


def test_events_of_others_open_whatever_the_id_of_their_group_is() -> None:
    # Members who judge a history differently are no longer in one group.
    for chat_id in (f"zz-{ANNA_ID}", "group", "\x08\x01"):
        wire = sign_as_author(ANNA, chat_id.encode() + SIGNED.raw) + SIGNED.raw
        assert open_event(wire, chat_id=chat_id).author == public_key(ANNA)


@pytest.mark.parametrize(
    "field",
    [bytes_field(1, b"no clock"), number_field(2, 5), number_field(3, 5), bytes_field(4, b"text")],
    ids=["bytes for a clock", "number for a member", "number for a name", "text for a type"],
)
def test_known_field_of_a_wrong_wire_type_shows_that_it_is_no_event(field: bytes) -> None:
    raw = SIGNED.raw + field
    wire = sign_as_author(ANNA, CHAT_ID.encode() + raw) + raw
    with pytest.raises(RemoteProtocolError, match="fields of another"):
        open_event(wire, chat_id=CHAT_ID)


def test_event_that_says_nothing_is_not_signed() -> None:
    with pytest.raises(LocalProtocolError, match="nothing"):
        sign_event(MembershipEvent(), chat_id=CHAT_ID, author_key=ANNA)


def test_no_text_form_shows_the_event() -> None:
    assert repr(SIGNED) == "SignedEvent(…)"
    assert repr(SIGNED.event) == "MembershipEvent(…)"


@pytest.mark.parametrize("clock", [1, 127, 128, NOW_UNIX_MS, (1 << 64) - 1])
def test_clock_is_read_without_opening(clock: int) -> None:
    signed = sign_event(replace(EVENT, clock=clock), chat_id=CHAT_ID, author_key=ANNA)
    assert leading_clock(signed.wire) == clock


@pytest.mark.parametrize("raw", [b"", b"\x08", b"\x08" + b"\xff" * 20, b"\x10\x01", b"\x08\x80"])
def test_clock_that_is_not_where_it_belongs_is_none(raw: bytes) -> None:
    assert leading_clock(bytes(65) + raw) == 0
