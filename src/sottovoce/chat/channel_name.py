"""What a public chat may be called.

The specification suggests small letters, digits and hyphens for new names, and Status' app lets
people write no others. Programs and links lead to chats with other names, so nearly everything
can be joined (docs/spec-deviations.md, "Names of public chats").

Spec: status-react, `valid-public-chat-topic?`; status-go protocol/chat.go.
"""

import re
import unicodedata
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.records import ChatId
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.stack.destinations import PublicChat

_CONTACT_ID: Final = re.compile(r"0x04[0-9a-fA-F]{128}")
# Topics of people have names, too, and nobody talks there.
_OF_PEOPLE: Final = re.compile(r"contact-discovery(-\d+)?|.*-contact-code", re.DOTALL)
# Unicode's categories of control, format and surrogate characters and of every blank.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})


def public_chat_id(name: str) -> ChatId:
    """Return the id of a public chat that can be joined.

    Raises:
        CommandRefusedError: The name is empty or too long, has characters that cannot be seen, is a
            person's contact id, or belongs to a topic of people.
    """
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        raise CommandRefusedError(
            "a public chat's name has no blanks and no characters that cannot be seen; "
            "write it in one word, for example with hyphens"
        )
    if _CONTACT_ID.fullmatch(name) is not None:
        raise CommandRefusedError(
            "this is a person's key and no public chat; open a chat with them"
        )
    if _OF_PEOPLE.fullmatch(name) is not None:
        raise CommandRefusedError("this name is used between devices; choose another")
    try:
        return ChatId(PublicChat(name).name)
    except LocalProtocolError as error:
        raise CommandRefusedError(f"{error}; choose another") from None
