"""Whose turn it is: inputs of many streams, taken so that none waits for another's flood.

Each stream has a queue of its own, from its beginning to its end, and the streams take turns, a
slice of bytes at a time, in however many reads they came. What concerns no stream (timers, results)
has one queue, whose turn comes after each input of a stream. Within a queue the order is kept.
"""

from collections import deque
from typing import Final, TypeAlias

from sottovoce.node.inputs import (
    DialSucceeded,
    Input,
    StreamAccepted,
    StreamBytes,
    StreamClosed,
    WriteBlocked,
    WriteDrained,
)

OfStream: TypeAlias = (
    StreamBytes | StreamAccepted | DialSucceeded | StreamClosed | WriteBlocked | WriteDrained
)

# One slice costs the node a millisecond when it is full of envelopes of a kilobyte, and some five
# when they are as small as can be; so an honest peer among ten floods waits 10 to 60 ms.
SLICE_BYTES: Final = 16 * 1024
# What an input counts for at least: a peer that sends much in little pieces takes time, too.
INPUT_BYTES_MIN: Final = 512
# A stream that is alone gets so much in one turn. Of usual envelopes that is two milliseconds, of
# the smallest ones sixteen, for which whoever comes in between has to wait.
JOINED_BYTES_MAX: Final = 64 * 1024


class InputTurns:
    """The inputs that wait for the node."""

    def __init__(self) -> None:
        self._others: deque[Input] = deque()
        self._streams: dict[int, deque[OfStream]] = {}
        self._turns: deque[int] = deque()
        self._others_turn = True
        self._left_bytes = SLICE_BYTES  # of the slice of the stream in front
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, event: Input) -> None:
        """Queue an input."""
        if isinstance(event, StreamBytes):
            self._put_bytes(event)
        elif isinstance(event, OfStream):
            self._put_stream(event)
        else:
            self._others.append(event)
            self._count += 1

    def take(self) -> Input:
        """Return the next input; there must be one."""
        self._count -= 1
        if self._others and (self._others_turn or not self._turns):
            self._others_turn = False
            return self._others.popleft()
        self._others_turn = True
        stream = self._turns[0]
        queue = self._streams[stream]
        event = queue.popleft()
        if isinstance(event, StreamBytes) and len(self._turns) == 1 and not self._others:
            # Nobody else waits: what was cut for the sake of others is handled in one go, which
            # saves a turn of everything above for each piece.
            event = self._joined(event, queue)
        self._left_bytes -= _cost(event)
        if not queue:
            del self._streams[stream]
        if not queue or self._left_bytes <= 0:
            self._turns.popleft()
            self._left_bytes = SLICE_BYTES
            if queue:
                self._turns.append(stream)
        return event

    def _joined(self, first: StreamBytes, queue: deque[OfStream]) -> StreamBytes:
        pieces, left = [first.data], JOINED_BYTES_MAX - len(first.data)
        while queue and isinstance(queue[0], StreamBytes) and len(queue[0].data) <= left:
            pieces.append(queue[0].data)
            left -= len(queue[0].data)
            queue.popleft()
        self._count -= len(pieces) - 1
        return first if len(pieces) == 1 else StreamBytes(first.stream, b"".join(pieces))

    def clear(self) -> None:
        """Forget everything."""
        self._others.clear()
        self._streams.clear()
        self._turns.clear()
        self._left_bytes = SLICE_BYTES
        self._count = 0

    def _put_bytes(self, event: StreamBytes) -> None:
        data = event.data
        if len(data) <= SLICE_BYTES:
            self._put_stream(event)
            return
        for start in range(0, len(data), SLICE_BYTES):
            self._put_stream(StreamBytes(event.stream, data[start : start + SLICE_BYTES]))

    def _put_stream(self, event: OfStream) -> None:
        self._count += 1
        queue = self._streams.get(event.stream)
        if queue is None:
            self._streams[event.stream] = deque((event,))
            self._turns.append(event.stream)
        else:
            queue.append(event)


def _cost(event: OfStream) -> int:
    """Return how much of its slice an input uses up, bytes."""
    return (
        max(len(event.data), INPUT_BYTES_MIN) if isinstance(event, StreamBytes) else INPUT_BYTES_MIN
    )
