"""From what a person types to whom, where or which message it means.

Nothing here asks the network: what it knows are the chats, contacts and messages that are stored.
"""

from typing import Final, NamedTuple, Protocol, TypeAlias

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.device_code import device_code, same_code
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Device, Group, Message, Place
from sottovoce.identity.alias import alias
from sottovoce.identity.contact_link import ContactLink, NameLink, PublicChatLink, parse_link
from sottovoce.payloads.contact_id import contact_id, contact_key
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk import queries
from sottovoce.sdk.errors import UnknownNameError
from sottovoce.sdk.queries import AnswerT, Query

ChatLike: TypeAlias = Chat | Group | PublicKey | str
GroupLike: TypeAlias = Group | Chat | str
DeviceLike: TypeAlias = Device | str
PersonLike: TypeAlias = Contact | PublicKey | str
MessageLike: TypeAlias = Message | MessageId | str

_MESSAGE_ID_DIGITS: Final = 64
_HEX_DIGITS: Final = frozenset("0123456789abcdef")


class Knowing(Protocol):
    """Somebody who can be asked for what is stored."""

    @property
    def public_key(self) -> PublicKey:
        """Who it is."""
        ...

    async def query(self, query: Query[AnswerT]) -> AnswerT:
        """Answer a query."""
        ...


class NamedPerson(NamedTuple):
    """A person, with the bundle that their link carried (or nothing)."""

    key: PublicKey
    bundle: bytes = b""


class PublicName(NamedTuple):
    """The name of a public chat."""

    name: str


async def chat_id_of(port: Knowing, chat: ChatLike) -> ChatId:
    """Return the id of the chat that is meant; a public one with ``#`` need not be here.

    Raises:
        UnknownNameError: The text names nothing here, or several people.
    """
    if isinstance(chat, Chat):
        return chat.id
    if isinstance(chat, Group):
        return chat.chat_id
    if isinstance(chat, PublicKey):
        return ChatId(contact_id(chat))
    written = PublicName(chat[1:]) if chat.startswith("#") else _written(chat)
    match written:
        case NamedPerson(key):
            return ChatId(contact_id(key))
        case PublicName(name):
            return ChatId(name)
        case None:
            return await _known_chat(port, chat)


async def _known_chat(port: Knowing, name: str) -> ChatId:
    """Return the chat here of this name.

    Raises:
        UnknownNameError: There is none, or several people have that name.
    """
    chats = await port.query(queries.ListChats())
    if any(known.id == name for known in chats):
        return ChatId(name)
    key = await _named_contact(port, name, chats)
    groups = _groups_called(name, chats, is_taken=key is not None)
    if len(groups) + (key is not None) > 1:
        raise UnknownNameError(
            "more than one group or person here has that name; give the group's id or the "
            "person's key"
        )
    if groups:
        return groups[0]
    if key is None:
        raise UnknownNameError(
            "no chat and no contact here has that name; write a public chat as #name and join it "
            "first, and a person by their key or link"
        )
    return ChatId(contact_id(key))


def _groups_called(name: str, chats: tuple[Chat, ...], *, is_taken: bool = False) -> list[ChatId]:
    """Return the groups of a name; a stranger's only if nothing of ours is called so."""
    wanted = name.strip().casefold()
    called = [
        chat
        for chat in chats
        if chat.kind is ChatKind.GROUP and chat.active and chat.name.casefold() == wanted
    ]
    ours = [chat.id for chat in called if chat.accepted]
    return ours if ours or is_taken else [chat.id for chat in called]


async def group_of(port: Knowing, group: GroupLike) -> Group:
    """Return the group that is meant, as it is now.

    Raises:
        UnknownNameError: No group here has that id or name, or several have.
    """
    groups = await port.query(queries.ListGroups())
    if not isinstance(group, str):
        wanted = group.id if isinstance(group, Chat) else group.chat_id
        found = [each for each in groups if each.chat_id == wanted]
    else:
        found = [each for each in groups if each.chat_id == group.strip()]
        # Of several that were called so, those we have left are not meant.
        chats = await port.query(queries.ListChats())
        called = found or [each for each in groups if each.chat_id in _groups_called(group, chats)]
        name = group.strip().casefold()
        found = called or [each for each in groups if each.name.casefold() == name]
    if len(found) != 1:
        several = "more than one group here has that name; give" if found else "no group here has"
        raise UnknownNameError(f"{several} {'its id' if found else 'that name or id'}")
    return found[0]


async def group_id_of(port: Knowing, group: GroupLike) -> ChatId:
    """Return the id of the chat of the group that is meant.

    Raises:
        UnknownNameError: No group here has that id or name, or several have.
    """
    return (await group_of(port, group)).chat_id


async def device_of(port: Knowing, device: DeviceLike) -> Device:
    """Return the device of ours that is meant: by installation id, else by code, else by name.

    Raises:
        UnknownNameError: No device that is known here fits, or several do.
    """
    if isinstance(device, Device):
        return device
    devices = await port.query(queries.ListDevices())
    wanted = device.strip()
    for fits in (
        lambda each: each.installation_id == wanted,
        lambda each: same_code(device_code(port.public_key, each.installation_id), wanted),
        lambda each: each.name.casefold() == wanted.casefold() != "",
    ):
        found = [each for each in devices if fits(each)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownNameError("more than one device of yours fits; give its code")
    raise UnknownNameError(
        "no device of yours that is known here has that code or name; run 'sottovoce device pair' "
        "on it, while both devices are connected"
    )


async def person_of(port: Knowing, person: PersonLike) -> NamedPerson:
    """Return the person that is meant, and the bundle of their link.

    Raises:
        UnknownNameError: The text names nobody here, or several people.
    """
    if isinstance(person, Contact):
        return NamedPerson(person.key)
    if isinstance(person, PublicKey):
        return NamedPerson(person)
    written = _written(person)
    if isinstance(written, NamedPerson):
        return written
    key = await _named_contact(port, person, await port.query(queries.ListChats()))
    if key is None:
        raise UnknownNameError("nobody here has that name; give the person's key or link")
    return NamedPerson(key)


async def key_of(port: Knowing, person: PersonLike) -> PublicKey:
    """Return the key of the person that is meant.

    Raises:
        UnknownNameError: The text names nobody here, or several people.
    """
    return (await person_of(port, person)).key


async def message_id_of(port: Knowing, message: MessageLike) -> MessageId:
    """Return the id of the message that is meant.

    Raises:
        UnknownNameError: No message here has an id that begins so, or several have.
    """
    if isinstance(message, Message):
        return message.id
    if isinstance(message, bytes):
        return message
    return (await message_of(port, message)).id


async def message_of(port: Knowing, message: MessageLike) -> Message:
    """Return the message that is meant, as it is now.

    Raises:
        UnknownNameError: It is not here, or several begin so.
    """
    if isinstance(message, str):
        return await _found(port, message)
    message_id = message.id if isinstance(message, Message) else message
    known = await port.query(queries.ReadMessage(message_id))
    if known is None:
        raise UnknownNameError("that message is not here")
    return known


def place_of(message: Message | None) -> Place | None:
    """Return the place of a message in its chat."""
    return None if message is None else Place(message.clock, message.id)


async def _found(port: Knowing, text: str) -> Message:
    start = text.strip().lower().removeprefix("0x")
    if not 0 < len(start) <= _MESSAGE_ID_DIGITS or not _HEX_DIGITS.issuperset(start):
        raise UnknownNameError("a message is named by its id: 0x and up to 64 hexadecimal digits")
    found = await port.query(queries.FindMessages(start))
    if len(found) != 1:
        several = "more than one message" if found else "no message"
        raise UnknownNameError(f"{several} here has an id that begins so; give more of its digits")
    return found[0]


def _written(text: str) -> NamedPerson | PublicName | None:
    """Read a key or link: a person, a public chat, or None if it is neither.

    Raises:
        UnknownNameError: It is a link that nobody here can follow.
    """
    try:
        link = parse_link(text)
    except RemoteProtocolError:
        return None
    match link:
        case ContactLink(key, bundle):
            return NamedPerson(key, bundle)
        case PublicChatLink(name):
            return PublicName(name)
        case NameLink():
            if "://" in text:
                raise UnknownNameError(
                    "the link names an ENS name, which nothing here resolves; ask for the key"
                )
            return None  # A bare word is a name of ours.
        case _:
            raise UnknownNameError("the link leads to a web site, not to a person or a chat")


async def _named_contact(port: Knowing, name: str, chats: tuple[Chat, ...]) -> PublicKey | None:
    """Return who is called so: by nickname, or by three-word name, also of members of groups.

    Raises:
        UnknownNameError: Several people are.
    """
    wanted = name.strip().casefold()
    if not wanted:
        return None
    contacts = await port.query(queries.ListContacts())
    groups = await port.query(queries.ListGroups())
    members = {key for group in groups for key in group.members if key != port.public_key}
    people = {contact.key for contact in contacts} | set(_partners(chats)) | members
    named = {contact.key for contact in contacts if contact.nickname.casefold() == wanted}
    named |= {key for key in people if alias(key).casefold() == wanted}
    if len(named) > 1:
        raise UnknownNameError("more than one person here has that name; give the key")
    return named.pop() if named else None


def _partners(chats: tuple[Chat, ...]) -> list[PublicKey]:
    partners = []
    for chat in chats:
        try:
            partners.append(contact_key(chat.id))
        except RemoteProtocolError:
            continue
    return partners
