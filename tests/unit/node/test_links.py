"""Nodes and their peers: who is let in, what they read when they are not, and how links end."""

import random

import pytest

from sottovoce.base.packets import Packet
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.events import (
    DisconnectReason,
)
from sottovoce.gossip.filters import make_filter
from sottovoce.node import inputs
from sottovoce.node.effects import (
    CloseStream,
    Dial,
    MessageArrived,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    PostSucceeded,
    SentToPeer,
    WriteBytes,
)
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import World
from unit.node.pump import (
    LISTEN,
    PORT,
    SHARED,
    TOPIC,
    Party,
    Pump,
    Stranger,
    key_number,
    post,
)

TAKES_DIRECT = make_filter(symmetric_key=SHARED, topics=[TOPIC], allows_direct=True)


def reason(stranger: Stranger) -> DisconnectReason | None:
    assert stranger.end is not None
    assert stranger.end.by_remote
    return stranger.end.reason


# ---- who is let in


def test_stranger_reads_too_many_peers_when_all_places_are_taken() -> None:
    pump = Pump()
    party = pump.add(settings=NodeSettings(peers_max=1))
    Stranger(pump, party, key_number(50)).greet()
    late = Stranger(pump, party, key_number(51)).call()
    assert reason(late) is DisconnectReason.TOO_MANY_PEERS
    assert not late.is_open()
    assert party.node.peer_count == 1


def test_trusted_peer_is_let_in_when_all_places_are_taken() -> None:
    pump = Pump()
    party = pump.add(settings=NodeSettings(peers_max=1))
    Stranger(pump, party, key_number(50)).greet()
    party.command(inputs.TrustPeer(secp256k1.public_key(key_number(51)), trusted=True))
    Stranger(pump, party, key_number(51)).greet()
    assert party.node.peer_count == 2


def test_place_of_a_peer_that_left_is_free_again() -> None:
    pump = Pump()
    party = pump.add(settings=NodeSettings(peers_max=1))
    first = Stranger(pump, party, key_number(50)).greet()
    party.command(inputs.StreamClosed(first.stream))
    Stranger(pump, party, key_number(51)).greet()
    assert party.node.peer_count == 1


def test_second_connection_of_a_peer_reads_already_connected() -> None:
    pump = Pump()
    party = pump.add()
    first = Stranger(pump, party, key_number(50)).greet()
    second = Stranger(pump, party, key_number(50)).call()
    assert reason(second) is DisconnectReason.ALREADY_CONNECTED
    assert first.end is None
    assert party.node.peer_count == 1


def test_refused_second_connection_does_not_take_the_place_of_the_first() -> None:
    pump = Pump()
    party = pump.add()
    Stranger(pump, party, key_number(50)).greet()
    Stranger(pump, party, key_number(50)).call()
    third = Stranger(pump, party, key_number(50)).call()
    assert reason(third) is DisconnectReason.ALREADY_CONNECTED
    assert party.told(PeerDisconnected) == []


def test_ourselves_read_connected_to_self() -> None:
    pump = Pump()
    party = pump.add()
    mirror = Stranger(pump, party, party.key).call()
    assert reason(mirror) is DisconnectReason.CONNECTED_TO_SELF


def test_newest_handshake_takes_the_place_of_the_oldest() -> None:
    pump = Pump()
    party = pump.add(settings=NodeSettings(pending_inbound_max=2))
    strangers = [Stranger(pump, party, key_number(number)) for number in (50, 51, 52)]
    pump.carry()
    assert [stranger.is_open() for stranger in strangers] == [False, True, True]
    assert party.node.link_statistics.crowded_out == 1
    assert party.told(WriteBytes) == []


def test_public_address_that_comes_back_at_once_is_closed_without_a_byte() -> None:
    pump = Pump()
    party = pump.add()
    first = Stranger(pump, party, key_number(50), address="51.15.0.1")
    second = Stranger(pump, party, key_number(51), address="51.15.0.1")
    pump.carry()
    assert (first.is_open(), second.is_open()) == (True, False)


def test_silent_stranger_is_closed_after_five_seconds() -> None:
    pump = Pump()
    party = pump.add()
    silent = Stranger(pump, party, key_number(50))
    pump.wait(4.9)
    assert silent.is_open()
    pump.wait(0.2)
    assert not silent.is_open()
    assert party.node.next_deadline() is None


@pytest.mark.parametrize("seed", range(5))
def test_garbage_ends_its_own_stream_and_no_other(seed: int) -> None:
    pump = Pump()
    party = pump.add()
    good = Stranger(pump, party, key_number(50)).greet()
    bad = Stranger(pump, party, key_number(51))
    bad.send_bytes(random.Random(seed).randbytes(4000))
    pump.wait(6)
    assert (good.is_open(), bad.is_open()) == (True, False)
    assert party.node.peer_count == 1


@pytest.mark.parametrize("seed", range(5))
def test_garbage_after_the_greeting_ends_its_own_stream_and_no_other(seed: int) -> None:
    pump = Pump()
    party = pump.add()
    good = Stranger(pump, party, key_number(50)).greet()
    bad = Stranger(pump, party, key_number(51)).greet()
    bad.send_bytes(random.Random(seed).randbytes(400))
    assert (good.is_open(), bad.is_open()) == (True, False)
    assert [fact.public_key for fact in party.told(PeerDisconnected)] == [
        secp256k1.public_key(key_number(51))
    ]


def test_peer_that_breaks_whisper_reads_subprotocol_error_and_the_owner_the_reason() -> None:
    pump = Pump()
    party = pump.add()
    peer = Stranger(pump, party, key_number(50)).greet()
    peer.send(Packet(1, b"\x83no"))
    assert reason(peer) is DisconnectReason.SUBPROTOCOL_ERROR
    [fact] = party.told(PeerDisconnected)
    assert fact.detail
    assert fact.detail != "we ended it: subprotocol error"


# ---- sockets that take no bytes


def test_envelopes_for_a_blocked_peer_wait_until_it_reads_again() -> None:
    pump = Pump()
    party = pump.add()
    peer = Stranger(pump, party, key_number(50)).greet()
    party.command(inputs.WriteBlocked(peer.stream))
    party.command(post())
    pump.wait(5)
    assert peer.envelopes() == []
    party.command(inputs.WriteDrained(peer.stream))
    assert len(peer.envelopes()) == 1


def test_peer_that_is_blocked_before_it_greets_gets_no_envelopes_yet() -> None:
    pump = Pump()
    party = pump.add()
    party.command(post())
    peer = Stranger(pump, party, key_number(50))
    party.command(inputs.WriteBlocked(peer.stream))
    peer.greet()
    pump.wait(1)
    assert peer.envelopes() == []
    party.command(inputs.WriteDrained(peer.stream))
    pump.wait(1)
    assert len(peer.envelopes()) == 1


def test_peer_that_takes_no_bytes_for_twenty_seconds_is_given_up() -> None:
    pump = Pump()
    party = pump.add()
    peer = Stranger(pump, party, key_number(50)).greet()
    party.handle(inputs.WriteBlocked(peer.stream))
    pump.wait(14)
    # It sends something, so that it is not given up as silent before.
    peer.send()
    pump.wait(5.9)
    assert peer.is_open()
    pump.wait(0.2)
    assert not peer.is_open()
    [fact] = party.told(PeerDisconnected)
    assert "took no bytes" in fact.detail


def test_given_up_peer_whose_stream_lingers_leaves_no_deadline_behind() -> None:
    pump = Pump()
    party = pump.add()
    peer = Stranger(pump, party, key_number(50)).greet()
    party.handle(inputs.WriteBlocked(peer.stream))
    pump.passed_s = 20.0
    effects = party.node.handle(inputs.TimePassed(), pump.now)
    assert CloseStream(peer.stream) in effects
    assert party.node.next_deadline() is None


def test_drained_peer_is_not_given_up() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    [stream] = one.ends
    one.command(inputs.WriteBlocked(stream))
    pump.wait(19)
    one.command(inputs.WriteDrained(stream))
    pump.wait(10)
    assert one.node.peer_count == 1


# ---- trust and direct messages


def direct_pair(pump: Pump) -> tuple[Party, Party]:
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    other.command(inputs.InstallFilter(1, TAKES_DIRECT))
    return one, other


def test_direct_message_of_a_trusted_peer_is_taken_as_direct() -> None:
    pump = Pump()
    one, other = direct_pair(pump)
    other.command(inputs.TrustPeer(one.node.public_key, trusted=True))
    one.command(post(target=other.node.public_key))
    [fact] = other.told(MessageArrived)
    assert (fact.message.payload, fact.direct) == (b"hello", True)


def test_direct_message_of_an_untrusted_peer_is_not_read() -> None:
    pump = Pump()
    one, other = direct_pair(pump)
    one.command(post(target=other.node.public_key))
    assert other.heard() == []


def test_trust_can_be_taken_back() -> None:
    pump = Pump()
    one, other = direct_pair(pump)
    for trusted in (True, False):
        other.command(inputs.TrustPeer(one.node.public_key, trusted))
    one.command(post(target=other.node.public_key))
    assert other.heard() == []


def test_trust_given_before_the_peer_connects_counts() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    other.command(inputs.InstallFilter(1, TAKES_DIRECT))
    other.command(inputs.AddPeer(one.enode, trusted=True))
    one.command(post(target=other.node.public_key))
    assert other.heard() == [b"hello"]


def test_direct_message_goes_to_its_target_only() -> None:
    pump = Pump()
    one, other = direct_pair(pump)
    witness = Stranger(pump, one, key_number(50)).greet()
    other.command(inputs.TrustPeer(one.node.public_key, trusted=True))
    one.command(post(target=other.node.public_key))
    pump.wait(2)
    assert witness.envelopes() == []
    assert one.node.relay_statistics.envelopes_pooled == 0


def test_owner_of_a_direct_message_hears_who_got_it() -> None:
    pump = Pump()
    one, other = direct_pair(pump)
    one.command(post(target=other.node.public_key))
    [done] = one.told(PostSucceeded)
    assert one.told(SentToPeer) == [SentToPeer(other.node.public_key, (done.hash,))]


def test_direct_message_to_an_absent_peer_fails() -> None:
    party = Pump().add()
    [failed] = party.command(post(target=secp256k1.public_key(key_number(50))))
    assert isinstance(failed, PostFailed)
    assert failed.detail == "the peer that the message is for is not connected"


# ---- dialling


def test_lost_peer_is_dialled_again() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    [stream] = one.ends
    pump._close(one, stream)
    pump.carry()
    assert one.node.peer_count == 0
    assert len(one.told(PeerDisconnected)) == len(other.told(PeerDisconnected)) == 1
    pump.wait(1.3)
    assert (one.node.peer_count, other.node.peer_count) == (1, 1)
    assert len(one.told(Dial)) == 2


def test_peer_that_dialled_us_is_not_dialled_as_well() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    other.command(inputs.AddPeer(one.enode))
    pump.wait(100)
    assert other.told(Dial) == []
    assert other.node.peer_count == 1


def test_owner_hears_why_a_peer_is_unreachable_and_when_it_is_tried_again() -> None:
    pump = Pump()
    party = pump.add()
    away = pump.add(host="10.0.0.77")
    pump.parties.remove(away)
    party.command(inputs.AddPeer(away.enode))
    pump.wait(4)
    facts = party.told(PeerUnreachable)
    assert [fact.detail for fact in facts] == ["nobody is at 10.0.0.77"] * len(facts)
    waits = [fact.retry_in_s for fact in facts]
    assert [1 <= waits[0] < 1.25, 2 <= waits[1] < 2.5] == [True, True]


def test_peer_that_is_somebody_else_is_unreachable() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    wrong = type(other.enode)(secp256k1.public_key(key_number(60)), other.host, PORT, PORT)
    one.command(inputs.AddPeer(wrong))
    pump.wait(6)
    assert one.told(PeerConnected) == []
    assert one.told(PeerUnreachable)[0].public_key == wrong.public_key


def test_peer_that_is_refused_by_the_other_side_is_unreachable_with_its_reason() -> None:
    pump = Pump()
    one, full = pump.add(), pump.add(settings=NodeSettings(peers_max=1))
    Stranger(pump, full, key_number(50)).greet()
    one.command(inputs.AddPeer(full.enode))
    [fact] = one.told(PeerUnreachable)
    assert fact.detail == "the peer ended it: too many peers"


def test_removed_peer_reads_requested_and_is_not_dialled_again() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    one.command(inputs.RemovePeer(other.node.public_key))
    pump.wait(200)
    assert other.told(PeerDisconnected)[0].detail == "the peer ended it: requested"
    assert len(one.told(Dial)) == 1
    assert one.node.peer_count == 0


def test_peer_that_is_removed_while_it_is_dialled_is_not_connected() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    [dial] = one.node.handle(inputs.AddPeer(other.enode), pump.now)
    assert isinstance(dial, Dial)
    assert one.node.handle(inputs.RemovePeer(other.node.public_key), pump.now) == []
    effects = one.node.handle(inputs.DialSucceeded(dial.attempt, 5, other.host), pump.now)
    assert effects == [CloseStream(5)]


def test_peer_that_is_removed_during_the_handshake_is_closed() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    [dial] = one.node.handle(inputs.AddPeer(other.enode), pump.now)
    assert isinstance(dial, Dial)
    one.node.handle(inputs.DialSucceeded(dial.attempt, 5, other.host), pump.now)
    effects = one.node.handle(inputs.RemovePeer(other.node.public_key), pump.now)
    assert effects == [CloseStream(5)]
    assert one.node.handle(inputs.StreamClosed(5), pump.now) == []
    assert one.node.next_deadline() is None


def test_two_nodes_that_dial_each_other_end_with_one_connection() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    one.handle(inputs.AddPeer(other.enode))
    other.handle(inputs.AddPeer(one.enode))
    pump.carry()
    pump.wait(20)
    assert (one.node.peer_count, other.node.peer_count) == (1, 1)
    assert len(one.ends) == len(other.ends) == 1


# ---- the end


def test_everybody_reads_quitting_when_the_node_shuts_down() -> None:
    pump = Pump()
    party = pump.add()
    strangers = [Stranger(pump, party, key_number(number)).greet() for number in (50, 51)]
    party.command(inputs.ShutDown())
    assert [reason(stranger) for stranger in strangers] == [DisconnectReason.QUITTING] * 2
    assert int(DisconnectReason.QUITTING) == 8
    assert not any(stranger.is_open() for stranger in strangers)


def test_node_that_shut_down_accepts_and_dials_nobody() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    one.command(inputs.ShutDown())
    late = Stranger(pump, one, key_number(50))
    pump.carry()
    pump.wait(200)
    assert not late.is_open()
    assert len(one.told(Dial)) == 1
    assert one.told(PeerUnreachable) == []
    assert one.node.next_deadline() is None


def test_dial_that_succeeds_after_the_shut_down_is_closed() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    [dial] = one.node.handle(inputs.AddPeer(other.enode), pump.now)
    assert isinstance(dial, Dial)
    one.node.handle(inputs.ShutDown(), pump.now)
    effects = one.node.handle(inputs.DialSucceeded(dial.attempt, 5, other.host), pump.now)
    assert effects == [CloseStream(5)]


def test_message_that_is_listened_to_twice_is_told_once_with_both_filters() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    pump.connect(one, other)
    for number in (1, 2):
        other.command(inputs.InstallFilter(number, LISTEN))
    one.command(post())
    pump.wait(1)
    [fact] = other.told(MessageArrived)
    assert fact.filters == (1, 2)


@pytest.mark.parametrize("seed", range(1, 25))
@pytest.mark.parametrize("delays_s", [(0.0, 0.0), (0.15, 0.15), (0.01, 0.4)])
def test_two_dials_that_cross_leave_one_connection_and_end_none_that_was_told(
    seed: int, delays_s: tuple[float, float]
) -> None:
    # Where delays differ, the two handshakes overtake each other in every way.
    world = World(seed, LinkQuality(*delays_s))
    one, other = world.add_node(), world.add_node()
    late_s = random.Random(seed).uniform(0, 4 * delays_s[1])
    world.command(0, inputs.AddPeer(other.enode))
    world.command_at(late_s, 1, inputs.AddPeer(one.enode))
    world.run_until(8.0)
    for node in (one, other):
        told = [type(fact) for _, fact in node.facts]
        assert told == [PeerConnected]
    assert len(world.ends()) == 2


def test_wrong_key_is_said_to_be_the_likely_reason() -> None:
    world = World(1)
    one, other = world.add_node(), world.add_node()
    wrong = Enode(world.add_node().node.public_key, other.address, PORT, PORT)
    world.command(one.number, inputs.AddPeer(wrong))
    world.run_until(0.9)
    [fact] = [fact for _, fact in one.facts if isinstance(fact, PeerUnreachable)]
    assert "another node's key" in fact.detail
