"""Forwarding: what of the pool goes to one peer, in which packets.

It owns the choice (the peer's wishes, what it has already, what still lives) and the bundling. It
does not care whether a filter of ours opened an envelope: nothing here could tell.

Spec: EIP-627, "Messages"; go-ethereum whisper/whisperv6/peer.go (broadcast). Bundles are kept far
below the size at which a Go peer hangs up; the Go nodes have no such bound.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.codec import rlp
from sottovoce.gossip.confirmations import batch_hash
from sottovoce.gossip.dialect import PacketKind
from sottovoce.gossip.envelope import ENVELOPES_PER_PACKET_MAX, SECONDS_MAX, Envelope
from sottovoce.gossip.events import EnvelopesSent, GossipOutput, PacketsToSend
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.throttle import OFFER_PAUSE_S as THROTTLED_OFFER_PAUSE_S
from sottovoce.gossip.throttle import QUEUE_COUNT_MAX as THROTTLED_COUNT_MAX
from sottovoce.gossip.throttle import Throttle

# The longest header of an RLP list that fits into memory: one byte and eight of length.
LIST_HEADER_BYTES_MAX: Final = 9

# A status-go node answers each packet with a response and an acknowledgement.
ANSWERS_PER_PACKET: Final = 2

# A blocked peer's queue beyond this is given up for one look through the whole pool once it reads
# again: that costs less than the memory of a longer queue (half a MB at this length).
QUEUE_COUNT_MAX: Final = 65536


# A queue may hold the whole pool, and a peer may want nothing of it. So many take a millisecond.
LOOKED_AT_PER_CALL: Final = 4096


def fits_packet(raw: bytes, packet_bytes_max: int) -> bool:
    """Tell whether one encoded envelope fits into a packet of its own."""
    if len(raw) + LIST_HEADER_BYTES_MAX <= packet_bytes_max:
        return True
    return len(rlp.encode_list((raw,))) <= packet_bytes_max


def is_one_packet(count: int, size_bytes: int, bytes_target: int) -> bool:
    """Tell whether so many items of so many bytes in all need no splitting."""
    is_below = size_bytes + LIST_HEADER_BYTES_MAX <= bytes_target
    return is_below and count <= ENVELOPES_PER_PACKET_MAX


def split_by_size(sizes: Sequence[int], bytes_target: int) -> list[tuple[int, int]]:
    """Cut a sequence of encoded items into runs whose lists stay at or below a size.

    Args:
        sizes: The items' encoded lengths, bytes.
        bytes_target: What a list should not exceed; an item above it makes a run of its own.

    Returns:
        First and last-plus-one index of each run; no run has more items than a packet may have.
    """
    runs = []
    start = 0
    total = LIST_HEADER_BYTES_MAX
    for index, size in enumerate(sizes):
        is_full = total + size > bytes_target or index - start == ENVELOPES_PER_PACKET_MAX
        if is_full and index > start:
            runs.append((start, index))
            start = index
            total = LIST_HEADER_BYTES_MAX
        total += size
    if start < len(sizes):
        runs.append((start, len(sizes)))
    return runs


def split_envelopes(
    envelopes: Sequence[Envelope], settings: GossipSettings
) -> list[list[Envelope]]:
    """Cut envelopes into lists of about the target size, none above the largest packet.

    An envelope that does not even fit alone is left out: it would cost the connection.
    """
    fitting = [part for part in envelopes if fits_packet(part.raw, settings.message_bytes_max)]
    target = min(settings.packet_bytes_target, settings.message_bytes_max)
    runs = split_by_size([len(part.raw) for part in fitting], target)
    return [fitting[start:end] for start, end in runs]


class Fresh:
    """What entered the pool in one call, with what tells at a glance whom all of it suits.

    Attributes:
        entries: The new entries, none of them our own.
        size_bytes: The bytes of all.
    """

    __slots__ = (
        "_expiry_unix_s",
        "_known",
        "_known_wholly",
        "_maximum_pow",
        "_minimum_pow",
        "_taken",
        "_worlds",
        "_worlds_wholly",
        "entries",
        "size_bytes",
    )

    def __init__(self, entries: list[PoolEntry]) -> None:
        self.entries: Final = entries
        self._taken = 0
        # One loop over local names: it takes half the time of a generator for each of them.
        known, known_wholly = 0, -1  # every bit
        worlds, worlds_wholly = 0, -1
        maximum_pow, minimum_pow, expiry_unix_s = 0.0, math.inf, SECONDS_MAX
        size_bytes = 0
        for entry in entries:
            known |= entry.known
            known_wholly &= entry.known
            worlds |= entry.worlds
            worlds_wholly &= entry.worlds
            pow = entry.pow
            if pow > maximum_pow:
                maximum_pow = pow
            if pow < minimum_pow:
                minimum_pow = pow
            if entry.expiry_unix_s < expiry_unix_s:
                expiry_unix_s = entry.expiry_unix_s
            size_bytes += len(entry.raw)
        self._known, self._known_wholly = known, known_wholly
        self._worlds, self._worlds_wholly = worlds, worlds_wholly
        self._maximum_pow, self._minimum_pow = maximum_pow, minimum_pow
        self._expiry_unix_s = expiry_unix_s
        self.size_bytes = size_bytes

    def is_nothing_for(self, session: Session) -> bool:
        """Tell whether the peer has all, or nothing of it may or need go to it; False if unsure."""
        too_little_work = session.wishes.minimum_pow > self._maximum_pow
        no_way = not self._worlds & session.carries
        return too_little_work or no_way or bool(self._known_wholly & session.bit)

    def suits_wholly(self, session: Session, now_unix_s: int, bytes_max: int) -> bool:
        """Tell whether the peer wants everything and has nothing of it; False if unsure."""
        wishes = session.wishes
        return (
            self.size_bytes <= bytes_max
            and wishes.is_full_node
            and wishes.minimum_pow <= self._minimum_pow
            and not self._known & session.bit
            and bool(self._worlds_wholly & session.carries)
            and now_unix_s <= self._expiry_unix_s
        )

    def take_wholly(self, session: Session) -> list[PoolEntry]:
        """Give everything to a peer; `settle` notes it in the entries."""
        self._taken |= session.bit
        return self.entries

    def settle(self) -> None:
        """Mark the entries as known by everybody who took all of them: once, not per peer."""
        if not self._taken:
            return
        # Mostly the same peers have all of them; one integer for all costs a pool 32 bytes less
        # per envelope than one for each.
        before, after = 0, self._taken
        takers_count = self._taken.bit_count()
        for entry in self.entries:
            tally = entry.row.tally
            tally.sent_useful += takers_count
            tally.sent_useful_bytes += takers_count * len(entry.raw)
            if entry.known != before:
                before = entry.known
                after = before | self._taken
            entry.known = after


class _Bundle(NamedTuple):
    """The payload of one `messages` packet, and the hashes of our own envelopes in it."""

    payload: bytes
    own: tuple[EnvelopeHash, ...]


class Forwarder:
    """Turns what is queued and what is new into packets, and marks it as known."""

    def __init__(self, settings: GossipSettings, statistics: RelayStatistics) -> None:
        self._packet_bytes: Final = min(settings.packet_bytes_target, settings.message_bytes_max)
        self._statistics: Final = statistics
        # The bundles of the last choice: mostly several peers get the same envelopes in a row.
        self._last_chosen: list[PoolEntry] = []
        self._last_bundles: list[_Bundle] = []

    def hold(self, session: Session, fresh: Fresh) -> None:
        """Keep what is new for a peer to whom it cannot leave now."""
        if fresh.is_nothing_for(session):
            return
        for entry in fresh.entries:
            if session.lacks(entry):
                self.enqueue(session, entry)

    def enqueue(self, session: Session, entry: PoolEntry) -> None:
        """Queue one envelope; a queue that grows too long becomes an offer of the whole pool."""
        if session.throttle is not None:
            waiting = session.throttle.own if entry.own else session.queue
            if len(waiting) < THROTTLED_COUNT_MAX:
                waiting.append(entry)
            else:
                session.throttle.overflowed = True
            return
        if session.offer_due and session.blocked:
            return
        if session.blocked and len(session.queue) >= QUEUE_COUNT_MAX:
            session.queue.clear()
            session.offer_due = True
            return
        session.queue.append(entry)

    def send(self, session: Session, fresh: Fresh, now: Moment) -> list[GossipOutput]:
        """Send a peer its queue and what is new, as far as it wants it and has not got it.

        One call sends about one packet of the target size, and what is left stays in the queue:
        a newcomer who wants the whole pool never holds up the others. A peer's own limits may
        leave it less or nothing for now.

        Returns:
            The packets, and the fact of own envelopes among them; nothing if there are none.
        """
        if session.throttle is None:
            chosen, size_bytes = self._choose(session, fresh, now.unix_whole_s)
        else:
            self.hold(session, fresh)
            chosen, size_bytes = self._choose_within_limits(session, session.throttle, now)
        if not chosen:
            return []
        statistics, count = self._statistics, len(chosen)
        statistics.envelopes_sent += count
        # For the topics that is done elsewhere.
        session.tally.leave(count, size_bytes)
        statistics.traffic.leave(count, size_bytes)
        packets = []
        own: list[EnvelopeHash] = []
        for payload, own_part in self._bundles(chosen, size_bytes):
            packets.append(session.packet(PacketKind.MESSAGES, payload))
            if own_part and session.confirmations:
                session.batches.remember(batch_hash(payload), own_part)
            own.extend(own_part)
            if session.throttle is not None:
                session.throttle.spend(1, len(payload), now.monotonic_s)
        session.answers_owed += ANSWERS_PER_PACKET * len(packets)
        outputs: list[GossipOutput] = [PacketsToSend(session.peer, tuple(packets))]
        if own:
            outputs.append(EnvelopesSent(session.peer, tuple(own)))
        return outputs

    def forget_bundles(self) -> None:
        """Let go of the last bundles: after one flush nobody is likely to get the same again."""
        self._last_chosen = []
        self._last_bundles = []

    def _choose(
        self, session: Session, fresh: Fresh, now_unix_s: int
    ) -> tuple[list[PoolEntry], int]:
        """Choose what a peer gets now, and tell how many bytes that is."""
        if not session.queue and fresh.suits_wholly(session, now_unix_s, self._packet_bytes):
            return fresh.take_wholly(session), fresh.size_bytes
        self.hold(session, fresh)
        chosen: list[PoolEntry] = []
        queue = session.queue
        size_bytes = 0
        for _ in range(min(len(queue), LOOKED_AT_PER_CALL)):
            entry = queue[0]
            if entry.raw and session.lacks(entry) and entry.expiry_unix_s >= now_unix_s:
                if chosen and size_bytes + len(entry.raw) > self._packet_bytes:
                    break
                size_bytes += len(entry.raw)
                entry.known |= session.bit
                tally = entry.row.tally
                tally.sent_useful += 1
                tally.sent_useful_bytes += len(entry.raw)
                chosen.append(entry)
            queue.popleft()
        return chosen, size_bytes

    def _choose_within_limits(
        self, session: Session, throttle: Throttle, now: Moment
    ) -> tuple[list[PoolEntry], int]:
        now_unix_s = now.unix_whole_s

        def is_wanted(entry: PoolEntry) -> bool:
            lives = bool(entry.raw) and entry.expiry_unix_s >= now_unix_s
            return lives and session.lacks(entry)

        chosen = throttle.take(
            session.queue, is_wanted, session.bit, self._packet_bytes, now.monotonic_s
        )
        if throttle.overflowed and not session.offer_due:
            throttle.overflowed = False
            session.offer_due = True
            session.offer_not_before_s = now.monotonic_s + THROTTLED_OFFER_PAUSE_S
        size_bytes = 0
        for entry in chosen:
            size_bytes += len(entry.raw)
            entry.row.tally.sent_useful += 1
            entry.row.tally.sent_useful_bytes += len(entry.raw)
        return chosen, size_bytes

    def _bundles(self, chosen: list[PoolEntry], size_bytes: int) -> list[_Bundle]:
        if chosen != self._last_chosen:
            self._last_chosen = chosen
            if is_one_packet(len(chosen), size_bytes, self._packet_bytes):
                self._last_bundles = [_bundle(chosen)]
            else:
                runs = split_by_size([len(entry.raw) for entry in chosen], self._packet_bytes)
                self._last_bundles = [_bundle(chosen[start:end]) for start, end in runs]
        return self._last_bundles


def _bundle(entries: Sequence[PoolEntry]) -> _Bundle:
    payload = rlp.encode_list([entry.raw for entry in entries])
    return _Bundle(payload, tuple([entry.hash for entry in entries if entry.own]))
