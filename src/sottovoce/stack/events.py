"""What goes into the stack and what comes out of it.

Upwards it is told by a chat what to send and whom to hear, and tells the chat what arrived and how
far a message has come. Downwards it asks for envelopes and filters, by numbers of its own. Nothing
that is told upwards names a topic, and nothing downwards names a chat.

Spec: none; it is our own seam between the layers (docs/decisions/0007-a-person-is-a-machine.md).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.registry import Payload
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Destination

# ---- events, from below


@dataclass(frozen=True, slots=True)
class EnvelopeOpened:
    """Filters of ours opened an envelope.

    Attributes:
        filters: Their numbers, as given in `Listen`; never empty.
        message: What was inside.
        archived: Whether it came out of the archive of a mailserver of ours.
    """

    filters: tuple[int, ...]
    message: OpenedMessage
    archived: bool = False


@dataclass(frozen=True, slots=True)
class EnvelopePosted:
    """A wanted envelope is sealed, mined and in our own pool; no peer may have it yet."""

    request: int
    hash: EnvelopeHash


@dataclass(frozen=True, slots=True)
class EnvelopeFailed:
    """A wanted envelope did not leave; `detail` is one sentence for people."""

    request: int
    detail: str


@dataclass(frozen=True, slots=True)
class EnvelopesTaken:
    """A peer was sent these envelopes; some may not be ours."""

    peer: PublicKey
    hashes: tuple[EnvelopeHash, ...]


@dataclass(frozen=True, slots=True)
class EnvelopesStored:
    """A mailserver of ours confirmed that it took these envelopes; some may not be ours."""

    hashes: tuple[EnvelopeHash, ...]


@dataclass(frozen=True, slots=True)
class PeersChanged:
    """So many peers are connected now; with none, nothing is sealed that would only expire."""

    count: int


@dataclass(frozen=True, slots=True)
class KeyDerived:
    """The key of a name that was asked for with `DeriveKey`."""

    name: str = field(repr=False)
    key: SymmetricKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class Started:
    """The store is at hand and nothing was asked for yet; comes once and first."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A deadline may have come."""


# ---- events, from above


@dataclass(frozen=True, slots=True)
class MessageSubmitted:
    """A message is to reach a destination; it is kept until it has, or is withdrawn.

    Attributes:
        message_id: Its name, as `composing.compose` gave it.
        raw: The wrapper, as `composing.compose` gave it.
        destination: Where it goes. The same message may go to several, one event each.
    """

    message_id: MessageId
    raw: bytes = field(repr=False)
    destination: Destination = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageWithdrawn:
    """A message shall no longer be sent, whether or not it arrived.

    Attributes:
        message_id: The message.
        destination: Where it shall not go; None for everywhere.
    """

    message_id: MessageId
    destination: Destination | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """Whom we hear and how: the whole truth, which replaces what was said before.

    Attributes:
        public_chats: Names of the public chats to listen to.
        followed: People whose contact codes are read.
        answered: People who may learn that we are there: they get acknowledgements, requests and,
            when they write what cannot be read here, our bundle. Strangers get none of it.
        ignored: People of whom nothing is opened any further than their signature, and to whom
            nothing is sent any more of what waits.
    """

    public_chats: frozenset[str] = field(repr=False)
    followed: frozenset[PublicKey] = field(repr=False)
    answered: frozenset[PublicKey] = field(repr=False)
    ignored: frozenset[PublicKey] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BundleLearned:
    """A link or a QR code carried a signed bundle; a bad one is counted and changes nothing."""

    owner: PublicKey = field(repr=False)
    bundle: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForwardSecrecySet:
    """Whether a conversation uses sessions from now on."""

    peer: PublicKey = field(repr=False)
    on: bool


@dataclass(frozen=True, slots=True)
class DeviceEnabled:
    """Whether messages go to another device of our own from now on; one that is not known is none.

    It is answered with `OwnInstallations`.
    """

    installation_id: str = field(repr=False)
    on: bool


@dataclass(frozen=True, slots=True)
class OwnBundleAsked:
    """Somebody wants to put our bundle into a link; answered with `OwnBundle`."""

    request: int


StackEvent: TypeAlias = (
    EnvelopeOpened
    | EnvelopesTaken
    | EnvelopesStored
    | EnvelopePosted
    | EnvelopeFailed
    | MessageSubmitted
    | TimePassed
    | KeyDerived
    | PeersChanged
    | PeopleChanged
    | MessageWithdrawn
    | BundleLearned
    | ForwardSecrecySet
    | OwnBundleAsked
    | DeviceEnabled
    | Started
)

# ---- outputs, downwards


@dataclass(frozen=True, slots=True)
class PostEnvelope:
    """Seal, mine and post; answer `EnvelopePosted` or `EnvelopeFailed`.

    Attributes:
        request: The stack's number for it.
        route: Topic, key and signer.
        payload: What is inside.
        ttl_s: Seconds of life.
        pow_target: Proof of work to reach; None chooses by the size.
        work_time_s: Seconds that the search may take.
    """

    request: int
    route: EnvelopeRoute = field(repr=False)
    payload: bytes = field(repr=False)
    ttl_s: int
    pow_target: float | None
    work_time_s: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Open matching envelopes from now on."""

    number: int
    filter: Filter = field(repr=False)


@dataclass(frozen=True, slots=True)
class StopListening:
    """Stop opening for a filter."""

    number: int


@dataclass(frozen=True, slots=True)
class DeriveKey:
    """Derive the key of a name, off the loop (tens of milliseconds); answer `KeyDerived`."""

    name: str = field(repr=False)


# ---- outputs, upwards


@dataclass(frozen=True, slots=True)
class Arrived:
    """A payload whose form, clock and signatures were checked; who may say it is not.

    Attributes:
        payload: What was written.
        author: Who wrote it. The same person signed the envelope, except for a `MembershipUpdate`
            without content, which anybody may pass on.
        message_id: Its name; the same payload can come several times.
        secrecy: How it was protected on the way.
        public_chats: The public chats on whose topics it came; empty if it came to us alone.
        sent_unix_ms: When its envelope was sent, by the sender's clock.
        envelope: The envelope's hash.
        archived: Whether it came out of the archive of a mailserver of ours.
    """

    payload: Payload
    author: PublicKey = field(repr=False)
    message_id: MessageId
    secrecy: Secrecy
    public_chats: tuple[str, ...] = field(repr=False)
    sent_unix_ms: int
    envelope: EnvelopeHash
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message was sealed for a destination: this is how it is protected.

    It is told when it is sealed first, and when a repetition is protected otherwise; after a
    restart it is told once more.
    """

    message_id: MessageId
    destination: Destination = field(repr=False)
    secrecy: Secrecy


@dataclass(frozen=True, slots=True)
class SentToPeers:
    """The latest envelope of a message was given to so many peers, which is at least one."""

    message_id: MessageId
    destination: Destination = field(repr=False)
    peer_count: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A mailserver of ours has an envelope of a message, whichever of its repetitions."""

    message_id: MessageId
    destination: Destination = field(repr=False)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person's device has the message."""

    message_id: MessageId
    destination: Destination = field(repr=False)


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A message is given up; `reason` is one sentence for people."""

    message_id: MessageId
    destination: Destination = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class OwnBundle:
    """Our bundle as it is now, signed, in its encoded form: what `identity.ContactLink` takes."""

    request: int
    bundle: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnInstallation:
    """Another device of our own, as bundles show it."""

    installation_id: str = field(repr=False)
    enabled: bool


@dataclass(frozen=True, slots=True)
class OwnInstallations:
    """All other devices of our own: told after the start, and when one is new or was changed."""

    installations: tuple[OwnInstallation, ...]


@dataclass(frozen=True, slots=True)
class PeerInstallationSeen:
    """Somebody whom we answer uses a device that was not known before."""

    peer: PublicKey = field(repr=False)
    installation_id: str = field(repr=False)


class Dropped(Enum):
    """Why something that was opened went no further; each reason has its counter."""

    ECHO = "we posted it ourselves, on a topic that we hear as well"
    UNSIGNED = "nobody signed the envelope"
    IGNORED = "its author is blocked"
    UNOPENED = "the layer of secrecy gave no content"
    EMPTY = "its content is empty, as after an acknowledgement"
    MALFORMED = "no wrapper, or a payload of another form than its type's"
    IMPOSTOR = "its author is not who signed the envelope"
    FROM_FUTURE = (
        "its clock is too far ahead of its envelope; it is taken when it comes again later"
    )
    BREAKS_RULES = "its content or clock breaks a rule"
    UNKNOWN_TYPE = "a payload type that has no meaning here"
    BAD_BUNDLE = "a link's bundle is not signed by whom the link names"


StackOutput: TypeAlias = (
    PostEnvelope
    | Listen
    | StopListening
    | DeriveKey
    | Arrived
    | Sealed
    | SentToPeers
    | Stored
    | Acknowledged
    | Undeliverable
    | OwnBundle
    | OwnInstallations
    | PeerInstallationSeen
)
