"""The port of the stack kept in memory: for tests, simulations and people without a past.

Spec: none; status-go keeps the same in its table `waku_keys` and in memory.
"""

from collections.abc import Iterable

from typing_extensions import override

from sottovoce.base.secret import SymmetricKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.stack.destinations import Destination
from sottovoce.stack.stores import StackStore, StackStores, Submission
from sottovoce.sync.memory_store import MemorySyncStore


class MemoryStackStore(StackStore):
    """A `StackStore` in dictionaries."""

    def __init__(self) -> None:
        self._submissions: dict[tuple[MessageId, Destination], Submission] = {}
        self._keys: dict[str, SymmetricKey] = {}

    @override
    def __repr__(self) -> str:
        return f"MemoryStackStore({len(self._submissions)} submissions, {len(self._keys)} keys)"

    @override
    def save_submission(self, submission: Submission) -> None:
        self._submissions[submission.message_id, submission.destination] = submission

    @override
    def submissions(self) -> Iterable[Submission]:
        return tuple(self._submissions.values())

    @override
    def remove_submission(self, message_id: MessageId, destination: Destination) -> None:
        self._submissions.pop((message_id, destination), None)

    @override
    def load_name_key(self, name: str) -> SymmetricKey | None:
        return self._keys.get(name)

    @override
    def save_name_key(self, name: str, key: SymmetricKey) -> None:
        self._keys[name] = key

    @override
    def remove_name_key(self, name: str) -> None:
        self._keys.pop(name, None)


def memory_stores() -> StackStores:
    """Return empty stores of everything below a chat."""
    return StackStores(secure=MemoryStore(), sync=MemorySyncStore(), stack=MemoryStackStore())
