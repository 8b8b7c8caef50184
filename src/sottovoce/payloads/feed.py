"""What the devices of one person tell each other beyond the deployed clients: a payload of our own.

Each device keeps a list of what changed on it, numbered, and hands it on to the others piece by
piece. A record stands by itself in its own bytes, so that one that cannot be read takes nothing
else with it.

Spec: none; docs/spec-deviations.md, "Devices of one person", and
docs/decisions/0010-devices-feed-each-other.md.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final, TypeAlias

from sottovoce.payloads.form import (
    Blob,
    EnumNumber,
    Int32,
    Number,
    PictureText,
    Several,
    ShortText,
    Text,
    Uint64,
    Value,
)
from sottovoce.payloads.limits import (
    EVENT_BYTES_MAX,
    FEED_LIFE_BYTES_MAX,
    FEED_NUMBER_MAX,
    FEED_PLACES_MAX,
    FEED_RECORD_BYTES_MAX,
    FEED_RECORDS_MAX,
    SHORT_TEXT_BYTES_MAX,
    TIMESTAMP_UNIX_MS_MAX,
)

_KEY_BYTES: Final = 64
_ID_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 65

Life: TypeAlias = Annotated[bytes, Blob(FEED_LIFE_BYTES_MAX)]
ChangeNumber: TypeAlias = Annotated[int, Number(0, FEED_NUMBER_MAX)]
Key: TypeAlias = Annotated[bytes, Blob(_KEY_BYTES)]
Id: TypeAlias = Annotated[bytes, Blob(_ID_BYTES)]
# When the person decided it, as milliseconds; 0 for what was so before anybody asked.
Stamp: TypeAlias = Annotated[int, Number(0, TIMESTAMP_UNIX_MS_MAX)]


class RecordKind(IntEnum):
    """What a record is about; also the first byte of its encoding, and the order of taking."""

    PROFILE = 1
    CONTACT = 2
    GROUP_EVENT = 3
    CHAT = 4
    MESSAGE = 5
    REACTION = 6


@dataclass(frozen=True, slots=True, repr=False)
class FeedPlace(Value):
    """A place in a device's list of changes.

    Attributes:
        installation_id: A device.
        life: The life of the list that is meant.
        number: The number of a change in it, or 0 for the beginning.
    """

    installation_id: ShortText = ""
    life: Life = b""
    number: ChangeNumber = 0


@dataclass(frozen=True, slots=True, repr=False)
class DeviceFeed(Value):
    """A piece of a device's list of changes, and how far it has those of others.

    Attributes:
        installation_id: The device that speaks.
        life: Which life of its list this is; a list that lost changes begins a new one.
        last: Up to this number the piece goes; 0 if it is none.
        after: For each device that it is meant for (`installation_id`), after which number of the
            list it begins; between there and `last` it has all that this device lacks.
        records: Encoded records.
        have: For each other device, up to where this one has its list.
        asks: Which devices shall answer, however shortly.
    """

    installation_id: ShortText = ""
    life: Life = b""
    last: ChangeNumber = 0
    after: Annotated[tuple[FeedPlace, ...], Several(FEED_PLACES_MAX)] = ()
    records: Annotated[
        tuple[bytes, ...], Several(FEED_RECORDS_MAX, Blob(FEED_RECORD_BYTES_MAX))
    ] = ()
    have: Annotated[tuple[FeedPlace, ...], Several(FEED_PLACES_MAX)] = ()
    asks: Annotated[tuple[str, ...], Several(FEED_PLACES_MAX, Text(SHORT_TEXT_BYTES_MAX))] = ()


@dataclass(frozen=True, slots=True, repr=False)
class FeedProfile(Value):
    """What the person tells contacts about themselves."""

    ens_name: ShortText = ""
    picture: PictureText = ""
    changed_unix_ms: Stamp = 0


@dataclass(frozen=True, slots=True, repr=False)
class FeedContact(Value):
    """A person: what was decided about them, each with its time, and what they said.

    Attributes:
        key: Who, 64 bytes.
        updated_clock: The clock of their last word about name and picture.
        told_clock: The clock of our last word to them.
    """

    key: Key = b""
    added: bool = False
    added_unix_ms: Stamp = 0
    blocked: bool = False
    blocked_unix_ms: Stamp = 0
    verified: bool = False
    verified_unix_ms: Stamp = 0
    nickname: ShortText = ""
    nickname_unix_ms: Stamp = 0
    requested: bool = False
    ens_name: ShortText = ""
    picture: PictureText = ""
    updated_clock: Uint64 = 0
    told_clock: Uint64 = 0


@dataclass(frozen=True, slots=True, repr=False)
class FeedGroupEvent(Value):
    """One event of a group as it was signed: 65 bytes of signature, then the event."""

    chat_id: ShortText = ""
    wire: Annotated[bytes, Blob(_SIGNATURE_BYTES + EVENT_BYTES_MAX)] = b""


@dataclass(frozen=True, slots=True, repr=False)
class FeedChat(Value):
    """A chat: what was decided about it, each with its time, and how far it was read and cleared.

    Attributes:
        id: Its id.
        kind: 1 for one with a person, 2 for a public one, 3 for a group, as messages have it.
        read_at_clock: Up to where it was read.
        deleted_at_clock: Up to where it was cleared.
    """

    id: ShortText = ""
    kind: EnumNumber = 0
    active: bool = False
    active_unix_ms: Stamp = 0
    accepted: bool = False
    accepted_unix_ms: Stamp = 0
    muted: bool = False
    muted_unix_ms: Stamp = 0
    read_at_clock: Uint64 = 0
    deleted_at_clock: Uint64 = 0


@dataclass(frozen=True, slots=True, repr=False)
class FeedMessage(Value):
    """A message as one device of ours has it.

    Attributes:
        id: Its name, 32 bytes.
        author: Who wrote it, 64 bytes.
        kept_unix_ms: When it was stored there.
        secrecy: How it came: 1 in public, 2 without and 3 with forward secrecy; 0 if not yet sent.
        state: How far one of ours has come: 1 queued, 2 sent, 3 stored, 4 failed, 5 acknowledged;
            0 for one of somebody else.
        state_unix_ms: When it came so far.
        reason: Why it failed.
        recipient_count: How many people it went to in a group.
        acknowledged_count: How many of them have it.
        content: The encoded chat message.
    """

    id: Id = b""
    author: Key = b""
    kept_unix_ms: Stamp = 0
    secrecy: EnumNumber = 0
    state: EnumNumber = 0
    state_unix_ms: Stamp = 0
    reason: ShortText = ""
    recipient_count: Int32 = 0
    acknowledged_count: Int32 = 0
    content: Annotated[bytes, Blob(FEED_RECORD_BYTES_MAX)] = b""


@dataclass(frozen=True, slots=True, repr=False)
class FeedReaction(Value):
    """One person's face under one message, or that they took it back."""

    message_id: Id = b""
    chat_id: ShortText = ""
    author: Key = b""
    type: EnumNumber = 0
    clock: Uint64 = 0
    retracted: bool = False


FeedRecord: TypeAlias = (
    FeedProfile | FeedContact | FeedGroupEvent | FeedChat | FeedMessage | FeedReaction
)

RECORD_CLASSES: Final[dict[RecordKind, type[FeedRecord]]] = {
    RecordKind.PROFILE: FeedProfile,
    RecordKind.CONTACT: FeedContact,
    RecordKind.GROUP_EVENT: FeedGroupEvent,
    RecordKind.CHAT: FeedChat,
    RecordKind.MESSAGE: FeedMessage,
    RecordKind.REACTION: FeedReaction,
}
