from dataclasses import replace

from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.cli.demo_check import Kept, find_faults, find_unsure
from sottovoce.crypto import secp256k1
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from unit.node.pump import key_number

ANNA = secp256k1.public_key(key_number(1))
BRUNO = secp256k1.public_key(key_number(2))
PRIVATE = ChatId("0x04")


def message(number: int, *, by_anna: bool = True) -> Message:
    return Message(
        id=MessageId(bytes([number]) * 32),
        chat_id=PRIVATE,
        author=ANNA if by_anna else BRUNO,
        clock=number,
        written_unix_ms=0,
        kept_unix_ms=0,
        content_type=1,
        text=f"text {number}",
        secrecy=Secrecy.RATCHET,
    )


SAID = (message(1), message(2, by_anna=False), message(3))


def kept(*messages: Message) -> Kept:
    return Kept({PRIVATE: messages}, frozenset())


def faults(*messages: Message) -> list[str]:
    said = {"Anna": SAID, "Bruno": SAID}
    return find_faults(said, {"Anna": kept(*SAID), "Bruno": kept(*messages)})


def test_all_that_was_said_once_on_both_sides_is_no_fault() -> None:
    assert faults(*SAID) == []


def test_missing_message_is_a_fault() -> None:
    assert faults(SAID[0], SAID[2]) == ["message 2 is 0 times in Bruno's database"]


def test_message_that_is_there_twice_is_a_fault() -> None:
    again = replace(SAID[0], id=MessageId(bytes(32)))
    assert faults(*SAID, again) == ["message 1 is 2 times in Bruno's database"]


def test_message_under_another_name_is_a_fault() -> None:
    renamed = replace(SAID[1], id=MessageId(bytes(32)))
    assert faults(SAID[0], renamed, SAID[2]) == ["message 2 has another name in Bruno's database"]


def test_message_that_was_never_said_is_a_fault() -> None:
    assert faults(*SAID, message(9)) == ["1 messages in Bruno's database were never said to them"]


def test_messages_of_one_author_in_another_order_are_a_fault() -> None:
    assert faults(SAID[2], SAID[1], SAID[0]) == [
        "messages of one author are out of order in Bruno's database"
    ]


def test_conversation_in_two_orders_is_a_fault() -> None:
    assert faults(SAID[1], SAID[0], SAID[2]) == [
        "a conversation has another order in Anna's database than in Bruno's"
    ]


def test_private_message_that_nobody_acknowledged_is_a_fault() -> None:
    sent = replace(SAID[0], own=True, state=MessageState.SENT)
    copied = replace(SAID[2], own=True, state=MessageState.SENT)
    acknowledged = replace(sent, state=MessageState.ACKNOWLEDGED)
    said = {"Anna": {sent.id}, "Anna's phone": {sent.id}}
    assert find_unsure(said, {"Anna": kept(sent, copied), "Anna's phone": kept(acknowledged)}) == [
        "Anna does not know of 1 messages that they arrived"
    ]


def test_each_needs_only_what_was_said_to_them_and_notes_count_for_nothing() -> None:
    note = replace(SAID[2], content_type=ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP)
    databases = {"Anna": kept(*SAID), "Carla": kept(SAID[0], note)}
    assert find_faults({"Anna": SAID, "Carla": SAID[:1]}, databases) == []
    databases["Carla"] = kept(*SAID)
    assert find_faults({"Anna": SAID, "Carla": SAID[:1]}, databases) == [
        "2 messages in Carla's database were never said to them"
    ]
