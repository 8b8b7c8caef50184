"""People, chats and messages that tests of the command line show."""

from typing import Final

from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Message, MessageState
from sottovoce.cli.naming import AddressBook
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from unit.identity.people import anna, bruno

ANNA: Final = anna().chat()
BRUNO: Final = bruno().chat()
LOBBY: Final = ChatId("lobby")
WITH_BRUNO: Final = ChatId(contact_id(BRUNO.public))

# Noon of a day, in milliseconds.
NOON: Final = 1_600_000_000_000

BOOK: Final = AddressBook(
    own=ANNA.public,
    chats=(
        Chat(LOBBY, ChatKind.PUBLIC, unread_count=2),
        Chat(WITH_BRUNO, ChatKind.ONE_TO_ONE),
    ),
    contacts={BRUNO.public: Contact(BRUNO.public, added=True, nickname="Bruno")},
)

SAID: Final = Message(
    id=MessageId(bytes.fromhex("1f2e3d4c" + "00" * 28)),
    chat_id=WITH_BRUNO,
    author=BRUNO.public,
    clock=7,
    written_unix_ms=NOON,
    kept_unix_ms=NOON,
    content_type=1,
    text="ciao",
    secrecy=Secrecy.RATCHET,
)
OWN: Final = Message(
    id=MessageId(bytes.fromhex("aabbccdd" + "00" * 28)),
    chat_id=WITH_BRUNO,
    author=ANNA.public,
    clock=8,
    written_unix_ms=NOON,
    kept_unix_ms=NOON,
    content_type=1,
    text="ciao anche",
    response_to="0x" + SAID.id.hex(),
    own=True,
    secrecy=Secrecy.RATCHET,
    state=MessageState.SENT,
    peer_count=2,
)
