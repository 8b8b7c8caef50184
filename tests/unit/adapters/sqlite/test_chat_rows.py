"""Columns and fields belong together; that values come back is shown in tests/contract."""

from dataclasses import fields

import pytest

from contract.made import chat, message, person, reaction
from sottovoce.adapters.sqlite import chat_rows
from sottovoce.chat.records import Chat, Contact, Message, Reaction

# What is said by another column than the field's own, and what stands in another table.
ELSEWHERE = {"id", "chat", "chat_id", "words", "attachment", "raw"}


@pytest.mark.parametrize(
    ("record", "columns"),
    [
        (Chat, chat_rows.CHAT_COLUMNS),
        (Contact, chat_rows.CONTACT_COLUMNS),
        (Message, chat_rows.MESSAGE_COLUMNS),
        (Reaction, chat_rows.REACTION_COLUMNS),
    ],
)
def test_every_field_has_its_column(
    record: type[Chat | Contact | Message | Reaction], columns: str
) -> None:
    named = {field.name for field in fields(record)}
    assert named - ELSEWHERE == set(columns.split(", ")) - ELSEWHERE


def test_every_column_gets_a_value() -> None:
    assert len(chat_rows.chat_values(chat("lobby"))) == chat_rows.CHAT_COLUMNS.count(",") + 1
    contact = chat_rows.contact_values(Contact(person(1)))
    assert len(contact) == chat_rows.CONTACT_COLUMNS.count(",") + 1
    assert len(chat_rows.message_values(message(1), 1, "")) == (
        chat_rows.MESSAGE_COLUMNS.count(",") + 1
    )
    made = chat_rows.reaction_values(reaction(1, 1), 1)
    assert len(made) == chat_rows.REACTION_COLUMNS.count(",") + 1


def test_message_of_text_alone_has_no_enclosure() -> None:
    assert chat_rows.enclosure_values(message(1)) is None
