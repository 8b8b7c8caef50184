"""Own delays: one for each envelope and peer, drawn below the limit."""

import pytest

from sottovoce.gossip import own_delays
from sottovoce.gossip.own_delays import OwnDelays
from sottovoce.gossip.pool import PoolEntry
from sottovoce.gossip.session import Session
from sottovoce.gossip.whisper_v6 import STATUS_GO
from unit.gossip.network import CountingEntropy, make_envelope


def session(bit: int) -> Session:
    return Session(bit, STATUS_GO, bit, trusted=False, now_s=0.0)


def entry() -> PoolEntry:
    return PoolEntry(make_envelope(), 1.0, 1, own=True)


def test_delay_is_below_the_limit_and_comes_due() -> None:
    delays = OwnDelays(2.0, entropy=CountingEntropy())
    one, waiting = session(1), entry()
    delays.start(one, waiting, 100.0)
    due_s = delays.next_deadline()
    assert due_s is not None
    assert 100.0 <= due_s < 102.0
    assert delays.take_due(due_s - 0.001) == []
    assert delays.take_due(due_s) == [(one, waiting)]
    assert delays.next_deadline() is None


def test_second_start_for_the_same_peer_changes_nothing() -> None:
    delays = OwnDelays(2.0, entropy=CountingEntropy())
    one, waiting = session(1), entry()
    delays.start(one, waiting, 100.0)
    delays.start(one, waiting, 100.0)
    assert len(delays) == 1


def test_peer_that_knows_the_envelope_waits_for_nothing() -> None:
    delays = OwnDelays(2.0, entropy=CountingEntropy())
    waiting = entry()
    waiting.known = 1
    delays.start(session(1), waiting, 100.0)
    assert len(delays) == 0


def test_links_have_different_delays() -> None:
    delays = OwnDelays(2.0, entropy=CountingEntropy())
    waiting = entry()
    for bit in (1, 2, 4, 8):
        delays.start(session(bit), waiting, 100.0)
    left_at = set()
    while (due_s := delays.next_deadline()) is not None:
        left_at.add(due_s)
        delays.take_due(due_s)
    assert len(left_at) == 4


def test_number_of_running_delays_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_delays, "DELAYS_COUNT_MAX", 2)
    delays = OwnDelays(2.0, entropy=CountingEntropy())
    waiting = entry()
    assert [delays.start(session(bit), waiting, 100.0) for bit in (1, 2, 4)] == [True, True, False]
    assert waiting.delayed == 3


def test_no_delay_is_due_at_once() -> None:
    delays = OwnDelays(0.0, entropy=CountingEntropy())
    delays.start(session(1), entry(), 100.0)
    assert len(delays.take_due(100.0)) == 1
