"""What must hold for a client of mailservers, at every step and whenever it says that all is there.

A watch follows one client. It knows what the honest servers had and when, from the world and not
from the client.
"""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.gossip.bloom import bloom_from_bytes, topic_bloom
from sottovoce.mail import client_events as events
from sottovoce.mail.client_events import ClientEvent, ClientOutput, PageEnd, ServerState
from sottovoce.mail.coverage import Intervals, joined, without
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.settings import FIRST_WINDOW_S
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_client import SimulatedClient
from sottovoce.sim.mail_disks import HonestDisks, Taken
from sottovoce.sim.mail_world import EPOCH_UNIX_S, MailWorld

# A server without a sign of life has been given up after this long, and another one is asked.
FAIL_OVER_S_MAX: Final = 15.0
PAGES_WITHOUT_PROGRESS_MAX: Final = 10
# A request for one envelope only asks whether a server is well again; it leads nowhere.
PROBE_LIMIT: Final = 1
# Clocks of clients are wrong by up to two minutes; batches and flights take less than ten seconds.
CLOCK_ERROR_S_MAX: Final = 120.0
MARGIN_S: Final = 10.0
# Of one server; a run of pages has some dozens.
CURSORS_MAX: Final = 200
SERVER_OPEN_END_S: Final = 60
# A clock may be put back by some minutes while somebody is asked.
FUTURE_S_MAX: Final = 600.0
# Three servers with a timer each; more is a deadline that stays.
WAKINGS_A_SECOND_MAX: Final = 20


@dataclass(slots=True)
class _Open:
    """A request that is not answered yet."""

    asked: events.AskPage
    sign_s: float
    new: int = 0


class _Ahead(NamedTuple):
    """A clock is ahead: since when, until when, and what it says then, in seconds of the world."""

    begun_s: float
    until_s: float
    end_s: float


class _Given(NamedTuple):
    """A cursor that a server gave, and for what."""

    cursor: bytes
    from_unix_s: int
    to_unix_s: int
    topics: frozenset[bytes]


@dataclass(slots=True)
class Watched:
    """What a watch counted.

    Attributes:
        asked: Requests of each server, by key.
        answered: Requests that ended with an answer, by key.
        ends: How requests ended.
        complete: How often the client said that all is there.
        checked: Envelopes that had to be there then.
        fail_over_s: The longest time from a server's last sign to asking, or dialling, another one.
    """

    asked: dict[PublicKey, int] = field(default_factory=dict)
    answered: dict[PublicKey, int] = field(default_factory=dict)
    ends: dict[PageEnd, int] = field(default_factory=dict)
    complete: int = 0
    checked: int = 0
    fail_over_s: float = 0.0


class ClientWatch:
    """Watches one client.

    Args:
        world: The time.
        client: Whom.
        disks: What the honest servers have.

    Attributes:
        counts: What it counted.
    """

    def __init__(self, world: MailWorld, client: SimulatedClient, disks: HonestDisks) -> None:
        self.counts: Final = Watched()
        self._world: Final = world
        self._client: Final = client
        self._disks: Final = disks
        self._open: Final[dict[int, _Open]] = {}
        self._given: Final[dict[PublicKey, list[_Given]]] = {}
        self._barren: Final[Counter[PublicKey]] = Counter()
        self._answered: Final[dict[tuple[PublicKey, Topic], Intervals]] = {}
        self._looked_at: Final[dict[Topic, tuple[float, int]]] = {}
        self._online = False
        self._silent_s: float | None = None
        self._begun_s: float | None = None
        self._fetched: Final[set[Topic]] = set()
        self._covered: object = None
        self._claims: dict[tuple[PublicKey, Topic], Intervals] = {}
        self._told: Final[set[EnvelopeHash]] = set()
        self._ahead: _Ahead | None = None
        self._excused: Final[list[tuple[float, float]]] = []
        self._woken_s = -1
        self._wakings = 0
        client.on_event = self.event
        client.on_output = self.output
        client.on_commit = self.committed
        client.on_crash = self.crashed
        client.on_told = self.told

    def _fail(self, what: str) -> None:
        """Tell what went wrong.

        Raises:
            ViolationError: Always.
        """
        raise ViolationError(
            f"seed {self._world.seed}: at {self._world.now_s:.1f} s client "
            f"{self._client.number} {what}"
        )

    # ---- what happens

    def event(self, event: ClientEvent) -> None:
        """See an event that the client is about to take.

        Raises:
            ViolationError: It should have done something before.
        """
        self._nobody_waits()
        match event:
            case events.TimePassed():
                self._woken()
            case events.Started():
                self._began_anew()
                self.ended()
            case events.PageArriving(request, _, new, _):
                open_ = self._open.get(request)
                if open_ is not None:
                    open_.sign_s = self._world.now_s
                    open_.new += new
            case events.PageDone():
                self._done(event)
            case events.OnlineChanged(online):
                self._online = online
                self._silent_s = None
            case _:
                pass

    def _woken(self) -> None:
        """Check that a deadline passes when it has passed."""
        second_s = int(self._world.now_s)
        self._wakings = self._wakings + 1 if self._woken_s == second_s else 1
        self._woken_s = second_s
        if self._wakings > WAKINGS_A_SECOND_MAX:
            self._fail("is woken again and again")

    def output(self, output: ClientOutput) -> None:
        """See what the client lets out.

        Raises:
            ViolationError: It is not what it promised.
        """
        self._nobody_waits()
        match output:
            case events.AskPage():
                self._asked(output)
            case events.CancelPage(request):
                open_ = self._open.pop(request, None)
                if open_ is not None:
                    self._silent(open_)
            case events.ConnectServer():
                self._turned_to_another()
            case events.FetchDone(_, complete):
                self._silent_s = None
                if complete:
                    self._complete()
                self._begun_s = None
                self._fetched.clear()
            case _:
                pass

    def ended(self) -> None:
        """Forget what ends with a machine."""
        self._open.clear()
        self._barren.clear()
        self._silent_s = None
        self._begun_s = None
        self._fetched.clear()

    def clock_is_ahead(self, until_s: float, ahead_s: float) -> None:
        """Note that the clock is ahead from now on until a moment.

        A machine that begins anew before it has heard of anything since does not learn that the
        clock was put back: what was sent until the time had come that it said is excused.
        """
        self._ahead = _Ahead(self._world.now_s, until_s, until_s + ahead_s)

    def _began_anew(self) -> None:
        if self._ahead is not None:
            self._excused.append((self._ahead.begun_s, self._ahead.end_s))

    def crashed(self) -> None:
        """Forget what ends with a process."""
        self._began_anew()
        self._told.clear()
        self.ended()

    def told(self, envelope: EnvelopeHash) -> None:
        """See a message that the node hands on.

        Raises:
            ViolationError: It did so before, in the same life.
        """
        if envelope in self._told:
            self._fail("is told a message twice")
        self._told.add(envelope)

    def resumed(self) -> None:
        """Note that the client was suspended: it could not hear or do anything.

        Sleep moves one clock and not the other, and so hides that one was put back meanwhile.
        """
        self._began_anew()
        self._silent_s = None
        for open_ in self._open.values():
            open_.sign_s = self._world.now_s

    # ---- requests

    def _asked(self, asked: events.AskPage) -> None:
        key, wanted = asked.server.enode.public_key, asked.wanted
        counts, now_s = self.counts, self._world.now_s
        counts.asked[key] = counts.asked.get(key, 0) + 1
        self._turned_to_another()
        if self._begun_s is None:
            self._begun_s = now_s
        self._fetched.update(self._topics_of(wanted.topics, wanted.bloom))
        if asked.request in self._open:
            self._fail("asks two requests of one number")
        self._open[asked.request] = _Open(asked, now_s)
        self._world.note("asks", self._client.number, wanted, len(wanted.topics))
        now_unix_s = max(self._client.moment().unix_s, self._world.true_unix_s())
        if wanted.to_unix_s > now_unix_s + FUTURE_S_MAX:
            self._fail("asks for a time to come")
        if wanted.cursor:
            self._follows(key, wanted)
            if self._barren[key] >= PAGES_WITHOUT_PROGRESS_MAX:
                self._fail(f"goes on after {self._barren[key]} pages that brought nothing")
        elif wanted.limit > PROBE_LIMIT:
            self._barren[key] = 0

    def _follows(self, key: PublicKey, wanted: HistoryRequest) -> None:
        """Check that a cursor goes back to who gave it, and for the same."""
        topics = frozenset(wanted.topics)
        for given in self._given.get(key, []):
            is_same = (given.from_unix_s, given.to_unix_s) == (
                wanted.from_unix_s,
                wanted.to_unix_s,
            )
            # Of topics some may have been left meanwhile.
            if given.cursor == wanted.cursor and is_same and topics <= given.topics:
                return
        self._fail("uses a cursor that it was not given for this")

    def _done(self, done: events.PageDone) -> None:
        open_ = self._open.pop(done.request, None)
        counts = self.counts
        counts.ends[done.end] = counts.ends.get(done.end, 0) + 1
        if open_ is None:
            return
        key = open_.asked.server.enode.public_key
        if done.end is not PageEnd.ANSWERED:
            self._silent(open_)
            return
        counts.answered[key] = counts.answered.get(key, 0) + 1
        wanted = open_.asked.wanted
        if wanted.limit > PROBE_LIMIT:
            self._barren[key] = 0 if open_.new else self._barren[key] + 1
        if done.cursor:
            bounds = (wanted.from_unix_s, wanted.to_unix_s, frozenset(wanted.topics))
            given = self._given.setdefault(key, [])
            given.append(_Given(done.cursor, *bounds))
            del given[:-CURSORS_MAX]
        else:
            self._covers(key, open_.asked)

    def _covers(self, key: PublicKey, asked: events.AskPage) -> None:
        """Note what a server claims to have answered to the end."""
        wanted = asked.wanted
        to_unix_s = wanted.to_unix_s or int(self._world.true_unix_s()) + SERVER_OPEN_END_S
        for topic in self._topics_of(wanted.topics, wanted.bloom):
            before = self._answered.get((key, topic), ())
            self._answered[key, topic] = joined((*before, (wanted.from_unix_s, to_unix_s)))

    def _topics_of(self, topics: tuple[bytes, ...], bloom: bytes) -> list[Topic]:
        if topics:
            return [Topic(topic) for topic in topics]
        bits = bloom_from_bytes(bloom)
        return [topic for topic in self._client.topics if topic_bloom(topic) & ~bits == 0]

    # ---- silence

    def _silent(self, open_: _Open) -> None:
        """Note since when nothing comes of a request, if there is another server to turn to."""
        key = open_.asked.server.enode.public_key
        asked = {it.asked.server.enode.public_key for it in self._open.values()}
        others = [
            status
            for status in self._client.standing()
            if status.key != key
            and status.key not in asked
            and status.state is not ServerState.RESTING
            and status.open_s
        ]
        if others and self._online and self._silent_s is None:
            self._silent_s = open_.sign_s

    def _turned_to_another(self) -> None:
        if self._silent_s is None:
            return
        waited_s = self._world.now_s - self._silent_s
        self._silent_s = None
        self.counts.fail_over_s = max(self.counts.fail_over_s, waited_s)
        if waited_s > FAIL_OVER_S_MAX:
            self._fail(f"took {waited_s:.1f} s to turn to another server")

    def _nobody_waits(self) -> None:
        """Check that no server that says nothing is waited for any longer."""
        now_s = self._world.now_s
        for open_ in self._open.values():
            if now_s - open_.sign_s > FAIL_OVER_S_MAX:
                self._fail(f"waited {now_s - open_.sign_s:.1f} s for a server that says nothing")

    # ---- what must be there

    def committed(self) -> None:
        """Check what is said to be covered: it was answered, and what was there is shown.

        Raises:
            ViolationError: Something was never answered, or is missing.
        """
        if self._ahead is not None and self._world.now_s > self._ahead.until_s:
            self._ahead = None
        covered = self._client.store.kept.covered
        if covered is self._covered:
            return
        self._covered = covered
        claims: dict[tuple[PublicKey, Topic], Intervals] = {}
        for row in covered:
            before = claims.get((row.server, row.topic), ())
            claims[row.server, row.topic] = (*before, (row.from_unix_s, row.to_unix_s))
        for (server, topic), claimed in claims.items():
            before = self._claims.get((server, topic), ())
            self._covered_anew(server, topic, without(joined(claimed), joined(before)))
        self._claims = claims

    def _covered_anew(self, server: PublicKey, topic: Topic, claimed: Intervals) -> None:
        """Check a claim: it was answered, and what an honest server had in it is shown."""
        if not claimed:
            return
        if without(claimed, self._answered.get((server, topic), ())):
            self._fail("says that something was answered which was not")
        if self._is_clock_wrong():
            return  # It claims a time that has not come; that is forgotten with the error.
        for row in self._disks.of(server, topic):
            unix_s = EPOCH_UNIX_S + row.sent_s
            if any(first <= unix_s <= last for first, last in claimed):
                self.counts.checked += 1
                if not self._client.has(row.hash):
                    self._fail(
                        "says that a time was answered and lacks an envelope sent at "
                        f"{row.sent_s:.0f} s and taken at {row.taken_s:.1f} s"
                    )

    def _complete(self) -> None:
        self.counts.complete += 1
        if self._begun_s is not None:
            self.everything_is_there(self._begun_s, self._fetched)

    def everything_is_there(self, begun_s: float, topics: Collection[Topic] | None = None) -> None:
        """Check that all is shown that every honest server had when fetching began.

        Args:
            begun_s: When that was.
            topics: What was fetched; None for all.

        Raises:
            ViolationError: Something is missing.
        """
        if self._is_clock_wrong():
            return  # It is told that its clock is wrong; nothing is promised until it is right.
        for topic, joined_s in self._client.topics.items():
            if topics is not None and topic not in topics:
                continue
            before_s, start = self._looked_at.get(topic, (math.nan, 0))
            if before_s != joined_s:
                start = 0
            rows = self._disks.of_all.get(topic, [])
            first_s = joined_s - FIRST_WINDOW_S + CLOCK_ERROR_S_MAX + MARGIN_S
            end = start
            while end < len(rows) and self._has(rows[end], first_s, begun_s):
                end += 1
            self._looked_at[topic] = joined_s, end

    def _is_clock_wrong(self) -> bool:
        ahead_s = self._client.moment().unix_s - self._world.true_unix_s()
        return abs(ahead_s) > CLOCK_ERROR_S_MAX

    def _has(self, row: Taken, first_s: float, begun_s: float) -> bool:
        """Tell whether a row is done with: it is there, or nobody promised it."""
        if max(row.taken_s, row.sent_s + CLOCK_ERROR_S_MAX) + MARGIN_S > begun_s:
            return False
        if row.sent_s < first_s or self._client.has(row.hash):
            self.counts.checked += self._client.has(row.hash)
            return True
        if self._disks.is_lost(row.hash):
            return True
        if any(begin_s <= row.sent_s <= end_s for begin_s, end_s in self._excused):
            return True
        self._fail(f"lacks an envelope sent at {row.sent_s:.0f} s and taken at {row.taken_s:.1f} s")
        return False
