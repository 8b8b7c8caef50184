"""What a messenger tells a program while it runs: typed events, in the order they were stored.

An event says what is on the disk already: whoever missed one finds the same in the history.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from typing_extensions import override

from sottovoce.base.quantities import PublicKey
from sottovoce.chat import events as chat_events
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import Chat, Contact, Device, Group, Message, Reaction
from sottovoce.mail import client_events
from sottovoce.node import effects
from sottovoce.node.budget import Budget
from sottovoce.sdk.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Somebody else's message is here.

    Attributes:
        message: The message; its text is a stranger's and must be cleaned before a terminal.
        quoted: The message that it answers, if that is here.
        asks_attention: Whether it is new, in an accepted chat that is not muted.
        mentions_us: Whether its text names our key.
    """

    message: Message
    quoted: Message | None = None
    asks_attention: bool = False
    mentions_us: bool = False


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """A message of our own is here: said through this messenger, or on another device of ours."""

    message: Message
    quoted: Message | None = None


@dataclass(frozen=True, slots=True)
class GroupNoteAdded:
    """A group's chat says what became of the group: somebody created, joined, renamed or left it.

    Nobody wrote it and nobody needs to answer it. In its text people are ``@`` and their contact
    ids.
    """

    message: Message


@dataclass(frozen=True, slots=True)
class MessageStateChanged:
    """A message of our own came further, or failed; its `state` and `reason` say how."""

    message: Message


@dataclass(frozen=True, slots=True)
class ContactRequested:
    """Somebody asks to be our contact; `add_contact` says yes, `block` says no."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A contact is new or changed.

    Attributes:
        contact: As it is now.
        previous_ens_name: What it called itself before, if that changed; else None.
    """

    contact: Contact
    previous_ens_name: str | None = None


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    """A face appeared under a message, or was taken back."""

    reaction: Reaction


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """A chat is new, or its settings or counts changed."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class GroupInvited:
    """Somebody wants us in a group; `join_group` says yes, `leave` says no."""

    group: Group


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A group is new, or its name, members or admins changed.

    Attributes:
        group: As it is now.
        removed: Whether we were just taken out of it.
    """

    group: Group
    removed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device of our own is new, introduced itself, or was enabled or disabled."""

    device: Device


@dataclass(frozen=True, slots=True)
class ContactDeviceAdded:
    """A person whom we know uses one more device; messages go to it from now on."""

    contact: Contact
    installation_id: str


@dataclass(frozen=True, slots=True)
class HistoryProgress:
    """What was missed meanwhile is being fetched from a mailserver.

    Attributes:
        server: The node key of the one that is being asked, or None if nobody is.
        envelopes: Envelopes that came since fetching began.
        new: Those that were not known before.
        bytes: Bytes of all.
        done_s: Seconds of history, of all topics and servers together, that were closed since then.
        open_s: Seconds that are still open.
        note: What people should know, such as that the server limits us; else empty.
    """

    server: PublicKey | None
    envelopes: int
    new: int
    bytes: int
    done_s: int
    open_s: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class HistoryFetched:
    """Fetching came to its end, whoever began it.

    Attributes:
        complete: Whether nothing is missing as far as the mailservers know.
        envelopes: Envelopes that came.
        new: Those that were not known before.
        detail: Why it is not complete, one sentence; else empty.
    """

    complete: bool
    envelopes: int
    new: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MailserversChanged:
    """The mailservers that are trusted, or how one of them stands."""

    servers: tuple[client_events.ServerStatus, ...]


@dataclass(frozen=True, slots=True)
class StorageTrouble:
    """The store cannot be written, or can be written again.

    While there is trouble nothing that has to be stored happens: commands are refused, what
    arrives waits. It is tried again by itself.

    Attributes:
        reason: What is wrong, one sentence; empty when it is over.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class DataBudgetChanged:
    """The node's budget of data for today is nearly used, used up, or free again at midnight UTC.

    While it is used up nothing of others is received; what was missed can be fetched later.
    """

    budget: Budget


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """The reader was too slow: so many events were dropped here; read the history instead."""

    count: int


MessengerEvent: TypeAlias = (
    MessageReceived
    | MessageWritten
    | GroupNoteAdded
    | MessageStateChanged
    | ContactRequested
    | ContactChanged
    | ReactionChanged
    | ChatChanged
    | GroupInvited
    | GroupChanged
    | DeviceChanged
    | ContactDeviceAdded
    | HistoryProgress
    | HistoryFetched
    | MailserversChanged
    | StorageTrouble
    | DataBudgetChanged
    | EventsMissed
)


class EventSubscription(Subscription[MessengerEvent]):
    """Events for one reader, in a bounded queue that tells the reader what it lost.

    When the queue is full the oldest waiting event is dropped. The next thing that is read then is
    `EventsMissed`, so no change is lost silently; it is in the history.

    Attributes:
        dropped_count: Events dropped in all because the queue was full; `EventsMissed` told each.
    """

    _told_count = 0

    @override
    async def __anext__(self) -> MessengerEvent:
        if self._told_count < self.dropped_count:
            missed = self.dropped_count - self._told_count
            self._told_count = self.dropped_count
            return EventsMissed(missed)
        return await super().__anext__()


ShownFact: TypeAlias = (
    chat_events.MessageAdded
    | chat_events.MessageChanged
    | chat_events.ReactionChanged
    | chat_events.ChatChanged
    | chat_events.ContactChanged
    | chat_events.GroupChanged
    | chat_events.DeviceChanged
    | chat_events.ContactDeviceAdded
)


def event_of(fact: ShownFact) -> MessengerEvent:
    """Return what a fact of the chats is called for a program."""
    match fact:
        case chat_events.MessageAdded():
            return _event_of_message(fact)
        case chat_events.MessageChanged(message):
            return MessageStateChanged(message)
        case chat_events.ReactionChanged(reaction):
            return ReactionChanged(reaction)
        case chat_events.ChatChanged(chat):
            return ChatChanged(chat)
        case chat_events.ContactChanged(contact, request_received, previous_ens_name):
            changed = ContactChanged(contact, previous_ens_name)
            return ContactRequested(contact) if request_received else changed
        case (
            chat_events.GroupChanged()
            | chat_events.DeviceChanged()
            | chat_events.ContactDeviceAdded()
        ):
            return _event_of_groups_and_devices(fact)
        case _:
            assert_never(fact)


def event_of_history(fact: client_events.ClientFact) -> MessengerEvent:
    """Return what a fact about mailservers is called for a program."""
    match fact:
        case client_events.FetchProgress():
            return HistoryProgress(
                fact.server,
                fact.envelopes,
                fact.new,
                fact.bytes,
                fact.done_s,
                fact.open_s,
                fact.note,
            )
        case client_events.FetchDone():
            return HistoryFetched(fact.complete, fact.envelopes, fact.new, fact.detail)
        case client_events.ServersStanding(servers):
            return MailserversChanged(servers)
        case _:
            assert_never(fact)


def _event_of_message(fact: chat_events.MessageAdded) -> MessengerEvent:
    if is_note(fact.message):
        return GroupNoteAdded(fact.message)
    if fact.message.own:
        return MessageWritten(fact.message, fact.quoted)
    return MessageReceived(fact.message, fact.quoted, fact.asks_attention, fact.mentions_us)


def _event_of_groups_and_devices(
    fact: chat_events.GroupChanged | chat_events.DeviceChanged | chat_events.ContactDeviceAdded,
) -> MessengerEvent:
    match fact:
        case chat_events.GroupChanged(group, invited, removed):
            return GroupInvited(group) if invited else GroupChanged(group, removed)
        case chat_events.DeviceChanged(device):
            return DeviceChanged(device)
        case chat_events.ContactDeviceAdded(contact, installation_id):
            return ContactDeviceAdded(contact, installation_id)
        case _:
            assert_never(fact)


def telling_of_budget(
    hear: Callable[[effects.Fact], None], tell: Callable[[MessengerEvent], None]
) -> Callable[[effects.Fact], None]:
    """Return what hears a node's facts and tells those about its budget as events."""

    def fact(fact: effects.Fact) -> None:
        if isinstance(fact, effects.BudgetChanged):
            tell(DataBudgetChanged(fact.budget))
        hear(fact)

    return fact
