"""Messages for a program to read: an async iterator with a bounded queue.

When the reader is slower than the network and the queue is full, the *oldest* waiting message is
dropped and counted in `dropped_count`: a program that falls behind sees the newest, and one slow
reader never holds up the node or another reader.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

MessageT = TypeVar("MessageT")

# At the usual 400 bytes a message this is half a megabyte for each forgotten subscription.
QUEUE_MAX: Final = 1000


class Subscription(Generic[MessageT]):
    """An async iterator over messages; ends when it or the client is closed.

    Attributes:
        dropped_count: Messages dropped because the queue was full.
    """

    def __init__(self, *, queue_max: int, on_close: Callable[[], None]) -> None:
        if queue_max < 1:
            raise ValueError("queue_max is at least 1")
        self.dropped_count = 0
        self._queue: deque[MessageT] = deque()
        self._queue_max = queue_max
        self._on_close = on_close
        self._changed = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MessageT:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._queue.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take no more messages; those already queued can still be read."""
        if not self._closed:
            self._closed = True
            self._on_close()
            self._changed.set()

    def put(self, message: MessageT) -> None:
        """Queue a message (the client calls this)."""
        if self._closed:
            return
        if len(self._queue) >= self._queue_max:
            self._queue.popleft()
            self.dropped_count += 1
        self._queue.append(message)
        self._changed.set()
