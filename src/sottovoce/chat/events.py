"""What goes into the machine of chats and what comes out of it.

It hears commands of the person and what the stack tells; it tells the stack what to send and whom
to hear, and the person what changed.

Spec: none; it is our own seam between chats and whoever shows them.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.chat.records import Chat, Contact, Device, Group, Message, Profile, Reaction
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    BundleLearned,
    DeviceEnabled,
    ForwardSecrecySet,
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallations,
    PeerInstallationSeen,
    PeersChanged,
    PeopleChanged,
    Sealed,
    SentToPeers,
    Started,
    Stored,
    TimePassed,
    Undeliverable,
)

CommandResult: TypeAlias = Chat | Contact | Message | Reaction | Profile | Group | Device


@dataclass(frozen=True, slots=True)
class Done:
    """A command was carried out."""

    request: int
    result: CommandResult = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was not carried out and nothing changed.

    Attributes:
        request: The number of the command.
        reason: Why, a sentence for people.
        by_store: Whether the store cannot be used now, whatever is asked for.
    """

    request: int
    reason: str
    by_store: bool = False


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A chat has one more message: somebody's, or our own from here or from another device.

    Attributes:
        message: The message.
        quoted: The message that it answers, if it is here.
        asks_attention: Whether it is somebody else's, in an accepted chat that is not muted.
        mentions_us: Whether its text names our key.
    """

    message: Message
    quoted: Message | None = None
    asks_attention: bool = False
    mentions_us: bool = False


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A message of ours came further, or failed."""

    message: Message


@dataclass(frozen=True, slots=True)
class ReactionChanged:
    """A face appeared under a message, or was taken back."""

    reaction: Reaction


@dataclass(frozen=True, slots=True)
class ChatChanged:
    """A chat is new, or its settings or counts changed."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """A contact is new or changed.

    Attributes:
        contact: As it is now.
        request_received: Whether it just asked to be our contact.
        previous_ens_name: What it called itself before, if that changed; else None.
    """

    contact: Contact
    request_received: bool = False
    previous_ens_name: str | None = None


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """A group is new, or its name, members or admins changed.

    Attributes:
        group: As it is now.
        invited: Whether we were just invited to it.
        removed: Whether we were just taken out of it.
    """

    group: Group
    invited: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device of our own is new, introduced itself, or was enabled or disabled."""

    device: Device


@dataclass(frozen=True, slots=True)
class ContactDeviceAdded:
    """A person whom we know uses a device that was not known before.

    Messages go to it from now on. Whoever verified the person's key need not do so again: the key
    is the same on all devices.
    """

    contact: Contact
    installation_id: str


class Unshown(Enum):
    """Why something that arrived is not shown; each reason has its counter."""

    DUPLICATE = "it is here already"
    NOT_JOINED = "its public chat was not joined"
    OTHER_CHAT = "it came on another chat's topic than it names"
    UNPROTECTED = "a private message came in public"
    DELETED = "it is older than what was cleared"
    BLOCKED = "its author is blocked"
    INBOX_FULL = "strangers have said more than the inbox holds"
    UNKNOWN_KIND = "a kind of chat that has no meaning here"
    STALE = "older than what is known"
    NO_MESSAGE = "it is about a message that is not here"
    BAD_HISTORY = "the group's history breaks a rule"
    NOT_INVITED = "we are not in this group"
    NOT_MEMBER = "its author is not, or no longer, in the group, or has not joined it"
    NOT_OURS = "only devices of our own may say this"
    UNKNOWN_DEVICE = "this device of ours is not known"
    TOO_MANY = "there are as many chats or contacts as there can be"
    DAMAGED = "a device of ours sent a record that cannot be taken"
    TWO_IN_ONE = "two machines run as the same device of ours, or it was restored twice at once"


ChatFact: TypeAlias = (
    MessageAdded
    | MessageChanged
    | ReactionChanged
    | ChatChanged
    | ContactChanged
    | GroupChanged
    | DeviceChanged
    | ContactDeviceAdded
    | Done
    | Refused
)

ChatEvent: TypeAlias = (
    Arrived
    | Asked
    | Sealed
    | SentToPeers
    | Stored
    | Acknowledged
    | Undeliverable
    | OwnInstallations
    | PeerInstallationSeen
    | PeersChanged
    | TimePassed
    | Started
)

ChatOutput: TypeAlias = (
    ChatFact
    | MessageSubmitted
    | MessageWithdrawn
    | PeopleChanged
    | BundleLearned
    | ForwardSecrecySet
    | DeviceEnabled
)
