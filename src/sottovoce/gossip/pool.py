"""The pool: every live envelope we took, and who has it already.

It owns expiry, the bounds in bytes and in number, and the slots of peers. Which peer has an
envelope is one bit of an integer in its entry; a peer's bit is its slot. It does not know what
peers want.

Spec: EIP-627, "Whisper Envelope" (expiry); go-ethereum whisper/whisperv6/whisper.go (expire). The
bounds in bytes and in number are our own: the Go pools grow without one.
"""

import heapq
from collections.abc import Iterable
from typing import Final

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.envelope import Envelope

# Besides its bytes an envelope costs some 700 more here, so that small ones would fill ten times
# the memory that the bound in bytes says. With this mean as a second bound, a full pool takes at
# most two and a half times its bound, whatever is in it. Status' messages have 400 to 2000 bytes.
ENVELOPE_BYTES_MEAN_MIN: Final = 512
# So many are always allowed; they cost three megabytes.
COUNT_MAX_LEAST: Final = 4096

# The slots of peers that left are reused only after one pass over the pool that clears their
# bits. One pass for many slots makes leaving cheap; more slots would make the integers longer.
STALE_SLOTS_MAX: Final = 32

# What left the pool stays in the two heaps until one has grown to twice its living content and
# this many more; a rebuild then costs less than the pushes since the last one. The heaps hold
# hashes and seconds only, so that no dead envelope stays in memory.
_HEAP_SLACK: Final = 64


class PoolEntry:
    """One pooled envelope (a slotted class: one is made per envelope, and two fields change).

    Attributes:
        envelope: The envelope.
        pow: What its nonce is worth, with what was added for one from the future.
        bloom: The bloom of its topic.
        own: Whether our own program posted it.
        known: The bits of the peers that have it.
        sent_by: The bits of the peers that sent it to us.
        delayed: The bits of the peers for whom a delay of our own is running.
    """

    __slots__ = ("bloom", "delayed", "envelope", "known", "own", "pow", "sent_by")

    def __init__(self, envelope: Envelope, pow: float, bloom: int, own: bool) -> None:
        self.envelope: Final = envelope
        self.pow: Final = pow
        self.bloom: Final = bloom
        self.own = own
        self.known = 0
        self.sent_by = 0
        self.delayed = 0


class Pool:
    """The live envelopes, by hash, by second of expiry, and by worth."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.count_max: Final = max(bytes_max // ENVELOPE_BYTES_MEAN_MIN, COUNT_MAX_LEAST)
        self._entries: dict[EnvelopeHash, PoolEntry] = {}
        self._expiring: dict[int, set[EnvelopeHash]] = {}
        self._expiry_seconds: list[int] = []
        # Ascending worth; the serial keeps entries of equal worth in the order of their coming.
        self._worth: list[tuple[float, int, EnvelopeHash]] = []
        self._serial = 0
        self._slots = _Slots()
        self.size_bytes = 0
        self.evicted_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, hash: EnvelopeHash) -> bool:
        return hash in self._entries

    def get(self, hash: EnvelopeHash) -> PoolEntry | None:
        """Return an entry, or None if the envelope is not pooled."""
        return self._entries.get(hash)

    def entries(self) -> Iterable[PoolEntry]:
        """Return all entries, in the order in which they came."""
        return self._entries.values()

    def known_by(self, bit: int) -> list[EnvelopeHash]:
        """Return the hashes of what the peer with this bit has."""
        return [hash for hash, entry in self._entries.items() if entry.known & bit]

    def add(self, envelope: Envelope, *, pow: float, bloom: int, own: bool) -> PoolEntry | None:
        """Pool an envelope that is not pooled yet.

        When there is no room, entries of less worth that are not our own make room; for one of
        our own any that are not. If that would not do, nothing changes.

        Returns:
            The new entry, or None if there is no room.
        """
        assert envelope.hash not in self._entries, "an envelope is pooled twice"
        size_bytes = len(envelope.raw)
        full = self.size_bytes + size_bytes > self._bytes_max or len(self) >= self.count_max
        if full and not self._make_room(size_bytes, None if own else pow):
            return None
        entry = PoolEntry(envelope, pow, bloom, own)
        self._entries[envelope.hash] = entry
        self.size_bytes += size_bytes
        self._index(entry)
        return entry

    def expire(self, now_s: int) -> int:
        """Remove what expired before this whole second; an envelope lives through its last one.

        Returns:
            How many envelopes were removed.
        """
        count = 0
        while self._expiry_seconds and self._expiry_seconds[0] < now_s:
            for hash in self._expiring.pop(heapq.heappop(self._expiry_seconds), ()):
                self.size_bytes -= len(self._entries.pop(hash).envelope.raw)
                count += 1
        return count

    def take_slot(self) -> int:
        """Return the bit of a new peer; no entry has it set."""
        return self._slots.take()

    def release_slot(self, bit: int) -> None:
        """Give back the bit of a peer that left."""
        stale = self._slots.release(bit)
        if stale:
            for entry in self._entries.values():
                entry.known &= ~stale
                entry.sent_by &= ~stale
                entry.delayed &= ~stale

    def _index(self, entry: PoolEntry) -> None:
        hash, expiry = entry.envelope.hash, entry.envelope.expiry_unix_s
        if expiry not in self._expiring:
            self._expiring[expiry] = set()
            heapq.heappush(self._expiry_seconds, expiry)
        self._expiring[expiry].add(hash)
        if not entry.own:
            self._serial += 1
            heapq.heappush(self._worth, (entry.pow, self._serial, hash))
        if len(self._worth) > 2 * len(self._entries) + _HEAP_SLACK:
            self._worth = [item for item in self._worth if item[2] in self._entries]
            heapq.heapify(self._worth)
        if len(self._expiry_seconds) > 2 * len(self._expiring) + _HEAP_SLACK:
            self._expiry_seconds = sorted(self._expiring)

    def _evict(self, entry: PoolEntry) -> None:
        hash, expiry = entry.envelope.hash, entry.envelope.expiry_unix_s
        del self._entries[hash]
        self.size_bytes -= len(entry.envelope.raw)
        self.evicted_count += 1
        self._expiring[expiry].discard(hash)
        if not self._expiring[expiry]:
            del self._expiring[expiry]

    def _make_room(self, wanted_bytes: int, below_pow: float | None) -> bool:
        """Evict the least worth, or nothing if that does not make enough room."""
        taken: list[tuple[float, int, EnvelopeHash]] = []
        victims: dict[EnvelopeHash, PoolEntry] = {}
        room = self._bytes_max - self.size_bytes
        places = self.count_max - len(self)
        while (room < wanted_bytes or not places) and self._worth:
            item = heapq.heappop(self._worth)
            entry = self._entries.get(item[2])
            if entry is None or entry.own or item[2] in victims:
                continue
            taken.append(item)
            if below_pow is not None and item[0] >= below_pow:
                break
            victims[item[2]] = entry
            room += len(entry.envelope.raw)
            places += 1
        if room < wanted_bytes or not places:
            for item in taken:
                heapq.heappush(self._worth, item)
            return False
        for entry in victims.values():
            self._evict(entry)
        return True


class _Slots:
    """Which bits stand for peers; those of peers that left wait until their bits are cleared."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._stale = 0
        self._stale_count = 0
        self._used_count = 0

    def take(self) -> int:
        if self._free:
            return heapq.heappop(self._free)
        bit = 1 << self._used_count
        self._used_count += 1
        return bit

    def release(self, bit: int) -> int:
        """Give back a bit, and return the bits to clear everywhere, if it is time for that."""
        self._stale |= bit
        self._stale_count += 1
        if self._stale_count < STALE_SLOTS_MAX:
            return 0
        stale, self._stale, self._stale_count = self._stale, 0, 0
        for position in range(stale.bit_length()):
            if stale >> position & 1:
                heapq.heappush(self._free, 1 << position)
        return stale
