"""Rows of groups, recipients and devices, and what they become again."""

from contract.made import message_id, person
from sottovoce.adapters.sqlite.group_rows import (
    device_of,
    device_values,
    group_event_of,
    group_of,
    group_values,
    recipient_of,
)
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.records import ChatId, Device, Group, Recipient
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import sign_event

KEY = PrivateKey(b"\x01" * 32)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", public_key(KEY)))


def test_group_comes_back_with_its_people_in_order() -> None:
    people = tuple(person(n) for n in (3, 1, 2))
    group = Group(ID, "walk", people, people[:2], people[:1], 7)
    assert group_of((ID, *group_values(group))) == group


def test_group_without_people_comes_back() -> None:
    group = Group(ID, "", (), (), (), 0)
    assert group_of((ID, *group_values(group))) == group


def test_event_comes_back_as_it_was_signed() -> None:
    event = MembershipEvent(clock=5, name="walk", type=EventType.CHAT_CREATED)
    signed = sign_event(event, chat_id=ID, author_key=KEY)
    assert group_event_of((ID, signed.author.raw, signed.signature, signed.raw)) == signed


def test_recipient_comes_back() -> None:
    assert recipient_of((message_id(1), person(2).raw, 1, "", 0)) == Recipient(
        message_id(1), person(2), acknowledged=True
    )
    assert recipient_of((message_id(1), person(2).raw, 0, "given up", 1)) == Recipient(
        message_id(1), person(2), reason="given up", stored=True
    )


def test_device_comes_back() -> None:
    device = Device("phone", "Anna's phone", "mobile", enabled=True, clock=9)
    assert device_of(device_values(device)) == device
