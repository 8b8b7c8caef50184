"""Everything that one person keeps, in one transaction: the port of the person's lane."""

from typing import Protocol

from sottovoce.chat.feed_stores import FeedStore
from sottovoce.chat.stores import ChatStore
from sottovoce.mail.stores import MailStore
from sottovoce.stack.stores import StackStores


class PersonStore(Protocol):
    """A person's stores, and the transaction around whatever a batch of inputs writes.

    Calls of one batch come from one thread. `commit` may be called from another thread, while
    nothing else is called.
    """

    @property
    def below_chat(self) -> StackStores:
        """What secrecy, data sync and the stack keep."""
        ...

    @property
    def chat(self) -> ChatStore:
        """What chats keep."""
        ...

    @property
    def feed(self) -> FeedStore:
        """What feeds between devices keep."""
        ...

    @property
    def mail(self) -> MailStore:
        """What whoever asks for history keeps."""
        ...

    @property
    def wrote(self) -> bool:
        """Whether anything was written since `begin`."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def commit(self) -> None:
        """Make what was written last, on disk; then the transaction is over.

        Raises:
            StorageError: It cannot be written; the transaction is still open, to be rolled back.
        """
        ...

    def rollback(self) -> None:
        """Undo what was written since `begin`."""
        ...

    def close(self) -> None:
        """Let go; what was not committed is undone."""
        ...
