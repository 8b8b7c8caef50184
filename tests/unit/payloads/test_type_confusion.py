"""The type of a payload is not signed: each type's bytes, read as each other type.

Whoever gets a signed payload can send it on under another number. What comes of it is an error, or
a value of the new type that says nothing in a chat.
"""

from dataclasses import replace
from typing import Final

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.group_rules import evaluate
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import open_events, sign_event
from sottovoce.payloads.metadata import Unwrapped, unwrap, wrap
from sottovoce.payloads.push import ContactCodeAdvertisement
from sottovoce.payloads.registry import PAYLOAD_CLASSES, Payload, PayloadType, UnknownPayload
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import decode_wrapper, encode_payload, encode_wrapper
from unit.payloads import test_validity as valid
from unit.payloads.people import ANNA, MESSAGE, NOW_UNIX_MS

CREATION = sign_event(
    MembershipEvent(1, name="lunch", type=EventType.CHAT_CREATED), chat_id="group", author_key=ANNA
)
# One bare and one full value of each type; all of them keep every rule.
VALUES: Final[tuple[Payload, ...]] = (
    MESSAGE, replace(MESSAGE, response_to="0x1", ens_name="anna.eth"),
    valid.STICKER, valid.IMAGE, valid.AUDIO,
    valid.UPDATE, replace(valid.UPDATE, ens_name="anna.eth", profile_image="data:"),
    MembershipUpdate("group", (CREATION.wire,)),
    MembershipUpdate("group", (CREATION.wire,), valid.IN_GROUP),
    MembershipUpdate("group", (CREATION.wire,), valid.REACTION),
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
}
SAID_IN_A_CHAT: Final = {PayloadType.CHAT_MESSAGE, PayloadType.EMOJI_REACTION}


def read_as(payload: Payload, number: int) -> Unwrapped | None:
    """Sign a payload, let somebody change its number, and read and check it; None if refused."""
    wrapper = decode_wrapper(wrap(payload, ANNA).raw)
    try:
        unwrapped = unwrap(encode_wrapper(replace(wrapper, type_number=number)))
        check_received(unwrapped.payload, envelope_unix_ms=NOW_UNIX_MS)
    except RemoteProtocolError:
        return None
    return unwrapped


def test_every_type_is_here() -> None:
    assert {encode_payload(payload)[0] for payload in VALUES} == set(PAYLOAD_CLASSES)
    assert len(PAYLOAD_CLASSES) == 17


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
