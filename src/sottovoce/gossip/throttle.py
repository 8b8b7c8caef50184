"""Throttle: what a peer's own limits leave of what we would send it, and what waits meanwhile.

It owns the envelopes that wait because their topic has had its share, and the choice of what leaves
next. A peer's limits by address and by peer both mean us, so that the lower of the two counts.

Envelopes of our own leave first, then those whose topic was waited for, then the rest in the order
of their coming. Topics are told apart by their blooms, which are at hand: two topics of one bloom
share a limit.

Spec: 6/WAKU1, "Rate limits"; the Go nodes obey none (docs/spec-deviations.md, "Rate limits").
"""

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from sottovoce.gossip.allowance import Allowance
from sottovoce.gossip.envelope import ENVELOPES_PER_PACKET_MAX
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.wishes import RateLimits

# What bytes or topics hold back leaves in bundles at this pace, instead of one by one.
PAUSE_S: Final = 0.1

# What waits for a peer beyond these comes back with the next offer of the pool. A dead envelope in
# a queue costs 200 bytes, so that a peer which allows next to nothing makes us keep some megabytes.
QUEUE_COUNT_MAX: Final = 16_384
WAITING_COUNT_MAX: Final = 16_384
# One topic that floods must not take the places of all others.
WAITING_PER_TOPIC_MAX: Final = 256

# What found no place is offered so much later, for as long as there is more: each look at a full
# pool takes some 50 ms, of which a hostile peer must not get many.
OFFER_PAUSE_S: Final = 5.0

# Topics whose account differs from a new one. A peer to whom more are on their way gets nothing on
# further ones until the first of these is as new.
TOPICS_MAX: Final = 4096

# A queue may hold much that the peer has meanwhile. So many take a few milliseconds.
LOOKED_AT_PER_CALL: Final = 4096

# The longest header of an RLP list that fits into memory.
_HEADER_BYTES_MAX: Final = 9


class _Lane:
    """One topic: what may be sent on it, and what waits."""

    __slots__ = ("account", "waiting")

    def __init__(self, count: int, size_bytes: int) -> None:
        self.account = Allowance(count, size_bytes)
        self.waiting: deque[PoolEntry] = deque()

    def next_at_s(self) -> float:
        """Return the monotonic second at which the first that waits may be sent."""
        return self.account.ready_at_s(1, len(self.waiting[0].raw))


class _Packet:
    """The packet that is being put together.

    Attributes:
        entries: What is in it.
        size_bytes: What it has at most.
    """

    __slots__ = ("_bytes_max", "entries", "size_bytes")

    def __init__(self, bytes_max: float) -> None:
        self._bytes_max = bytes_max
        self.entries: list[PoolEntry] = []
        self.size_bytes = _HEADER_BYTES_MAX

    def has_room(self, entry: PoolEntry) -> bool:
        """Whether one more fits; the first always does, here."""
        if not self.entries:
            return True
        is_below = self.size_bytes + len(entry.raw) <= self._bytes_max
        return is_below and len(self.entries) < ENVELOPES_PER_PACKET_MAX

    def add(self, entry: PoolEntry) -> None:
        """Put one into it."""
        self.entries.append(entry)
        self.size_bytes += len(entry.raw)


class Throttle:
    """What one peer's limits make of what is sent to it.

    Attributes:
        own: Envelopes of our own that wait; they leave first.
        overflowed: Whether something was left out that the pool still has.
    """

    def __init__(self, rate_limits: RateLimits, byte_limits: RateLimits) -> None:
        counts = [limit for limit in rate_limits[:2] if limit]
        sizes = [limit for limit in byte_limits[:2] if limit]
        self._packets: Final = Allowance(min(counts, default=0), min(sizes, default=0))
        self._topic_limits: Final = rate_limits[2], byte_limits[2]
        self._lanes: Final[dict[int, _Lane]] = {}
        # When a lane has something that may leave; a lane is here while something waits in it.
        self._due: Final[list[tuple[float, int, _Lane]]] = []
        self._serial = 0
        self._waiting_count = 0
        self._not_before_s = 0.0
        self._lanes_not_before_s = 0.0
        self.own: Final = deque[PoolEntry]()
        self.overflowed = False

    @property
    def waiting_count(self) -> int:
        """How many envelopes wait for their topic's turn."""
        return self._waiting_count

    @property
    def topic_count(self) -> int:
        """How many topics are remembered, at most `TOPICS_MAX`."""
        return len(self._lanes)

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits here, beside the session's queue."""
        return bool(self.own or self._due)

    def ready_at_s(self, queue: deque[PoolEntry]) -> float:
        """Return the monotonic second at which `take` may have something, while anything waits."""
        at_s = max(self._not_before_s, self._packets.ready_at_s(1, 0))
        if self.own or queue or not self._due:
            return at_s
        return max(at_s, self._due[0][0], self._lanes_not_before_s)

    def spend(self, packet_count: int, size_bytes: int, now_s: float) -> None:
        """Note what was sent, envelopes or not."""
        self._packets.spend(packet_count, size_bytes, now_s)

    def has_room(self, packet_count: int, size_bytes: int, now_s: float) -> bool:
        """Tell whether these may be sent and one packet of envelopes behind them."""
        packets = self._packets
        left = packets.count_left(now_s), packets.bytes_left(now_s)
        return left[0] >= packet_count + 1 and left[1] >= size_bytes

    def all_waiting(self) -> list[PoolEntry]:
        """Return everything that waits here, our own first."""
        lanes = [entry for lane in self._lanes.values() for entry in lane.waiting]
        return [*self.own, *lanes]

    def forget_waiting(self) -> None:
        """Let go of everything that waits here."""
        self.own.clear()
        self._due.clear()
        for lane in self._lanes.values():
            lane.waiting.clear()
        self._waiting_count = 0
        self.overflowed = False

    def offered(
        self, entries: Iterable[PoolEntry], wants: Callable[[PoolEntry], bool]
    ) -> list[PoolEntry]:
        """Choose what to queue of the whole pool; none of it our own.

        Args:
            entries: The pool.
            wants: Tells whether the peer lacks an entry; others would take the places again with
                each offer, and what stands behind them would never leave.
        """
        per_topic = dict[int, int]()
        chosen: list[PoolEntry] = []
        for entry in entries:
            if entry.own or not wants(entry):
                continue
            if any(self._topic_limits):
                count = per_topic.get(entry.bloom, 0)
                if count >= WAITING_PER_TOPIC_MAX:
                    self.overflowed = True
                    continue
                per_topic[entry.bloom] = count + 1
            if len(chosen) >= QUEUE_COUNT_MAX:
                self.overflowed = True
                break
            chosen.append(entry)
        return chosen

    def take(
        self,
        queue: deque[PoolEntry],
        wants: Callable[[PoolEntry], bool],
        bit: int,
        bytes_max: int,
        now_s: float,
    ) -> list[PoolEntry]:
        """Take what leaves now, in one packet, out of what waits.

        Args:
            queue: What waits for the peer, beside what waits here.
            wants: Tells whether an entry lives and the peer still lacks it.
            bit: The peer's bit, which is set in what leaves.
            bytes_max: What a packet should not exceed.
            now_s: The monotonic second.

        Returns:
            The entries, which are charged to their topics; nothing if the time has not come.
        """
        if now_s < self._not_before_s or now_s < self._packets.ready_at_s(1, 0):
            return []
        self._not_before_s = 0.0
        serves_lanes = False
        bytes_left = self._packets.bytes_left(now_s)
        packet = _Packet(min(bytes_max, bytes_left))
        for _ in range(LOOKED_AT_PER_CALL):
            source = self._source(queue, now_s)
            if source is None:
                break
            lane = source if isinstance(source, _Lane) else None
            entry = source.waiting[0] if isinstance(source, _Lane) else source[0]
            serves_lanes |= lane is not None
            if wants(entry) and not self._place(entry, lane, packet, bit, now_s):
                if packet.entries and bytes_left < bytes_max:
                    self._not_before_s = max(self._not_before_s, now_s + PAUSE_S)
                break
            self._drop_first(source)
        if serves_lanes:
            self._lanes_not_before_s = now_s + PAUSE_S
        return packet.entries

    def _source(self, queue: deque[PoolEntry], now_s: float) -> deque[PoolEntry] | _Lane | None:
        """Return what the next entry is taken from."""
        if self.own:
            return self.own
        if self._due and self._due[0][0] <= now_s and self._lanes_not_before_s <= now_s:
            return self._due[0][2]
        return queue or None

    def _place(
        self, entry: PoolEntry, lane: _Lane | None, packet: _Packet, bit: int, now_s: float
    ) -> bool:
        """Put an entry into the packet or let it wait for its topic; False if neither can be."""
        if lane is None and any(self._topic_limits):
            lane = self._lane_of(entry, now_s)
            if lane is None:
                return False
            if lane.waiting or lane.account.ready_at_s(1, len(entry.raw)) > now_s:
                self._wait(lane, entry)
                return True
        if not packet.has_room(entry):
            return False
        if not packet.entries:
            ready_at_s = self._packets.ready_at_s(1, packet.size_bytes + len(entry.raw))
            if ready_at_s > now_s:
                self._not_before_s = ready_at_s
                return False
        packet.add(entry)
        entry.known |= bit
        if lane is not None:
            lane.account.spend(1, len(entry.raw), now_s)
        return True

    def _drop_first(self, source: deque[PoolEntry] | _Lane) -> None:
        if not isinstance(source, _Lane):
            source.popleft()
            return
        source.waiting.popleft()
        self._waiting_count -= 1
        if source.waiting:
            self._serial += 1
            heapq.heapreplace(self._due, (source.next_at_s(), self._serial, source))
        else:
            heapq.heappop(self._due)

    def _wait(self, lane: _Lane, entry: PoolEntry) -> None:
        """Let an entry wait for its topic, or leave it to the next offer."""
        if len(lane.waiting) >= WAITING_PER_TOPIC_MAX or self._waiting_count >= WAITING_COUNT_MAX:
            self.overflowed = True
            return
        lane.waiting.append(entry)
        self._waiting_count += 1
        if len(lane.waiting) == 1:
            self._serial += 1
            heapq.heappush(self._due, (lane.next_at_s(), self._serial, lane))

    def _lane_of(self, entry: PoolEntry, now_s: float) -> _Lane | None:
        """Return the lane of an entry's topic; None if there are too many, until one is as new.

        Our own always get one: they leave before what waits, which would wait for them for ever.
        """
        lane = self._lanes.get(entry.bloom)
        if lane is not None:
            return lane
        is_full = not entry.own and len(self._lanes) >= TOPICS_MAX
        if is_full and not self._forget_lanes(now_s):
            return None
        lane = self._lanes[entry.bloom] = _Lane(*self._topic_limits)
        return lane

    def _forget_lanes(self, now_s: float) -> bool:
        """Forget the topics that are as new; if there is none, find out when there will be."""
        idle = {
            bloom: lane.account.full_at_s()
            for bloom, lane in self._lanes.items()
            if not lane.waiting
        }
        for bloom, full_at_s in idle.items():
            if full_at_s <= now_s:
                del self._lanes[bloom]
        if len(self._lanes) < TOPICS_MAX:
            return True
        next_at_s = min(idle.values(), default=math.inf)
        if self._due:
            next_at_s = min(next_at_s, self._due[0][0])
        self._not_before_s = max(next_at_s, now_s + PAUSE_S)
        return False


def throttle_for(rate_limits: RateLimits, byte_limits: RateLimits) -> Throttle | None:
    """Return what obeys a peer's limits; None if it has none."""
    if not any(rate_limits) and not any(byte_limits):
        return None
    return Throttle(rate_limits, byte_limits)
