"""What every store of feeds between devices promises."""

from dataclasses import replace

from contract.conftest import Fed
from contract.made import chat, message, message_id, person, reaction
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.feed_keys import chat_key, contact_key, reaction_key
from sottovoce.chat.feed_stores import Change, FedDevice
from sottovoce.chat.records import ChatId, Contact
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import sign_event

KIND = RecordKind.MESSAGE
AUTHOR = PrivateKey(bytes(31) + b"\x07")


def keys(fed: Fed, name: str = "phone", *, after: int = 0, limit: int = 99) -> list[bytes]:
    return [row.key for row in fed.store.changes_for(name, after=after, limit=limit)]


def test_life_is_empty_at_first_and_replaced(fed: Fed) -> None:
    assert fed.store.load_life() == b""
    fed.store.save_life(b"one")
    fed.store.save_life(b"two")
    assert fed.store.load_life() == b"two"


def test_time_of_going_back_is_kept_beside_the_life(fed: Fed) -> None:
    assert fed.store.went_back_unix_ms() == 0
    fed.store.save_went_back(5)
    assert fed.store.load_life() == b""
    fed.store.save_life(b"one")
    fed.store.save_went_back(7)
    assert (fed.store.load_life(), fed.store.went_back_unix_ms()) == (b"one", 7)


def test_record_that_changes_again_moves_to_the_end(fed: Fed) -> None:
    assert fed.store.last_number() == 0
    for key in (b"a", b"b", b"a"):
        fed.store.put_change(KIND, key, (5, 0))
    fed.store.put_change(RecordKind.CHAT, b"a")
    assert keys(fed) == [b"b", b"a", b"a"]
    assert fed.store.change(KIND, b"a") == Change(3, KIND, b"a", (5, 0))
    assert fed.store.change(RecordKind.CHAT, b"a") == Change(4, RecordKind.CHAT, b"a")
    assert fed.store.change(KIND, b"c") is None
    assert fed.store.last_number() == 4


def test_number_is_never_given_twice(fed: Fed) -> None:
    fed.store.put_change(KIND, b"a")
    fed.store.remove_change(KIND, b"a")
    fed.store.remove_change(KIND, b"nothing")
    assert fed.store.last_number() == 1
    fed.store.put_change(KIND, b"b")
    assert fed.store.last_number() == 2


def test_device_lacks_what_is_behind_its_place_and_not_known_to_it(fed: Fed) -> None:
    for key in (b"a", b"b", b"c", b"d"):
        fed.store.put_change(KIND, key)
    fed.store.note_known("phone", KIND, b"c")
    fed.store.note_known("phone", KIND, b"c")
    fed.store.note_known("phone", KIND, b"nothing")
    assert keys(fed, after=1) == [b"b", b"d"]
    assert keys(fed, after=1, limit=1) == [b"b"]
    assert keys(fed, "laptop", after=1) == [b"b", b"c", b"d"]
    fed.store.put_change(KIND, b"c")
    assert keys(fed, after=1) == [b"b", b"d", b"c"]


def test_known_rows_are_forgotten_up_to_a_number(fed: Fed) -> None:
    for key in (b"a", b"b"):
        fed.store.put_change(KIND, key)
        fed.store.note_known("phone", KIND, key)
    fed.store.forget_known("phone", up_to=1)
    fed.store.forget_known("laptop", up_to=9)
    assert keys(fed) == [b"a"]


def test_devices_are_replaced_and_removed_with_what_they_know(fed: Fed) -> None:
    fed.store.put_change(KIND, b"a")
    for name in ("phone", "laptop"):
        fed.store.save_device(FedDevice(name))
        fed.store.note_known(name, KIND, b"a")
    fed.store.save_device(FedDevice("phone", b"life", 1, 2, 3))
    assert list(fed.store.devices()) == [FedDevice("laptop"), FedDevice("phone", b"life", 1, 2, 3)]
    fed.store.remove_device("laptop")
    fed.store.remove_device("tablet")
    assert list(fed.store.devices()) == [FedDevice("phone", b"life", 1, 2, 3)]
    assert (keys(fed, "laptop"), keys(fed, "phone")) == ([b"a"], [])


def test_history_is_listed_once_and_newest_messages_first(fed: Fed) -> None:
    group_id = group_chat_id("00000000-0000-4000-8000-000000000000", public_key(AUTHOR))
    event = sign_event(
        MembershipEvent(1, name="lunch", type=EventType.CHAT_CREATED),
        chat_id=group_id,
        author_key=AUTHOR,
    )
    fed.chats.save_contact(Contact(person(3)))
    fed.chats.save_chat(chat(group_id))
    fed.chats.add_group_event(event)
    fed.chats.save_chat(chat("lobby", last_message_unix_ms=9))
    for n in (1, 2, 3):
        fed.chats.save_message(message(n))
        fed.chats.save_reaction(reaction(n, 5, retracted=n == 3))
    fed.chats.save_message(message(4, clock=9))
    note = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    fed.chats.save_message(replace(message(5), content_type=note))
    fed.store.put_change(RecordKind.MESSAGE, message_id(2), (7,))
    fed.store.list_history(per_chat_max=3, messages_max=99)
    listed = [(row.kind, row.key) for row in fed.store.changes_for("phone", after=0, limit=99)]
    assert listed == [
        (RecordKind.MESSAGE, message_id(2)),
        (RecordKind.PROFILE, b""),
        (RecordKind.CONTACT, contact_key(person(3))),
        (RecordKind.GROUP_EVENT, event.signature),
        (RecordKind.CHAT, chat_key(ChatId("lobby"))),
        (RecordKind.CHAT, chat_key(ChatId(group_id))),
        (RecordKind.MESSAGE, message_id(4)),
        (RecordKind.MESSAGE, message_id(3)),
        (RecordKind.REACTION, reaction_key(reaction(2, 5))),
    ]
    fed.store.list_history(per_chat_max=9, messages_max=2)
    assert len(keys(fed)) == len(listed)


def test_oldest_messages_and_reactions_leave_the_list(fed: Fed) -> None:
    fed.store.put_change(RecordKind.CHAT, b"chat")
    for key in (b"a", b"b", b"c"):
        fed.store.put_change(KIND, key)
        fed.store.put_change(RecordKind.REACTION, key)
    fed.store.trim(messages_max=3)
    assert keys(fed) == [b"chat", b"b", b"c", b"c"]


def test_events_of_groups_that_are_gone_leave_the_list(fed: Fed) -> None:
    group_id = group_chat_id("00000000-0000-4000-8000-000000000000", public_key(AUTHOR))
    event = sign_event(
        MembershipEvent(1, name="lunch", type=EventType.CHAT_CREATED),
        chat_id=group_id,
        author_key=AUTHOR,
    )
    fed.chats.save_chat(chat(group_id))
    fed.chats.add_group_event(event)
    for key in (event.signature, b"of a group that the inbox gave up"):
        fed.store.put_change(RecordKind.GROUP_EVENT, key)
    fed.store.trim(messages_max=3)
    assert keys(fed) == [event.signature]


def test_newest_message_of_a_chat_is_known_by_its_time(fed: Fed) -> None:
    assert fed.store.newest_message_unix_ms(ChatId("lobby")) == 0
    fed.chats.save_message(message(1))
    fed.chats.save_message(message(2, chat_id="bar"))
    assert fed.store.newest_message_unix_ms(ChatId("lobby")) == 1001
