"""What a person can do, whoever holds the account: this process, or one behind a control socket.

`Messenger` carries commands and queries out itself, `ControlClient` hands them to the process that
holds the data directory. Everything else is here, so a program is written once for both.

Chats, people and messages can be named in several ways:

* a chat: a `Chat`, the key of a person, or a text: ``#name`` for a public chat; a key, contact id
  or link for a person; the name of a public chat or a group that is here; a contact's nickname or
  three-word name;
* a person: a `Contact`, a key, or a text as above;
* a group: a `Group`, its `Chat`, or its id or name;
* a device: a `Device`, its code, or its installation id;
* a message: a `Message`, its id, or the first hex digits of its id (with or without ``0x``).
"""

from abc import abstractmethod
from typing import Final, TypeVar

from sottovoce.chat import commands
from sottovoce.chat.events import CommandResult as CommandResult
from sottovoce.chat.records import (
    Chat,
    ChatKind,
    Contact,
    Device,
    Group,
    Message,
    MessageState,
    Profile,
    Reaction,
    Recipient,
)
from sottovoce.identity.contact_link import ContactLink
from sottovoce.payloads.chat_message import ContentType, StickerMessage
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sdk import naming, queries
from sottovoce.sdk.events import EventSubscription
from sottovoce.sdk.image_form import image_message
from sottovoce.sdk.mail_port import MailPort
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.naming import ChatLike as ChatLike
from sottovoce.sdk.naming import DeviceLike as DeviceLike
from sottovoce.sdk.naming import GroupLike as GroupLike
from sottovoce.sdk.naming import MessageLike as MessageLike
from sottovoce.sdk.naming import PersonLike as PersonLike
from sottovoce.sdk.subscriptions import QUEUE_MAX
from sottovoce.sdk.traffic import TrafficReport

CONNECT_TIMEOUT_S: Final = 15.0
# A contact that is there answers within seconds: a random wait of ours, the way, one of theirs.
DELIVERY_TIMEOUT_S: Final = 60.0
PAGE: Final = 50


ResultT = TypeVar("ResultT", bound=CommandResult)

_FURTHER: Final = {
    MessageState.SENT: (MessageState.SENT, MessageState.STORED, MessageState.ACKNOWLEDGED),
    MessageState.STORED: (MessageState.STORED, MessageState.ACKNOWLEDGED),
    MessageState.ACKNOWLEDGED: (MessageState.ACKNOWLEDGED,),
}


class MessengerPort(MailPort):
    """A person who talks.

    Every method that changes something raises `RefusedError` with the reason if it was not done,
    `ClientClosedError` outside ``async with``, and `UnknownNameError` for a text that names nothing
    here or several things.
    """

    # ---- what each kind does in its own way

    @abstractmethod
    async def ask(self, command: commands.Command) -> CommandResult:
        """Carry out a command; it is stored when this returns.

        Raises:
            RefusedError: It was not carried out; nothing changed.
            ClientClosedError: Nobody is there to do it.
        """

    @abstractmethod
    async def events(self, *, queue_max: int = QUEUE_MAX) -> EventSubscription:
        """Hear what happens from now on.

        Args:
            queue_max: Events that may wait. Then the oldest is dropped, counted in
                `dropped_count`, and told with `EventsMissed`: it can be read in the history.

        Returns:
            An async iterator; close it (or leave its ``async with``) to hear no more.

        Raises:
            ClientClosedError: Nobody is there to tell.
        """

    # ---- who we are, and the node

    @property
    def contact_id(self) -> str:
        """Who we are as text: 0x04 and 128 hex digits, what others add."""
        return contact_id(self.public_key)

    async def link(self, *, with_bundle: bool = False, web: bool = False) -> str:
        """Return the link that leads to us.

        Args:
            with_bundle: Whether it carries our keys, so that the first message to us is fully
                secret without asking the network. Status' app of 2020 does not read such links.
            web: Whether it opens in a browser, too.
        """
        bundle = await self.query(queries.ReadBundle()) if with_bundle else b""
        return ContactLink(self.public_key, bundle).text(web=web)

    async def connect(self, enode: str, *, timeout_s: float = CONNECT_TIMEOUT_S) -> PeerInfo:
        """Connect the node to a peer, wait until envelopes flow, and stay connected.

        Raises:
            ConnectError: The peer was not reached, or refused us, within `timeout_s`.
        """
        return await self.query(queries.ConnectPeer(enode, timeout_s))

    async def peers(self) -> tuple[PeerInfo, ...]:
        """Return the connected peers of the node."""
        return await self.query(queries.ListPeers())

    async def traffic(self) -> TrafficReport:
        """Return what the node carried, by peer, topic, direction and use."""
        return await self.query(queries.ReadTraffic())

    # ---- chats

    async def join(self, name: str) -> Chat:
        """Hear and show a public chat; ``#`` in front of the name may be left out.

        What is said from the moment on when this returns is heard.
        """
        return await self._ask(commands.JoinPublicChat(name.removeprefix("#")), Chat)

    async def open_chat(self, person: PersonLike) -> Chat:
        """Have a chat with a person, whether or not they are a contact."""
        return await self._ask(commands.OpenOneToOne(await naming.key_of(self, person)), Chat)

    async def leave(self, chat: ChatLike) -> Chat:
        """Show a chat no longer; a public one is no longer heard, a group learns that we left."""
        return await self._ask(commands.LeaveChat(await naming.chat_id_of(self, chat)), Chat)

    async def accept(self, chat: ChatLike) -> Chat:
        """Take a stranger's chat out of the inbox; they are answered from now on."""
        return await self._ask(commands.AcceptChat(await naming.chat_id_of(self, chat)), Chat)

    async def clear(self, chat: ChatLike) -> Chat:
        """Delete the messages that a chat has now, on this device."""
        return await self._ask(commands.ClearChat(await naming.chat_id_of(self, chat)), Chat)

    async def mute(self, chat: ChatLike, *, muted: bool = True) -> Chat:
        """Let a chat ask for no attention, or again for some."""
        return await self._ask(commands.MuteChat(await naming.chat_id_of(self, chat), muted), Chat)

    async def mark_read(self, chat: ChatLike, *, up_to_clock: int | None = None) -> Chat:
        """Count a chat's messages up to a clock as read, or all of them."""
        return await self._ask(
            commands.MarkRead(await naming.chat_id_of(self, chat), up_to_clock), Chat
        )

    # ---- messages

    async def send(
        self,
        chat: ChatLike,
        text: str,
        *,
        reply_to: MessageLike | None = None,
        image: bytes | None = None,
        sticker: StickerMessage | None = None,
        content_type: ContentType = ContentType.TEXT_PLAIN,
    ) -> Message:
        """Say something.

        Args:
            chat: Where: a public chat that was joined, a group, or a person.
            text: What; with a picture or sticker, what a client shows that cannot show it.
            reply_to: The message that it answers.
            image: The bytes of a picture file: PNG, JPEG, WebP or GIF.
            sticker: A sticker.
            content_type: `TEXT_PLAIN`, `STATUS` or `EMOJI`.

        Returns:
            The message, stored and queued; `delivered` waits until it arrived.

        Raises:
            LocalProtocolError: Both a picture and a sticker, or a picture of another kind.
        """
        chat_id = await naming.chat_id_of(self, chat)
        response_to = None if reply_to is None else await naming.message_id_of(self, reply_to)
        attachment = image_message(image, sticker)
        wish = commands.SendMessage(chat_id, text, response_to, content_type, attachment)
        return await self._ask(wish, Message)

    async def resend(self, message: MessageLike) -> Message:
        """Send a message of ours that failed once more, under its old id."""
        message_id = await naming.message_id_of(self, message)
        return await self._ask(commands.ResendMessage(message_id), Message)

    async def react(self, message: MessageLike, face: int, *, retracted: bool = False) -> Reaction:
        """Put a face (a `ReactionType`) under a message, or take it back."""
        message_id = await naming.message_id_of(self, message)
        return await self._ask(commands.React(message_id, face, retracted), Reaction)

    async def wait_for_state(
        self,
        message: MessageLike,
        state: MessageState,
        *,
        timeout_s: float = DELIVERY_TIMEOUT_S,
    ) -> Message:
        """Wait until a message of ours has come as far as a state, or further.

        Args:
            message: The message.
            state: `SENT`, `STORED` or `ACKNOWLEDGED`.
            timeout_s: How long, seconds.

        Returns:
            The message as it is then.

        Raises:
            NotDeliveredError: It failed, or did not come so far in time.
        """
        message_id = await naming.message_id_of(self, message)
        states = _FURTHER.get(state, (state,))
        return await self.query(queries.AwaitState(message_id, states, timeout_s))

    async def delivered(
        self, message: MessageLike, *, timeout_s: float = DELIVERY_TIMEOUT_S
    ) -> Message:
        """Wait until a message has arrived, as far as that can be known.

        A person's device acknowledges what it got; of a public chat one knows that a peer took it.

        Raises:
            NotDeliveredError: It failed, or did not arrive in time.
            UnknownNameError: The message is not here.
        """
        known = await naming.message_of(self, message)
        chat = await self.chat(known.chat_id)
        public = chat is not None and chat.kind is ChatKind.PUBLIC
        state = MessageState.SENT if public else MessageState.ACKNOWLEDGED
        return await self.wait_for_state(known, state, timeout_s=timeout_s)

    # ---- groups

    async def create_group(self, name: str, *members: PersonLike) -> Group:
        """Make a group with us as its admin, and invite people."""
        keys = [await naming.key_of(self, member) for member in members]
        return await self._ask(commands.CreateGroup(name, tuple(keys)), Group)

    async def join_group(self, group: GroupLike) -> Group:
        """Accept the invitation to a group: from now on we are heard there."""
        return await self._ask(commands.JoinGroup(await naming.group_id_of(self, group)), Group)

    async def add_members(self, group: GroupLike, *members: PersonLike) -> Group:
        """Invite more people, as an admin."""
        chat_id = await naming.group_id_of(self, group)
        keys = [await naming.key_of(self, member) for member in members]
        return await self._ask(commands.AddMembers(chat_id, tuple(keys)), Group)

    async def remove_member(self, group: GroupLike, member: PersonLike) -> Group:
        """Take a member who is no admin out of a group, as an admin."""
        chat_id = await naming.group_id_of(self, group)
        key = await naming.key_of(self, member)
        return await self._ask(commands.RemoveMember(chat_id, key), Group)

    async def promote(self, group: GroupLike, *members: PersonLike) -> Group:
        """Make members admins, as an admin; nobody but they themselves can take that back."""
        chat_id = await naming.group_id_of(self, group)
        keys = [await naming.key_of(self, member) for member in members]
        return await self._ask(commands.PromoteMembers(chat_id, tuple(keys)), Group)

    async def resign_admin(self, group: GroupLike) -> Group:
        """Be an ordinary member of a group again."""
        return await self._ask(commands.ResignAdmin(await naming.group_id_of(self, group)), Group)

    async def rename_group(self, group: GroupLike, name: str) -> Group:
        """Change a group's name, as an admin."""
        chat_id = await naming.group_id_of(self, group)
        return await self._ask(commands.RenameGroup(chat_id, name), Group)

    async def groups(self) -> tuple[Group, ...]:
        """Return all groups that we are or were in, in the order of their ids."""
        return await self.query(queries.ListGroups())

    async def group(self, group: GroupLike) -> Group:
        """Return a group as it is now.

        Raises:
            UnknownNameError: It is not here, or several have that name.
        """
        return await naming.group_of(self, group)

    async def recipients(self, message: MessageLike) -> tuple[Recipient, ...]:
        """Return to whom a message of ours in a group went, and who has it."""
        message_id = await naming.message_id_of(self, message)
        return await self.query(queries.ListRecipients(message_id))

    # ---- our own devices

    async def introduce_device(self, name: str = "", *, kind: str = "desktop") -> Device:
        """Tell our other devices what this one is called, so that they can pair with it.

        Args:
            name: How its owner calls it; empty for the name it has.
            kind: What it is, one word.
        """
        return await self._ask(commands.IntroduceDevice(name, kind), Device)

    async def enable_device(self, device: DeviceLike, *, enabled: bool = True) -> Device:
        """Let a device of ours have all that we say and do, or no longer.

        Both devices have to enable each other. One that is enabled gets the whole present state.
        """
        installation_id = (await naming.device_of(self, device)).installation_id
        return await self._ask(commands.EnableDevice(installation_id, enabled), Device)

    async def sync_devices(self) -> Device:
        """Tell our other devices the whole present state once more."""
        return await self._ask(commands.SyncDevices(), Device)

    async def devices(self) -> tuple[Device, ...]:
        """Return our own devices that are known here, this one first."""
        return await self.query(queries.ListDevices())

    # ---- people

    async def add_contact(self, person: PersonLike, *, nickname: str = "") -> Contact:
        """Add a person, which sends them a contact request, or says yes to theirs.

        A link that carries the person's bundle makes the first message to them fully secret.
        """
        key, bundle = await naming.person_of(self, person)
        return await self._ask(commands.AddContact(key, nickname, bundle), Contact)

    async def remove_contact(self, person: PersonLike) -> Contact:
        """Have a person as contact no longer; the chat stays."""
        return await self._ask(commands.RemoveContact(await naming.key_of(self, person)), Contact)

    async def block(self, person: PersonLike, *, blocked: bool = True) -> Contact:
        """Hear nothing of a person any more, or hear them again."""
        key = await naming.key_of(self, person)
        return await self._ask(commands.BlockContact(key, blocked), Contact)

    async def verify(self, person: PersonLike, *, verified: bool = True) -> Contact:
        """Note that a person's key was compared by another way."""
        key = await naming.key_of(self, person)
        return await self._ask(commands.VerifyContact(key, verified), Contact)

    async def set_forward_secrecy(self, person: PersonLike, *, on: bool) -> Chat:
        """Use sessions in a conversation, or only the identity's key."""
        key = await naming.key_of(self, person)
        return await self._ask(commands.SetForwardSecrecy(key, on), Chat)

    async def set_profile(self, *, ens_name: str = "", picture: str = "") -> Profile:
        """Change name and picture (a data URI) and tell all contacts."""
        return await self._ask(commands.SetProfile(ens_name, picture), Profile)

    # ---- reading

    async def chats(self) -> tuple[Chat, ...]:
        """Return all chats, the one with the newest message first."""
        return await self.query(queries.ListChats())

    async def chat(self, chat_id: str) -> Chat | None:
        """Return a chat by its id."""
        return next((chat for chat in await self.chats() if chat.id == chat_id), None)

    async def contacts(self) -> tuple[Contact, ...]:
        """Return all contacts, in the order of their keys."""
        return await self.query(queries.ListContacts())

    async def profile(self) -> Profile:
        """Return what we tell contacts about ourselves."""
        return await self.query(queries.ReadProfile())

    async def message(self, message: MessageLike) -> Message:
        """Return a message as it is now.

        Raises:
            UnknownNameError: It is not here, or more than one begins so.
        """
        return await naming.message_of(self, message)

    async def history(
        self, chat: ChatLike, *, before: Message | None = None, limit: int = PAGE
    ) -> tuple[Message, ...]:
        """Return messages of a chat, the newest first.

        Args:
            chat: Which.
            before: Only messages behind this one; None for the newest.
            limit: At most so many, 1 to 200.

        Raises:
            LocalProtocolError: The limit is less than 1.
        """
        chat_id = await naming.chat_id_of(self, chat)
        place = naming.place_of(before)
        return await self.query(queries.ReadPage(chat_id, place, min(limit, queries.PAGE_MAX)))

    async def search(
        self,
        words: str,
        *,
        chat: ChatLike | None = None,
        before: Message | None = None,
        limit: int = PAGE,
    ) -> tuple[Message, ...]:
        """Return messages that contain all the words, or begin words with them, the newest first.

        Args:
            words: Words separated by blanks, in any case.
            chat: Only of this chat; None for all accepted chats.
            before: Only messages behind this one; None for the newest.
            limit: At most so many, 1 to 200.

        Raises:
            LocalProtocolError: The limit is less than 1.
        """
        chat_id = None if chat is None else await naming.chat_id_of(self, chat)
        place = naming.place_of(before)
        limit = min(limit, queries.PAGE_MAX)
        return await self.query(queries.SearchMessages(words, chat_id, place, limit))

    async def reactions(self, *messages: Message) -> tuple[Reaction, ...]:
        """Return the faces under messages, in the order of clocks."""
        return await self.query(queries.ReadReactions(tuple(each.id for each in messages)))

    async def _ask(self, command: commands.Command, kind: type[ResultT]) -> ResultT:
        result = await self.ask(command)
        assert isinstance(result, kind)
        return result
