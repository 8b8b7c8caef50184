import pytest

from sottovoce.chat.channel_name import public_chat_id
from sottovoce.chat.refusal import CommandRefusedError

KEY = "0x04" + 128 * "a"


@pytest.mark.parametrize(
    "name", ["status", "status-2020", "Status", "caffè", "日本語", "#weird", "a.b_c", "👋", "0x04"]
)
def test_name_of_a_chat_that_people_use_is_accepted(name: str) -> None:
    assert public_chat_id(name) == name


@pytest.mark.parametrize(
    "name",
    ["two words", "tab\t", "\x00", "line\n", "no\xa0break", "\u202eevil", "\u200b", "\ud800"],
)
def test_name_with_what_cannot_be_seen_is_refused(name: str) -> None:
    with pytest.raises(CommandRefusedError, match="cannot be seen"):
        public_chat_id(name)


@pytest.mark.parametrize("name", [KEY, "0x04" + 128 * "A"])
def test_contact_id_is_no_name(name: str) -> None:
    with pytest.raises(CommandRefusedError, match="person's key"):
        public_chat_id(name)


@pytest.mark.parametrize(
    "name", ["contact-discovery", "contact-discovery-1234", f"{KEY}-contact-code"]
)
def test_topic_of_people_is_no_name(name: str) -> None:
    with pytest.raises(CommandRefusedError, match="between devices"):
        public_chat_id(name)


@pytest.mark.parametrize("name", ["", 1025 * "a"])
def test_name_has_a_length(name: str) -> None:
    with pytest.raises(CommandRefusedError, match="1 to 1024 bytes"):
        public_chat_id(name)
