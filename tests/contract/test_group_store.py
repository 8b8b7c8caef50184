"""What every store of chats promises about groups, recipients and devices."""

from dataclasses import replace

import pytest

from contract.conftest import Kept
from contract.made import chat, message, message_id, person
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.records import ChatId, ChatKind, Device, Group, Recipient
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent, sign_event

CREATOR = PrivateKey(b"\x01" * 32)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", public_key(CREATOR)))
OTHER_ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000002", public_key(CREATOR)))


def group(chat_id: ChatId = ID, *members: PublicKey, name: str = "walk") -> Group:
    return Group(chat_id, name, members, members[:1], members[:1], len(members))


def event(clock: int, chat_id: ChatId = ID) -> SignedEvent:
    made = MembershipEvent(clock=clock, name=f"walk {clock}", type=EventType.NAME_CHANGED)
    return sign_event(made, chat_id=chat_id, author_key=CREATOR)


def test_events_are_kept_once_and_in_the_order_of_adding(kept: Kept) -> None:
    for each in (event(2), event(1, OTHER_ID), event(1), event(2)):
        kept.store.add_group_event(each)
    assert list(kept.store.group_events()) == [event(2), event(1, OTHER_ID), event(1)]


def test_removed_chat_takes_its_events_and_its_group_along(kept: Kept) -> None:
    for chat_id in (ID, OTHER_ID):
        kept.store.save_chat(replace(chat(chat_id), kind=ChatKind.GROUP, name="walk"))
        kept.store.add_group_event(event(1, chat_id))
        kept.store.save_group(group(chat_id, person(1)))
    kept.store.remove_chat(ID)
    kept.commit()
    assert list(kept.store.group_events()) == [event(1, OTHER_ID)]
    assert kept.history.list_groups() == [group(OTHER_ID, person(1))]
    assert [each.name for each in kept.history.list_chats()] == ["walk"]


def test_groups_are_replaced_and_read_in_the_order_of_ids(kept: Kept) -> None:
    kept.store.save_group(group(OTHER_ID))
    kept.store.save_group(group(ID, person(1)))
    kept.store.save_group(group(ID, person(2), person(1), name="run"))
    kept.commit()
    assert kept.history.list_groups() == [
        group(ID, person(2), person(1), name="run"),
        group(OTHER_ID),
    ]


def test_recipients_keep_their_places(kept: Kept) -> None:
    kept.store.save_message(message(1, own=True))
    kept.store.save_message(message(2, own=True))
    told = [Recipient(message_id(1), person(n)) for n in (3, 1, 2)]
    for each in told:
        kept.store.save_recipient(each)
    told[0] = replace(told[0], acknowledged=True)
    told[2] = replace(told[2], reason="the group is gone", stored=True)
    kept.store.save_recipient(told[0])
    kept.store.save_recipient(told[2])
    kept.commit()
    assert list(kept.store.recipients(message_id(1))) == told
    assert list(kept.history.list_recipients(message_id(1))) == told
    assert list(kept.history.list_recipients(message_id(2))) == []


def test_those_who_wait_are_told_of_a_whole_chat(kept: Kept) -> None:
    for number, chat_id in ((1, ID), (2, ID), (3, OTHER_ID)):
        kept.store.save_message(message(number, chat_id=chat_id, own=True))
        for key in (person(1), person(2)):
            kept.store.save_recipient(Recipient(message_id(number), key))
    kept.store.save_recipient(Recipient(message_id(1), person(1), acknowledged=True))
    kept.store.save_recipient(Recipient(message_id(2), person(2), reason="given up"))
    waiting = {(it.message_id, it.key) for it in kept.store.waiting_recipients(ID)}
    assert waiting == {(message_id(1), person(2)), (message_id(2), person(1))}
    assert list(kept.store.waiting_recipients(ChatId("nowhere"))) == []


def test_recipients_leave_with_their_message(kept: Kept) -> None:
    kept.store.save_message(message(1, own=True))
    kept.store.save_recipient(Recipient(message_id(1), person(3)))
    kept.store.remove_messages(ChatId("lobby"), up_to_clock=1)
    kept.store.save_message(message(1, own=True))
    assert list(kept.store.recipients(message_id(1))) == []


def test_message_keeps_how_many_have_it(kept: Kept) -> None:
    sent = replace(message(1, own=True), recipient_count=3)
    kept.store.save_message(sent)
    kept.store.save_message(replace(sent, acknowledged_count=2))
    kept.commit()
    assert kept.history.read_message(message_id(1)) == replace(sent, acknowledged_count=2)


@pytest.mark.parametrize("is_this", [False, True])
def test_devices_are_replaced_and_removed(kept: Kept, is_this: bool) -> None:
    this, phone = Device("zz", is_this=True), Device("phone")
    for each in (phone, this):
        kept.store.save_device(each)
    full = Device("phone", "Anna's phone", "mobile", True, is_this, 7)
    kept.store.save_device(full)
    assert list(kept.store.devices()) == [full, this]
    kept.store.remove_device("zz")
    kept.commit()
    assert list(kept.history.list_devices()) == [full]


def test_this_device_is_read_first(kept: Kept) -> None:
    devices = [Device("b"), Device("z", is_this=True), Device("a")]
    for each in devices:
        kept.store.save_device(each)
    kept.commit()
    assert [it.installation_id for it in kept.history.list_devices()] == ["z", "a", "b"]
