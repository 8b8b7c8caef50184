"""Counters of links: ends are counted by who ended them and why."""

from sottovoce.devp2p.events import DisconnectReason
from sottovoce.node.statistics import LinkStatistics


def test_ends_are_counted_by_side_and_reason() -> None:
    statistics = LinkStatistics()
    statistics.count_end(DisconnectReason.TOO_MANY_PEERS, by_remote=False)
    statistics.count_end(DisconnectReason.QUITTING, by_remote=True)
    statistics.count_end(None, by_remote=False)
    statistics.count_end(None, by_remote=True)
    assert statistics.ended == {"we: too many peers": 1, "they: quitting": 1, "broken": 2}
