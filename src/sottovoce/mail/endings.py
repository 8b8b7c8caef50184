"""What follows when a request ends: on to the next page, a window closed, or a server set aside."""

from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.mail import refusals
from sottovoce.mail.client_events import (
    CancelPage,
    ClientOutput,
    DisconnectServer,
    PageDone,
    PageEnd,
)
from sottovoce.mail.fetching import TIRING, Fault, Page, Run
from sottovoce.mail.ledger import Ledger
from sottovoce.mail.progress import Tally
from sottovoce.mail.resumes import Resumes
from sottovoce.mail.server_book import Failure, ServerEntry
from sottovoce.mail.settings import ClientSettings
from sottovoce.mail.stores import Resume

# Nobody waits longer for a server that wants to be asked later: another one is asked.
SHORT_WAIT_S: Final = 60.0
# What a server may ask for; ours count by the hour.
STATED_WAIT_MAX_S: Final = 3600.0
# Growing pauses of three minutes in all. Who waits for the end has to be told some time.
PAUSES_MAX: Final = 8

_PAUSE_FIRST_S: Final = 1.0


class Endings:
    """Judges how requests ended.

    Args:
        ledger: What is open.
        resumes: Where to go on.
        settings: Bounds and time-outs.
        entropy: For pauses.
        tally: Where to note what was closed.
    """

    def __init__(
        self,
        ledger: Ledger,
        resumes: Resumes,
        settings: ClientSettings,
        entropy: Entropy,
        tally: Tally,
    ) -> None:
        self._ledger: Final = ledger
        self._resumes: Final = resumes
        self._settings: Final = settings
        self._entropy: Final = entropy
        self._tally: Final = tally

    def ended(
        self, entry: ServerEntry, run: Run, page: Page, event: PageDone, now: Moment
    ) -> list[ClientOutput]:
        """Take how a page of a run ended; the entry has no open page any more."""
        words = refusals.shown(event.detail) or event.end.value
        match event.end:
            case PageEnd.ANSWERED:
                return self._answered(entry, run, page, event.cursor, now)
            case PageEnd.REFUSED:
                return self._refused(entry, run, event.detail, now)
            case PageEnd.DISHONEST:
                entry.stumbled(run.window.from_unix_s)
                self.drop_run(entry)
                return self.fail(entry, Failure.DISHONEST, words, now)
            case PageEnd.LOST:
                if not page.is_probe:
                    run.was_lost()
                    entry.take_less()
                return self._pause(entry, None, now, words)
            case PageEnd.DISCONNECTED | PageEnd.NOT_CONNECTED:
                return self._cut_off(entry, event.end, words, now)

    def give_up(self, entry: ServerEntry, fault: Fault, now: Moment) -> list[ClientOutput]:
        """Ask no further in a server's window, for a fault of its own."""
        run = entry.run
        if fault is Fault.CURSOR and run is not None and run.is_resumed:
            self.begin_anew(entry, run)
            return []
        if run is not None:
            entry.stumbled(run.window.from_unix_s)
        failure = Failure.TIRING if fault in TIRING else Failure.DISHONEST
        if failure is Failure.TIRING:
            entry.shorten()
        self.drop_run(entry)
        return self.fail(entry, failure, fault.value, now)

    def fail(
        self, entry: ServerEntry, failure: Failure, words: str, now: Moment
    ) -> list[ClientOutput]:
        """Set a server aside."""
        entry.failed(failure, words, self._entropy, now.monotonic_s)
        return self.let_go(entry)

    def let_go(self, entry: ServerEntry) -> list[ClientOutput]:
        """End what a server is doing for us; where it was is not forgotten."""
        out: list[ClientOutput] = []
        key = entry.server.enode.public_key
        if entry.page is not None:
            out.append(CancelPage(entry.page.request))
            entry.page = None
        if entry.is_wished:
            entry.is_wished = False
            out.append(DisconnectServer(key))
        entry.planned = -1
        self._ledger.set_underway(key, None)
        return out

    def drop_run(self, entry: ServerEntry) -> None:
        """Forget a server's window, and where it was in it."""
        key = entry.server.enode.public_key
        entry.run, entry.planned = None, -1
        self._ledger.set_underway(key, None)
        self._resumes.drop(key)

    def begin_anew(self, entry: ServerEntry, run: Run) -> Run:
        """Begin a server's window once more, for its cursor leads nowhere."""
        self._resumes.drop(entry.server.enode.public_key)
        entry.run = Run(run.counted)
        return entry.run

    # ---- inside

    def _answered(
        self, entry: ServerEntry, run: Run, page: Page, cursor: bytes, now: Moment
    ) -> list[ClientOutput]:
        fault = None
        if cursor and not page.is_probe:
            fault = run.turn(page, cursor, self._settings)
        if fault is not None:
            return self.give_up(entry, fault, now)
        latency_s = now.monotonic_s - page.asked_s
        entry.answered(latency_s, self._settings.answer_timeout_s, now)
        if page.is_probe:
            return []
        entry.take_more()
        key, window = entry.server.enode.public_key, run.counted
        if cursor:
            self._resumes.save(Resume(key, *window, cursor))
            return []
        self._ledger.answered(key, window, run.asked_unix_s, now)
        self.drop_run(entry)
        entry.came_to_an_end(window.from_unix_s)
        span_s = window.to_unix_s - window.from_unix_s + 1
        self._tally.closed(span_s * len(window.topics))
        return []

    def _refused(
        self, entry: ServerEntry, run: Run, detail: str, now: Moment
    ) -> list[ClientOutput]:
        if refusals.is_limited(detail):
            return self._limited(entry, refusals.pause_s(detail), now)
        if run.is_resumed:
            self.begin_anew(entry, run)
            return []
        return self.fail(entry, Failure.REFUSED, refusals.shown(detail), now)

    def _cut_off(
        self, entry: ServerEntry, end: PageEnd, words: str, now: Moment
    ) -> list[ClientOutput]:
        """Take that a server is not there; before it was asked it may only be late."""
        entry.is_connected = False
        entry.connect_by_s = now.monotonic_s + self._settings.answer_timeout_s
        if end is PageEnd.NOT_CONNECTED:
            return []
        return self.fail(entry, Failure.SILENT, words, now)

    def _limited(self, entry: ServerEntry, stated_s: int | None, now: Moment) -> list[ClientOutput]:
        """Wait as long as a server wishes, which is not held against it unless it never ends."""
        out = self._pause(entry, stated_s, now, "it limits requests and never answers")
        if entry.waits_until_s > now.monotonic_s:
            wait_s = entry.waits_until_s - now.monotonic_s
            who = "" if stated_s is None else "it wants to be "
            entry.detail = f"limited; {who}asked again in {wait_s:.0f} s"
            self._tally.say(f"{entry.name}: {entry.detail}")
        return out

    def _pause(
        self, entry: ServerEntry, stated_s: int | None, now: Moment, words: str
    ) -> list[ClientOutput]:
        """Ask the same once more, later; after some times in a row set the server aside."""
        entry.pauses += 1
        if entry.pauses > PAUSES_MAX:
            entry.pauses = 0
            return self.fail(entry, Failure.REFUSED, words, now)
        growing_s = min(_PAUSE_FIRST_S * 2.0 ** (entry.pauses - 1), SHORT_WAIT_S)
        pause_s = growing_s if stated_s is None else min(max(stated_s, 1), STATED_WAIT_MAX_S)
        entry.waits_until_s = now.monotonic_s + pause_s
        return []
