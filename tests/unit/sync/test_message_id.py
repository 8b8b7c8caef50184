"""The identifier covers all three fields."""

import hashlib

from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import Message
from unit.sync.people import GROUP


def test_id_is_sha256_over_domain_group_time_and_body() -> None:
    expected = hashlib.sha256(b"MESSAGE_ID" + GROUP + (258).to_bytes(8, "little") + b"ciao")
    assert message_id(Message(GROUP, 258, b"ciao")) == expected.digest()


def test_negative_time_is_hashed_in_twos_complement() -> None:
    expected = hashlib.sha256(b"MESSAGE_ID" + GROUP + b"\xfe" + b"\xff" * 7)
    assert message_id(Message(GROUP, -2, b"")) == expected.digest()


def test_id_changes_with_each_field() -> None:
    messages = [
        Message(GROUP, 1, b"x"),
        Message(GROUP[:-1], 1, b"x"),
        Message(GROUP, 2, b"x"),
        Message(GROUP, 1, b"y"),
    ]
    assert len(set(map(message_id, messages))) == len(messages)
