"""What every archive does, whatever keeps it: the tests that each engine passes."""

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_matches, topic_bloom
from sottovoce.gossip.envelope import SECONDS_MAX, Envelope, UnminedEnvelope
from sottovoce.mail.archive import Archive, ArchiveSize, Page, Selection
from sottovoce.mail.cursor import Cursor

DAY: Final = 86_400
MIDNIGHT: Final = 18_500 * DAY  # of a day in 2020
TTL_S: Final = 10
PLENTY: Final = 1000
MUCH: Final = 1 << 30
TOPICS: Final = tuple(Topic(bytes([number, 7, 99, number % 8])) for number in range(6))


class ArchivePlace(Protocol):
    """Where an engine keeps an archive."""

    def open(self) -> Archive:
        """Open it, with what was kept there."""
        ...

    def fresh(self) -> Archive:
        """Open an empty one in another place."""
        ...


def envelope(sent_unix_s: int, topic: int = 0, *, data: bytes = b"x", nonce: int = 0) -> Envelope:
    expiry_unix_s = (sent_unix_s + TTL_S) & SECONDS_MAX
    return UnminedEnvelope(expiry_unix_s, TTL_S, TOPICS[topic], data).mined(nonce)


def some(count: int, first_unix_s: int = MIDNIGHT, step_s: int = 1) -> list[Envelope]:
    """Envelopes on all topics in turns, some within one second."""
    return in_order(
        envelope(first_unix_s + number // 3 * step_s, number % len(TOPICS), nonce=number)
        for number in range(count)
    )


def place(of: Envelope) -> Cursor:
    return Cursor(of.sent_unix_s, of.hash)


def in_order(envelopes: Iterable[Envelope]) -> list[Envelope]:
    return sorted(envelopes, key=place)


def raws(envelopes: Iterable[Envelope]) -> tuple[bytes, ...]:
    return tuple(each.raw for each in envelopes)


EVERYTHING: Final = Selection(
    from_unix_s=0,
    to_unix_s=SECONDS_MAX,
    topics=frozenset(),
    bloom=FULL_BLOOM,
    after=None,
    limit=PLENTY,
    bytes_max=MUCH,
)


def expected(envelopes: Iterable[Envelope], selection: Selection) -> list[Envelope]:
    """Answer a selection without limits as the port describes it."""
    return [
        each
        for each in in_order(set(envelopes))
        if selection.from_unix_s <= each.sent_unix_s <= selection.to_unix_s
        and (
            each.topic in selection.topics
            if selection.topics
            else bloom_matches(selection.bloom, topic_bloom(each.topic))
        )
        and (selection.after is None or place(each) > selection.after)
    ]


def pages(archive: Archive, selection: Selection) -> Iterator[Page]:
    """Ask page by page to the end."""
    while True:
        page = archive.query(selection)
        yield page
        if not page.has_more:
            return
        assert page.last is not None
        selection = dataclasses.replace(selection, after=page.last)


class ArchiveContract:
    """The tests; a class of each engine inherits them and has a fixture `archives`."""

    @pytest.fixture
    def archive(self, archives: ArchivePlace) -> Iterator[Archive]:
        archive = archives.open()
        yield archive
        archive.close()

    def test_an_empty_archive_finds_nothing_and_has_no_oldest(self, archive: Archive) -> None:
        assert archive.query(EVERYTHING) == Page()
        assert archive.size() == ArchiveSize(0, 0, None)
        assert archive.expire(SECONDS_MAX) == 0
        assert archive.trim(envelopes_max=0, bytes_max=0) == 0
        assert archive.store(()) == 0

    def test_pages_are_in_the_order_of_time_and_hash(self, archive: Archive) -> None:
        envelopes = some(40)
        archive.store(list(reversed(envelopes)))
        page = archive.query(EVERYTHING)
        assert page == Page(raws(envelopes), place(envelopes[-1]))

    def test_bounds_are_included(self, archive: Archive) -> None:
        envelopes = [envelope(MIDNIGHT + second) for second in range(-3, 4)]
        archive.store(envelopes)
        around_midnight = dataclasses.replace(
            EVERYTHING, from_unix_s=MIDNIGHT - 1, to_unix_s=MIDNIGHT + 2
        )
        assert archive.query(around_midnight).envelopes == raws(envelopes[2:6])

    def test_inverted_bounds_find_nothing(self, archive: Archive) -> None:
        archive.store(some(5))
        inverted = dataclasses.replace(EVERYTHING, from_unix_s=MIDNIGHT + 1, to_unix_s=MIDNIGHT)
        assert archive.query(inverted) == Page()

    def test_seconds_at_both_ends_of_time_are_kept(self, archive: Archive) -> None:
        envelopes = [envelope(0), envelope(1), envelope(MIDNIGHT), envelope(SECONDS_MAX)]
        assert archive.store(envelopes) == len(envelopes)
        assert archive.query(EVERYTHING).envelopes == raws(envelopes)
        assert archive.size().oldest_unix_s == 0
        assert archive.expire(2) == 2
        assert archive.size().oldest_unix_s == MIDNIGHT

    def test_named_topics_find_exactly_these(self, archive: Archive) -> None:
        envelopes = some(30)
        archive.store(envelopes)
        named = dataclasses.replace(
            EVERYTHING, topics=frozenset({TOPICS[1], TOPICS[4], Topic(b"none")}), bloom=0
        )
        assert archive.query(named).envelopes == raws(expected(envelopes, named))

    def test_many_named_topics_find_exactly_these(self, archive: Archive) -> None:
        envelopes = some(30)
        archive.store(envelopes)
        others = {Topic(number.to_bytes(4, "big")) for number in range(1 << 12)}
        named = dataclasses.replace(EVERYTHING, topics=frozenset({TOPICS[2], *others}), bloom=0)
        assert archive.query(named).envelopes == raws(expected(envelopes, named))

    def test_a_bloom_finds_all_topics_within_it(self, archive: Archive) -> None:
        envelopes = some(30)
        archive.store(envelopes)
        bloom = topic_bloom(TOPICS[1]) | topic_bloom(TOPICS[3])
        found = archive.query(dataclasses.replace(EVERYTHING, bloom=bloom)).envelopes
        selected = dataclasses.replace(EVERYTHING, bloom=bloom)
        assert found == raws(expected(envelopes, selected))
        assert archive.query(dataclasses.replace(EVERYTHING, bloom=0)) == Page()

    def test_more_topics_than_anybody_names_are_found(self, archive: Archive) -> None:
        envelopes = in_order(
            UnminedEnvelope(
                MIDNIGHT + number % 50, 0, Topic(number.to_bytes(4, "little")), b""
            ).mined(0)
            for number in range(700)
        )
        archive.store(envelopes)
        for selection in (
            EVERYTHING,
            dataclasses.replace(EVERYTHING, bloom=(1 << 200) - 1),
            dataclasses.replace(
                EVERYTHING, topics=frozenset(each.topic for each in envelopes[::2])
            ),
        ):
            small = dataclasses.replace(selection, limit=90)
            found = [raw for page in pages(archive, small) for raw in page.envelopes]
            assert tuple(found) == raws(expected(envelopes, selection))

    def test_a_page_goes_on_strictly_behind_its_cursor(self, archive: Archive) -> None:
        envelopes = some(20)
        archive.store(envelopes)
        for at, each in enumerate(envelopes):
            behind = dataclasses.replace(EVERYTHING, after=place(each))
            assert archive.query(behind).envelopes == raws(envelopes[at + 1 :])

    def test_a_cursor_need_not_name_an_envelope(self, archive: Archive) -> None:
        envelopes = some(21)
        archive.store(envelopes[::2])
        for at in range(1, 21, 2):
            behind = dataclasses.replace(EVERYTHING, after=place(envelopes[at]))
            assert archive.query(behind).envelopes == raws(envelopes[at + 1 :: 2])

    def test_cursors_outside_the_bounds_are_places_like_any(self, archive: Archive) -> None:
        envelopes = some(12)
        archive.store(envelopes)
        before = Cursor(0, EnvelopeHash(bytes(32)))
        late = dataclasses.replace(EVERYTHING, from_unix_s=MIDNIGHT + 2, after=before)
        assert archive.query(late).envelopes == raws(envelopes[6:])
        ended = Cursor(SECONDS_MAX, EnvelopeHash(b"\xff" * 32))
        assert archive.query(dataclasses.replace(EVERYTHING, after=ended)) == Page()

    def test_a_page_ends_at_its_limit_and_says_whether_more_follows(self, archive: Archive) -> None:
        envelopes = some(9)
        archive.store(envelopes)
        page = archive.query(dataclasses.replace(EVERYTHING, limit=4))
        assert page == Page(raws(envelopes[:4]), place(envelopes[3]), has_more=True)

    @pytest.mark.parametrize("topics", [frozenset[Topic](), frozenset(TOPICS)])
    @pytest.mark.parametrize("limit", [1, 2, 7])
    def test_pages_together_are_everything_once(
        self, archive: Archive, limit: int, topics: frozenset[Topic]
    ) -> None:
        envelopes = some(29, step_s=DAY // 3)
        archive.store(envelopes)
        selection = dataclasses.replace(EVERYTHING, limit=limit, topics=topics)
        found = [raw for page in pages(archive, selection) for raw in page.envelopes]
        assert tuple(found) == raws(envelopes)

    def test_a_page_ends_before_its_bytes_are_exceeded(self, archive: Archive) -> None:
        envelopes = in_order(envelope(MIDNIGHT, data=bytes(100), nonce=each) for each in range(6))
        archive.store(envelopes)
        size_bytes = sum(map(len, raws(envelopes[:3])))
        page = archive.query(dataclasses.replace(EVERYTHING, bytes_max=size_bytes))
        assert page == Page(raws(envelopes[:3]), place(envelopes[2]), has_more=True)
        less = archive.query(dataclasses.replace(EVERYTHING, bytes_max=size_bytes - 1))
        assert less.envelopes == raws(envelopes[:2])

    def test_the_first_envelope_is_given_whatever_its_size(self, archive: Archive) -> None:
        large = envelope(MIDNIGHT, data=bytes(200_000))
        archive.store([large, envelope(MIDNIGHT + 1)])
        page = archive.query(dataclasses.replace(EVERYTHING, bytes_max=1))
        assert page == Page((large.raw,), place(large), has_more=True)
        named = dataclasses.replace(EVERYTHING, topics=frozenset({TOPICS[0]}))
        assert archive.query(named).envelopes[0] == large.raw

    def test_the_same_envelope_is_kept_once(self, archive: Archive) -> None:
        envelopes = some(10)
        assert archive.store([*envelopes[:4], *envelopes[:4]]) == 4
        assert archive.store(envelopes) == 6
        assert archive.store(envelopes) == 0
        assert archive.query(EVERYTHING).envelopes == raws(envelopes)
        size_bytes = sum(map(len, raws(envelopes)))
        assert archive.size() == ArchiveSize(10, size_bytes, MIDNIGHT)

    def test_expiry_deletes_what_was_sent_before(self, archive: Archive) -> None:
        envelopes = some(30, step_s=DAY // 4)
        archive.store(envelopes)
        moment = envelopes[18].sent_unix_s
        left = [each for each in envelopes if each.sent_unix_s >= moment]
        assert archive.expire(moment) == len(envelopes) - len(left)
        assert archive.expire(moment) == 0
        assert archive.query(EVERYTHING).envelopes == raws(left)
        assert archive.size() == ArchiveSize(len(left), sum(map(len, raws(left))), moment)

    def test_what_expired_can_be_kept_anew(self, archive: Archive) -> None:
        envelopes = some(8)
        archive.store(envelopes)
        assert archive.expire(SECONDS_MAX) == 8
        assert archive.size() == ArchiveSize(0, 0, None)
        assert archive.store(envelopes) == 8
        assert archive.query(EVERYTHING).envelopes == raws(envelopes)

    def test_trimming_to_a_count_leaves_the_newest(self, archive: Archive) -> None:
        envelopes = some(30, step_s=DAY // 4)
        archive.store(envelopes)
        assert archive.trim(envelopes_max=30, bytes_max=None) == 0
        assert archive.trim(envelopes_max=11, bytes_max=None) == 19
        assert archive.query(EVERYTHING).envelopes == raws(envelopes[19:])

    def test_trimming_to_bytes_leaves_the_newest(self, archive: Archive) -> None:
        envelopes = some(30)
        archive.store(envelopes)
        bytes_max = sum(map(len, raws(envelopes[13:]))) + 1
        assert archive.trim(envelopes_max=100, bytes_max=bytes_max) == 13
        assert archive.query(EVERYTHING).envelopes == raws(envelopes[13:])
        assert archive.size().bytes == bytes_max - 1

    def test_who_asks_while_others_store_misses_nothing_that_was_there(
        self, archive: Archive
    ) -> None:
        batches = [some(20, MIDNIGHT + 100 * number) for number in range(30)]
        failures: list[BaseException] = []

        def store() -> None:
            try:
                for number, batch in enumerate(batches):
                    archive.store(batch)
                    stored.append(number)
            except BaseException as error:
                failures.append(error)

        stored: list[int] = []
        storing = threading.Thread(target=store)
        storing.start()
        counts = []
        while storing.is_alive():
            known = len(stored)
            found = archive.query(EVERYTHING).envelopes
            assert found[: known * 20] == raws(each for batch in batches[:known] for each in batch)
            counts.append(archive.size().envelopes)
        storing.join()
        assert not failures
        assert all(earlier <= later for earlier, later in pairwise(counts))
        assert len(archive.query(EVERYTHING).envelopes) == 600

    @pytest.mark.slow
    def test_any_history_is_answered_as_a_list_would(self, archives: ArchivePlace) -> None:
        @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
        @given(steps=st.lists(STEPS, max_size=8), selections=st.lists(SELECTIONS, max_size=4))
        def check(
            steps: list[Callable[[Archive, list[Envelope]], None]], selections: list[Selection]
        ) -> None:
            archive, model = archives.fresh(), list[Envelope]()
            try:
                for step in steps:
                    step(archive, model)
                    assert archive.size() == _size(model)
                for selection in selections:
                    found = [raw for page in pages(archive, selection) for raw in page.envelopes]
                    assert tuple(found) == raws(expected(model, selection))
            finally:
                archive.close()

        check()


class LastingArchiveContract(ArchiveContract):
    """The tests of engines that outlive their process."""

    def test_what_was_kept_is_there_when_it_is_opened_again(self, archives: ArchivePlace) -> None:
        envelopes = some(20)
        archive = archives.open()
        archive.store(envelopes)
        archive.expire(MIDNIGHT + 1)
        size = archive.size()
        archive.close()
        archive = archives.open()
        assert archive.size() == size
        assert archive.query(EVERYTHING).envelopes == raws(envelopes[3:])
        assert archive.store(envelopes) == 3
        archive.close()


def _size(model: list[Envelope]) -> ArchiveSize:
    return ArchiveSize(
        len(model),
        sum(map(len, raws(model))),
        min((each.sent_unix_s for each in model), default=None),
    )


def _storing(batch: list[Envelope]) -> Callable[[Archive, list[Envelope]], None]:
    def step(archive: Archive, model: list[Envelope]) -> None:
        new = [each for each in dict.fromkeys(batch) if each not in model]
        assert archive.store(batch) == len(new)
        model += new
        model.sort(key=place)

    return step


def _expiring(before_unix_s: int) -> Callable[[Archive, list[Envelope]], None]:
    def step(archive: Archive, model: list[Envelope]) -> None:
        left = [each for each in model if each.sent_unix_s >= before_unix_s]
        assert archive.expire(before_unix_s) == len(model) - len(left)
        model[:] = left

    return step


def _trimming(count: int) -> Callable[[Archive, list[Envelope]], None]:
    def step(archive: Archive, model: list[Envelope]) -> None:
        gone = max(0, len(model) - count)
        assert archive.trim(envelopes_max=count, bytes_max=None) == gone
        del model[:gone]

    return step


MOMENTS: Final = st.sampled_from(
    [0, 5, SECONDS_MAX, *(MIDNIGHT + at for at in (-DAY, -1, 0, 1, 2, DAY - 1, DAY, 3 * DAY))]
)
ENVELOPES: Final = st.builds(
    envelope,
    MOMENTS,
    st.integers(0, len(TOPICS) - 1),
    nonce=st.integers(0, 3),
    data=st.sampled_from([b"", b"x", bytes(20_000)]),
)
STEPS: Final = st.one_of(
    st.lists(ENVELOPES, max_size=12).map(_storing),
    MOMENTS.map(_expiring),
    st.integers(0, 15).map(_trimming),
)
SELECTIONS: Final = st.builds(
    Selection,
    from_unix_s=MOMENTS,
    to_unix_s=MOMENTS,
    topics=st.frozensets(st.sampled_from(TOPICS), max_size=3),
    bloom=st.frozensets(st.sampled_from(TOPICS)).map(
        lambda topics: sum({1 << bit for each in topics for bit in _bits(topic_bloom(each))})
    ),
    after=st.none() | ENVELOPES.map(place),
    limit=st.integers(1, 6),
    bytes_max=st.sampled_from([1, 200, MUCH]),
)


def _bits(bloom: int) -> list[int]:
    return [bit for bit in range(bloom.bit_length()) if bloom >> bit & 1]
