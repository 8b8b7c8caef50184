"""Of which seconds of which topic which server gave its answer, and what is still open.

A topic's history is wanted from the second kept with it, at most `history_s` ago, up to its *goal*:
the moment when fetching it began last. Of that a server has answered what is *settled*, which is
stored, and the *fresh* seconds at the end: asked for, but so young that envelopes of that time may
still be on their way. Fresh seconds count until the goal moves; then they are asked for again, and
so the windows overlap.

Each second is wanted of `witnesses` servers, for only another one reveals what one leaves out. A
server that joins others who answered before is asked for what they answered only from the first
window before its joining on; what nobody answered it is asked for like everybody.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.gossip.envelope import SECONDS_MAX
from sottovoce.mail.coverage import NOTHING, Intervals, bounded, joined, seconds, within
from sottovoce.mail.open_rows import Facts, Mark, OpenRow, OpenRows
from sottovoce.mail.request import REQUEST_TOPICS_MAX
from sottovoce.mail.settings import ClientSettings
from sottovoce.mail.stores import MailStore

# Topics that are heard first within one hour share their windows and thus their requests.
_STEP_S: Final = 3600
# A clock before 2020 was never set.
_CLOCK_SET_UNIX_S: Final = 1_577_836_800


class Window(NamedTuple):
    """What one run of requests is about: topics, and the first and the last second."""

    topics: frozenset[Topic]
    from_unix_s: int
    to_unix_s: int


class Ledger:
    """What was answered and what is open.

    Args:
        store: Where it is kept.
        settings: Windows and witnesses.
    """

    def __init__(self, store: MailStore, settings: ClientSettings) -> None:
        self._store: Final = store
        self._settings: Final = settings
        self._joined: Final = store.load_servers()
        self._since: Final = store.load_topics()
        self._goals: Final[dict[Topic, int]] = {}
        self._settled: Final[dict[PublicKey, dict[Topic, Intervals]]] = {}
        self._fresh: Final[dict[PublicKey, dict[Topic, Intervals]]] = {}
        self._underway: Final[dict[PublicKey, Window]] = {}
        self._servers: tuple[PublicKey, ...] = tuple(self._joined)
        self._rows = self._new_rows()
        self._found: list[OpenRow] | None = None
        # What is open at a server, with the floor that it was found for.
        self._open_of: Final[dict[PublicKey, tuple[int, list[tuple[list[Topic], Intervals]]]]] = {}
        self.version = 0
        self.left_out = 0
        self._newest = max(self._since.values(), default=0)  # no second here is newer
        self._seen: Moment | None = None
        self._began_unix_s = 0  # this life, by the clock of now
        same: dict[Intervals, Intervals] = {}
        for row in store.load_covered():
            of_server = self._settled.setdefault(row.server, {})
            before = of_server.get(row.topic, NOTHING)
            every = joined((*before, (row.from_unix_s, row.to_unix_s)))
            of_server[row.topic] = same.setdefault(every, every)
            self._newest = max(self._newest, row.to_unix_s)

    @property
    def topics(self) -> frozenset[Topic]:
        """The topics whose history is wanted."""
        return frozenset(self._since)

    @property
    def _has_choice(self) -> bool:
        """Whether there are more servers than are asked, so that it matters who is at what."""
        return len(self._servers) > self._settings.witnesses

    # ---- what is wanted

    def set_servers(self, servers: tuple[PublicKey, ...], now: Moment) -> None:
        """Trust these servers, and forget what others answered; none changes nothing."""
        self._touch()
        self._servers = servers
        self._rows = self._new_rows()
        if not servers:
            return  # History is switched off for a while, or for good; nothing is asked.
        others_answered = any(self._settled.values())
        for server in servers:
            if server not in self._joined:
                first = now.unix_whole_s - self._settings.first_window_s
                self._joined[server] = first if others_answered else 0
                self._store.save_server(server, self._joined[server])
        for server in self._joined.keys() - set(servers):
            del self._joined[server]
            self._settled.pop(server, None)
            self._fresh.pop(server, None)
            self._store.remove_server(server)
        self._rows = self._new_rows()

    def set_topics(self, topics: frozenset[Topic], now: Moment) -> None:
        """Want the history of these topics; what is known of others is forgotten."""
        self._touch()
        for topic in sorted(self._since.keys() - topics):
            self._remove_topic(topic)
        first = max(0, now.unix_whole_s - self._settings.first_window_s)
        first -= first % _STEP_S
        added = sorted(topics - self._since.keys())
        room = max(0, REQUEST_TOPICS_MAX - len(self._since))
        self.left_out = len(added[room:])
        self._newest = max(self._newest, first)
        for topic in added[:room]:
            self._since[topic] = first
            self._store.save_topic(topic, first)

    def reach_back(self, topics: Iterable[Topic], from_unix_s: int, now: Moment) -> None:
        """Want the history of some topics from a second on, again of whoever answered it before."""
        self._touch()
        first = max(from_unix_s, self._floor(now), 0)
        older_of: dict[Intervals, Intervals] = {}  # Most topics have the same intervals.
        for topic in topics:
            if topic not in self._since:
                continue
            if first < self._since[topic]:
                self._since[topic] = first
                self._store.save_topic(topic, first)
            for server, settled in self._settled.items():
                before = settled.get(topic, NOTHING)
                if before and before[-1][1] >= first:
                    older = older_of.setdefault(before, within(before, 0, first - 1))
                    self._settle(server, topic, older)
        for server, since in self._joined.items():
            if first < since:
                self._joined[server] = first
                self._store.save_server(server, first)
        self._rows = self._new_rows()

    def begin(self, topics: Iterable[Topic], now: Moment) -> None:
        """Want the history of some topics up to this second; what was fresh is asked for again."""
        self._touch()
        for topic in topics:
            if topic not in self._since:
                continue
            self._goals[topic] = min(now.unix_whole_s, SECONDS_MAX)
            self._newest = max(self._newest, self._goals[topic])
            for fresh in self._fresh.values():
                fresh.pop(topic, None)

    def look_at_clock(self, now: Moment) -> None:
        """Forget what was answered for seconds that were still to come: the clock was ahead then.

        That a clock was put back shows while its time is before that of an answer, and in the life
        in which it happens also later, by the other clock, which nobody puts back. Since when it
        was ahead nobody knows, so what was answered in this life is asked for again. A clock that
        was never set says 1970 or so, and then nothing is forgotten.
        """
        seen, self._seen = self._seen, now
        if now.unix_whole_s < _CLOCK_SET_UNIX_S:
            return
        newest = now.unix_whole_s
        if seen is None or self._began_unix_s < _CLOCK_SET_UNIX_S:
            self._began_unix_s = newest
        if seen is not None:
            gained_s = (now.unix_s - seen.unix_s) - (now.monotonic_s - seen.monotonic_s)
            if -gained_s > self._settings.overlap_s:
                self._began_unix_s = newest = min(newest, int(self._began_unix_s + gained_s))
        if newest < self._newest:
            self._touch()
            self._newest = newest
            self._forget_from(newest, now)

    def _forget_from(self, newest: int, now: Moment) -> None:
        """Forget what was answered for a second and those behind it."""
        last = newest - self._settings.overlap_s
        for topic, goal in self._goals.items():
            self._goals[topic] = min(goal, now.unix_whole_s)
        for server, settled in self._settled.items():
            for topic, intervals in settled.items():
                if intervals and intervals[-1][1] > newest:
                    self._settle(server, topic, within(intervals, 0, last))
        for topic, since in self._since.items():
            if since > now.unix_whole_s:  # Nobody knows since when it is heard in truth.
                self._since[topic] = max(0, self._floor(now))
                self._store.save_topic(topic, self._since[topic])

    def newcomers(self) -> frozenset[Topic]:
        """Return the topics that were never fetched in this life."""
        return frozenset(self._since.keys() - self._goals.keys())

    # ---- what is answered

    def set_underway(self, server: PublicKey, window: Window | None) -> None:
        """Note what a server is being asked for."""
        if self._underway.get(server) == window:
            return
        if window is None:
            self._underway.pop(server, None)
        else:
            self._underway[server] = window
        if self._has_choice:
            self._touch()

    def answered(self, server: PublicKey, window: Window, asked_unix_s: int, now: Moment) -> None:
        """Note that a server answered a window to its end.

        Args:
            server: The server.
            window: What it was asked for.
            asked_unix_s: When it was asked first.
            now: This moment.
        """
        if server not in self._joined:
            return
        self._touch()
        last_settled = min(
            window.to_unix_s,
            min(asked_unix_s, now.unix_whole_s) - self._settings.overlap_s,
        )
        first = window.from_unix_s
        if last_settled >= first:
            self._newest = max(self._newest, last_settled)
        young = (max(first, last_settled + 1), window.to_unix_s)
        settled = self._settled.setdefault(server, {})
        fresh = self._fresh.setdefault(server, {})
        old_of: dict[Intervals, Intervals] = {}  # Most topics have the same intervals.
        young_of: dict[Intervals, Intervals] = {}
        for topic in sorted(window.topics & self._since.keys()):
            before = fresh.get(topic, NOTHING)
            if before not in young_of:
                young_of[before] = joined((*before, young))
            fresh[topic] = young_of[before]
            if last_settled < first:
                continue
            before = settled.get(topic, NOTHING)
            if before not in old_of:
                every = joined((*before, (first, last_settled)))
                old_of[before] = bounded(within(every, self._floor(now), every[-1][1]))
            self._settle(server, topic, old_of[before])

    # ---- what is open

    def open_rows(self, server: PublicKey, now: Moment) -> list[tuple[list[Topic], Intervals]]:
        """Return the open seconds of a server, with the topics that they are open for."""
        if server not in self._servers:
            return []
        floor, kept = self._open_of.get(server, (None, []))
        if floor != self._floor(now):
            place, floor = self._servers.index(server), self._floor(now)
            every = [(topics, _above(floor, gaps[place])) for topics, gaps in self._grouped()]
            kept = [(topics, gaps) for topics, gaps in every if gaps]
            self._open_of[server] = floor, kept
        return kept

    def open_s(self, server: PublicKey, now: Moment) -> int:
        """Return the open seconds of a server, of all topics together."""
        return sum(len(topics) * seconds(gaps) for topics, gaps in self.open_rows(server, now))

    def is_open(self, server: PublicKey, topics: frozenset[Topic] | None, now: Moment) -> bool:
        """Tell whether a server has open seconds of some topics, or of any."""
        rows = self.open_rows(server, now)
        return bool(rows) if topics is None else any(topics & set(named) for named, _ in rows)

    def is_needed(self, server: PublicKey, window: Window, now: Moment) -> bool:
        """Tell whether a part of a window is open at a server."""
        return any(
            within(gaps, window.from_unix_s, window.to_unix_s) and window.topics & set(topics)
            for topics, gaps in self.open_rows(server, now)
        )

    def oldest_window(
        self, server: PublicKey, span_s: int, now: Moment, *, behind_unix_s: int = 0
    ) -> Window | None:
        """Return the oldest window to ask a server for, or None.

        Sessions open nothing that is more than a thousand messages ahead: if the newest of many
        days came first, it would be lost. What is longer than a window is cut at distances of
        `span_s` before the end, so that the windows of all topics meet, and the oldest is short.

        Args:
            server: The server.
            span_s: How long a window is at most.
            now: This moment.
            behind_unix_s: From where on to look first; what is older comes when nothing else does.
        """
        rows = self.open_rows(server, now)
        if behind_unix_s:
            later = [(topics, _above(behind_unix_s, gaps)) for topics, gaps in rows]
            rows = [(topics, gaps) for topics, gaps in later if gaps] or rows
        if not rows:
            return None
        goal = max(gaps[-1][1] for _, gaps in rows)
        first = min(gaps[0][0] for _, gaps in rows)
        by_last: dict[int, set[Topic]] = {}
        for topics, ((begin, end), *_) in rows:
            if begin == first:
                last = end if end - first < span_s else goal - (goal - first) // span_s * span_s
                by_last.setdefault(last, set()).update(topics)
        last, topics_of_it = max(by_last.items(), key=lambda item: (len(item[1]), item[0]))
        if self._settings.blurred:
            return Window(self.topics, first, last)  # One filter, whatever is missing.
        return Window(frozenset(topics_of_it), first, last)

    # ---- inside

    def _grouped(self) -> list[OpenRow]:
        """Return the topics by what is open for them."""
        if self._found is None:
            self._found = self._rows.find(self._alike())
        return self._found

    def _alike(self) -> dict[Mark, tuple[Facts, list[Topic]]]:
        """Return the topics by what is known of them; most have the same intervals."""
        settled = [self._settled.get(server, {}) for server in self._servers]
        fresh = [self._fresh.get(server, {}) for server in self._servers]
        every, count = [*settled, *fresh], len(settled)
        underway = [
            self._underway.get(server) if self._has_choice else None for server in self._servers
        ]
        is_asked, idle = any(underway), (NOTHING,) * count
        found: dict[Mark, tuple[Facts, list[Topic]]] = {}
        for topic in sorted(self._goals.keys() & self._since.keys()):
            since, goal = self._since[topic], self._goals[topic]
            known = [of_server.get(topic, NOTHING) for of_server in every]
            at_work = tuple([_part(window, topic) for window in underway]) if is_asked else idle
            mark = (since, goal, at_work, *map(id, known))
            if mark not in found:
                facts = Facts(since, goal, tuple(known[:count]), tuple(known[count:]), at_work)
                found[mark] = facts, []
            found[mark][1].append(topic)
        return found

    def _new_rows(self) -> OpenRows:
        joined_since = tuple(self._joined.get(server, 0) for server in self._servers)
        return OpenRows(self._settings.witnesses, joined_since)

    def _settle(self, server: PublicKey, topic: Topic, intervals: Intervals) -> None:
        self._settled.setdefault(server, {})[topic] = intervals
        self._store.replace_covered(server, topic, intervals)

    def _remove_topic(self, topic: Topic) -> None:
        """Forget a topic, also of what is under way: its messages may not have been opened."""
        del self._since[topic]
        self._goals.pop(topic, None)
        for of_server in (*self._settled.values(), *self._fresh.values()):
            of_server.pop(topic, None)
        self._store.remove_topic(topic)

    def _floor(self, now: Moment) -> int:
        return now.unix_whole_s - self._settings.history_s

    def _touch(self) -> None:
        self.version += 1
        self._found = None
        self._open_of.clear()


def _above(first: int, gaps: Intervals) -> Intervals:
    """Return what is not older than a second."""
    return gaps if not gaps or gaps[0][0] >= first else within(gaps, first, gaps[-1][1])


def _part(window: Window | None, topic: Topic) -> Intervals:
    """Return what a window is about, for one topic."""
    if window is None or topic not in window.topics:
        return NOTHING
    return ((window.from_unix_s, window.to_unix_s),)
