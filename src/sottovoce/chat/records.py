"""What a person has: chats, contacts, messages, reactions, a profile. Values, as they are stored.

Spec: Status specs 6 (payloads); status-go protocol/chat.go, contact.go, message.go (the same
things in the tables of the deployed clients).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, NewType

from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.chat_message import Attachment
from sottovoce.payloads.form import Value
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy

# A public chat's name; a person's contact id (0x04…, 132 characters); a group's id (a UUID, "-",
# its creator's contact id).
ChatId = NewType("ChatId", str)


class ChatKind(Enum):
    """What a chat is."""

    PUBLIC = "public"
    ONE_TO_ONE = "one-to-one"
    GROUP = "group"


class MessageState(Enum):
    """How far a message of our own has come; one that we received is `RECEIVED`."""

    RECEIVED = "received"
    QUEUED = "queued"
    SENT = "sent"
    STORED = "stored by a mailserver"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, repr=False)
class Chat(Value):
    """A place where messages are.

    Attributes:
        id: Its id.
        kind: What it is.
        active: Whether it is shown: joined, or not left.
        accepted: Whether it is one of ours; False for a stranger's, or a group that a stranger
            invited us to, which waits in the inbox.
        muted: Whether its messages ask for no attention.
        last_clock: The highest clock seen in it.
        deleted_at_clock: Messages up to this clock are gone and stay so.
        read_at_clock: Messages of others up to this clock were read.
        unread_count: Messages of others above it.
        last_message_unix_ms: When the newest message was written, and never later than it was
            kept; 0 if there is none.
        held_bytes: What strangers made it keep: in the inbox, or in a public chat.
        older_clock: Up to this clock a public chat's messages leave when it is full; 0 if it is
            not yet half full.
        older_bytes: What of `held_bytes` leaves with them.
        name: What a group is called; empty for every other chat.
    """

    id: ChatId
    kind: ChatKind
    active: bool = True
    accepted: bool = True
    muted: bool = False
    last_clock: int = 0
    deleted_at_clock: int = 0
    read_at_clock: int = 0
    unread_count: int = 0
    last_message_unix_ms: int = 0
    held_bytes: int = 0
    older_clock: int = 0
    older_bytes: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Contact(Value):
    """A person that we know of.

    Attributes:
        key: Who it is.
        added: Whether we added them.
        requested: Whether they added us (a contact request of theirs was received).
        blocked: Whether we hear nothing of them.
        verified: Whether their key was compared by another way.
        nickname: What we call them, or empty.
        ens_name: What they call themselves, an unproved claim, or empty.
        picture: Their picture as data URI, or empty.
        updated_clock: The clock of their last word about name and picture.
        told_clock: The clock of our last word about ours to them; 0 if there was none.
    """

    key: PublicKey
    added: bool = False
    requested: bool = False
    blocked: bool = False
    verified: bool = False
    nickname: str = ""
    ens_name: str = ""
    picture: str = ""
    updated_clock: int = 0
    told_clock: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Message(Value):
    """One message of a chat.

    Attributes:
        id: Its name.
        chat_id: Where it is shown.
        author: Who wrote it.
        clock: Its Lamport clock, which with the id is its place in the chat.
        written_unix_ms: The author's own time.
        kept_unix_ms: When it was stored here.
        content_type: A `payloads.chat_message.ContentType`.
        text: What it says.
        response_to: Text of the id of the message that it answers, or empty.
        ens_name: The author's unproved ENS name at that time, or empty.
        attachment: Sticker, picture or recording, if any.
        own: Whether we wrote it.
        secrecy: How it was protected; None while it is queued.
        state: How far it has come.
        peer_count: To how many peers its latest envelope went.
        reason: Why it failed, one sentence, or empty.
        raw: The wrapper of a message of our own, to send it again; else empty.
        recipient_count: How many people a message of our own in a group went to; else 0.
        acknowledged_count: How many of them have it.
    """

    id: MessageId
    chat_id: ChatId
    author: PublicKey
    clock: int
    written_unix_ms: int
    kept_unix_ms: int
    content_type: int
    text: str
    response_to: str = ""
    ens_name: str = ""
    attachment: Attachment | None = None
    own: bool = False
    secrecy: Secrecy | None = None
    state: MessageState = MessageState.RECEIVED
    peer_count: int = 0
    reason: str = ""
    raw: bytes = field(default=b"")
    recipient_count: int = 0
    acknowledged_count: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Reaction(Value):
    """One person's face under one message.

    Attributes:
        message_id: The message.
        chat_id: Its chat.
        author: Whose reaction.
        type: A `payloads.reaction.ReactionType`; with message and author the key of the row.
        clock: Of the latest word about it.
        retracted: Whether that word took it back.
    """

    message_id: MessageId
    chat_id: ChatId
    author: PublicKey
    type: int
    clock: int
    retracted: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Group(Value):
    """A group as its history of events makes it, for people to see.

    People are in the order in which they were first added.

    Attributes:
        chat_id: Its chat.
        name: What it is called.
        members: Who gets its messages.
        joined: Members who have accepted.
        admins: Who may change it.
        event_count: How many events its history has.
    """

    chat_id: ChatId
    name: str
    members: tuple[PublicKey, ...]
    joined: tuple[PublicKey, ...]
    admins: tuple[PublicKey, ...]
    event_count: int


@dataclass(frozen=True, slots=True, repr=False)
class Recipient(Value):
    """One person whom a message of our own in a group went to.

    Attributes:
        message_id: The message.
        key: Who; with the message the key of the row.
        acknowledged: Whether a device of theirs has it.
        reason: Why it was given up, one sentence, or empty.
        stored: Whether a mailserver of ours has what went to them.
    """

    message_id: MessageId
    key: PublicKey
    acknowledged: bool = False
    reason: str = ""
    stored: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Device(Value):
    """A device of our own.

    Attributes:
        installation_id: Its id, a free text of at most 128 bytes.
        name: How its owner calls it, or empty.
        type: What it is, in its own words, or empty.
        enabled: Whether it gets what we say and do.
        is_this: Whether it is this very device.
        clock: Of its latest word about its name and type; 0 if it said nothing.
    """

    installation_id: str
    name: str = ""
    type: str = ""
    enabled: bool = False
    is_this: bool = False
    clock: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Profile(Value):
    """What we tell contacts about ourselves: an ENS name and a picture (data URI), or nothing.

    Attributes:
        ens_name: What we call ourselves, or empty.
        picture: How we look, or empty.
        clock: When any of our devices chose them, in milliseconds since 1970; 0 for never.
    """

    ens_name: str = ""
    picture: str = ""
    clock: int = 0


class Place(NamedTuple):
    """A place in a chat's order: the clock, then the id. The newest comes first in history."""

    clock: int
    id: MessageId
