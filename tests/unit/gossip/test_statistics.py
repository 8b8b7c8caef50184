"""Statistics: counters that start at nothing."""

from sottovoce.gossip.events import Drop
from sottovoce.gossip.statistics import RelayStatistics


def test_every_reason_to_drop_has_a_counter() -> None:
    assert RelayStatistics().dropped == dict.fromkeys(Drop, 0)


def test_two_relays_do_not_share_counters() -> None:
    one, other = RelayStatistics(), RelayStatistics()
    one.dropped[Drop.LOW_POW] += 1
    assert other.dropped[Drop.LOW_POW] == 0
