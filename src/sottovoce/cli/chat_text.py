"""What a line shows of a message's text: people by their names, and what is no text.

Everything that others wrote goes through `printable`.
"""

import re
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import Message
from sottovoce.cli.naming import AddressBook
from sottovoce.cli.output import printable
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.contact_id import CONTACT_ID_FORM, contact_key

_MENTION: Final = re.compile(f"@({CONTACT_ID_FORM})")
_KINDS: Final = {
    ContentType.STICKER: "[sticker] ",
    ContentType.IMAGE: "[picture] ",
    ContentType.AUDIO: "[recording] ",
}


def shown_text(book: AddressBook, message: Message) -> str:
    """Return what a line shows of a message: clean, with the names of those whom it mentions."""
    if is_note(message):
        named = _named(book, message.text, at="")
        return printable(re.sub("^you is ", "you are ", named))
    return printable(_kind(message.content_type) + _named(book, message.text, at="@"))


def _named(book: AddressBook, text: str, *, at: str) -> str:
    """Return a text with names in place of keys; what names nobody stays as it is."""

    def name(mention: re.Match[str]) -> str:
        try:
            return at + book.person_name(contact_key(mention[1]))
        except RemoteProtocolError:
            return mention[0]

    return _MENTION.sub(name, text)


def _kind(content_type: int) -> str:
    try:
        return _KINDS.get(ContentType(content_type), "")
    except ValueError:
        return ""
