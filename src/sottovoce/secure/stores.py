"""What this layer needs to have stored, as ports, and the names under which things are stored.

Records are opaque bytes that say which version of their form they have. All calls are synchronous.
Whoever runs the layer commits what one call of the channel wrote as a whole, or not at all, and
lets nothing out before the commit.

Spec: status-go protocol/encryption/persistence.go and its migrations (what clients keep).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from typing_extensions import override

from sottovoce.secure.double_ratchet import MessageKey


class SessionName(NamedTuple):
    """Which session: the responder's prekey, and the device at the other end.

    Attributes:
        prekey: The responder's prekey, compressed, 33 bytes.
        peer: The other side's identity, compressed, 33 bytes.
        installation_id: The other side's installation.
    """

    prekey: bytes
    peer: bytes
    installation_id: str

    @override
    def __repr__(self) -> str:
        return "SessionName(…)"


class RecordStore(Protocol):
    """Our own prekeys, and one record for each identity."""

    def load_own(self) -> bytes | None:
        """Return the record of our own prekeys."""
        ...

    def save_own(self, record: bytes) -> None:
        """Replace the record of our own prekeys; the bytes before must be gone afterwards."""
        ...

    def load_peer(self, identity: bytes) -> bytes | None:
        """Return the record of an identity (33 bytes)."""
        ...

    def save_peer(self, identity: bytes, record: bytes, *, stranger: bool) -> None:
        """Replace the record of an identity (33 bytes), and whether it is a stranger's."""
        ...

    def delete_peer(self, identity: bytes) -> None:
        """Delete the record of an identity; nothing happens if there is none."""
        ...

    def peers(self) -> Sequence[bytes]:
        """Return all identities that have a record, in any order."""
        ...

    def strangers(self) -> Sequence[bytes]:
        """Return those whose record is a stranger's, the one first that was saved longest ago."""
        ...


class SessionStore(Protocol):
    """The sessions."""

    def load_session(self, name: SessionName) -> bytes | None:
        """Return the record of a session."""
        ...

    def save_session(self, name: SessionName, record: bytes) -> None:
        """Replace the record of a session; the bytes before must be gone afterwards."""
        ...

    def delete_session(self, name: SessionName) -> None:
        """Delete a session with its message keys and ended chains."""
        ...

    def sessions(self, peer: bytes | None = None) -> Sequence[SessionName]:
        """Return the names of all sessions, or of those with one identity (33 bytes)."""
        ...


class MessageKeyStore(Protocol):
    """Keys of messages that were skipped, or used and not confirmed yet; and chains that ended."""

    def load_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> bytes | None:
        """Return the key (32 bytes) of a message."""
        ...

    def add_message_keys(
        self, name: SessionName, keys: Iterable[MessageKey], *, newest: int, above: int
    ) -> None:
        """Store keys; then keep only the newest ones.

        Args:
            name: The session.
            keys: In ascending order of their sequence numbers.
            newest: So many of the session stay, those of the highest sequence numbers.
            above: Of these, only those with a sequence number above this stay.
        """
        ...

    def delete_message_key(self, name: SessionName, ratchet_key: bytes, n: int) -> None:
        """Delete a key; nothing happens if it is not there."""
        ...

    def add_ended_chain(self, name: SessionName, ratchet_key: bytes, *, newest: int) -> None:
        """Remember a chain that ended (33 bytes); the session's `newest` last ones stay."""
        ...

    def is_ended_chain(self, name: SessionName, ratchet_key: bytes) -> bool:
        """Tell whether a chain is remembered as ended."""
        ...


class SecureStore(RecordStore, SessionStore, MessageKeyStore, Protocol):
    """All that a channel needs."""
