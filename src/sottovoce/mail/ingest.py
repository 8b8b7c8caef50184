"""The way into the archive: a bounded buffer, one batch at a time, tried until it is in.

Spec: none; status-go stores each envelope where it arrives.
"""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.server_events import StoreBatch, StoreFailed
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import DAY_S, ServerSettings
from sottovoce.mail.waiting import Waiting

# A batch is one transaction. At some ten microseconds an envelope it is through in 50 ms, so that
# a query, or the end of the program, does not wait long.
BATCH_ENVELOPES_MAX: Final = 4096
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
# A disk that is full or a database that restarts is asked twice a second at first, and never less
# often than every quarter of a minute.
RETRY_PAUSE_S: Final = 0.5
RETRY_PAUSE_S_MAX: Final = 15.0

_GROWTH: Final = 2
_OVERFLOW_TEXT: Final = (
    "envelopes arrive faster than the archive takes them, and what did not fit its buffer is lost"
)


class Ingest:
    """Envelopes that wait to be stored."""

    def __init__(self, settings: ServerSettings, statistics: MailStatistics) -> None:
        """Begin with an empty buffer."""
        self._settings = settings
        self._statistics = statistics
        self._buffer: deque[Envelope] = deque()
        self._waiting = Waiting()
        self._bytes = 0
        self._in_flight = 0
        self._batch_max = BATCH_ENVELOPES_MAX
        self._pause_s = RETRY_PAUSE_S
        self._retry_s: float | None = None
        self._failure = ""
        self._overflowed = False

    @property
    def trouble(self) -> str:
        """What is wrong, one sentence; empty if nothing is."""
        if self._failure and self._overflowed:
            return f"{self._failure} (the buffer is full, and what does not fit is lost)"
        return self._failure or (_OVERFLOW_TEXT if self._overflowed else "")

    @property
    def has_room(self) -> bool:
        """Whether the buffer is less than half full: it may be filled on purpose."""
        settings = self._settings
        return (
            self._bytes * 2 <= settings.buffer_bytes_max
            and len(self._buffer) * 2 <= settings.buffer_envelopes_max
        )

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return {"envelopes to archive": len(self._buffer), "bytes to archive": self._bytes}

    def next_deadline(self) -> float | None:
        """Return the monotonic second of the next try, or None."""
        return self._retry_s

    def take(self, envelopes: Iterable[Envelope], now: Moment) -> None:
        """Put envelopes into the buffer; what does not fit is counted and lost.

        What the next cleaning would delete is left out: a ttl of years makes an envelope as old as
        its sender likes, and an engine that keeps a part for each day would make one for it.
        """
        settings = self._settings
        days = settings.retention.days
        oldest_unix_s = 0 if days is None else now.unix_whole_s - days * DAY_S
        for envelope in envelopes:
            if envelope.sent_unix_s < oldest_unix_s:
                self._statistics.outdated += 1
                continue
            size = len(envelope.raw)
            if (
                len(self._buffer) >= settings.buffer_envelopes_max
                or self._bytes + size > settings.buffer_bytes_max
            ):
                self._statistics.dropped += 1
                self._overflowed = True
                continue
            self._buffer.append(envelope)
            self._waiting.add(envelope)
            self._bytes += size
        self._gauge()

    def page(self, selection: Selection) -> Page:
        """Return one page of what waits, also in the batch that is under way."""
        return self._waiting.page(selection)

    def next_batch(self, now: Moment) -> StoreBatch | None:
        """Return what is to be stored now, if no batch is under way and no pause is kept."""
        if self._in_flight or not self._buffer:
            return None
        if self._retry_s is not None and now.monotonic_s < self._retry_s:
            return None
        self._retry_s = None
        batch: list[Envelope] = []
        size = 0
        for envelope in islice(self._buffer, self._batch_max):
            size += len(envelope.raw)
            if batch and size > BATCH_BYTES_MAX:
                break
            batch.append(envelope)
        self._in_flight = len(batch)
        return StoreBatch(tuple(batch))

    def stored(self, new: int) -> None:
        """Take a batch that is on disk out of the buffer."""
        batch = [self._buffer.popleft() for _ in range(self._in_flight)]
        self._bytes -= sum(len(envelope.raw) for envelope in batch)
        self._waiting.remove(batch)
        self._statistics.archived += new
        self._statistics.duplicates += self._in_flight - new
        self._in_flight = 0
        self._batch_max = min(self._batch_max * _GROWTH, BATCH_ENVELOPES_MAX)
        self._pause_s = RETRY_PAUSE_S
        self._failure = ""
        if self.has_room:
            self._overflowed = False
        self._gauge()

    def failed(self, failed: StoreFailed, now: Moment) -> None:
        """Keep a batch that was not stored, and pause, longer each time.

        What can never be stored is narrowed down by half each time, and left out: one such envelope
        must not keep all others from the archive.
        """
        in_flight, self._in_flight = self._in_flight, 0
        self._statistics.store_failures += 1
        self._failure = failed.detail
        self._retry_s = now.monotonic_s + self._pause_s
        if not failed.is_in_vain:
            self._pause_s = min(self._pause_s * _GROWTH, RETRY_PAUSE_S_MAX)
        elif in_flight > 1:
            self._batch_max = in_flight // 2
        elif in_flight:
            unstorable = self._buffer.popleft()
            self._bytes -= len(unstorable.raw)
            self._waiting.remove((unstorable,))
            self._statistics.unstorable += 1
            self._gauge()

    def _gauge(self) -> None:
        self._statistics.waiting_envelopes = len(self._buffer)
        self._statistics.waiting_bytes = self._bytes
