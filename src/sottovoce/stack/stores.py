"""What the stack itself has to keep: messages on their way, and keys that cost time to derive.

The ports of secrecy and of data sync stand in their layers. All calls are synchronous; whoever runs
the stack commits what one event wrote as a whole, or not at all, and lets nothing out before.

Spec: none; status-go keeps the same in its tables `waku_keys` and in memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sottovoce.base.secret import SymmetricKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.stores import SecureStore
from sottovoce.stack.destinations import Destination
from sottovoce.sync.stores import SyncStore


@dataclass(frozen=True, slots=True)
class Submission:
    """A message on its way to one destination.

    Attributes:
        message_id: Its name.
        destination: Where it goes; with the name the key of the row.
        submitted_unix_s: When it was submitted.
        raw: The wrapper; empty while data sync keeps it.
        sync_id: Its name in data sync, 32 bytes; None if it goes without.
    """

    message_id: MessageId
    destination: Destination = field(repr=False)
    submitted_unix_s: int
    raw: bytes = field(repr=False)
    sync_id: bytes | None


class SubmissionStore(Protocol):
    """Messages on their way."""

    def save_submission(self, submission: Submission) -> None:
        """Keep a submission; one of the same message and destination is replaced."""
        ...

    def submissions(self) -> Iterable[Submission]:
        """Return all submissions, in the order in which each was first saved."""
        ...

    def remove_submission(self, message_id: MessageId, destination: Destination) -> None:
        """Forget a submission; nothing happens if it is not there."""
        ...


class NameKeyStore(Protocol):
    """Keys that were derived from names of topics."""

    def load_name_key(self, name: str) -> SymmetricKey | None:
        """Return the key of a name."""
        ...

    def save_name_key(self, name: str, key: SymmetricKey) -> None:
        """Keep the key of a name."""
        ...

    def remove_name_key(self, name: str) -> None:
        """Forget the key of a name; nothing happens if it is not there."""
        ...


class StackStore(SubmissionStore, NameKeyStore, Protocol):
    """All that the stack itself keeps."""


@dataclass(frozen=True, slots=True)
class StackStores:
    """Everything that lasts below a chat, of one transaction."""

    secure: SecureStore
    sync: SyncStore
    stack: StackStore
