"""From what a person types to the chat or the person that is meant, and back to names for people.

Besides what the SDK understands it knows beginnings of keys, and lists those that fit when several
do. It never completes a name: a message must not go to somebody whose name merely begins so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Group
from sottovoce.cli.output import CommandError, ExitCode, printable
from sottovoce.crypto import secp256k1
from sottovoce.identity.alias import alias
from sottovoce.identity.contact_link import ContactLink, NameLink, parse_link
from sottovoce.identity.public_key_text import compact_key, hex_key, parse_compact_key
from sottovoce.payloads.contact_id import contact_key
from sottovoce.sdk.messenger_port import ChatLike, MessengerPort

# What every key's text begins with says nothing; with four characters more a start can be a key's.
_HEX_START: Final = "0x04"
_COMPACT_START: Final = "zq3sh"
_START_CHARS_MIN: Final = 4
_COMPRESSED_STARTS: Final = ("0x02", "0x03")
_COMPRESSED_CHARS: Final = 68
_KEY_CHARS_SHOWN: Final = 16
_GROUP: Final = ChatKind.GROUP
# The first part of a UUID: enough to name a group, and no name that people give.
_ID_CHARS_MIN: Final = 8
_ID_CHARS_SHOWN: Final = 13


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The chats and people that are here, and how they are called.

    Attributes:
        own: Our own key.
        chats: All chats, the newest first.
        contacts: All people that are known, by key.
        groups: All groups that we are or were in, by their chats' ids.
    """

    own: PublicKey
    chats: tuple[Chat, ...]
    contacts: dict[PublicKey, Contact]
    groups: dict[ChatId, Group] = field(default_factory=dict)

    def person_name(self, key: PublicKey) -> str:
        """Return how a person is called here: by nickname, else by the three-word name."""
        if key == self.own:
            return "you"
        contact = self.contacts.get(key)
        return contact.nickname if contact is not None and contact.nickname else alias(key)

    def chat_name(self, chat_id: ChatId) -> str:
        """Return how a chat is called here; `printable` has still to be asked."""
        group = next((it for it in self.chats if it.id == chat_id and it.kind is _GROUP), None)
        if group is not None:
            return group.name.strip() or f"a group without a name, {chat_id[:_ID_CHARS_MIN]}"
        key = partner(chat_id)
        return f"#{chat_id}" if key is None else self.person_name(key)

    def people(self) -> dict[PublicKey, None]:
        """Return everybody who is known, has a chat, or shares a group, once and in order."""
        partners = (partner(chat.id) for chat in self.chats)
        members = (key for group in self.groups.values() for key in group.members)
        others = (key for key in members if key != self.own)
        known = (*self.contacts, *(key for key in partners if key is not None), *others)
        return dict.fromkeys(known)


async def address_book(port: MessengerPort) -> AddressBook:
    """Read the chats and people that are here."""
    contacts = {contact.key: contact for contact in await port.contacts()}
    groups = {group.chat_id: group for group in await port.groups()}
    return AddressBook(port.public_key, await port.chats(), contacts, groups)


def partner(chat_id: ChatId) -> PublicKey | None:
    """Return whose chat it is; None for a public one."""
    try:
        return contact_key(chat_id)
    except RemoteProtocolError:
        return None


def chat_like(chat_id: ChatId) -> ChatLike:
    """Return a chat as the SDK takes it: a key, a public chat's name, or a group's id."""
    return partner(chat_id) or f"#{chat_id}"


def find_chat(book: AddressBook, text: str) -> ChatId:
    """Return the chat that is meant.

    Raises:
        CommandError: None or several fit; the text lists them.
    """
    if text.startswith("#"):
        return ChatId(text[1:])
    public = [
        chat.id for chat in book.chats if chat.kind is ChatKind.PUBLIC and chat.id == text.strip()
    ]
    key = _written_key(text)
    if key is not None:
        return ChatId(hex_key(key))
    groups = _groups_called(book, text)
    people = _people_called(book, text)
    # What strangers call their groups does not stand in the way of names that are in use.
    ours = [chat for chat in groups if chat.accepted or not (public or people)]
    found = [*public, *(chat.id for chat in ours), *(ChatId(hex_key(each)) for each in people)]
    if len(found) == 1:
        return found[0]
    if found:
        names = (book.chat_name(each) + _start_of(book, each) for each in found)
        raise CommandError(_several(names, of="id" if ours else "key"), ExitCode.USAGE)
    raise CommandError(
        f"no chat and nobody here is called {printable(text)!r}; write a public chat as #name, and "
        "a person by their key or link (see: sottovoce chat list, group list, contact list)",
        ExitCode.USAGE,
    )


def find_group(book: AddressBook, text: str) -> Group:
    """Return the group that is meant: by name, id, or the start of its id.

    Raises:
        CommandError: None or several fit; the text lists them.
    """
    found = [chat for chat in _groups_called(book, text) if chat.id in book.groups]
    if len(found) == 1:
        return book.groups[found[0].id]
    if found:
        listed = (chat.name + _start_of(book, chat.id) for chat in found)
        raise CommandError(_several(listed, of="id"), ExitCode.USAGE)
    raise CommandError(
        f"no group here is called {printable(text)!r} (see: sottovoce group list)", ExitCode.USAGE
    )


def _groups_called(book: AddressBook, text: str) -> list[Chat]:
    """Return the groups that are called so.

    Of several, those that were left are not meant, nor those to which strangers invite us.
    """
    wanted = text.strip().casefold()
    called = [
        chat
        for chat in book.chats
        if chat.kind is _GROUP
        and (
            (len(wanted) >= _ID_CHARS_MIN and chat.id.startswith(wanted))
            or chat.name.strip().casefold() == wanted != ""
        )
    ]
    shown = [chat for chat in called if chat.active] or called
    return [chat for chat in shown if chat.accepted] or shown


def group_command(verb: str, group: Group) -> str:
    """Return what to type about a group; safe to paste, whatever a stranger called it."""
    return f"sottovoce group {verb} {short_group_id(group)}"


def short_group_id(group: Group) -> str:
    """Return where a group's id begins, enough to name it."""
    return group.chat_id[:_ID_CHARS_MIN]


def is_public(book: AddressBook, chat_id: ChatId) -> bool:
    """Tell whether a chat is a public one, or would be."""
    is_group = any(chat.id == chat_id and chat.kind is _GROUP for chat in book.chats)
    return not is_group and partner(chat_id) is None


def find_person(book: AddressBook, text: str) -> ContactLink:
    """Return the person that is meant, with the bundle of their link, if it has one.

    Raises:
        CommandError: None or several fit; the text lists them.
    """
    link = _written_link(text)
    if link is not None:
        return link
    found = _people_called(book, text)
    if len(found) == 1:
        return ContactLink(found[0])
    if found:
        names = (book.person_name(key) + _start_of(book, ChatId(hex_key(key))) for key in found)
        raise CommandError(_several(names), ExitCode.USAGE)
    raise CommandError(
        f"{printable(text)!r} is no key and no link, and nobody here is called so", ExitCode.USAGE
    )


def _people_called(book: AddressBook, text: str) -> list[PublicKey]:
    wanted = text.strip().casefold()
    named = [key for key in book.people() if wanted in _names(book, key)]
    if named or not _is_start_of_key(wanted):
        return named
    return [
        key
        for key in book.people()
        if hex_key(key).startswith(wanted) or compact_key(key).casefold().startswith(wanted)
    ]


def _names(book: AddressBook, key: PublicKey) -> Iterator[str]:
    contact = book.contacts.get(key)
    if contact is not None and contact.nickname:
        yield contact.nickname.casefold()
    yield alias(key).casefold()


def _is_start_of_key(wanted: str) -> bool:
    return any(
        wanted.startswith(start) and len(wanted) >= len(start) + _START_CHARS_MIN
        for start in (_HEX_START, _COMPACT_START)
    )


def _written_key(text: str) -> PublicKey | None:
    link = _written_link(text)
    return None if link is None else link.key


def _written_link(text: str) -> ContactLink | None:
    """Read a key in any form, or a link; None if it is neither.

    Raises:
        CommandError: It is a link, but to nobody that can be found.
    """
    text = text.strip()
    try:
        link = parse_link(text)
    except RemoteProtocolError:
        return _other_form(text)
    match link:
        case ContactLink():
            return link
        case NameLink(name):
            # A bare word without a dot is no name of ENS yet: people here are called so.
            if "." in text:
                raise CommandError(
                    f"{printable(name)} is a name of ENS, which cannot be resolved yet; ask the "
                    "person for their key or link",
                    ExitCode.USAGE,
                )
            return _other_form(text)
        case _:
            raise CommandError("the link does not lead to a person", ExitCode.USAGE)


def _other_form(text: str) -> ContactLink | None:
    try:
        if text.lower().startswith(_COMPRESSED_STARTS) and len(text) == _COMPRESSED_CHARS:
            return ContactLink(secp256k1.decompress(bytes.fromhex(text[2:])))
        return ContactLink(parse_compact_key(text))
    except (RemoteProtocolError, ValueError):
        return None


def _start_of(book: AddressBook, chat_id: ChatId) -> str:
    """Return what tells a person or a group from others of that name: where its id begins."""
    if not is_public(book, chat_id):
        shown = _KEY_CHARS_SHOWN if partner(chat_id) is not None else _ID_CHARS_SHOWN
        return f" ({chat_id[:shown]}…)"
    return ""


def _several(names: Iterable[str], of: str = "key") -> str:
    listed = ", ".join(printable(name) for name in names)
    return f"several fit: {listed}; give more of the {of}"
