"""What bytes of a stranger cost before they are refused or cut, counted: objects, never time."""

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet

from cost.scene import counted
from sottovoce.base.errors import RemoteProtocolError
from sottovoce.payloads import wire
from sottovoce.payloads.limits import UNKNOWN_FIELDS_BYTES_MAX, WRAPPER_BYTES_MAX
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.registry import PAYLOAD_CLASSES, PayloadType
from sottovoce.payloads.wire import decode_event, decode_payload, encode_payload
from sottovoce.sync.events import Ignored
from sottovoce.sync.records import Payload
from sottovoce.sync.wire import (
    ACKS_READ_MAX,
    OFFERS_READ_MAX,
    PAYLOAD_BYTES_MAX,
    REQUESTS_READ_MAX,
)
from sottovoce.sync.wire import encode_payload as encode_sync
from unit.payloads.people import MESSAGE
from unit.payloads.protobuf_bytes import bytes_field, number_field
from unit.sync.people import Person

SMALLEST = number_field(1000, 0)
FLOOD = SMALLEST * (WRAPPER_BYTES_MAX // len(SMALLEST))
# As many as fit below the bound.
TOLERATED = SMALLEST * (UNKNOWN_FIELDS_BYTES_MAX // len(SMALLEST))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Get an item each time that a message's unknown fields become objects."""
    looking, seen = counted(UnknownFieldSet)
    monkeypatch.setattr(wire, "UnknownFieldSet", looking)
    return seen


@pytest.mark.parametrize("number", PAYLOAD_CLASSES, ids=lambda number: number.name)
def test_no_unknown_field_of_a_flood_becomes_an_object(
    number: PayloadType, looks: list[int]
) -> None:
    with pytest.raises(RemoteProtocolError, match="unknown fields"):
        decode_payload(number, FLOOD)
    assert looks == []


def test_no_unknown_field_of_a_flood_inside_becomes_an_object(looks: list[int]) -> None:
    inside = SMALLEST * (WRAPPER_BYTES_MAX // 2 // len(SMALLEST))
    for number, field in ((1, 9), (3, 3), (5, 1), (5, 3)):
        with pytest.raises(RemoteProtocolError, match="unknown fields"):
            decode_payload(number, bytes_field(field, inside))
    with pytest.raises(RemoteProtocolError, match="unknown fields"):
        decode_event(inside)
    assert looks == []


def test_usual_payload_is_looked_at_once_and_has_nothing_to_show(looks: list[int]) -> None:
    payload = MembershipUpdate("id", (b"event",), MESSAGE)
    assert decode_payload(*encode_payload(payload)) == payload
    assert looks == []


def test_bound_is_for_a_payload_with_all_that_is_in_it(looks: list[int]) -> None:
    number, raw = encode_payload(MESSAGE)
    assert decode_payload(number, raw + TOLERATED) == MESSAGE
    looks.clear()
    half = SMALLEST * (len(TOLERATED) // len(SMALLEST) // 2 + 1)
    with pytest.raises(RemoteProtocolError, match="unknown fields"):
        decode_payload(PayloadType.MEMBERSHIP_UPDATE_MESSAGE, bytes_field(3, half) + half)
    assert looks == []


def test_flood_of_sync_entries_is_refused_before_it_is_copied(looks: list[int]) -> None:
    flood = bytes_field(1, b"") * (WRAPPER_BYTES_MAX // 2 - 2) + SMALLEST
    with pytest.raises(RemoteProtocolError, match="entries"):
        decode_payload(PayloadType.SYNC_INSTALLATION, flood)
    assert looks == []


@pytest.mark.parametrize(
    ("once", "records_max"),
    [
        (Payload(acks=(b"",)), ACKS_READ_MAX),
        (Payload(offers=(b"",)), OFFERS_READ_MAX),
        (Payload(requests=(b"",)), REQUESTS_READ_MAX),
    ],
    ids=["acks", "offers", "requests"],
)
def test_flood_of_empty_records_is_looked_at_as_far_as_the_bound(
    once: Payload, records_max: int
) -> None:
    raw, person = encode_sync(once), Person()
    person.receive(raw * (PAYLOAD_BYTES_MAX // len(raw)))
    assert person.ignored(Ignored.BAD_ID) == records_max
