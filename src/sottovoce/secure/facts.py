"""What the channel takes, gives back and tells: values and nothing else.

Spec: status-im/specs docs/stable/5-secure-transport.md (what a message can turn out to be).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import SymmetricKey
from sottovoce.secure.stores import SessionName


class Secrecy(Enum):
    """How content is protected between people, whatever the transport does."""

    PUBLIC = "public"  # whoever opens the envelope can read it
    DH_ONLY = "no forward secrecy"  # the recipient's identity key opens it, now and later
    RATCHET = "forward secrecy"  # one device can read it, once


class Public(Enum):
    """The one recipient that is nobody in particular."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
Recipient: TypeAlias = PublicKey | Public


class Unreadable(Enum):
    """Why a message gave no content."""

    NO_CONTENT = "it carries bundles only"
    BAD_BUNDLE = "a bundle's signature or key is bad"
    MALFORMED = "no header that can be used"
    OTHER_DEVICE = "it is for other devices of ours, unknown to the sender"
    NOT_PAIRED = "another device of ours wrote it, and not for us"
    NO_SESSION = "its session is not known here"
    BROKEN = "it does not open on its session"
    KEY_GONE = "it was opened before, or given up"
    DAMAGED = "it does not open with our identity key"


@dataclass(frozen=True, slots=True)
class SecretAgreed:
    """There is a secret with somebody, from which both derive a topic of their own.

    It is told with every message; what is told twice says the same.
    """

    peer: PublicKey = field(repr=False)
    secret: SymmetricKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class InstallationSeen:
    """A bundle showed a device that was not known.

    Attributes:
        peer: Whose it is.
        installation_id: Its id, a free text of at most 128 bytes.
        enabled: Whether messages go to it from now on; a device of our own waits for the person.
    """

    peer: PublicKey = field(repr=False)
    installation_id: str = field(repr=False)
    enabled: bool


@dataclass(frozen=True, slots=True)
class BundleWanted:
    """Somebody wrote what cannot be read here, and would do better with our bundle.

    Whoever decides to answer hands this to the channel, which counts it then. It is told no more
    once the bounds of answers are reached; until then it is told with every such message.

    Attributes:
        peer: Who wrote.
        lost_with: The installation with which our session is out of step, so that the answer starts
            a new one; empty if there is none.
    """

    peer: PublicKey = field(repr=False)
    lost_with: str = field(default="", repr=False)


Fact: TypeAlias = SecretAgreed | InstallationSeen | BundleWanted


@dataclass(frozen=True, slots=True)
class Target:
    """A device that a message is encrypted to, and the protocol version it speaks."""

    installation_id: str = field(repr=False)
    protocol_version: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """Content that can leave, once the store has committed.

    Attributes:
        content: The bytes for the transport.
        secrecy: How they are protected.
        targets: The devices that can read them; none if every device of the recipient can.
        agreed_secret: The negotiated secret if every target is known to have it; else None, and the
            message goes where a stranger's would.
        facts: What was learned on the way.
    """

    content: bytes = field(repr=False)
    secrecy: Secrecy
    targets: tuple[Target, ...] = ()
    agreed_secret: SymmetricKey | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Names the key that opened a message, so that it can be destroyed."""

    session: SessionName
    ratchet_key: bytes = field(repr=False)
    n: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Content that was read.

    Attributes:
        content: What the sender's layer above wrote; it may be empty.
        secrecy: How it was protected, as far as this layer knows: no transport can claim more.
        receipt: To be confirmed once the content is safely stored; None if no key is kept.
        facts: What was learned on the way.
    """

    content: bytes = field(repr=False)
    secrecy: Secrecy
    receipt: Receipt | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Unopened:
    """A message without content for us; normal on topics that are shared.

    Attributes:
        reason: Why.
        facts: What was learned on the way, for bundles count all the same.
        installation_id: The sender's installation, as the message says; empty if it says nothing.
        is_late: Whether it may be an old message: its sender has said something newer since, or
            said nothing about itself in it. Nobody is answered for that.
    """

    reason: Unreadable
    facts: tuple[Fact, ...] = ()
    installation_id: str = field(default="", repr=False)
    is_late: bool = False
