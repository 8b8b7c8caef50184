"""What waits to be archived is found as an archive finds it."""

from dataclasses import replace
from random import Random

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import FULL_BLOOM, topic_bloom
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.waiting import Waiting
from unit.mail.mail_bench import OTHER_TOPIC, START_UNIX_S, TOPIC, envelope

ALL = Selection(
    0, START_UNIX_S + 3600, frozenset(), FULL_BLOOM, None, limit=1000, bytes_max=1 << 20
)
TOPICS = [Topic(bytes([number, 2 * number, 3, number % 8])) for number in range(40)]
MANY = [
    envelope(number, topic=TOPICS[number % 40], after_s=number * 7 % 50) for number in range(200)
]


def waiting(*envelopes_of: int) -> Waiting:
    it = Waiting()
    for number in envelopes_of or range(len(MANY)):
        it.add(MANY[number])
    return it


def test_nothing_waits_at_first() -> None:
    assert Waiting().page(ALL) == Page()


def test_pages_are_those_of_an_archive_with_the_same_envelopes() -> None:
    held, archive, random = waiting(), MemoryArchive(), Random(1)
    archive.store(MANY)
    for _ in range(300):
        one = random.choice(MANY)
        lower = START_UNIX_S + random.randrange(50)
        selection = Selection(
            lower,
            lower + random.randrange(50),
            frozenset(random.sample(TOPICS, random.choice([0, 1, 5, 40]))),
            random.choice([FULL_BLOOM, 0, topic_bloom(one.topic), random.getrandbits(512)]),
            random.choice([None, Cursor(one.sent_unix_s, one.hash)]),
            limit=random.choice([1, 3, 1000]),
            bytes_max=random.choice([1, 500, 1 << 20]),
        )
        page, expected = held.page(selection), archive.query(selection)
        assert page == expected
        assert page.places == expected.places


def test_topics_that_are_named_are_found_however_many_names_there_are() -> None:
    held = Waiting()
    held.add(MANY[0])
    names = frozenset([*TOPICS, TOPIC])
    assert held.page(replace(ALL, topics=names)).envelopes == (MANY[0].raw,)
    assert held.page(replace(ALL, topics=frozenset([TOPIC, OTHER_TOPIC]))) == Page()


def test_envelope_that_waits_twice_is_found_once_and_gone_with_the_first() -> None:
    held = waiting(3, 1, 3, 2, 3)
    assert len(held.page(ALL).envelopes) == 3
    held.remove([MANY[3]])
    assert len(held.page(ALL).envelopes) == 2
    held.remove([MANY[3]])
    assert len(held.page(ALL).envelopes) == 2


def test_what_is_stored_is_gone_and_only_that() -> None:
    held, left = waiting(), list(MANY)
    Random(2).shuffle(left)
    while left:
        stored, left = left[:30], left[30:]
        held.remove(stored)
        assert set(held.page(ALL).envelopes) == {it.raw for it in left}
