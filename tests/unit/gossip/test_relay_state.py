"""What the parts of a relay share: letting in, failing, offering."""

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip import relay_state
from sottovoce.gossip.events import EnvelopesToArchive, Failure, PacketsToSend, PeerFailed
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.options import StatusOptions
from sottovoce.gossip.relay_state import OFFER_PAUSE_S, Gathered, RelayState
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import STATUS_GO
from unit.gossip.network import START_UNIX_S, CountingEntropy, make_envelope

NOW = Moment(100.0, START_UNIX_S)


def new_state(settings: GossipSettings | None = None) -> RelayState:
    return RelayState(settings or GossipSettings(), entropy=CountingEntropy())


def greeted_session(state: RelayState) -> Session:
    session = Session(1, STATUS_GO, state.pool.take_slot(), trusted=False, now_s=100.0)
    session.greet(StatusOptions(), state.settings)
    return session


def test_admitted_envelope_is_pooled_and_gathered() -> None:
    state, gathered = new_state(), Gathered()
    policy = state.admission.policy(NOW)
    entry = state.admit(make_envelope(), policy, gathered, own=False)
    assert gathered.fresh == [entry]
    assert state.statistics.envelopes_pooled == 0  # the caller counts


def test_own_envelope_is_archived_and_waits_to_be_sent() -> None:
    state, gathered = new_state(GossipSettings(serves_mail=True)), Gathered()
    policy = state.admission.policy(NOW)
    state.admit(make_envelope(), policy, gathered, own=True)
    assert gathered.fresh == []
    assert gathered.all_outputs() == [EnvelopesToArchive((make_envelope(),))]


def test_failed_peer_gets_nothing_and_fails_once() -> None:
    state, gathered = new_state(), Gathered()
    session = greeted_session(state)
    packet = Packet(1, b"\xc0")
    state.send(session, gathered, packet)
    state.fail(session, Failure.BROKEN_PACKET, gathered, "first")
    state.fail(session, Failure.FLOOD, gathered)
    state.send(session, gathered, packet)
    failed = PeerFailed(1, "first", Failure.BROKEN_PACKET)
    assert gathered.outputs == [PacketsToSend(1, (packet,)), failed]
    assert state.statistics.failures[Failure.FLOOD] == 0


def test_second_offer_waits_for_the_pause() -> None:
    state, gathered = new_state(), Gathered()
    session = greeted_session(state)
    state.offer_pool(session, 100.0, gathered)
    assert not session.offer_due
    state.offer_pool(session, 100.5, gathered)
    assert session.deadline_s == 100.0 + OFFER_PAUSE_S
    assert state.watched == {1: session}


def test_keys_tried_in_one_call_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_state, "TRIALS_PER_CALL", 4)
    state, gathered = new_state(), Gathered()
    for number in range(2):
        key = SymmetricKey(bytes([number + 1]) * 32)
        state.filters.install(number, make_filter(symmetric_key=key))
    for data in (b"a", b"b", b"c"):
        state.offer_direct([make_envelope(data)], gathered)
    state.open_waiting(gathered)
    assert len(state.unopened) == 1
