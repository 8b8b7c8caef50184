import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.stack.composing import compose, compose_public_text
from sottovoce.stack.destinations import PublicChat

ANNA = PrivateKey(b"anna's key is thirty-two bytes !")
LOBBY = PublicChat("lobby")


def test_composed_payload_names_its_author_and_itself() -> None:
    payload = EmojiReaction(clock=5, chat_id="lobby")
    wrapped = compose(payload, ANNA)
    read = unwrap(wrapped.raw)
    assert read.payload == payload
    assert read.author == secp256k1.public_key(ANNA)
    assert read.message_id == wrapped.message_id


def test_text_becomes_a_message_of_its_public_chat() -> None:
    wrapped = compose_public_text(
        "ciao", LOBBY, ANNA, clock=7, timestamp_unix_ms=6, response_to="0xab"
    )
    assert unwrap(wrapped.raw).payload == ChatMessage(
        clock=7,
        timestamp_unix_ms=6,
        text="ciao",
        response_to="0xab",
        chat_id="lobby",
        message_type=MessageType.PUBLIC_GROUP,
        content_type=ContentType.TEXT_PLAIN,
    )


def test_text_beyond_its_bound_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match=r"ChatMessage\.text"):
        compose_public_text("x" * 70_000, LOBBY, ANNA, clock=1, timestamp_unix_ms=1)
