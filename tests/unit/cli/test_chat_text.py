from dataclasses import replace

import pytest

from sottovoce.chat.records import Message
from sottovoce.cli.chat_text import shown_text
from sottovoce.payloads.chat_message import ContentType
from unit.cli.person_records import ANNA, BOOK, BRUNO, SAID

NOTE = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP


def said(text: str, content_type: int = ContentType.TEXT_PLAIN) -> Message:
    return replace(SAID, text=text, content_type=content_type)


def test_people_whom_a_text_mentions_have_their_names() -> None:
    text = f"@{ANNA.hex_key} and @{BRUNO.hex_key}, come"
    assert shown_text(BOOK, said(text)) == "@you and @Bruno, come"


def test_note_on_a_group_is_a_sentence() -> None:
    assert shown_text(BOOK, said(f"@{BRUNO.hex_key} joined", NOTE)) == "Bruno joined"
    gone = said(f"@{ANNA.hex_key} is no longer an admin", NOTE)
    assert shown_text(BOOK, gone) == "you are no longer an admin"


@pytest.mark.parametrize("text", ["@0x04" + "0" * 128, "@0x04", "@bruno", "anna@example.org"])
def test_what_names_nobody_stays_as_it_is(text: str) -> None:
    assert shown_text(BOOK, said(text)) == text


def test_names_and_texts_steer_nothing() -> None:
    book = replace(
        BOOK,
        contacts={
            BRUNO.public: replace(
                BOOK.contacts[BRUNO.public], nickname="B\N{RIGHT-TO-LEFT OVERRIDE}o"
            )
        },
    )
    shown = shown_text(book, said(f"@{BRUNO.hex_key}\x1b[2J", NOTE))
    assert shown == "B\N{REPLACEMENT CHARACTER}o\N{REPLACEMENT CHARACTER}[2J"


@pytest.mark.parametrize(
    ("content_type", "start"),
    [(ContentType.IMAGE, "[picture] "), (ContentType.STICKER, "[sticker] "), (99, "")],
)
def test_what_is_no_text_is_marked(content_type: int, start: str) -> None:
    assert shown_text(BOOK, said("ciao", content_type)) == start + "ciao"
