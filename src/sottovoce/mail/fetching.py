"""One server's run of pages through one window, and what a page says about its server.

A server that leaves out is found out by others only. A server that never comes to an end is found
out here: cursors go one way and stay in the window, pages that bring nothing are few, and so are
all pages together.

Spec: docs/spec-deviations.md, "Cursors" (servers go from old to new, or from new to old).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import Topic
from sottovoce.mail.cursor import decode_cursor
from sottovoce.mail.ledger import Window
from sottovoce.mail.request import REQUEST_LIMIT_MAX
from sottovoce.mail.settings import DAY_S, ClientSettings

# Pages of envelopes that are known already come from honest servers, too, when another one was
# quicker. With so many in a row a shorter window is tried.
KNOWN_PAGES_MAX: Final = 10
# A page with a cursor is full: it has as many envelopes as may be asked for, or as many bytes as
# the server sends. So many that are not are taken of a day from a server with small pages.
THIN_PAGES_MAX: Final = 100
THIN_BYTES: Final = 64 * 1024


class Fault(Enum):
    """Why a server's run through a window is given up."""

    CURSOR = "its cursor leads nowhere"
    EMPTY = "its pages are empty and never end"
    KNOWN = "its pages bring nothing new and do not end"
    THIN = "its pages are small and do not end"
    ENDLESS = "its pages do not end"
    TOO_MANY = "it sent more envelopes than were asked for"


# Honest servers come to this, too, if the window is long for them.
TIRING: Final = frozenset({Fault.KNOWN, Fault.THIN, Fault.ENDLESS})


@dataclass(slots=True)
class Run:
    """How far a server has come with a window.

    Attributes:
        window: What it is asked for; all pages are asked for in the same words.
        asked_unix_s: When it was asked for the first page.
        cursor: Where to go on; empty at the beginning.
        is_resumed: Whether the cursor is of an earlier life, and nothing came by it yet.
        bloom: The filter that it is asked with; empty until then.
        counted_topics: The topics that count as answered at the end; those of the window, without
            what was removed meanwhile.
    """

    window: Window
    asked_unix_s: int = 0
    cursor: bytes = field(default=b"", repr=False)
    is_resumed: bool = False
    bloom: bytes = field(default=b"", repr=False)
    counted_topics: frozenset[Topic] = field(init=False, repr=False)
    _asked_for: int = 0  # envelopes, of all pages that were answered
    _empty: int = 0
    _in_vain: int = 0  # envelopes that were asked for since something new came
    _thin: int = 0
    _goes_up: bool | None = None

    def __post_init__(self) -> None:
        self.counted_topics = self.window.topics

    @property
    def counted(self) -> Window:
        """What counts as answered at the end."""
        return self.window._replace(topics=self.counted_topics)

    @property
    def _length_s(self) -> int:
        return self.window.to_unix_s - self.window.from_unix_s + 1

    @property
    def is_in_vain(self) -> bool:
        """Whether it was asked many times and brought nothing new."""
        return self._in_vain >= KNOWN_PAGES_MAX * REQUEST_LIMIT_MAX

    def asked(self) -> None:
        """Note that it was asked, for a page or for a sign of life."""
        self._in_vain += REQUEST_LIMIT_MAX

    def was_lost(self) -> None:
        """Note that its answer came and was not taken, which says nothing of the server."""
        self._in_vain = max(0, self._in_vain - REQUEST_LIMIT_MAX)

    def brought_news(self) -> None:
        """Note that an envelope came that was not known before."""
        self._in_vain = 0

    def turn(self, page: "Page", cursor: bytes, settings: ClientSettings) -> Fault | None:
        """Take a page that ended with a cursor; returns why no further one is asked for."""
        fault = self._follow(cursor) or self._count(page, settings)
        if fault is None:
            self.cursor, self.is_resumed = cursor, False
        return fault

    def _follow(self, raw: bytes) -> Fault | None:
        """Tell whether a cursor leads on."""
        try:
            next_place = decode_cursor(raw)
        except RemoteProtocolError:
            return Fault.CURSOR
        if not self.window.from_unix_s <= next_place.sent_unix_s <= self.window.to_unix_s:
            return Fault.CURSOR
        if self.cursor:
            goes_up = next_place > decode_cursor(self.cursor)
            is_turning = self._goes_up is not None and goes_up != self._goes_up
            if raw == self.cursor or is_turning:
                return Fault.CURSOR
            self._goes_up = goes_up
        return None

    def _count(self, page: "Page", settings: ClientSettings) -> Fault | None:
        # Pages that are asked to be small count for as much less.
        self._asked_for += page.limit
        self._in_vain = max(0, self._in_vain - (REQUEST_LIMIT_MAX - page.limit))
        self._empty = 0 if page.envelopes else self._empty + 1
        is_full = page.envelopes >= page.limit or page.bytes >= THIN_BYTES
        self._thin += not is_full
        if self._empty >= settings.pages_without_news_max:
            return Fault.EMPTY
        if self.is_in_vain:
            return Fault.KNOWN
        if self._thin >= max(KNOWN_PAGES_MAX, THIN_PAGES_MAX * self._length_s // DAY_S):
            return Fault.THIN
        is_endless = self._asked_for >= settings.chunk_pages_max * REQUEST_LIMIT_MAX
        return Fault.ENDLESS if is_endless else None


@dataclass(slots=True)
class Page:
    """One request that is open.

    Attributes:
        request: Its number.
        asked_s: When it was asked, monotonic.
        heard_s: When there was a sign last, monotonic.
        limit: How many envelopes were asked for.
        envelopes: How many came by now.
        new: How many of these were not known before.
        bytes: Bytes of all.
        is_probe: Whether it is there only to see whether the server answers.
    """

    request: int
    asked_s: float
    heard_s: float
    limit: int
    envelopes: int = 0
    new: int = 0
    bytes: int = 0
    is_probe: bool = False

    def arriving(self, *, envelopes: int, new: int, bytes: int, now_s: float) -> Fault | None:
        """Take a part of the answer; returns why nothing more of it is taken."""
        self.heard_s = now_s
        self.envelopes += envelopes
        self.new += new
        self.bytes += bytes
        return Fault.TOO_MANY if self.envelopes > self.limit else None
