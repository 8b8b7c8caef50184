"""Values of data sync."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.sync.records import Message, Payload, group_id
from unit.sync.people import GROUP, id_of, message


@pytest.mark.parametrize("length", [0, 31, 33])
def test_group_id_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError):
        group_id(bytes(length))


def test_timestamp_beyond_64_bits_is_refused() -> None:
    Message(GROUP, 2**63 - 1, b"")
    Message(GROUP, -(2**63), b"")
    for timestamp_s in (2**63, -(2**63) - 1):
        with pytest.raises(LocalProtocolError):
            Message(GROUP, timestamp_s, b"")


def test_text_form_of_a_message_shows_neither_body_nor_group() -> None:
    shown = repr(Payload(messages=(Message(GROUP, 7, b"a secret body"),)))
    assert "secret" not in shown
    assert "group id" not in shown


@pytest.mark.parametrize(
    "payload",
    [
        Payload(acks=(id_of(),)),
        Payload(offers=(b"",)),
        Payload(requests=(id_of(),)),
        Payload(messages=(message(),)),
    ],
)
def test_payload_with_any_record_is_not_empty(payload: Payload) -> None:
    assert not payload.is_empty
    assert Payload().is_empty
