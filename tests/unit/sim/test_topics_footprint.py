"""A person with three contacts, looked at by a peer who knows three hundred keys."""

import pytest

from sottovoce.gossip.bloom import FULL_BLOOM, bloom_of_topics
from sottovoce.gossip.settings import Interest
from sottovoce.sim.topics_footprint import FootprintLine, Observer
from sottovoce.sim.topics_person import Listener, make_listener


@pytest.fixture(scope="module")
def listener() -> Listener:
    return make_listener(1, contacts=3, chats=2)


@pytest.fixture(scope="module")
def seen(listener: Listener) -> dict[Interest, FootprintLine]:
    observer = Observer(1, keys=300, topics=2_000, additions=3)
    return {
        interest: observer.look(listener, interest, 1)
        for interest in (Interest.BLOOM, Interest.TOPICS)
    }


def test_every_contact_is_found_either_way(seen: dict[Interest, FootprintLine]) -> None:
    for line in seen.values():
        assert (line.contacts, line.found, line.recall) == (3, 3, 1.0)


def test_own_key_is_not_found_by_what_follows_from_it(
    seen: dict[Interest, FootprintLine],
) -> None:
    for line in seen.values():
        assert (line.own_announced, line.own_found, line.discovery_found) == (False, False, False)


def test_topics_name_contacts_and_nobody_else(seen: dict[Interest, FootprintLine]) -> None:
    line = seen[Interest.TOPICS]
    assert (line.false_found, line.precision, line.candidates) == (0, 1.0, 1)
    assert (line.fill, line.share) == (None, 0.0)


def test_bloom_that_a_peer_read_has_the_bits_of_what_is_announced(
    seen: dict[Interest, FootprintLine], listener: Listener
) -> None:
    bits = bloom_of_topics(listener.announced()).bit_count()
    line = seen[Interest.BLOOM]
    assert line.fill == bits / FULL_BLOOM.bit_length()
    assert line.topics == len(listener.announced())


def test_one_more_topic_shows_in_a_bloom_of_few(seen: dict[Interest, FootprintLine]) -> None:
    assert 1 <= seen[Interest.BLOOM].candidates < 5
