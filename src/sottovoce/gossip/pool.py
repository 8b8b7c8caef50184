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

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.dialect import ALL_WORLDS, OURS
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.traffic import TopicRow

# Besides its bytes an envelope costs some 240 more here (340 while the pool is full), so that small
# ones would fill many times the memory that the bound in bytes says. With this mean as a second
# bound, a full pool takes at most two and a half times its bound: so much if each envelope has a
# topic of its own and as many were evicted as live. Status' messages have 400 to 2000 bytes.
ENVELOPE_BYTES_MEAN_MIN: Final = 512
# So many are always allowed; they cost three megabytes.
COUNT_MAX_LEAST: Final = 4096

# The slots of peers that left are reused only after one pass over the pool that clears their
# bits. One pass for many slots makes leaving cheap; more slots would make the integers longer.
STALE_SLOTS_MAX: Final = 32

# What was evicted leaves its entry, without the bytes, in the list of its second and in the ranking
# until there are as many of these as living envelopes and this many more; a rebuild then costs less
# than the additions since the last one.
_DEAD_SLACK: Final = 64

# What a full pool put out would be new again, and go to all peers once more, if a slower neighbour
# brought it when there is room: it would go round for as long as pools are full. Two times so many
# are remembered, in three megabytes: a second of the fastest flood, and hours of a usual network.
PUT_OUT_MAX: Final = 16384

# Four thousand take a millisecond or two; more in one call would show on every link.
EXPIRED_PER_CALL: Final = 4096

# Ranking a full pool in one call would hold every link up for 70 ms, so that it is done in parts:
# what makes room is the least worth of what is ranked so far.
RANKED_PER_CALL: Final = 4096

# A pool that shrinks below this part of its bounds gives up the ranking by worth. Making it anew
# costs 0.5 us per envelope, less than the additions that fill the pool again.
_RANKING_KEPT_FROM: Final = 0.5


# Where entries are counted that no relay counts.
_NO_TOPIC: Final = TopicRow()


class PoolEntry:
    """One pooled envelope (a slotted class: one is made per envelope, and some fields change).

    Only what is asked for again and again is kept beside the bytes; `envelope` decodes the rest.

    Attributes:
        raw: Its RLP; empty once it has left the pool, so that whoever still has the entry in a
            queue keeps no dead envelope in memory.
        expiry_unix_s: The second after which it is dead.
        pow: What its nonce is worth, with what was added for one from the future.
        bloom: The bloom of its topic.
        own: Whether our own program posted it.
        known: The bits of the peers that have it.
        sent_by: The bits of the peers that sent it to us.
        delayed: The bits of the peers for whom a delay of our own is running.
        worlds: The bits of the worlds that it may go to, and `OURS` if it is our own.
        row: Where its topic is counted.
    """

    __slots__ = (
        "_hash",
        "bloom",
        "delayed",
        "expiry_unix_s",
        "known",
        "own",
        "pow",
        "raw",
        "row",
        "sent_by",
        "worlds",
    )

    def __init__(
        self,
        envelope: Envelope,
        pow: float,
        bloom: int,
        own: bool,
        sent_by: int = 0,
        worlds: int = ALL_WORLDS,
    ) -> None:
        self._hash: EnvelopeHash | None = None
        self.raw = envelope.raw
        self.expiry_unix_s: Final = envelope.expiry_unix_s
        self.pow: Final = pow
        self.bloom: Final = bloom
        self.own = own
        self.known = sent_by
        self.sent_by = sent_by
        self.delayed = 0
        self.worlds = worlds
        self.row = _NO_TOPIC
        if own:
            self.become_own()

    def become_own(self) -> None:
        """Note that our own program posted it, whoever sent it before."""
        self.own = True
        self.worlds = ALL_WORLDS | OURS

    @property
    def hash(self) -> EnvelopeHash:
        """The envelope's hash, computed when it is first asked for, while it is in the pool."""
        if self._hash is None:
            self._hash = self.envelope.hash
        return self._hash

    @property
    def topic(self) -> Topic:
        """The envelope's topic, while it is in the pool."""
        # Peers that name topics are compared with it, each of them: decoding takes twenty times as
        # long as looking.
        topic = self.row.topic
        return self.envelope.topic if topic is None else topic

    @property
    def envelope(self) -> Envelope:
        """The envelope, decoded anew at each call, while it is in the pool."""
        return decode_envelope(self.raw)


class Pool:
    """The live envelopes, by their bytes and second of expiry; while it is full, by worth as well.

    The key is the RLP itself, which canonical form makes unique: looking up 500 bytes in a
    dictionary costs a tenth of their Keccak hash, and nothing is stored for it.

    Attributes:
        get: Returns the entry of the envelope with this RLP, or None if it is not pooled. It is
            the dictionary's own function, for it is called for each envelope that comes.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.count_max: Final = max(bytes_max // ENVELOPE_BYTES_MEAN_MIN, COUNT_MAX_LEAST)
        self._entries: dict[bytes, PoolEntry] = {}
        self.get: Final = self._entries.get
        self._expiring: dict[int, list[PoolEntry]] = {}
        self._expiry_seconds: list[int] = []
        self._dead_count = 0
        # Ascending worth; the serial keeps entries of equal worth in the order of their coming.
        # None until the pool is full for the first time: most never are.
        self._worth: list[tuple[float, int, PoolEntry]] | None = None
        self._unranked: list[PoolEntry] = []
        self._serial = 0
        # What was evicted, by the hash of its bytes that the dictionary above uses as well: the
        # latest, and as many before them.
        self._put_out: set[int] = set()
        self._put_out_before: set[int] = set()
        self._slots = _Slots()
        self.size_bytes = 0
        self.evicted_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self) -> Iterable[PoolEntry]:
        """Return all entries, in the order in which they came."""
        return self._entries.values()

    def holds(self, hash: EnvelopeHash) -> bool:
        """Tell whether the envelope with this hash is pooled; looks through all of them."""
        return any(entry.hash == hash for entry in self.entries())

    def known_by(self, bit: int) -> list[EnvelopeHash]:
        """Return the hashes of what the peer with this bit has."""
        return [entry.hash for entry in self.entries() if entry.known & bit]

    def add(
        self,
        envelope: Envelope,
        *,
        pow: float,
        bloom: int,
        own: bool,
        sent_by: int = 0,
        worlds: int = ALL_WORLDS,
    ) -> PoolEntry | None:
        """Pool an envelope that is not pooled yet.

        When there is no room, entries of less worth that are not our own make room; for one of
        our own any that are not. If that would not do, nothing changes. What made room before
        is not taken again, for it would go to all peers once more; one of our own is.

        Args:
            envelope: The envelope.
            pow: What its nonce is worth.
            bloom: The bloom of its topic.
            own: Whether our own program posted it.
            sent_by: The bit of the peer that sent it, which therefore has it.
            worlds: The bits of the worlds that it may go to; one of our own goes to all.

        Returns:
            The new entry, or None if there is no room, or was none for it before.
        """
        entries, raw = self._entries, envelope.raw
        assert raw not in entries, "an envelope is pooled twice"
        if self.evicted_count and not own and self._was_put_out(raw):
            return None
        size_bytes = len(raw)
        full = self.size_bytes + size_bytes > self._bytes_max or len(entries) >= self.count_max
        if full and not self._make_room(size_bytes, None if own else pow):
            return None
        entry = PoolEntry(envelope, pow, bloom, own, sent_by, worlds)
        entries[raw] = entry
        self.size_bytes += size_bytes
        expiring = self._expiring.get(entry.expiry_unix_s)
        if expiring is None:
            self._expiring[entry.expiry_unix_s] = [entry]
            heapq.heappush(self._expiry_seconds, entry.expiry_unix_s)
        else:
            expiring.append(entry)
        if self._worth is not None and not own:
            self._rank(self._worth, entry)
        return entry

    def expire(self, now_s: int) -> int:
        """Remove what expired before this whole second; an envelope lives through its last one.

        One call looks at `EXPIRED_PER_CALL` envelopes at most; `has_expired` tells of more.

        Returns:
            How many envelopes were removed.
        """
        before, left = len(self._entries), EXPIRED_PER_CALL
        while left and self.has_expired(now_s):
            expiring = self._expiring[self._expiry_seconds[0]]
            part = expiring[-left:]
            del expiring[-left:]
            left -= len(part)
            if not expiring:
                del self._expiring[heapq.heappop(self._expiry_seconds)]
            for entry in part:
                if entry.raw:
                    self._remove(entry)
                else:
                    self._dead_count -= 1
        if (
            self.size_bytes < self._bytes_max * _RANKING_KEPT_FROM
            and len(self._entries) < self.count_max * _RANKING_KEPT_FROM
        ):
            self._worth = None
            self._unranked = []
        return before - len(self._entries)

    def has_expired(self, now_s: int) -> bool:
        """Tell whether `expire` would find something to look at."""
        return bool(self._expiry_seconds) and self._expiry_seconds[0] < now_s

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

    def _remove(self, entry: PoolEntry) -> None:
        del self._entries[entry.raw]
        self.size_bytes -= len(entry.raw)
        entry.raw = b""

    def _rank(self, worth: list[tuple[float, int, PoolEntry]], entry: PoolEntry) -> None:
        self._serial += 1
        heapq.heappush(worth, (entry.pow, self._serial, entry))
        if len(worth) > 2 * len(self._entries) + _DEAD_SLACK:
            worth[:] = [item for item in worth if item[2].raw]
            heapq.heapify(worth)

    def _ranking(self) -> list[tuple[float, int, PoolEntry]]:
        """Return the ranking by worth, with some more in it if it is not complete."""
        if self._worth is None:
            self._worth = []
            self._unranked = list(self.entries())
            self._serial = len(self._unranked)
        part = self._unranked[-RANKED_PER_CALL:]
        del self._unranked[-RANKED_PER_CALL:]
        for place, entry in enumerate(part, len(self._unranked)):
            if entry.raw and not entry.own:
                heapq.heappush(self._worth, (entry.pow, place, entry))
        return self._worth

    def _was_put_out(self, raw: bytes) -> bool:
        name = hash(raw)
        return name in self._put_out or name in self._put_out_before

    def _evict(self, entry: PoolEntry) -> None:
        self._put_out.add(hash(entry.raw))
        if len(self._put_out) >= PUT_OUT_MAX:
            self._put_out_before, self._put_out = self._put_out, set()
        self._remove(entry)
        self.evicted_count += 1
        self._dead_count += 1
        if self._dead_count > len(self._entries) + _DEAD_SLACK:
            self._bury()

    def _bury(self) -> None:
        """Forget what was evicted in the lists of its seconds."""
        living: dict[int, list[PoolEntry]] = {}
        for entry in self.entries():
            living.setdefault(entry.expiry_unix_s, []).append(entry)
        self._expiring = living
        self._expiry_seconds = sorted(living)
        self._dead_count = 0

    def _make_room(self, wanted_bytes: int, below_pow: float | None) -> bool:
        """Evict the least worth, or nothing if that does not make enough room."""
        worth = self._ranking()
        taken: list[tuple[float, int, PoolEntry]] = []
        victims: list[PoolEntry] = []
        room = self._bytes_max - self.size_bytes
        places = self.count_max - len(self)
        while (room < wanted_bytes or not places) and worth:
            item = heapq.heappop(worth)
            pow, _, entry = item
            if not entry.raw or entry.own:
                continue
            taken.append(item)
            if below_pow is not None and pow >= below_pow:
                break
            victims.append(entry)
            room += len(entry.raw)
            places += 1
        if room < wanted_bytes or not places:
            for item in taken:
                heapq.heappush(worth, item)
            return False
        for entry in victims:
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
