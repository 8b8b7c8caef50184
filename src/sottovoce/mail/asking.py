"""Who is asked for what, one request at a time and server: connecting, pages, time-outs.

It takes what servers do and says what is to be done with them; when fetching begins and who wants
to know is the client's business.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.mail import refusals
from sottovoce.mail.client_events import (
    AskPage,
    ClientOutput,
    ConnectServer,
    PageArriving,
    PageDone,
    PageEnd,
    PageReasked,
)
from sottovoce.mail.decoys import Decoys
from sottovoce.mail.endings import SHORT_WAIT_S, Endings
from sottovoce.mail.fetching import Page, Run
from sottovoce.mail.ledger import Ledger, Window
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.progress import Tally
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.mail.resumes import Resumes
from sottovoce.mail.server_book import Failure, ServerEntry, rank
from sottovoce.mail.settings import ClientSettings
from sottovoce.mail.stores import MailStore

# A person names two or three.
SERVERS_MAX: Final = 32
# A phone saves; the next look is half an hour away.
IDLE_S: Final = 60.0
# Four megabytes at 14 kB/s; who says a little every few seconds keeps nobody for longer.
PAGE_S_MAX: Final = 300.0

_PROBE_LIMIT: Final = 1
_NUMBER_BYTES: Final = 4


class Asking:
    """The servers, and the request that each one is at.

    Args:
        store: Where to go on is kept there.
        ledger: What is open.
        settings: Bounds and time-outs.
        entropy: For pauses, decoys and the first request's number.
        tally: Where to note what came.
    """

    def __init__(
        self,
        store: MailStore,
        ledger: Ledger,
        settings: ClientSettings,
        entropy: Entropy,
        tally: Tally,
    ) -> None:
        self._ledger: Final = ledger
        self._settings: Final = settings
        self._decoys: Final = Decoys(entropy)
        self._tally: Final = tally
        self._entries: dict[PublicKey, ServerEntry] = {}
        self._pinned: PublicKey | None = None
        self._resumes: Final = Resumes(store)
        self._endings: Final = Endings(ledger, self._resumes, settings, entropy, tally)
        # An answer to a request of an earlier life must not pass for one of this life.
        self._number = int.from_bytes(entropy.take(_NUMBER_BYTES), "big")
        self.is_busy = False

    def entries(self) -> tuple[ServerEntry, ...]:
        """Return all servers in the order of preference."""
        return tuple(self._entries.values())

    def allowed(self) -> tuple[ServerEntry, ...]:
        """Return the servers that may be asked."""
        return tuple(
            entry
            for key, entry in self._entries.items()
            if self._pinned is None or key == self._pinned
        )

    # ---- what is told

    def set_servers(
        self,
        servers: tuple[Mailserver, ...],
        pinned: PublicKey | None,
        now: Moment,
    ) -> list[ClientOutput]:
        """Trust these servers from now on."""
        out: list[ClientOutput] = []
        before, self._entries, self._pinned = self._entries, {}, pinned
        for place, server in enumerate(servers[:SERVERS_MAX]):
            key = server.enode.public_key
            entry = before.pop(key, None) or ServerEntry(server, place)
            if entry.server != server:
                # What was held against it may have been the password, or the place.
                out += self._endings.let_go(entry)
                entry = ServerEntry(server, place)
            entry.place = place
            self._entries[key] = entry
        for entry in before.values():
            out += self._endings.let_go(entry)
        if self._entries:
            self._resumes.forget_others(self._entries)
        for key, entry in self._entries.items():
            if pinned is not None and key != pinned:
                out += self._endings.let_go(entry)
        self._ledger.set_servers(tuple(self._entries), now)
        return out

    def forget_topics(self, removed: frozenset[Topic]) -> None:
        """Count nothing of what is under way for topics that nobody opens any more."""
        for entry in self._entries.values():
            if entry.run is not None:
                entry.run.counted_topics -= removed
        self._resumes.forget_topics(removed)

    def connected(self, key: PublicKey) -> None:
        """Take that a server's greeting is complete."""
        entry = self._entries.get(key)
        if entry is not None:
            entry.is_connected = True

    def gone(self, key: PublicKey, detail: str, now: Moment) -> list[ClientOutput]:
        """Take that a server left or was not reached."""
        entry = self._entries.get(key)
        if entry is None:
            return []
        was_at_work = entry.page is not None or (entry.is_wished and not entry.is_connected)
        entry.is_connected, entry.page = False, None
        if was_at_work:
            words = refusals.shown(detail) or PageEnd.DISCONNECTED.value
            return self._endings.fail(entry, Failure.SILENT, words, now)
        entry.connect_by_s = now.monotonic_s + self._settings.answer_timeout_s
        return []

    def forgive(self) -> None:
        """Let servers that were only silent prove themselves at once."""
        for entry in self._entries.values():
            entry.forgive()

    def page_said(
        self, event: PageArriving | PageReasked | PageDone, now: Moment
    ) -> list[ClientOutput]:
        """Take what became of a request; one that is not open changes nothing."""
        entry = self._asked(event.request)
        if entry is None or entry.page is None or entry.run is None:
            return []
        match event:
            case PageArriving():
                return self._arriving(entry, entry.run, entry.page, event, now)
            case PageReasked():
                # Where it was asked at first it may serve nothing: its time begins anew.
                entry.page.asked_s = entry.page.heard_s = now.monotonic_s
                return []
            case PageDone():
                page, entry.page = entry.page, None
                return self._endings.ended(entry, entry.run, page, event, now)
            case _:
                assert_never(event)

    def _arriving(
        self, entry: ServerEntry, run: Run, page: Page, event: PageArriving, now: Moment
    ) -> list[ClientOutput]:
        if event.new:
            run.brought_news()
        self._tally.add(envelopes=event.envelopes, new=event.new, bytes=event.bytes)
        fault = page.arriving(
            envelopes=event.envelopes,
            new=event.new,
            bytes=event.bytes,
            now_s=now.monotonic_s,
        )
        return [] if fault is None else self._endings.give_up(entry, fault, now)

    # ---- what is done

    def drive(self, now: Moment, *, may_dial: bool) -> list[ClientOutput]:
        """Do what is due: time-outs, connecting, asking, letting go."""
        out: list[ClientOutput] = []
        for entry in self._entries.values():
            self._watch(entry, now, out)
        at_work = 0
        for entry in sorted(self._entries.values(), key=rank):
            is_free = at_work < self._settings.witnesses and may_dial and self._may(entry, now)
            if entry.page is None and is_free:
                self._begin(entry, now)
                self._work(entry, now, out)
            is_at_work = entry.page is not None or (is_free and entry.run is not None)
            at_work += is_at_work
            self._rest(entry, now, out, is_at_work=is_at_work)
        self.is_busy = at_work > 0
        return out

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due."""
        return min(
            (due for entry in self._entries.values() for due in self._dues(entry)), default=None
        )

    def _dues(self, entry: ServerEntry) -> Iterator[float]:
        if entry.page is not None:
            yield self._page_due(entry.page)
        elif entry.rests_until_s > 0:
            yield entry.rests_until_s
        elif entry.waits_until_s > 0:
            yield entry.waits_until_s
        elif entry.is_wished and not entry.is_connected and entry.run is not None:
            yield entry.connect_by_s
        if entry.is_wished and entry.idle_since_s is not None:
            yield entry.idle_since_s + IDLE_S

    def _page_due(self, page: Page) -> float:
        return min(page.heard_s + self._settings.answer_timeout_s, page.asked_s + PAGE_S_MAX)

    def _watch(self, entry: ServerEntry, now: Moment, out: list[ClientOutput]) -> None:
        """See what took too long, and what is over."""
        now_s = now.monotonic_s
        if entry.page is not None and self._page_due(entry.page) <= now_s:
            words = f"no answer within {self._settings.answer_timeout_s:g} seconds"
            out += self._endings.fail(entry, Failure.SILENT, words, now)
        is_late = entry.is_wished and not entry.is_connected and entry.connect_by_s <= now_s
        if is_late and entry.page is None and entry.run is not None:
            out += self._endings.fail(entry, Failure.SILENT, "it could not be reached", now)
        if entry.rests_until_s <= now_s:
            entry.rests_until_s = 0.0
        if entry.waits_until_s <= now_s:
            entry.waits_until_s = 0.0

    def _may(self, entry: ServerEntry, now: Moment) -> bool:
        """Tell whether a server may be asked now, or within a short time."""
        is_allowed = self._pinned is None or entry.server.enode.public_key == self._pinned
        is_soon = entry.waits_until_s - now.monotonic_s <= SHORT_WAIT_S
        return is_allowed and entry.rests_until_s == 0.0 and is_soon

    def _begin(self, entry: ServerEntry, now: Moment) -> None:
        """Find the window that a server is to be asked for, if there is none."""
        key = entry.server.enode.public_key
        if entry.planned == self._ledger.version:
            return
        run = entry.run or self._resumed(key)
        if run is not None and not self._ledger.is_needed(key, run.counted, now):
            self._resumes.drop(key)
            run = None
        if run is None:
            window = self._ledger.oldest_window(
                key, entry.span_s, now, behind_unix_s=entry.behind_unix_s
            )
            run = None if window is None else Run(window)
        entry.run = run
        self._ledger.set_underway(key, None if run is None else run.counted)
        entry.planned = self._ledger.version

    def _resumed(self, key: PublicKey) -> Run | None:
        resume = self._resumes.of(key)
        if resume is None or resume.topics & self._ledger.newcomers():
            return None  # Whether it is needed shows when fetching begins.
        topics = resume.topics & self._ledger.topics
        window = Window(topics, resume.from_unix_s, resume.to_unix_s)
        # It was asked first at its upper bound or later.
        return Run(window, resume.to_unix_s, resume.cursor, is_resumed=True)

    def _work(self, entry: ServerEntry, now: Moment, out: list[ClientOutput]) -> None:
        """Go one step on with a server's window: connect, or ask."""
        run = entry.run
        if run is None or entry.waits_until_s > now.monotonic_s:
            return
        # One that left while there was nothing to ask is redialled more and more rarely.
        is_idle, entry.idle_since_s = entry.idle_since_s is not None, None
        if not entry.is_wished or (is_idle and not entry.is_connected):
            entry.is_wished = True
            entry.connect_by_s = now.monotonic_s + self._settings.answer_timeout_s
            out.append(ConnectServer(entry.server))
        if entry.is_connected:
            self._ask(entry, run, now, out)

    def _ask(self, entry: ServerEntry, run: Run, now: Moment, out: list[ClientOutput]) -> None:
        if run.is_in_vain:  # It broke off again and again, wherever it was.
            run = self._endings.begin_anew(entry, run)
        run.asked()
        self._number += 1
        is_probe = entry.needs_probe
        limit = _PROBE_LIMIT if is_probe else entry.limit
        now_s = now.monotonic_s
        entry.page = Page(self._number, now_s, now_s, limit, is_probe=is_probe)
        if not is_probe and not run.cursor:
            run.asked_unix_s = now.unix_whole_s
        if not run.bloom:
            is_blurred = self._settings.blurred
            of_topics = bloom_of(run.window.topics)
            run.bloom = self._decoys.bloom(self._ledger.topics) if is_blurred else of_topics
        wanted = HistoryRequest(
            from_unix_s=run.window.from_unix_s,
            to_unix_s=run.window.to_unix_s,
            bloom=run.bloom,
            topics=() if self._settings.blurred else tuple(sorted(run.window.topics)),
            limit=limit,
            cursor=run.cursor,
        )
        self._tally.asked(entry.server.enode.public_key)
        out.append(AskPage(self._number, entry.server, wanted))

    def _rest(
        self, entry: ServerEntry, now: Moment, out: list[ClientOutput], *, is_at_work: bool
    ) -> None:
        """Let go of a server that had nothing to do for a while."""
        if is_at_work:
            entry.idle_since_s = None
        elif entry.idle_since_s is None:
            entry.idle_since_s = now.monotonic_s
        if entry.idle_since_s is None or not entry.is_wished:
            return
        if entry.idle_since_s + IDLE_S <= now.monotonic_s:
            out += self._endings.let_go(entry)

    # ---- leaves

    def _asked(self, request: int) -> ServerEntry | None:
        """Return whose open request has this number."""
        for entry in self._entries.values():
            if entry.page is not None and entry.page.request == request:
                return entry
        return None
