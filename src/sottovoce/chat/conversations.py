"""The machine of chats: commands and what arrives go in, messages for the stack and facts come out.

It never sees a private key, a topic or an envelope. Its parts share one `Book`; here stands only
which of them takes what.

Spec: Status specs 6 (payloads); status-go protocol/messenger.go.
"""

from collections.abc import Callable
from typing import Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.commands import (
    AcceptChat,
    AddContact,
    Asked,
    BlockContact,
    ClearChat,
    Command,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    OpenOneToOne,
    React,
    RemoveContact,
    ResendMessage,
    SendMessage,
    SetForwardSecrecy,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.contact_updates import ContactUpdates
from sottovoce.chat.contacts import Contacts
from sottovoce.chat.events import ChatEvent, ChatOutput, Done, Refused
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.progress import Progress
from sottovoce.chat.reception import Reception
from sottovoce.chat.records import Chat, Contact, Message, Profile, Reaction
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.rooms import Rooms
from sottovoce.chat.settings import ChatSettings
from sottovoce.chat.stores import ChatStore
from sottovoce.chat.writing import Writing
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.registry import Payload
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    Sealed,
    SentToPeers,
    Started,
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
        me: PublicKey,
        compose: Callable[[Payload], Wrapped],
        store: ChatStore,
        settings: ChatSettings | None = None,
    ) -> None:
        """Start with what the store holds.

        Args:
            me: Who this person is.
            compose: Wraps and signs a payload with this person's key.
            store: What lasts.
            settings: Bounds and times.
        """
        self._book: Final = Book(me, store, settings or ChatSettings())
        self.statistics: Final = self._book.statistics
        inbox = Inbox(self._book)
        self._updates: Final = ContactUpdates(self._book, inbox, compose)
        self._reception: Final = Reception(self._book, inbox, self._updates)
        self._progress: Final = Progress(self._book)
        self._writing: Final = Writing(self._book, compose)
        self._rooms: Final = Rooms(self._book)
        self._contacts: Final = Contacts(self._book, inbox, self._updates)
        # What the wall clock shows when the monotonic one shows 0; known after the first event.
        self._epoch_unix_s: float | None = None

    def handle(self, event: ChatEvent, now: Moment) -> list[ChatOutput]:
        """Take one event and return what follows from it, in order."""
        self._epoch_unix_s = now.unix_s - now.monotonic_s
        match event:
            case Arrived():
                self._reception.take(event, now)
            case Sealed() | SentToPeers() | Acknowledged() | Undeliverable():
                self._progress.take(event)
            case Asked():
                self._answer(event, now)
            case TimePassed():
                self._updates.tell_due(now)
            case Started():
                self._book.say_people()
            case _:
                assert_never(event)
        return self._book.take_said()

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which contacts are told about us again, or None."""
        due_unix_s = self._updates.due_unix_s()
        if due_unix_s is None or self._epoch_unix_s is None:
            return None
        return due_unix_s - self._epoch_unix_s

    def _answer(self, asked: Asked, now: Moment) -> None:
        try:
            result = self._carry_out(asked.command, now)
        except CommandRefusedError as refused:
            assert not self._book.said, "a command was refused after it had an effect"
            self._book.said.append(Refused(asked.request, str(refused)))
        else:
            self._book.said.append(Done(asked.request, result))

    def _carry_out(
        self, command: Command, now: Moment
    ) -> Chat | Contact | Message | Reaction | Profile:
        match command:
            case SendMessage():
                return self._writing.send(command, now)
            case ResendMessage():
                return self._writing.resend(command)
            case React():
                return self._writing.react(command, now)
            case AddContact() | RemoveContact() | BlockContact() | VerifyContact():
                return self._note(command, now)
            case SetProfile():
                return self._contacts.set_profile(command, now)
            case _:
                return self._arrange(command)

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
    ) -> Chat:
        match command:
            case MarkRead():
                chat = self._rooms.mark_read(command)
            case JoinPublicChat():
                chat = self._rooms.join(command)
            case OpenOneToOne():
                chat = self._rooms.open(command)
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
