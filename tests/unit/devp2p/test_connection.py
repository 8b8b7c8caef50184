"""The flow of a connection: handshake, admission, Hello, packets, time, limits."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import PublicKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.crypto.aes import BLOCK_BYTES, AesCtrStream
from sottovoce.devp2p.base_protocol import BaseCode, encode_hello
from sottovoce.devp2p.connection import (
    HANDSHAKE_INPUT_BYTES_MAX,
    TRANSITIONS,
    Connection,
    ConnectionState,
)
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    BytesToSend,
    ConnectionEnded,
    DisconnectReason,
    DisconnectRequested,
    LargeFrameChanged,
    PacketsReceived,
    PacketsSubmitted,
    PeerIdentified,
    PeerReady,
    Role,
    StreamOpened,
    TimePassed,
)
from sottovoce.devp2p.frames import LARGE_FRAME_BYTES
from unit.devp2p.pair import (
    INITIATOR,
    INITIATOR_KEY,
    RECIPIENT,
    SETTINGS,
    SHH,
    WAKU,
    HandmadePeer,
    Pair,
    at,
    ended,
    make_initiator,
    make_recipient,
    packets,
    ready_pair,
    sent,
)
from vectors.scripted_entropy import SeededEntropy

START = at(100.0)
OTHER_KEY = secp256k1.public_key(secp256k1.private_key(bytes(31) + b"\x55"))


# ---- the way to ready


@pytest.mark.parametrize("chunk_bytes", [None, 1, 7, 1000])
def test_both_sides_become_ready_however_the_bytes_are_cut(chunk_bytes: int | None) -> None:
    pair = Pair(chunk_bytes=chunk_bytes)
    pair.open(START)
    assert [type(fact) for fact in pair.initiator.told] == [PeerIdentified, PeerReady]
    assert [type(fact) for fact in pair.recipient.told] == [PeerIdentified, PeerReady]
    assert pair.initiator.told[0] == PeerIdentified(RECIPIENT)
    assert pair.recipient.told[0] == PeerIdentified(INITIATOR)
    ready = pair.recipient.told[1]
    assert isinstance(ready, PeerReady)
    assert ready.capabilities == (SHH, WAKU)
    assert ready.hello.client_id == "pair/v1"
    assert ready.hello.version == 5
    assert ready.hello.public_key == INITIATOR


def test_recipient_says_nothing_before_the_auth_packet() -> None:
    assert make_recipient().handle(StreamOpened(), START) == []


def test_initiator_speaks_first_and_once() -> None:
    outputs = make_initiator().handle(StreamOpened(), START)
    assert [type(output) for output in outputs] == [BytesToSend]


def test_nothing_but_the_ack_is_sent_before_admission() -> None:
    pair = Pair(admits=False)
    pair.open(START)
    assert pair.initiator.machine.state is ConnectionState.AWAITING_ADMISSION
    assert pair.recipient.machine.state is ConnectionState.AWAITING_ADMISSION


def test_bytes_that_come_before_admission_are_kept() -> None:
    peer = HandmadePeer(START)
    assert peer.send(START, (BaseCode.HELLO, encode_hello(peer.hello()))) == []
    outputs = peer.machine.handle(Admitted(), START)
    assert [type(output) for output in outputs] == [BytesToSend, PeerReady]


def test_unadmitted_peer_reads_an_uncompressed_disconnect_in_place_of_hello() -> None:
    peer = HandmadePeer(START)
    outputs = peer.machine.handle(DisconnectRequested(DisconnectReason.TOO_MANY_PEERS), START)
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, b"\xc1\x04")]
    assert ended(outputs).reason is DisconnectReason.TOO_MANY_PEERS
    assert not ended(outputs).by_remote


def test_disconnect_in_place_of_hello_is_understood() -> None:
    pair = Pair(admits=False)
    pair.open(START)
    pair.recipient.handle(DisconnectRequested(DisconnectReason.ALREADY_CONNECTED), START)
    pair.initiator.handle(Admitted(), START)
    pair.carry(START)
    end = pair.initiator.told[-1]
    assert isinstance(end, ConnectionEnded)
    assert (end.reason, end.by_remote) == (DisconnectReason.ALREADY_CONNECTED, True)


def test_hello_with_another_key_is_answered_with_unexpected_identity() -> None:
    peer = HandmadePeer(START).admitted(START)
    hello = replace(peer.hello(), public_key=OTHER_KEY)
    outputs = peer.send(START, (BaseCode.HELLO, encode_hello(hello)))
    peer.reader.compressed = True
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, b"\xc1\x09")]
    assert ended(outputs).reason is DisconnectReason.UNEXPECTED_IDENTITY


def test_hello_without_an_identity_is_answered_with_invalid_identity() -> None:
    peer = HandmadePeer(START).admitted(START)
    hello = replace(peer.hello(), public_key=PublicKey(bytes(64)))
    outputs = peer.send(START, (BaseCode.HELLO, encode_hello(hello)))
    peer.reader.compressed = True
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, b"\xc1\x07")]
    assert ended(outputs).reason is DisconnectReason.INVALID_IDENTITY


def test_peer_without_a_shared_subprotocol_is_useless() -> None:
    peer = HandmadePeer(START).admitted(START)
    hello = peer.hello(capabilities=(("shh", 5), ("eth", 63)))
    outputs = peer.send(START, (BaseCode.HELLO, encode_hello(hello)))
    peer.reader.compressed = True
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, b"\xc1\x03")]
    assert ended(outputs).reason is DisconnectReason.USELESS_PEER


def test_identity_is_checked_before_subprotocols() -> None:
    peer = HandmadePeer(START).admitted(START)
    hello = replace(peer.hello(capabilities=()), public_key=OTHER_KEY)
    outputs = peer.send(START, (BaseCode.HELLO, encode_hello(hello)))
    assert ended(outputs).reason is DisconnectReason.UNEXPECTED_IDENTITY


@pytest.mark.parametrize(
    ("code", "payload"),
    [
        (BaseCode.PING, b"\xc0"),
        (4, b"\xc0"),
        (16, b"\xc0"),
        (BaseCode.HELLO, b"\xc0"),
        (BaseCode.HELLO, b"\xf8\x01"),
    ],
)
def test_first_packet_that_is_no_hello_closes_without_a_word(code: int, payload: bytes) -> None:
    peer = HandmadePeer(START).admitted(START)
    outputs = peer.send(START, (code, payload))
    assert len(outputs) == 1
    assert ended(outputs).reason is None


def test_first_frame_over_the_limit_of_hello_closes_at_its_header() -> None:
    peer = HandmadePeer(START).admitted(START)
    header = peer.writer.write(BaseCode.HELLO, bytes(2049))[:32]
    outputs = peer.machine.handle(BytesReceived(header), START)
    assert len(outputs) == 1
    assert ended(outputs).reason is None


def test_packets_of_version_4_peers_are_not_compressed() -> None:
    peer = HandmadePeer(START).ready(START, version=4)
    submitted = PacketsSubmitted("shh", (Packet(1, b"a" * 100),))
    assert peer.read(peer.machine.handle(submitted, START)) == [(17, b"a" * 100)]
    assert packets(peer.send(START, (18, b"b" * 100))) == [("shh", Packet(2, b"b" * 100))]


def test_packets_of_later_versions_are_compressed() -> None:
    peer = HandmadePeer(START).ready(START, version=99)
    submitted = PacketsSubmitted("shh", (Packet(1, b"a" * 100),))
    outputs = peer.machine.handle(submitted, START)
    assert len(sent(outputs)) == 64
    assert peer.read(outputs) == [(17, b"a" * 100)]


# ---- packets


@pytest.mark.parametrize("chunk_bytes", [None, 1, 13])
def test_packets_travel_both_ways(chunk_bytes: int | None) -> None:
    pair = ready_pair(START, chunk_bytes=chunk_bytes)
    there = (Packet(0, b"\xc0"), Packet(127, bytes(300)))
    back = (Packet(1, b""),)
    pair.initiator.handle(PacketsSubmitted("shh", there), START)
    pair.recipient.handle(PacketsSubmitted("waku", back), START)
    pair.carry(START)
    assert packets(pair.recipient.told) == [("shh", there[0]), ("shh", there[1])]
    assert packets(pair.initiator.told) == [("waku", back[0])]


def test_packets_of_one_read_are_grouped_by_runs_of_one_subprotocol() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (16, b"1"), (17, b"2"), (144, b"3"), (16, b"4"))
    assert outputs == [
        PacketsReceived("shh", (Packet(0, b"1"), Packet(1, b"2"))),
        PacketsReceived("waku", (Packet(0, b"3"),)),
        PacketsReceived("shh", (Packet(0, b"4"),)),
    ]


def test_pings_between_packets_do_not_split_a_group() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (16, b"1"), (BaseCode.PING, b"\xc0"), (17, b"2"))
    assert outputs[1:] == [PacketsReceived("shh", (Packet(0, b"1"), Packet(1, b"2")))]
    assert peer.read(outputs) == [(BaseCode.PONG, b"\xc0")]


def test_packets_before_a_broken_frame_are_still_delivered() -> None:
    peer = HandmadePeer(START).ready(START)
    wire = bytearray(peer.writer.write_all([(16, b"good"), (17, b"bad")]))
    wire[-1] ^= 1
    outputs = peer.machine.handle(BytesReceived(bytes(wire)), START)
    assert packets(outputs) == [("shh", Packet(0, b"good"))]
    assert ended(outputs).reason is None
    assert sent(outputs) == b""


def test_several_submitted_packets_leave_in_one_output() -> None:
    peer = HandmadePeer(START).ready(START)
    submitted = PacketsSubmitted("waku", (Packet(0, b"1"), Packet(2, b"2")))
    outputs = peer.machine.handle(submitted, START)
    assert len(outputs) == 1
    assert peer.read(outputs) == [(144, b"1"), (146, b"2")]


def test_submitting_no_packets_sends_nothing() -> None:
    pair = ready_pair(START)
    assert pair.initiator.machine.handle(PacketsSubmitted("shh", ()), START) == []


def test_packets_of_a_protocol_that_did_not_match_are_refused() -> None:
    narrow = replace(SETTINGS, capabilities=(SHH,))
    pair = Pair(recipient=narrow)
    pair.open(START)
    with pytest.raises(LocalProtocolError, match="waku"):
        pair.initiator.machine.handle(PacketsSubmitted("waku", (Packet(0, b""),)), START)


@pytest.mark.parametrize("code", [-1, 128])
def test_submitted_code_out_of_range_is_refused_and_nothing_is_written(code: int) -> None:
    pair = ready_pair(START)
    wrong = PacketsSubmitted("shh", (Packet(0, b"fine"), Packet(code, b"")))
    with pytest.raises(LocalProtocolError, match="128"):
        pair.initiator.machine.handle(wrong, START)
    pair.initiator.handle(PacketsSubmitted("shh", (Packet(0, b"next"),)), START)
    pair.carry(START)
    assert packets(pair.recipient.told) == [("shh", Packet(0, b"next"))]


def test_packets_before_ready_are_refused() -> None:
    pair = Pair(admits=False)
    pair.open(START)
    with pytest.raises(LocalProtocolError, match="awaiting admission"):
        pair.initiator.machine.handle(PacketsSubmitted("shh", (Packet(0, b""),)), START)


@pytest.mark.parametrize("code", range(4, 16))
def test_reserved_codes_are_ignored(code: int) -> None:
    peer = HandmadePeer(START).ready(START)
    assert peer.send(START, (code, b"anything")) == []


@pytest.mark.parametrize("code", [BaseCode.HELLO, BaseCode.PONG])
def test_second_hello_and_stray_pong_are_ignored(code: BaseCode) -> None:
    peer = HandmadePeer(START).ready(START)
    assert peer.send(START, (code, b"\xc0")) == []


@pytest.mark.parametrize("code", [272, 4660, 2**64 - 1])
def test_code_in_no_range_closes_without_a_disconnect(code: int) -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (code, b"\xc0"))
    assert len(outputs) == 1
    assert (ended(outputs).reason, ended(outputs).by_remote) == (None, False)


# ---- time


def test_new_connection_has_no_deadline() -> None:
    assert make_recipient().next_deadline() is None


@pytest.mark.parametrize("make", [make_initiator, make_recipient])
def test_handshake_that_takes_five_seconds_is_ended(make: Callable[[], Connection]) -> None:
    machine = make()
    machine.handle(StreamOpened(), START)
    assert machine.next_deadline() == 105.0
    assert machine.handle(TimePassed(), at(104.9)) == []
    outputs = machine.handle(TimePassed(), at(105.0))
    assert outputs == [ended(outputs)]
    assert ended(outputs).reason is DisconnectReason.READ_TIMEOUT


def test_one_deadline_covers_handshake_and_hello() -> None:
    peer = HandmadePeer(START).admitted(at(104.0))
    assert peer.machine.next_deadline() == 105.0
    assert ended(peer.machine.handle(TimePassed(), at(105.0))).by_remote is False


def test_ping_goes_out_every_fifteen_seconds_whatever_else_travels() -> None:
    peer = HandmadePeer(START).ready(START)
    assert peer.machine.next_deadline() == 115.0
    peer.send(at(110.0), (16, b"\xc0"))
    assert peer.read(peer.machine.handle(TimePassed(), at(115.0))) == [(BaseCode.PING, b"\xc0")]
    assert peer.machine.next_deadline() == 130.0


def test_late_timer_sends_one_ping() -> None:
    peer = HandmadePeer(START).ready(START)
    peer.send(at(160.0), (16, b"\xc0"))
    assert len(peer.read(peer.machine.handle(TimePassed(), at(161.0)))) == 1
    assert peer.machine.next_deadline() == 176.0


def test_time_before_the_deadline_changes_nothing() -> None:
    peer = HandmadePeer(START).ready(START)
    assert peer.machine.handle(TimePassed(), at(114.9)) == []


def test_thirty_seconds_of_silence_end_the_connection_without_a_word() -> None:
    peer = HandmadePeer(START).ready(START)
    peer.machine.handle(TimePassed(), at(115.0))
    outputs = peer.machine.handle(TimePassed(), at(130.0))
    assert outputs == [ended(outputs)]
    assert ended(outputs).reason is DisconnectReason.READ_TIMEOUT


def test_any_whole_frame_ends_the_silence() -> None:
    peer = HandmadePeer(START).ready(START)
    peer.read(peer.machine.handle(TimePassed(), at(115.0)))
    peer.send(at(129.0), (BaseCode.PONG, b"\xc0"))
    outputs = peer.machine.handle(TimePassed(), at(130.0))
    assert peer.read(outputs) == [(BaseCode.PING, b"\xc0")]
    assert peer.machine.next_deadline() == 145.0


def test_part_of_a_frame_does_not_end_the_silence() -> None:
    peer = HandmadePeer(START).ready(START)
    wire = peer.writer.write(16, bytes(100))
    peer.machine.handle(BytesReceived(wire[:-1]), at(129.0))
    assert ended(peer.machine.handle(TimePassed(), at(130.0))).by_remote is False


def large_frame(peer: HandmadePeer) -> bytes:
    noise = AesCtrStream(bytes(32), bytes(BLOCK_BYTES)).apply(bytes(LARGE_FRAME_BYTES))
    return peer.writer.write(16, noise)


def test_header_of_a_large_frame_ends_the_silence_once_for_its_rest_may_have_to_wait() -> None:
    peer = HandmadePeer(START).ready(START)
    wire = large_frame(peer)
    peer.machine.handle(BytesReceived(wire[:1000]), at(129.0))
    peer.machine.handle(TimePassed(), at(130.0))
    peer.machine.handle(BytesReceived(wire[1000:2000]), at(158.0))
    outputs = peer.machine.handle(TimePassed(), at(159.0))
    assert ended(outputs).reason is DisconnectReason.READ_TIMEOUT


def test_begin_and_end_of_large_frames_are_told_behind_the_packets_before() -> None:
    peer = HandmadePeer(START).ready(START)
    size_bytes = len(large_frame(HandmadePeer(START).ready(START))) - 48
    small = peer.writer.write(16, b"small")
    one, other = large_frame(peer), large_frame(peer)
    packet, begun = peer.machine.handle(BytesReceived(small + one[:1000]), START)
    assert isinstance(packet, PacketsReceived)
    assert begun == LargeFrameChanged(size_bytes)
    assert peer.machine.handle(BytesReceived(one[1000:2000]), START) == []
    _, begun = peer.machine.handle(BytesReceived(one[2000:] + other[:1000]), START)
    assert begun == LargeFrameChanged(size_bytes)
    packet, over = peer.machine.handle(BytesReceived(other[1000:]), START)
    assert isinstance(packet, PacketsReceived)
    assert over == LargeFrameChanged(0)


def test_large_frame_that_comes_in_one_piece_is_not_told() -> None:
    peer = HandmadePeer(START).ready(START)
    [packet] = peer.machine.handle(BytesReceived(large_frame(peer)), START)
    assert isinstance(packet, PacketsReceived)


# ---- misuse and limits


def test_initiator_without_a_key_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="must know the key"):
        Connection(
            SETTINGS,
            role=Role.INITIATOR,
            identity=INITIATOR_KEY,
            remote=None,
            entropy=SeededEntropy(),
        )


def test_initiator_with_a_key_off_the_curve_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="unusable key"):
        Connection(
            SETTINGS,
            role=Role.INITIATOR,
            identity=INITIATOR_KEY,
            remote=PublicKey(b"\x11" * 64),
            entropy=SeededEntropy(),
        )


@pytest.mark.parametrize("event", [Admitted(), BytesReceived(b""), PacketsSubmitted("shh", ())])
def test_event_before_the_stream_is_open_is_refused(
    event: Admitted | BytesReceived | PacketsSubmitted,
) -> None:
    with pytest.raises(LocalProtocolError):
        make_recipient().handle(event, START)


def test_time_may_pass_before_the_stream_is_open() -> None:
    assert make_recipient().handle(TimePassed(), START) == []


def test_stream_is_opened_once() -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), START)
    with pytest.raises(LocalProtocolError, match="opened once"):
        machine.handle(StreamOpened(), START)


def test_input_before_the_handshake_is_bounded() -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), START)
    # A size of 0xffff keeps the machine waiting for all of it.
    assert machine.handle(BytesReceived(b"\xff" * (HANDSHAKE_INPUT_BYTES_MAX - 1)), START) == []
    assert ended(machine.handle(BytesReceived(b"\xff\xff"), START)).reason is None


def test_input_before_admission_is_bounded() -> None:
    peer = HandmadePeer(START)
    assert peer.machine.handle(BytesReceived(bytes(HANDSHAKE_INPUT_BYTES_MAX)), START) == []
    assert ended(peer.machine.handle(BytesReceived(b"\x00"), START)).reason is None


def test_three_subprotocols_get_their_ranges_in_byte_order() -> None:
    third = Capability("B", 1, 7)
    settings = replace(SETTINGS, capabilities=(SHH, WAKU, third))
    pair = Pair(initiator=settings, recipient=settings)
    pair.open(START)
    pair.initiator.handle(PacketsSubmitted("waku", (Packet(5, b"deep"),)), START)
    pair.carry(START)
    assert packets(pair.recipient.told) == [("waku", Packet(5, b"deep"))]


def test_every_state_but_the_last_can_end() -> None:
    for state, following in TRANSITIONS.items():
        assert (ConnectionState.ENDED in following) == (state is not ConnectionState.ENDED)


def test_broken_auth_packet_ends_without_an_answer() -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), START)
    outputs = machine.handle(BytesReceived(b"\x01\x40" + bytes(0x140)), START)
    assert outputs == [ended(outputs)]


def test_hello_tells_the_listen_port_of_the_settings() -> None:
    pair = Pair(initiator=replace(SETTINGS, listen_port=30303))
    pair.open(START)
    ready = pair.recipient.told[-1]
    assert isinstance(ready, PeerReady)
    assert ready.hello.listen_port == 30303


def test_ping_with_any_body_is_answered() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (BaseCode.PING, rlp.encode([1, 2, 3])))
    assert peer.read(outputs) == [(BaseCode.PONG, b"\xc0")]
