"""Filling an archive from another mailserver's: days, pages, and servers that do not end."""

from dataclasses import dataclass, field, replace

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.sync_packets import SyncRequest, SyncResponse
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.replication import (
    AWAY_PATIENCE_S,
    DAY_PAGES_MAX,
    FILL_DAYS_MAX,
    FILLINGS_MAX,
    PAGE_CUTS_MAX,
    PAGES_AT_ONCE,
    Filling,
    Fillings,
)
from sottovoce.mail.server_events import (
    AskSync,
    EnvelopesReceived,
    FillAsked,
    FillDone,
    FillGivenUp,
    PeerJoined,
    PeerLeft,
    SendSynced,
    ServerOutput,
    Stored,
    SyncArrived,
    SyncReceived,
)
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import DAY_S, Retention
from unit.mail.mail_bench import FULL, SETTINGS, START, START_UNIX_S, Bench, asker, envelope

SERVER = 7


def after(seconds: float) -> Moment:
    return Moment(START.monotonic_s + seconds, START.unix_s + seconds)


def filling(from_unix_s: int = START_UNIX_S - 10) -> Filling:
    return Filling(asker(SERVER), SERVER, from_unix_s, START)


def asked(machine: Filling, now: Moment = START) -> SyncRequest:
    request = machine.next_request(now)
    assert request is not None
    return request


def final(cursor: bytes = b"") -> SyncResponse:
    return SyncResponse((), cursor, final=True)


def cursor(second: int, last: int = 0) -> bytes:
    return Cursor(second, EnvelopeHash(bytes([last]) * 32)).encode()


def some(after_s: int = -5, number: int = 0) -> SyncResponse:
    return SyncResponse((envelope(number, after_s=after_s),))


# ---- days and pages


def test_every_day_is_asked_for_once_from_the_first_to_the_last() -> None:
    machine = filling(START_UNIX_S - 2 * DAY_S)
    windows = []
    while not machine.is_ended:
        request = asked(machine)
        assert (request.bloom, request.limit, request.cursor) == (FULL, 1000, b"")
        windows.append((request.lower_unix_s, request.upper_unix_s))
        machine.take(final(), START)
    first = START_UNIX_S - 2 * DAY_S
    assert windows == [
        (first, first + DAY_S - 1),
        (first + DAY_S, START_UNIX_S - 1),
        (START_UNIX_S, START_UNIX_S),
    ]
    assert machine.detail == ""


def test_page_goes_on_behind_the_cursor_in_the_same_day() -> None:
    machine = filling()
    first = asked(machine)
    assert machine.take(some(), START) == some().envelopes
    machine.take(final(cursor(START_UNIX_S - 5)), START)
    assert asked(machine) == replace(first, cursor=cursor(START_UNIX_S - 5))
    machine.take(final(), START)
    assert machine.is_ended
    assert (machine.envelopes, machine.detail) == (1, "")


def test_next_page_is_not_asked_for_before_the_answer_ended() -> None:
    machine = filling()
    asked(machine)
    machine.take(some(), START)
    assert machine.next_request(START) is None


def test_second_in_the_future_is_no_wish() -> None:
    assert filling(START_UNIX_S + 1).is_ended


def test_nobody_is_asked_for_years() -> None:
    assert asked(filling(0)).lower_unix_s == START_UNIX_S - FILL_DAYS_MAX * DAY_S


def test_envelopes_from_outside_the_day_are_left_out() -> None:
    machine = filling()
    asked(machine)
    assert machine.take(some(after_s=-11), START) == ()
    assert machine.take(some(after_s=1), START) == ()
    assert machine.envelopes == 0


def test_what_was_not_asked_for_is_left_out() -> None:
    machine = filling()
    assert machine.take(some(), START) == ()
    asked(machine)
    machine.take(final(), START)
    assert machine.take(some(), START) == ()


def test_pages_are_asked_for_at_a_pace_that_no_server_refuses() -> None:
    machine = filling(START_UNIX_S - 366 * DAY_S)
    for number in range(PAGES_AT_ONCE):
        asked(machine)
        machine.take(some(-366 * DAY_S + number), START)
        machine.take(final(cursor(START_UNIX_S - 366 * DAY_S + number)), START)
    assert machine.next_request(START) is None
    due = machine.next_deadline(may_ask=True)
    assert due is not None
    assert due - START.monotonic_s == pytest.approx(7.2)
    assert machine.next_deadline(may_ask=False) is None
    asked(machine, Moment(due, START.unix_s))


def test_bytes_have_a_pace_too() -> None:
    machine = filling()
    large = envelope(1, after_s=-5, size=1024 * 1024)
    asked(machine)
    machine.take(SyncResponse((large,) * 401), START)
    machine.take(final(cursor(START_UNIX_S - 5)), START)
    assert machine.next_request(START) is None
    due = machine.next_deadline(may_ask=True)
    assert due is not None
    assert 7 < due - START.monotonic_s < 8


# ---- servers that lie, fail or fall silent


def test_silence_ends_it_after_thirty_seconds_and_empty_packets_are_silence() -> None:
    machine = filling()
    asked(machine)
    machine.take(some(), after(20))
    machine.take(SyncResponse(), after(40))
    assert machine.next_deadline(may_ask=False) == after(50).monotonic_s
    machine.pass_time(after(49))
    assert machine.detail == ""
    machine.pass_time(after(50))
    assert machine.is_ended
    assert machine.detail == "the mailserver did not answer for 30 s"


def test_refusal_ends_it_with_the_servers_words() -> None:
    machine = filling()
    asked(machine)
    machine.take(SyncResponse(error="requests per seconds limit exceeded"), START)
    assert machine.detail == "the mailserver refused: requests per seconds limit exceeded"


def test_more_than_a_page_ends_it() -> None:
    machine = filling()
    asked(machine)
    assert machine.take(SyncResponse(some().envelopes * 1000), START)
    assert machine.take(some(), START) == ()
    assert machine.detail == "the mailserver sent more than it was asked for"


@pytest.mark.parametrize(
    "cursors",
    [
        [cursor(5), cursor(5)],
        [cursor(5), cursor(6), cursor(5)],
        [cursor(5), cursor(4), cursor(6)],
        [b"\x01" * 35],
        [b"\x01" * 37],
    ],
)
def test_cursor_that_does_not_move_on_ends_it(cursors: list[bytes]) -> None:
    machine = filling()
    for each in cursors:
        assert not machine.is_ended
        asked(machine)
        machine.take(some(), START)
        machine.take(final(each), START)
    assert machine.detail == "the mailserver's cursor does not move on"


@pytest.mark.parametrize("step", [1, -1])
def test_cursors_may_move_either_way(step: int) -> None:
    machine = filling()
    for number in range(5):
        asked(machine)
        machine.take(some(), START)
        machine.take(final(cursor(START_UNIX_S + step * number)), START)
    assert not machine.is_ended


def test_cursors_without_envelopes_end_it() -> None:
    machine = filling()
    for number in range(4):
        assert not machine.is_ended
        asked(machine)
        machine.take(final(cursor(number)), START)
    assert machine.detail == "the mailserver's pages do not come to an end"


def test_day_without_end_ends_it() -> None:
    machine = filling()
    now = START
    for number in range(DAY_PAGES_MAX + 1):
        assert not machine.is_ended
        now = Moment(now.monotonic_s + 10, now.unix_s)
        asked(machine, now)
        machine.take(some(), now)
        machine.take(final(cursor(number)), now)
    assert machine.detail == "the mailserver's pages do not come to an end"


# ---- connections that do not last


def test_page_that_was_cut_short_is_asked_for_again_and_counted_once() -> None:
    machine = filling()
    asked(machine)
    machine.take(some(number=1), START)
    machine.take(final(cursor(START_UNIX_S - 5)), START)
    second = asked(machine)
    machine.take(some(number=2), START)
    machine.leave(START)
    assert machine.next_request(START) is None
    machine.go_on_with(SERVER + 1)
    assert machine.peer == SERVER + 1
    assert asked(machine) == second
    machine.take(some(number=2), START)
    machine.take(final(), START)
    assert machine.is_ended
    assert (machine.envelopes, machine.detail) == (2, "")


def test_mailserver_that_is_away_is_waited_for_half_an_hour() -> None:
    machine = filling()
    machine.leave(after(100))
    due = after(100 + AWAY_PATIENCE_S)
    assert machine.next_deadline(may_ask=False) == due.monotonic_s
    machine.pass_time(after(99 + AWAY_PATIENCE_S))
    assert machine.detail == ""
    machine.pass_time(due)
    assert machine.is_ended
    assert "not connected for 30 minutes" in machine.detail


def test_patience_begins_anew_each_time_that_it_leaves() -> None:
    machine = filling()
    machine.leave(START)
    machine.go_on_with(SERVER)
    machine.pass_time(after(AWAY_PATIENCE_S))
    asked(machine, after(AWAY_PATIENCE_S))
    machine.leave(after(AWAY_PATIENCE_S))
    machine.pass_time(after(2 * AWAY_PATIENCE_S - 1))
    assert not machine.is_ended


def test_page_that_is_cut_short_again_and_again_ends_it() -> None:
    machine = filling()
    for _ in range(PAGE_CUTS_MAX + 1):
        assert not machine.is_ended
        asked(machine)
        machine.leave(START)
        machine.go_on_with(SERVER)
    assert machine.is_ended
    assert machine.detail == "the mailserver left 6 times in the midst of one answer"


def test_pages_that_come_in_between_make_the_cuts_forgotten() -> None:
    machine = filling()
    for second in range(PAGE_CUTS_MAX + 1):
        asked(machine)
        machine.leave(START)
        machine.go_on_with(SERVER)
        asked(machine)
        machine.take(some(), START)
        machine.take(final(cursor(second)), START)
    assert not machine.is_ended


def test_what_came_of_a_page_that_was_cut_short_is_told_when_it_ends_there() -> None:
    machine = filling()
    asked(machine)
    machine.take(some(), START)
    machine.leave(START)
    machine.pass_time(after(AWAY_PATIENCE_S))
    assert machine.envelopes == 1


# ---- several at once


def test_number_of_mailservers_at_once_is_bounded_and_each_is_asked_once() -> None:
    machine = Fillings(Retention(), MailStatistics())
    for peer in range(FILLINGS_MAX):
        machine.handle(FillAsked(peer, asker(peer), START_UNIX_S), START)
    machine.handle(FillAsked(0, asker(0), START_UNIX_S), START)
    machine.handle(FillAsked(99, asker(99), START_UNIX_S), START)
    outputs = machine.go_on(START, may_ask=True)
    done = [output for output in outputs if isinstance(output, FillDone)]
    assert [each.key for each in done] == [asker(0), asker(99)]
    assert all(each.detail for each in done)
    assert len([output for output in outputs if isinstance(output, AskSync)]) == FILLINGS_MAX


def test_what_the_archive_would_not_keep_is_not_asked_for() -> None:
    machine = Fillings(Retention(days=3), MailStatistics())
    machine.handle(FillAsked(1, asker(1), 0), START)
    (ask,) = machine.go_on(START, may_ask=True)
    assert isinstance(ask, AskSync)
    assert ask.request.lower_unix_s == START_UNIX_S - 3 * DAY_S


def test_answers_of_other_peers_are_left_out() -> None:
    machine = Fillings(Retention(), MailStatistics())
    assert machine.take(SyncArrived(3, some()), START) == ()


# ---- two mailservers back to back


@dataclass
class Pair:
    """An empty mailserver that is filled from another one."""

    full: Bench = field(default_factory=Bench)
    empty: Bench = field(default_factory=Bench)
    done: list[FillDone] = field(default_factory=list)

    def run(self, outputs: list[ServerOutput]) -> None:
        """Carry packets until nobody has any."""
        while outputs:
            output = outputs.pop(0)
            if isinstance(output, FillDone):
                self.done.append(output)
            if not isinstance(output, AskSync):
                continue
            for packet in self.full.handle(SyncReceived(1, asker(1), output.request)):
                assert isinstance(packet, SendSynced)
                response = SyncResponse(
                    tuple(decode_envelope(raw) for raw in packet.envelopes),
                    packet.cursor,
                    packet.final,
                )
                outputs += self.empty.handle(SyncArrived(SERVER, response))


def made(count: int) -> list[Envelope]:
    return [envelope(number, after_s=-60 * number) for number in range(count)]


def test_empty_archive_is_filled_with_all_there_is_and_nothing_twice() -> None:
    pair = Pair(full=Bench(replace(SETTINGS, answer_bytes_max=20_000)))
    pair.full.keep(*made(3000))
    pair.empty.keep(*made(500))
    pair.run(pair.empty.handle(FillAsked(SERVER, asker(SERVER), START_UNIX_S - 3 * DAY_S)))
    assert pair.done == [FillDone(asker(SERVER), 3000)]
    assert pair.empty.archive.size() == pair.full.archive.size()
    assert pair.empty.server.statistics.synced == 3000
    assert pair.empty.server.statistics.duplicates == 500
    assert pair.empty.server.sizes()["fillings"] == 0


def test_next_page_waits_while_the_buffer_is_half_full() -> None:
    bench = Bench(replace(SETTINGS, buffer_envelopes_max=4))
    bench.answering = False
    bench.handle(EnvelopesReceived(tuple(made(3))))
    assert bench.handle(FillAsked(SERVER, asker(SERVER), START_UNIX_S)) == []
    assert bench.server.next_deadline() == after(60).monotonic_s
    bench.answering = True
    (ask,) = bench.handle(Stored(3))
    assert isinstance(ask, AskSync)


def test_mailserver_that_comes_back_under_another_number_is_asked_on() -> None:
    bench = Bench()
    (ask,) = bench.handle(FillAsked(SERVER, asker(SERVER), START_UNIX_S))
    assert isinstance(ask, AskSync)
    assert bench.handle(PeerLeft(SERVER)) == []
    assert bench.handle(PeerJoined(8, asker(8))) == []
    assert bench.handle(PeerJoined(9, asker(SERVER))) == [AskSync(9, ask.request)]
    assert bench.handle(SyncArrived(SERVER, final())) == []
    (done,) = bench.handle(SyncArrived(9, final()))
    assert done == FillDone(asker(SERVER), 0)


def test_mailserver_that_is_not_connected_yet_is_waited_for() -> None:
    bench = Bench()
    assert bench.handle(FillAsked(None, asker(SERVER), START_UNIX_S)) == []
    (ask,) = bench.handle(PeerJoined(SERVER, asker(SERVER)))
    assert isinstance(ask, AskSync)


def test_mailserver_that_speaks_nothing_that_fills_ends_the_filling() -> None:
    bench = Bench()
    bench.handle(FillAsked(None, asker(SERVER), START_UNIX_S))
    (done,) = bench.handle(PeerJoined(None, asker(SERVER)))
    assert isinstance(done, FillDone)
    assert "over Whisper" in done.detail


def test_owner_who_wants_no_more_of_a_mailserver_ends_the_filling() -> None:
    bench = Bench()
    bench.handle(FillAsked(SERVER, asker(SERVER), START_UNIX_S))
    (done,) = bench.handle(FillGivenUp(asker(SERVER)))
    assert isinstance(done, FillDone)
    assert "owner" in done.detail
    assert bench.handle(FillGivenUp(asker(SERVER))) == []
