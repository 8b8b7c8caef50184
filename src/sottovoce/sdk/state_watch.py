"""Waiting for messages of ours to come as far as somebody wants."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from sottovoce.chat.records import Message, MessageState
from sottovoce.chat.stores import HistoryReader
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.errors import ClientClosedError, NotDeliveredError, UnknownNameError

ReadT = TypeVar("ReadT")

CLOSED: Final = "the messenger was closed"


class Read(Protocol):
    """Reads what was committed, off the loop."""

    def __call__(self, how: Callable[[HistoryReader], ReadT]) -> Awaitable[ReadT]:
        """Read it."""
        ...


class StateWatch:
    """Who waits for which message."""

    def __init__(self) -> None:
        self._watchers: dict[asyncio.Queue[Message | None], MessageId] = {}

    def note(self, message: Message) -> None:
        """Tell those who wait for a message how it is now."""
        for changes, message_id in self._watchers.items():
            if message_id == message.id:
                changes.put_nowait(message)

    def end(self) -> None:
        """Let nobody wait any more."""
        for changes in self._watchers:
            changes.put_nowait(None)

    async def until(
        self, message_id: MessageId, states: tuple[MessageState, ...], read: Read
    ) -> Message:
        """Wait until a message has one of these states, for as long as it takes.

        Args:
            message_id: The message.
            states: Where it shall come.
            read: Reads the history.

        Raises:
            NotDeliveredError: It failed.
            UnknownNameError: It is not here.
            ClientClosedError: The messenger was closed meanwhile.
        """
        changes: asyncio.Queue[Message | None] = asyncio.Queue()
        self._watchers[changes] = message_id  # Before reading: a change may come meanwhile.
        try:
            message = await read(lambda reader: reader.read_message(message_id))
            if message is None:
                raise UnknownNameError("that message is not here")
            while message.state not in states:
                if message.state is MessageState.FAILED:
                    raise NotDeliveredError(message.reason or "the message failed")
                message = await changes.get()
                if message is None:
                    raise ClientClosedError(CLOSED)
            return message
        finally:
            del self._watchers[changes]
