"""The machine of chats: commands and what arrives go in, messages for the stack and facts come out.

It never sees a private key, a topic or an envelope. Its parts share one `Book`; here stands only
which of them takes what.

Spec: Status specs 6 (payloads); status-go protocol/messenger.go.
"""

from typing import Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.chat.author import Author
from sottovoce.chat.book import Book
from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    AddMembers,
    Asked,
    BlockContact,
    ClearChat,
    Command,
    CreateGroup,
    EnableDevice,
    IntroduceDevice,
    JoinGroup,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    PromoteMembers,
    React,
    RemoveContact,
    RemoveMember,
    RenameGroup,
    ResendMessage,
    ResignAdmin,
    SendMessage,
    SetForwardSecrecy,
    SetProfile,
    SyncDevices,
    VerifyContact,
)
from sottovoce.chat.contact_updates import ContactUpdates
from sottovoce.chat.contacts import Contacts
from sottovoce.chat.device_sync import DeviceSync
from sottovoce.chat.devices import Devices
from sottovoce.chat.events import ChatEvent, ChatOutput, CommandResult, Done, Refused
from sottovoce.chat.feed import device_feed
from sottovoce.chat.feed_log import FeedLog, NotingStore
from sottovoce.chat.feed_stores import FeedStore
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.group_progress import GroupProgress
from sottovoce.chat.group_reception import GroupReception
from sottovoce.chat.groups import Groups
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.posting import Posting
from sottovoce.chat.progress import Progress
from sottovoce.chat.reception import Reception
from sottovoce.chat.records import Chat, Contact, Message, Reaction
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.rooms import Rooms
from sottovoce.chat.settings import ChatSettings
from sottovoce.chat.stores import ChatStore
from sottovoce.chat.writing import Writing
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    OwnInstallations,
    PeerInstallationSeen,
    PeersChanged,
    Sealed,
    SentToPeers,
    Started,
    Stored,
    TimePassed,
    Undeliverable,
)


class Conversations:
    """One person's chats.

    Attributes:
        statistics: What arrived and is not shown, by reason.
    """

    def __init__(
        self,
        author: Author,
        store: ChatStore,
        settings: ChatSettings | None = None,
        *,
        feed_store: FeedStore | None = None,
    ) -> None:
        """Start with what the store holds.

        Args:
            author: Who this person is, and what only they can make.
            store: What lasts.
            settings: Bounds and times.
            feed_store: What feeds between devices of the person keep; None for somebody who has no
                other device.
        """
        log = None if feed_store is None else FeedLog(feed_store)
        kept = store if log is None else NotingStore(store, log)
        self._book: Final = Book(author.key, kept, settings or ChatSettings())
        self.statistics: Final = self._book.statistics
        inbox = Inbox(self._book)
        self._updates: Final = ContactUpdates(self._book, inbox, author.compose)
        posting = Posting(self._book, author.compose)
        group_progress = GroupProgress(self._book)
        changes = GroupChanges(self._book, group_progress)
        group_reception = GroupReception(self._book, inbox, changes, posting)
        sync = DeviceSync(self._book, self._updates, posting, author.compose)
        self._devices: Final = Devices(self._book, author, sync)
        self._reception: Final = Reception(
            self._book, inbox, self._updates, group_reception, self._devices, sync
        )
        self._progress: Final = Progress(self._book, group_progress)
        self._writing: Final = Writing(self._book, posting, group_progress)
        self._rooms: Final = Rooms(self._book, sync)
        self._contacts: Final = Contacts(self._book, inbox, self._updates, sync)
        self._groups: Final = Groups(self._book, author, changes, posting)
        self._log: Final = log
        self._feed: Final = (
            None if log is None else device_feed(self._book, author, log, inbox, changes)
        )
        # What the wall clock shows when the monotonic one shows 0; known after the first event.
        self._epoch_unix_s: float | None = None

    def handle(self, event: ChatEvent, now: Moment) -> list[ChatOutput]:
        """Take one event and return what follows from it, in order."""
        self._epoch_unix_s = now.unix_s - now.monotonic_s
        if self._log is not None:
            self._log.begin(by_person=isinstance(event, Asked), now_unix_ms=unix_ms(now))
        if self._feed is None or not self._feed.handle(event, now):
            self._take(event, now)
        if self._feed is not None:
            self._feed.noted(now)
        return self._book.take_said()

    def _take(self, event: ChatEvent, now: Moment) -> None:
        match event:
            case Arrived():
                self._reception.take(event, now)
            case Sealed() | SentToPeers() | Stored() | Acknowledged() | Undeliverable():
                self._progress.take(event)
            case Asked():
                self._answer(event, now)
            case OwnInstallations() | PeerInstallationSeen():
                self._devices.take(event)
            case TimePassed():
                self._updates.tell_due(now)
            case Started():
                self._book.say_people()
            case PeersChanged():
                pass  # It matters to the feed alone.
            case _:
                assert_never(event)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which contacts or devices are told something, or None."""
        fed_s = None if self._feed is None else self._feed.next_deadline()
        due_unix_s = self._updates.due_unix_s()
        if due_unix_s is None or self._epoch_unix_s is None:
            return fed_s
        told_s = due_unix_s - self._epoch_unix_s
        return told_s if fed_s is None else min(told_s, fed_s)

    def _answer(self, asked: Asked, now: Moment) -> None:
        try:
            result = self._carry_out(asked.command, now)
        except CommandRefusedError as refused:
            assert not self._book.said, "a command was refused after it had an effect"
            self._book.said.append(Refused(asked.request, str(refused)))
        else:
            self._book.said.append(Done(asked.request, result))

    def _carry_out(self, command: Command, now: Moment) -> CommandResult:
        match command:
            case SendMessage() | ResendMessage() | React():
                return self._say(command, now)
            case AddContact() | RemoveContact() | BlockContact() | VerifyContact():
                return self._note(command, now)
            case SetProfile():
                return self._contacts.set_profile(command, now)
            case (
                CreateGroup()
                | JoinGroup()
                | AddMembers()
                | RemoveMember()
                | PromoteMembers()
                | ResignAdmin()
                | RenameGroup()
            ):
                return self._groups.carry_out(command, now)
            case IntroduceDevice() | EnableDevice() | SyncDevices():
                return self._devices.carry_out(command, now)
            case _:
                return self._arrange(command, now)

    def _say(self, command: SendMessage | ResendMessage | React, now: Moment) -> Message | Reaction:
        match command:
            case SendMessage():
                return self._writing.send(command, now)
            case ResendMessage():
                return self._writing.resend(command)
            case React():
                return self._writing.react(command, now)
            case _:
                assert_never(command)

    def _note(
        self, command: AddContact | RemoveContact | BlockContact | VerifyContact, now: Moment
    ) -> Contact:
        match command:
            case AddContact():
                return self._contacts.add(command, now)
            case RemoveContact():
                return self._contacts.remove(command)
            case BlockContact():
                return self._contacts.block(command)
            case VerifyContact():
                return self._contacts.verify(command)
            case _:
                assert_never(command)

    def _arrange(
        self,
        command: JoinPublicChat
        | OpenOneToOne
        | LeaveChat
        | AcceptChat
        | ClearChat
        | MuteChat
        | MarkRead
        | SetForwardSecrecy,
        now: Moment,
    ) -> Chat:
        match command:
            case MarkRead():
                chat = self._rooms.mark_read(command)
            case JoinPublicChat():
                chat = self._rooms.join(command, now)
            case OpenOneToOne():
                chat = self._rooms.open(command)
            case LeaveChat() if self._book.is_group(command.chat_id):
                chat = self._groups.leave(command, now)
            case LeaveChat():
                chat = self._rooms.leave(command)
            case AcceptChat():
                chat = self._rooms.accept(command)
            case ClearChat():
                chat = self._rooms.clear(command)
            case MuteChat():
                chat = self._rooms.mute(command)
            case SetForwardSecrecy():
                chat = self._rooms.set_forward_secrecy(command)
            case _:
                assert_never(command)
        return chat
