"""Room for large frames: how much of unfinished ones a node keeps for all its peers together.

A large frame takes its whole size of the room from its header on, and leaves it when it is complete
or its peer is gone. Whoever finds no room waits in the order of coming, and its socket is not read.
While somebody waits, whoever has had room for longer than `FRAME_S_MAX` is to be cut off, for an
honest peer sends such a frame in a fraction of that: so fifty peers that never finish keep one that
does waiting for some seconds, and are gone then. Small frames never wait.

Spec: none; the Go nodes bound a frame and nothing beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.node.effects import PauseReading, ResumeReading
from sottovoce.node.settings import FRAME_S_MAX, NodeSettings
from sottovoce.node.statistics import LinkStatistics

# Why a peer was cut off, for people.
TOO_SLOW: Final = (
    f"a large packet took it longer than {FRAME_S_MAX:g} s while other peers waited to send theirs"
)


@dataclass(slots=True)
class _Holder:
    """A peer with a large frame.

    Attributes:
        size_bytes: How long it is when it is complete.
        is_privileged: Whether others are cut off before it.
        since_s: Since when it has room.
    """

    size_bytes: int
    is_privileged: bool
    since_s: float = 0.0


class FrameRoom:
    """Who has room for a large frame, and who waits for it.

    Args:
        settings: What the frames that have room take together; one larger than all of it has room
            when it is alone.
        statistics: Where waiting and cutting off are counted.
        emit: Told which streams to read no more for now, and which again.
        cut_off: Told whose connection is to end.
    """

    def __init__(
        self,
        settings: NodeSettings,
        statistics: LinkStatistics,
        emit: Callable[[PauseReading | ResumeReading], None],
        cut_off: Callable[[int, Moment], None],
    ) -> None:
        self._bytes_max = settings.frame_room_bytes_max
        self._statistics = statistics
        self._emit = emit
        self._cut_off = cut_off
        self._having: dict[int, _Holder] = {}
        self._waiting: dict[int, _Holder] = {}
        self._unread: set[int] = set()  # the streams that are not read for now
        self._taken_bytes = 0

    def sizes(self) -> dict[str, int]:
        """Return how many large frames have begun, and what those with room take, bytes."""
        return {
            "large frames": len(self._having) + len(self._waiting),
            "room of large frames": self._taken_bytes,
        }

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which somebody has had room for too long, or None."""
        if not self._waiting:
            return None
        return min(holder.since_s for holder in self._having.values()) + FRAME_S_MAX

    def look(self, stream: int, size_bytes: int, now: Moment, *, is_privileged: bool) -> None:
        """Note that a large frame began or ended.

        Args:
            stream: Whose it is.
            size_bytes: How long the frame that began is, or 0 if there is none now.
            now: The moment.
            is_privileged: Whether others are cut off before this peer.
        """
        self._leave(stream)
        if size_bytes:
            self._waiting[stream] = _Holder(size_bytes, is_privileged)
        self.settle(now)
        if stream in self._waiting:
            self._statistics.frames_waited += 1
            if stream not in self._unread:
                self._unread.add(stream)
                self._emit(PauseReading(stream))
        else:
            self._read_on(stream)

    def forget(self, stream: int, now: Moment) -> None:
        """Note that a stream is being closed."""
        self._unread.discard(stream)
        self._leave(stream)
        self.settle(now)

    def settle(self, now: Moment) -> None:
        """Give room to those who wait, and cut off those in their way who are late."""
        overdue = []
        while self._waiting:
            stream, holder = next(iter(self._waiting.items()))
            if not self._having or self._taken_bytes + holder.size_bytes <= self._bytes_max:
                del self._waiting[stream]
                holder.since_s = now.monotonic_s
                self._having[stream] = holder
                self._taken_bytes += holder.size_bytes
                self._read_on(stream)
                continue
            late = self._latest(now.monotonic_s)
            if late is None:
                break
            self._leave(late)
            self._statistics.frames_overdue += 1
            overdue.append(late)
        for stream in overdue:  # only now: cutting off leads back here
            self._cut_off(stream, now)

    def _latest(self, now_s: float) -> int | None:
        """Return who is to make room: strangers first, then who has had it for longest."""
        late = [
            (holder.is_privileged, holder.since_s, stream)
            for stream, holder in self._having.items()
            if holder.since_s + FRAME_S_MAX <= now_s
        ]
        return min(late)[2] if late else None

    def _leave(self, stream: int) -> None:
        self._waiting.pop(stream, None)
        holder = self._having.pop(stream, None)
        if holder is not None:
            self._taken_bytes -= holder.size_bytes

    def _read_on(self, stream: int) -> None:
        if stream in self._unread:
            self._unread.remove(stream)
            self._emit(ResumeReading(stream))
