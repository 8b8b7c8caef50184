"""The content of an envelope between people, as values: bundles, and one entry per device.

It owns the shape; `wire` knows the bytes, and nothing here knows keys.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Message format".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sottovoce.secure.bundle import Bundle
from sottovoce.secure.double_ratchet import RatchetHeader

# The entry that every device of the recipient can read; never the id of a real installation.
ANY_DEVICE: Final = "none"


@dataclass(frozen=True, slots=True)
class X3dhHeader:
    """How a session was agreed on.

    Attributes:
        ephemeral: The initiator's fresh key, compressed, 33 bytes; unchecked.
        prekey: The responder's prekey, compressed, 33 bytes; unchecked.
    """

    ephemeral: bytes = field(repr=False)
    prekey: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """Which session a message belongs to, and its ratchet header.

    Attributes:
        prekey: The responder's prekey, in both directions, 33 bytes; unchecked.
        ratchet: The ratchet's own header; unchecked.
    """

    prekey: bytes = field(repr=False)
    ratchet: RatchetHeader


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """The entry for one device.

    Attributes:
        payload: The ciphertext.
        x3dh: Present until the other side has answered on the session.
        session: Present if a session was used.
        ephemeral: The fresh key of a message without a session, 33 bytes; unchecked. Else None.
    """

    payload: bytes = field(repr=False)
    x3dh: X3dhHeader | None = None
    session: SessionHeader | None = None
    ephemeral: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ProtocolMessage:
    """The whole content.

    Attributes:
        installation_id: The sender's installation; a claim.
        bundles: Bundles of anybody; unchecked.
        direct: Entries by the recipient's installation id, or `ANY_DEVICE`.
        public: Plain content, or None.
    """

    installation_id: str = field(repr=False)
    bundles: tuple[Bundle, ...] = ()
    direct: Mapping[str, DirectMessage] = field(default_factory=dict, repr=False)
    public: bytes | None = field(default=None, repr=False)
