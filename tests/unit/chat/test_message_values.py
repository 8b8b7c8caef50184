import pytest

from sottovoce.chat.message_values import mentions, read_id, size_bytes, unix_ms, utf8_bytes
from sottovoce.chat.records import ChatId, Message
from sottovoce.payloads.chat_message import (
    Attachment,
    AudioMessage,
    ImageMessage,
    StickerMessage,
)
from sottovoce.payloads.message_id import MessageId
from unit.chat.people import LOBBY, Person

ANNA = Person(1)
TEXT = "0x" + 32 * "ab"


def message(attachment: Attachment | None = None) -> Message:
    return Message(
        MessageId(bytes(32)),
        ChatId(LOBBY),
        ANNA.key,
        1,
        1,
        1,
        1,
        "caffè",
        response_to=TEXT,
        ens_name="anna.eth",
        attachment=attachment,
    )


def test_id_is_read() -> None:
    assert read_id(TEXT) == bytes.fromhex(32 * "ab")


@pytest.mark.parametrize("text", ["", "0x", TEXT[2:], TEXT.upper(), TEXT + "0", TEXT + "\n"])
def test_what_is_no_id_is_none(text: str) -> None:
    assert read_id(text) is None


def test_person_is_mentioned_by_the_whole_key() -> None:
    assert mentions(f"ask @{ANNA.id}.", ANNA.key)
    assert not mentions(ANNA.id, ANNA.key)
    assert not mentions(f"@{ANNA.id[:-1]}", ANNA.key)


@pytest.mark.parametrize(
    ("attachment", "attached_bytes"),
    [
        (None, 0),
        (StickerMessage("e301", 1), 0),
        (ImageMessage(bytes(100), 1), 100),
        (AudioMessage(bytes(70), 1), 70),
    ],
)
def test_message_weighs_what_is_stored(attachment: Attachment | None, attached_bytes: int) -> None:
    assert size_bytes(message(attachment)) == 1024 + 6 + 66 + 8 + attached_bytes


def test_clock_is_in_whole_milliseconds() -> None:
    anna = Person(1)
    anna.unix_s = 1_590_000_000.1239
    assert unix_ms(anna.now) == 1_590_000_000_123


def test_size_of_a_text_is_that_of_its_utf8_form() -> None:
    assert utf8_bytes("caffè") == 6
    assert utf8_bytes("\ud800") is None
