"""Large frames at a whole node: peers that never finish them, and an honest one among them."""

from typing import Final

from seeded import SeededEntropy
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.devp2p.frames import LENGTH_BYTES
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.node import inputs
from sottovoce.node.effects import PauseReading, PeerDisconnected, ResumeReading
from sottovoce.node.frame_room import TOO_SLOW
from sottovoce.node.settings import FRAME_S_MAX, NodeSettings
from unit.node.pump import MESSAGES, START_UNIX_S, Party, Pump, Stranger, key_number

ROOM_BYTES: Final = 1_000_000
HOSTILE: Final = 6
FRAME_BYTES: Final = 480_000
BURST: Final = 6
TTL_S: Final = 50


def besieged() -> tuple[Pump, Party, list[Stranger], Stranger]:
    """Give a node with room for two large frames, six hostile peers and an honest one."""
    pump = Pump()
    party = pump.add(settings=NodeSettings(frame_room_bytes_max=ROOM_BYTES))
    hostile = [Stranger(pump, party, key_number(50 + n)).greet() for n in range(HOSTILE)]
    return pump, party, hostile, Stranger(pump, party, key_number(90)).greet()


def never_ending(stranger: Stranger, sent_bytes: int = 100_000) -> bytes:
    """Return the beginning of a large frame."""
    writer = stranger._machine._frame_writer()
    header = FRAME_BYTES.to_bytes(LENGTH_BYTES, "big") + b"\xc2\x80\x80" + bytes(10)
    sealed = writer._stream.apply(header)
    return sealed + writer.mac.header(sealed) + bytes(sent_bytes)


def burst(pump: Pump, envelope_bytes: int = 60_000) -> Packet:
    """Return a packet of envelopes, worked for by nobody, that is a large frame."""
    entropy = SeededEntropy(1)
    expiry_unix_s = int(START_UNIX_S + pump.passed_s) + TTL_S
    unmined = (
        UnminedEnvelope(expiry_unix_s, TTL_S, Topic(b"heap"), entropy.take(envelope_bytes))
        for _ in range(BURST)
    )
    return Packet(MESSAGES, rlp.encode_list([each.mined(0).raw for each in unmined]))


def unread(party: Party) -> set[int]:
    """Return the streams that the node does not want to be read."""
    streams = set[int]()
    for effect in party.effects:
        if isinstance(effect, PauseReading):
            streams.add(effect.stream)
        elif isinstance(effect, ResumeReading):
            streams.remove(effect.stream)
    return streams


def received(party: Party) -> int:
    return party.node.relay_statistics.envelopes_received


def test_peers_that_never_finish_are_cut_off_and_an_honest_burst_arrives() -> None:
    pump, party, hostile, honest = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    assert unread(party) == {stranger.stream for stranger in hostile[2:]}
    wire = honest.sealed(16 + MESSAGES, burst(pump).payload)
    honest.send_bytes(wire[:300_000])
    assert honest.stream in unread(party)
    for _ in range(HOSTILE):
        if honest.stream not in unread(party):
            break
        pump.wait(FRAME_S_MAX)
    honest.send_bytes(wire[300_000:])
    assert received(party) == BURST
    assert honest.is_open()
    assert pump.passed_s <= HOSTILE // 2 * FRAME_S_MAX
    links = party.node.link_statistics
    assert links.frames_overdue >= HOSTILE - 1
    assert links.ended == {"we: read timeout": links.frames_overdue}
    assert {fact.detail for fact in party.told(PeerDisconnected)} == {TOO_SLOW}


def test_small_packets_of_an_honest_peer_never_wait() -> None:
    pump, party, hostile, honest = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    honest.send(burst(pump, envelope_bytes=40_000))
    assert received(party) == BURST
    assert honest.stream not in unread(party)


def test_memory_of_unfinished_frames_is_bounded_by_the_room_and_what_was_read_unasked() -> None:
    _, party, hostile, _ = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    sizes = party.node.sizes()
    assert sizes["large frames"] == HOSTILE
    assert sizes["room of large frames"] == 2 * FRAME_BYTES


def test_peer_that_hangs_up_in_the_middle_of_a_frame_makes_room() -> None:
    _, party, hostile, _ = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    party.command(inputs.StreamClosed(hostile[0].stream))
    assert unread(party) == {stranger.stream for stranger in hostile[3:]}
    for stranger in hostile:
        party.command(inputs.StreamClosed(stranger.stream))
    assert party.node.sizes()["large frames"] == 0
    assert party.node.sizes()["room of large frames"] == 0


def test_honest_peers_with_large_bursts_at_once_are_read_one_after_the_other() -> None:
    pump, party, peers, _ = besieged()
    packet = burst(pump)
    wires = [peer.sealed(16 + MESSAGES, packet.payload) for peer in peers]
    for peer, wire in zip(peers, wires, strict=True):
        peer.send_bytes(wire[:1000])
    assert len(unread(party)) == HOSTILE - 2
    for peer, wire in zip(peers, wires, strict=True):
        assert peer.stream not in unread(party)
        peer.send_bytes(wire[1000:])
    assert received(party) == HOSTILE * BURST
    assert all(peer.is_open() for peer in peers)
    assert party.node.link_statistics.frames_overdue == 0
    assert unread(party) == set()


def test_frame_that_breaks_the_protocol_while_others_wait_makes_room() -> None:
    _, party, hostile, _ = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    hostile[0].send_bytes(bytes(FRAME_BYTES))
    assert not hostile[0].is_open()
    assert party.node.link_statistics.ended == {"broken": 1}
    assert unread(party) == {stranger.stream for stranger in hostile[3:]}


def test_shutting_down_amid_large_frames_leaves_nothing() -> None:
    _, party, hostile, _ = besieged()
    for stranger in hostile:
        stranger.send_bytes(never_ending(stranger))
    party.command(inputs.ShutDown())
    assert party.node.sizes()["large frames"] == 0
    assert party.node.next_deadline() is None
