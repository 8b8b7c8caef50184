"""The way into the archive: one batch at a time, nothing twice, retried until it is in."""

from dataclasses import replace

from sottovoce.base.moment import Moment
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.ingest import BATCH_BYTES_MAX, BATCH_ENVELOPES_MAX, Ingest
from sottovoce.mail.server_events import StoreFailed
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import DAY_S, Retention, ServerSettings
from unit.mail.mail_bench import SETTINGS, START, envelope

ONE, TWO, THREE = envelope(1), envelope(2), envelope(3)


def ingest(settings: ServerSettings = SETTINGS) -> tuple[Ingest, MailStatistics]:
    statistics = MailStatistics()
    return Ingest(settings, statistics), statistics


def after(seconds: float) -> Moment:
    return Moment(START.monotonic_s + seconds, START.unix_s + seconds)


def batch(machine: Ingest, now: Moment = START) -> list[Envelope]:
    wish = machine.next_batch(now)
    return [] if wish is None else list(wish.envelopes)


def test_one_batch_is_under_way_and_the_rest_gathers() -> None:
    machine, statistics = ingest()
    machine.take([ONE], START)
    assert batch(machine) == [ONE]
    machine.take([TWO, THREE], START)
    assert batch(machine) == []
    machine.stored(1)
    assert batch(machine) == [TWO, THREE]
    machine.stored(1)
    assert batch(machine) == []
    assert (statistics.archived, statistics.duplicates) == (2, 1)
    assert machine.sizes() == {"envelopes to archive": 0, "bytes to archive": 0}


def test_batches_are_bounded_in_number() -> None:
    machine, _ = ingest()
    machine.take([ONE] * (BATCH_ENVELOPES_MAX + 1), START)
    assert len(batch(machine)) == BATCH_ENVELOPES_MAX
    machine.stored(1)
    assert len(batch(machine)) == 1


def test_batches_are_bounded_in_bytes_but_never_empty() -> None:
    machine, _ = ingest()
    huge = envelope(1, size=BATCH_BYTES_MAX)
    machine.take([huge, ONE], START)
    assert batch(machine) == [huge]
    machine.stored(1)
    assert batch(machine) == [ONE]


def test_batch_that_failed_is_tried_again_with_what_came_meanwhile() -> None:
    machine, statistics = ingest()
    machine.take([ONE], START)
    batch(machine)
    machine.failed(StoreFailed("the disk is full"), START)
    machine.take([TWO], START)
    assert machine.trouble == "the disk is full"
    assert machine.next_deadline() == after(0.5).monotonic_s
    assert batch(machine, after(0.4)) == []
    assert batch(machine, after(0.5)) == [ONE, TWO]
    assert machine.next_deadline() is None
    machine.stored(2)
    assert machine.trouble == ""
    assert (statistics.archived, statistics.store_failures) == (2, 1)


def test_pauses_grow_up_to_a_quarter_of_a_minute_and_begin_anew() -> None:
    machine, _ = ingest()
    machine.take([ONE], START)
    pauses = []
    now = START
    for _ in range(7):
        assert batch(machine, now) == [ONE]
        machine.failed(StoreFailed("no"), now)
        due = machine.next_deadline()
        assert due is not None
        pauses.append(due - now.monotonic_s)
        now = Moment(due, now.unix_s)
    assert pauses == [0.5, 1, 2, 4, 8, 15, 15]
    batch(machine, now)
    machine.stored(1)
    machine.take([TWO], START)
    batch(machine, now)
    machine.failed(StoreFailed("no"), now)
    assert machine.next_deadline() == now.monotonic_s + 0.5


def test_what_can_never_be_stored_is_left_out_and_keeps_nothing_else_out() -> None:
    machine, statistics = ingest()
    envelopes = [envelope(number) for number in range(100)]
    machine.take(envelopes, START)
    unstorable, stored, now = envelopes[41], [], START
    tries = 0
    while machine.sizes()["envelopes to archive"]:
        tries += 1
        wanted = batch(machine, now)
        if unstorable in wanted:
            machine.failed(StoreFailed("it is too big", is_in_vain=True), now)
            assert machine.trouble == "it is too big"
            due = machine.next_deadline()
            assert due is not None
            now = Moment(due, now.unix_s)
        else:
            stored += wanted
            machine.stored(len(wanted))
    assert stored == [each for each in envelopes if each is not unstorable]
    assert (statistics.unstorable, statistics.archived) == (1, 99)
    assert machine.trouble == ""
    assert machine.sizes() == {"envelopes to archive": 0, "bytes to archive": 0}
    assert tries < 25
    machine.take([ONE] * BATCH_ENVELOPES_MAX, now)
    while len(batch(machine, now)) < BATCH_ENVELOPES_MAX:
        machine.stored(0)
        machine.take([ONE] * BATCH_ENVELOPES_MAX, now)


def test_archive_that_may_recover_is_given_the_whole_batch_again() -> None:
    machine, statistics = ingest()
    machine.take([ONE, TWO], START)
    now = START
    for _ in range(20):
        assert batch(machine, now) == [ONE, TWO]
        machine.failed(StoreFailed("the disk is full"), now)
        due = machine.next_deadline()
        assert due is not None
        now = Moment(due, now.unix_s)
    assert statistics.unstorable == 0


def test_what_does_not_fit_is_counted_and_said_until_there_is_room() -> None:
    machine, statistics = ingest(replace(SETTINGS, buffer_envelopes_max=4))
    machine.take([ONE, TWO, THREE], START)
    batch(machine)
    machine.take([envelope(number) for number in range(4, 8)], START)
    assert statistics.dropped == 3
    assert "lost" in machine.trouble
    machine.stored(3)
    assert machine.trouble == ""
    assert batch(machine) == [envelope(4)]


def test_bytes_are_bounded_too() -> None:
    machine, statistics = ingest(replace(SETTINGS, buffer_bytes_max=2 * len(ONE.raw)))
    machine.take([ONE, TWO, THREE], START)
    assert statistics.dropped == 1
    assert statistics.waiting_bytes == 2 * len(ONE.raw)
    assert statistics.waiting_envelopes == 2


def test_full_buffer_of_a_broken_archive_says_both() -> None:
    machine, _ = ingest(replace(SETTINGS, buffer_envelopes_max=1))
    machine.take([ONE, TWO], START)
    batch(machine)
    machine.failed(StoreFailed("the disk is full"), START)
    assert machine.trouble.startswith("the disk is full (")
    assert "lost" in machine.trouble


def test_half_full_buffer_has_no_room_for_what_is_fetched_on_purpose() -> None:
    machine, _ = ingest(replace(SETTINGS, buffer_envelopes_max=4))
    machine.take([ONE, TWO], START)
    assert machine.has_room
    machine.take([THREE], START)
    assert not machine.has_room


def test_what_the_next_cleaning_would_delete_is_left_out() -> None:
    machine, statistics = ingest(replace(SETTINGS, retention=Retention(days=1)))
    last = envelope(1, after_s=-DAY_S)
    machine.take([envelope(2, after_s=-DAY_S - 1), last], START)
    assert batch(machine) == [last]
    assert statistics.outdated == 1


def test_without_bounds_everything_is_archived() -> None:
    machine, _ = ingest(replace(SETTINGS, retention=Retention(days=None)))
    machine.take([envelope(1, after_s=-1000 * DAY_S)], START)
    assert len(batch(machine)) == 1
