"""Nodes that talk: connecting, posting, relaying, and the order in which their effects come."""

from dataclasses import replace
from itertools import pairwise

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.envelope import decode_envelopes
from sottovoce.gossip.proof_of_work import search
from sottovoce.gossip.settings import GossipSettings, Interest, Transport
from sottovoce.node import inputs
from sottovoce.node.effects import (
    CancelCompute,
    CloseStream,
    Compute,
    ConfirmedByPeer,
    MessageArrived,
    PeerConnected,
    PostFailed,
    PostSucceeded,
    SentToPeer,
    WriteBytes,
)
from unit.node.pump import (
    LISTEN,
    MESSAGES,
    PORT,
    PROMPT,
    Party,
    Pump,
    Stranger,
    key_number,
    post,
)

BATCH_ACKNOWLEDGED, MESSAGE_RESPONSE = 11, 12


def line(pump: Pump, count: int) -> list[Party]:
    """Return nodes that are connected in a row."""
    parties = [pump.add() for _ in range(count)]
    for left, right in pairwise(parties):
        pump.connect(left, right)
    return parties


def envelope_packet(pump: Pump, payload: bytes = b"hello") -> Packet:
    """Return a packet with one envelope that `LISTEN` opens, as a peer would send it."""
    author = Pump()
    author.passed_s = pump.passed_s
    one, other = line(author, 2)
    reader = Stranger(author, other, key_number(50)).greet()
    one.command(post(payload=payload))
    author.wait(1)
    [packet] = reader.envelopes()
    return packet


def test_two_nodes_greet_and_their_owners_hear_who_came() -> None:
    pump = Pump()
    one, other = line(pump, 2)
    assert one.told(PeerConnected) == [
        PeerConnected(other.node.public_key, "party/2", "10.0.0.2", False, ("shh/6", "waku/1"))
    ]
    assert other.told(PeerConnected) == [
        PeerConnected(one.node.public_key, "party/1", "10.0.0.1", True, ("shh/6", "waku/1"))
    ]
    assert (one.node.peer_count, other.node.peer_count) == (1, 1)


def test_message_posted_on_one_side_is_opened_on_the_other() -> None:
    pump = Pump()
    one, other = line(pump, 2)
    other.command(inputs.InstallFilter(4, LISTEN))
    one.command(post(payload=b"Ciao"))
    pump.wait(1)
    [fact] = other.told(MessageArrived)
    assert (fact.filters, fact.message.payload, fact.direct) == ((4,), b"Ciao", False)
    assert fact.message.transport_sender == secp256k1.public_key(key_number(99))


def test_message_crosses_nodes_that_cannot_open_it() -> None:
    pump = Pump()
    parties = line(pump, 4)
    parties[-1].command(inputs.InstallFilter(1, LISTEN))
    parties[0].command(post())
    pump.wait(1)
    assert [party.heard() for party in parties] == [[], [], [], [b"hello"]]


def test_removed_filter_opens_nothing() -> None:
    pump = Pump()
    one, other = line(pump, 2)
    other.command(inputs.InstallFilter(1, LISTEN))
    other.command(inputs.RemoveFilter(1))
    one.command(post())
    pump.wait(1)
    assert other.heard() == []


def test_message_reaches_a_peer_that_connects_while_it_lives() -> None:
    pump = Pump()
    one, other = pump.add(), pump.add()
    other.command(inputs.InstallFilter(1, LISTEN))
    one.command(post())
    pump.wait(30)
    pump.connect(one, other)
    pump.wait(1)
    assert other.heard() == [b"hello"]


def test_owner_hears_of_the_post_then_who_got_it_then_who_confirmed_it() -> None:
    pump = Pump()
    one, other = line(pump, 2)
    one.command(post(7))
    pump.wait(1)
    facts = [
        fact
        for fact in one.effects
        if isinstance(fact, PostSucceeded | SentToPeer | ConfirmedByPeer)
    ]
    [done, sent, confirmed] = facts
    assert isinstance(done, PostSucceeded)
    assert done.request == 7
    assert sent == SentToPeer(other.node.public_key, (done.hash,))
    assert isinstance(confirmed, ConfirmedByPeer)
    assert (confirmed.public_key, confirmed.refused) == (other.node.public_key, ())


def test_answer_to_a_post_tells_the_work_that_was_done() -> None:
    pump = Pump()
    one = pump.add()
    one.command(post(pow_target=0.002))
    [done] = one.told(PostSucceeded)
    assert done.tries >= 1
    assert done.pow >= 0.002
    assert done.size_bytes > len(b"hello")


def test_opened_message_is_relayed_with_the_same_bytes_as_an_unopened_one() -> None:
    relayed = []
    for opens in (False, True):
        pump = Pump()
        relay = pump.add()
        source = Stranger(pump, relay, key_number(50)).greet()
        sink = Stranger(pump, relay, key_number(51)).greet()
        if opens:
            relay.command(inputs.InstallFilter(1, LISTEN))
        packet = envelope_packet(pump)
        source.send(packet)
        assert relay.heard() == ([b"hello"] if opens else [])
        assert sink.envelopes() == [packet]
        relayed.append((sink.received_bytes, pump.passed_s))
    assert relayed[0] == relayed[1]


def test_relayed_bytes_leave_before_the_owner_hears_the_message() -> None:
    pump = Pump()
    relay = pump.add()
    source = Stranger(pump, relay, key_number(50)).greet()
    Stranger(pump, relay, key_number(51)).greet()
    relay.command(inputs.InstallFilter(1, LISTEN))
    relay.effects.clear()
    source.send(envelope_packet(pump))
    kinds = [type(effect) for effect in relay.effects]
    assert kinds == [WriteBytes, WriteBytes, MessageArrived]


def test_frames_of_one_read_leave_in_the_order_in_which_they_were_sealed() -> None:
    pump = Pump()
    relay = pump.add()
    peer = Stranger(pump, relay, key_number(50)).greet()
    # One read that makes the connection answer (pong) and the relay answer (two confirmations).
    ping = peer.sealed(2, rlp.encode([]))
    envelopes = peer.sealed(16 + MESSAGES, envelope_packet(pump).payload)
    relay.effects.clear()
    peer.send_bytes(ping + envelopes)
    assert [type(effect) for effect in relay.effects] == [WriteBytes, WriteBytes]
    # The machine checks the rolling MAC of every frame, so that another order would end it.
    assert peer.end is None
    assert [packet.code for packet in peer.packets[-2:]] == [MESSAGE_RESPONSE, BATCH_ACKNOWLEDGED]


def test_many_messages_at_once_arrive_on_streams_cut_into_single_bytes() -> None:
    pump = Pump()
    relay = pump.add()
    relay.command(inputs.InstallFilter(1, LISTEN))
    peer = Stranger(pump, relay, key_number(50)).greet()
    for byte in peer.sealed(16 + MESSAGES, envelope_packet(pump).payload):
        peer.send_bytes(bytes([byte]))
    assert relay.heard() == [b"hello"]
    assert peer.end is None


# ---- proof of work elsewhere


def test_long_search_is_handed_out_and_its_result_is_posted() -> None:
    pump = Pump()
    one, other = line(pump, 2)
    other.command(inputs.InstallFilter(1, LISTEN))
    [job] = one.command(post(3, pow_target=0.5))
    assert isinstance(job, Compute)
    nonce = search(job.prefix, job.bits, 0, 1 << 20)
    assert nonce is not None
    done = one.command(inputs.Computed(job.job, nonce))[0]
    assert isinstance(done, PostSucceeded)
    assert (done.request, done.tries) == (3, nonce + 1)
    pump.wait(1)
    assert other.heard() == [b"hello"]


def test_search_that_failed_fails_the_post() -> None:
    party = Pump().add()
    [job] = party.command(post(3, pow_target=0.5))
    assert isinstance(job, Compute)
    [failed] = party.command(inputs.Computed(job.job, None))
    assert isinstance(failed, PostFailed)
    assert failed.request == 3


def test_cancelled_post_cancels_its_search() -> None:
    party = Pump().add()
    [job] = party.command(post(3, pow_target=0.5))
    assert isinstance(job, Compute)
    assert party.command(inputs.CancelPost(3)) == [
        CancelCompute(job.job),
        PostFailed(3, "the post was cancelled"),
    ]
    assert party.command(inputs.Computed(job.job, 1)) == []


def test_post_below_our_own_minimum_fails_with_the_reason() -> None:
    party = Pump().add(gossip=GossipSettings(minimum_pow=5.0))
    [failed] = party.command(post())
    assert failed == PostFailed(1, "the envelope was refused by our own node: low proof of work")


# ---- wishes of the owner


def test_large_post_does_the_work_that_our_own_relay_and_the_peers_ask_for() -> None:
    pump = Pump()
    lenient = replace(PROMPT, minimum_pow=0.0)
    one, other = pump.add(gossip=lenient), pump.add(gossip=lenient)
    large = replace(post(payload=bytes(60_000), pow_target=None), ttl_s=15)

    def tries() -> int:
        """Return how many tries the search for the same post is expected to take now."""
        [step] = one.node.handle(replace(large, request=9), pump.now)
        assert isinstance(step, Compute)
        one.node.handle(inputs.CancelPost(9), pump.now)
        return 1 << step.bits

    pump.connect(one, other)
    one.command(large)
    [posted] = one.told(PostSucceeded)
    assert posted.pow < 0.001
    # A peer asks for more, then for what nobody can want.
    other.command(inputs.SetMinimumPow(0.0012))
    assert tries() == 2048
    other.command(inputs.SetMinimumPow(0.5))
    assert tries() == 2048
    # Nobody is there, and our own relay takes it.
    one.command(inputs.RemovePeer(other.node.public_key))
    one.command(inputs.SetMinimumPow(0.0005))
    one.command(replace(large, request=2))
    [_, posted] = one.told(PostSucceeded)
    assert posted.pow >= 0.0005


def test_peers_are_told_of_a_new_minimum_and_of_a_new_bloom() -> None:
    pump = Pump()
    party = pump.add()
    peer = Stranger(pump, party, key_number(50)).greet()
    peer.packets.clear()
    party.command(inputs.SetMinimumPow(0.25))
    party.command(inputs.SetBloom(b"\x01" * 64))
    assert [packet.code for packet in peer.packets] == [2, 3]


@pytest.mark.parametrize(
    "wish",
    [
        inputs.SetMinimumPow(-1.0),
        inputs.SetBloom(b"short"),
        inputs.AddPeer(Enode(secp256k1.public_key(key_number(1)), "10.0.0.1", PORT, PORT)),
        inputs.AddPeer(Enode(secp256k1.public_key(key_number(9)))),
    ],
    ids=["minimum", "bloom", "ourselves", "nowhere"],
)
def test_impossible_wish_is_refused_and_changes_nothing(wish: inputs.Input) -> None:
    party = Pump().add()
    with pytest.raises(LocalProtocolError):
        party.command(wish)
    assert party.effects == []
    assert party.node.next_deadline() is None


def test_bytes_and_ends_of_unknown_streams_are_ignored() -> None:
    party = Pump().add()
    for event in (
        inputs.StreamBytes(17, b"late"),
        inputs.StreamClosed(17),
        inputs.WriteBlocked(17),
        inputs.WriteDrained(17),
        inputs.DialFailed(17, "late"),
        inputs.RemovePeer(secp256k1.public_key(key_number(50))),
    ):
        assert party.command(event) == []


def test_late_stream_of_an_unknown_attempt_is_closed() -> None:
    party = Pump().add()
    assert party.command(inputs.DialSucceeded(17, 5, "10.0.0.9")) == [CloseStream(5)]


def test_frames_that_were_sealed_before_a_bug_leave_with_the_next_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pump = Pump()
    author = pump.add(gossip=PROMPT)
    sink = Stranger(pump, author, key_number(51)).greet()

    def broken(*_: object) -> SentToPeer:
        raise RuntimeError("a bug of ours")

    with monkeypatch.context() as patched:
        patched.setattr(SentToPeer, "__init__", broken)
        with pytest.raises(RuntimeError):
            author.command(post())
    assert sink.envelopes() == []
    author.command(inputs.TimePassed())
    assert len(sink.envelopes()) == 1
    author.command(post(payload=b"and now?"))
    assert sink.end is None
    assert len(sink.envelopes()) == 2


def test_relayed_envelopes_are_the_ones_that_came() -> None:
    pump = Pump()
    relay = pump.add(gossip=PROMPT)
    source = Stranger(pump, relay, key_number(50)).greet()
    sink = Stranger(pump, relay, key_number(51)).greet()
    packet = envelope_packet(pump)
    source.send(packet)
    [relayed] = sink.envelopes()
    assert decode_envelopes(relayed.payload) == decode_envelopes(packet.payload)
    assert source.envelopes() == []


def test_what_a_peer_wants_is_told_for_each_world() -> None:
    pump = Pump()
    reader = replace(PROMPT, transport=Transport.EITHER, interest=Interest.TOPICS)
    node, client = pump.add(), pump.add(gossip=reader)
    client.command(inputs.InstallFilter(1, LISTEN))
    pump.connect(client, node)
    pump.wait(1)
    on_waku, on_whisper = node.node.wishes_of(client.node.public_key)
    assert on_waku.topics == LISTEN.topics
    assert (on_whisper.topics, on_whisper.bloom) == (None, 0)
    assert node.node.wishes_of(secp256k1.public_key(key_number(50))) == ()
