"""Filling an archive from another mailserver's: day after day, page after page.

The other server is trusted with what it sends, but not with our patience: it has to answer in time,
its cursors have to move, and envelopes from outside the day that was asked for are left out.
Filling takes hours, and no connection is sure to last for so long: a lost one is waited for, and
the page that it cut short is asked for again.

Spec: status-go mailserver/mailserver.go (SyncMail); pages follow each other as its cursors say.
"""

from enum import Enum
from typing import Final, assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.token_bucket import TokenBucket
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_to_bytes
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.sync_packets import SYNC_LIMIT_MAX, SyncRequest, SyncResponse
from sottovoce.mail.cursor import CURSOR_BYTES, Cursor, decode_cursor
from sottovoce.mail.server_events import (
    AskSync,
    FillAsked,
    FillDone,
    FillGivenUp,
    PeerJoined,
    ServerOutput,
    SyncArrived,
)
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import DAY_S, Retention

ANSWER_PATIENCE_S: Final = 30.0  # as status-go's
# A server that is started again or a line that is mended is back by then, redialled every minute;
# what waits longer for it keeps its owner from choosing another one.
AWAY_PATIENCE_S: Final = 1800.0
# How often one page may be cut short: one that always is, is what the server stumbles over.
PAGE_CUTS_MAX: Final = 5
FILL_DAYS_MAX: Final = 366  # nobody keeps more; without a bound a fill "from 1970" asks for years
DAY_PAGES_MAX: Final = 10_000  # ten million envelopes in a day: more than the network ever had
PAGES_WITHOUT_NEWS_MAX: Final = 3
# Our own servers give 1200 pages of 1000 envelopes, a million envelopes and a gigabyte an hour;
# this stays below all of it, and a month of a quiet network is through at once.
PAGES_AT_ONCE: Final = 400
PAGES_PER_HOUR: Final = 500
BYTES_AT_ONCE: Final = 400 * 1024 * 1024
BYTES_PER_HOUR: Final = 500 * 1024 * 1024

FILLINGS_MAX: Final = 8  # mailservers that an archive is filled from at once

_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0

_NO_WHISPER: Final = "the mailserver is not connected over Whisper, which alone can fill an archive"
_UNWANTED: Final = "the mailserver was disconnected by its owner's wish"


class _Phase(Enum):
    AWAY = "waits for the mailserver to be connected"
    READY = "may ask"
    ASKED = "waits for an answer"
    ENDED = "is through"


class Filling:
    """One mailserver's archive that is taken over."""

    def __init__(self, key: PublicKey, peer: int | None, from_unix_s: int, now: Moment) -> None:
        """Begin; nothing is asked before `next_request`.

        Args:
            key: The other mailserver's node key.
            peer: Its number, or None while it is not connected.
            from_unix_s: The first second wanted; what is older than a year is not asked for.
            now: The last second wanted.
        """
        self.key: Final = key
        self.peer = peer
        self.envelopes = 0
        self.detail = ""
        self._end = now.unix_whole_s
        self._lower = max(from_unix_s, self._end - FILL_DAYS_MAX * DAY_S, 0)
        self._phase = _Phase.READY if self._lower <= self._end else _Phase.ENDED
        self._patience_s: float | None = None
        self._ask_s = now.monotonic_s
        self._pages = TokenBucket(
            capacity=PAGES_AT_ONCE, refill_per_s=PAGES_PER_HOUR / _HOUR_S, now_s=now.monotonic_s
        )
        self._bytes = TokenBucket(
            capacity=BYTES_AT_ONCE, refill_per_s=BYTES_PER_HOUR / _HOUR_S, now_s=now.monotonic_s
        )
        self._page_cuts = self._page_news = 0
        self._begin_day()
        if peer is None:
            self.leave(now)

    @property
    def is_ended(self) -> bool:
        """Whether there is nothing left to do; `detail` says why if it is too early."""
        return self._phase is _Phase.ENDED

    def next_deadline(self, *, may_ask: bool) -> float | None:
        """Return the monotonic second at which something is due, or None."""
        if self._phase is _Phase.READY:
            return self._ask_s if may_ask else None
        return self._patience_s

    def next_request(self, now: Moment) -> SyncRequest | None:
        """Return what to ask now; None while an answer is awaited, or a pause is kept."""
        if self._phase is not _Phase.READY or now.monotonic_s < self._ask_s:
            return None
        self._pages.spend(1, now.monotonic_s)
        self._phase = _Phase.ASKED
        self._patience_s = now.monotonic_s + ANSWER_PATIENCE_S
        self.envelopes -= self._page_news  # a page that was cut short comes again
        self._page_envelopes = self._page_news = 0
        return SyncRequest(
            lower_unix_s=self._lower,
            upper_unix_s=self._upper,
            bloom=bloom_to_bytes(FULL_BLOOM),
            limit=SYNC_LIMIT_MAX,
            cursor=b"" if self._cursor is None else self._cursor.encode(),
        )

    def take(self, response: SyncResponse, now: Moment) -> tuple[Envelope, ...]:
        """Take one packet; returns the envelopes to keep."""
        if self._phase is not _Phase.ASKED:
            return ()
        if response.error:
            self.give_up(f"the mailserver refused: {response.error}")
            return ()
        self._page_envelopes += len(response.envelopes)
        self._bytes.spend(sum(len(each.raw) for each in response.envelopes), now.monotonic_s)
        if self._page_envelopes > SYNC_LIMIT_MAX:
            self.give_up("the mailserver sent more than it was asked for")
            return ()
        wanted = tuple(
            envelope
            for envelope in response.envelopes
            if self._lower <= envelope.sent_unix_s <= self._upper
        )
        self.envelopes += len(wanted)
        self._page_news += len(wanted)
        if wanted:
            self._patience_s = now.monotonic_s + ANSWER_PATIENCE_S
        if response.final:
            now_s = now.monotonic_s
            self._ask_s = now_s + max(self._pages.wait_s(1, now_s), self._bytes.wait_s(1, now_s))
            self._end_page(response.cursor)
        return wanted

    def leave(self, now: Moment) -> None:
        """Wait until the mailserver is connected again, unless it always leaves at one page."""
        self.peer = None
        if self._phase is _Phase.ENDED:
            return
        self._page_cuts += self._phase is _Phase.ASKED
        if self._page_cuts > PAGE_CUTS_MAX:
            self.give_up(f"the mailserver left {self._page_cuts} times in the midst of one answer")
            return
        self._phase = _Phase.AWAY
        self._patience_s = now.monotonic_s + AWAY_PATIENCE_S

    def go_on_with(self, peer: int | None) -> None:
        """Go on where it stopped, now that the mailserver is there; None if it lacks Whisper."""
        if self._phase is not _Phase.AWAY:
            return
        if peer is None:
            self.give_up(_NO_WHISPER)
        else:
            self.peer = peer
            self._phase = _Phase.READY
            self._patience_s = None

    def pass_time(self, now: Moment) -> None:
        """Give up if the mailserver was silent or away for too long."""
        if self._patience_s is None or now.monotonic_s < self._patience_s:
            return
        if self._phase is _Phase.AWAY:
            minutes = AWAY_PATIENCE_S / _MINUTE_S
            self.give_up(
                f"the mailserver was not connected for {minutes:.0f} minutes, before it had given "
                "everything"
            )
        else:
            self.give_up(f"the mailserver did not answer for {ANSWER_PATIENCE_S:.0f} s")

    def give_up(self, detail: str) -> None:
        """End early."""
        self._phase = _Phase.ENDED
        self._patience_s = None
        self.detail = detail

    def _begin_day(self) -> None:
        self._upper = min(self._lower + DAY_S - 1, self._end)
        self._cursor: Cursor | None = None
        self._ascending: bool | None = None
        self._day_pages = self._barren_pages = 0
        self._page_envelopes = self._page_news = 0

    def _end_page(self, raw_cursor: bytes) -> None:
        self._patience_s = None
        self._phase = _Phase.READY
        self._page_cuts = 0
        if not raw_cursor:
            self._lower = self._upper + 1
            if self._lower > self._end:
                self._phase = _Phase.ENDED
            self._begin_day()
            return
        self._day_pages += 1
        self._barren_pages = 0 if self._page_news else self._barren_pages + 1
        self._page_news = 0
        if self._day_pages > DAY_PAGES_MAX or self._barren_pages > PAGES_WITHOUT_NEWS_MAX:
            self.give_up("the mailserver's pages do not come to an end")
        elif not self._moves_to(raw_cursor):
            self.give_up("the mailserver's cursor does not move on")

    def _moves_to(self, raw_cursor: bytes) -> bool:
        """Go on behind a cursor; tell whether it moves, always the same way, whichever that is."""
        if len(raw_cursor) != CURSOR_BYTES:
            return False
        cursor, before = decode_cursor(raw_cursor), self._cursor
        self._cursor = cursor
        if before is None:
            return True
        if cursor == before:
            return False
        upwards = cursor > before
        if self._ascending is None:
            self._ascending = upwards
        return upwards == self._ascending


class Fillings:
    """All archives that are taken over at present, by the keys of their mailservers."""

    def __init__(self, retention: Retention, statistics: MailStatistics) -> None:
        """Begin with none; what is older than the retention is never asked for."""
        self._days_max = FILL_DAYS_MAX if retention.days is None else retention.days
        self._statistics = statistics
        self._fillings: dict[PublicKey, Filling] = {}
        self._done: list[FillDone] = []

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return {"fillings": len(self._fillings)}

    def next_deadline(self, *, may_ask: bool) -> float | None:
        """Return the monotonic second at which something is due, or None."""
        deadlines = (each.next_deadline(may_ask=may_ask) for each in self._fillings.values())
        return min((due for due in deadlines if due is not None), default=None)

    def handle(self, event: FillAsked | FillGivenUp | PeerJoined, now: Moment) -> None:
        """Take what our owner wants, or that a peer is there."""
        match event:
            case FillAsked():
                self._start(event, now)
            case FillGivenUp(key):
                if key in self._fillings:
                    self._fillings[key].give_up(_UNWANTED)
            case PeerJoined(peer, key):
                if key in self._fillings:
                    self._fillings[key].go_on_with(peer)
            case _:
                assert_never(event)

    def _start(self, event: FillAsked, now: Moment) -> None:
        """Begin to take over an archive, unless it is under way or there are too many."""
        if event.key in self._fillings:
            self._done.append(FillDone(event.key, 0, "this mailserver is being asked already"))
        elif len(self._fillings) >= FILLINGS_MAX:
            detail = f"{FILLINGS_MAX} mailservers are being asked already; try again later"
            self._done.append(FillDone(event.key, 0, detail))
        else:
            oldest_unix_s = now.unix_whole_s - self._days_max * DAY_S
            from_unix_s = max(event.from_unix_s, oldest_unix_s)
            self._fillings[event.key] = Filling(event.key, event.peer, from_unix_s, now)

    def take(self, event: SyncArrived, now: Moment) -> tuple[Envelope, ...]:
        """Take one packet of an answer; returns the envelopes to keep."""
        filling = self._filling_from(event.peer)
        if filling is None:
            return ()
        envelopes = filling.take(event.response, now)
        self._statistics.synced += len(envelopes)
        return envelopes

    def peer_left(self, peer: int, now: Moment) -> None:
        """Wait for a mailserver that has not given everything."""
        filling = self._filling_from(peer)
        if filling is not None:
            filling.leave(now)

    def _filling_from(self, peer: int) -> Filling | None:
        return next((each for each in self._fillings.values() if each.peer == peer), None)

    def pass_time(self, now: Moment) -> None:
        """Give up on who was silent for too long."""
        for filling in self._fillings.values():
            filling.pass_time(now)

    def go_on(self, now: Moment, *, may_ask: bool) -> list[ServerOutput]:
        """Ask for the next pages, and tell what has ended."""
        outputs: list[ServerOutput] = []
        for key, filling in list(self._fillings.items()):
            if filling.is_ended:
                del self._fillings[key]
                self._done.append(FillDone(key, filling.envelopes, filling.detail))
                continue
            request = filling.next_request(now) if may_ask else None
            if request is not None:
                assert filling.peer is not None
                outputs.append(AskSync(filling.peer, request))
        outputs += self._done
        self._done = []
        return outputs
