"""Sessions: their states and deadlines."""

import pytest

from sottovoce.gossip.options import StatusOptions
from sottovoce.gossip.session import STATUS_TIMEOUT_S, TRANSITIONS, Session, SessionState
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO


def new_session() -> Session:
    return Session(1, STATUS_GO, 1, trusted=False, now_s=100.0)


def test_every_state_has_its_ways_and_failure_has_none() -> None:
    assert set(TRANSITIONS) == set(SessionState)
    assert TRANSITIONS[SessionState.FAILED] == frozenset()


def test_way_that_does_not_exist_is_our_own_mistake() -> None:
    session = new_session()
    session.greet(StatusOptions(), GossipSettings())
    with pytest.raises(AssertionError):
        session.greet(StatusOptions(), GossipSettings())


def test_status_is_awaited_until_a_deadline() -> None:
    session = new_session()
    assert session.deadline_s == 100.0 + STATUS_TIMEOUT_S
    session.greet(StatusOptions(), GossipSettings())
    assert session.deadline_s is None


def test_deferred_offer_has_a_deadline_unless_the_peer_does_not_read() -> None:
    session = new_session()
    session.greet(StatusOptions(), GossipSettings())
    session.offer_due = True
    session.offer_not_before_s = 105.0
    assert session.deadline_s == 105.0
    session.blocked = True
    assert session.deadline_s is None


def test_peer_that_left_has_no_deadline() -> None:
    session = new_session()
    session.has_left = True
    assert session.deadline_s is None


@pytest.mark.parametrize(("items", "lists"), [(1, False), (4, False), (5, True), (6, True)])
def test_lists_of_direct_envelopes_go_to_status_go_only(items: int, lists: bool) -> None:
    session = new_session()
    session.greet(StatusOptions(item_count=items), GossipSettings())
    assert session.takes_direct_lists == lists


def test_geth_dialect_never_sends_lists_of_direct_envelopes() -> None:
    session = Session(1, GETH, 1, trusted=False, now_s=0.0)
    session.greet(StatusOptions(item_count=6), GossipSettings())
    assert not session.takes_direct_lists


@pytest.mark.parametrize(("items", "answered"), [(1, False), (4, False), (5, True), (6, True)])
def test_only_nodes_of_status_gos_kind_are_answered_with_confirmations(
    items: int, answered: bool
) -> None:
    session = new_session()
    session.greet(StatusOptions(item_count=items), GossipSettings())
    assert session.reads_confirmations is answered
