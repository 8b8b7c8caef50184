"""How a connection ends: who is told what, and what comes after."""

from collections.abc import Callable

import pytest

from sottovoce.base.packets import Packet
from sottovoce.devp2p.base_protocol import BaseCode, encode_disconnect
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    BytesToSend,
    ConnectionEnded,
    DisconnectReason,
    DisconnectRequested,
    PacketsReceived,
    PacketsSubmitted,
    StreamEnded,
    StreamOpened,
    TimePassed,
)
from unit.devp2p.pair import (
    HandmadePeer,
    at,
    ended,
    make_initiator,
    make_recipient,
    packets,
    ready_pair,
)

START = at(100.0)


@pytest.mark.parametrize("reason", [r for r in DisconnectReason if r != 1])
def test_received_disconnect_is_answered_with_its_reason(reason: DisconnectReason) -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (BaseCode.DISCONNECT, encode_disconnect(reason)))
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, encode_disconnect(reason))]
    assert (ended(outputs).reason, ended(outputs).by_remote) == (reason, True)


def test_network_error_is_not_answered() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (BaseCode.DISCONNECT, b"\xc1\x01"))
    assert outputs == [ended(outputs)]
    assert ended(outputs).reason is DisconnectReason.NETWORK_ERROR


def test_reason_without_a_name_is_not_repeated() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (BaseCode.DISCONNECT, b"\xc1\x11"))
    assert outputs == [ended(outputs)]
    assert (ended(outputs).reason, ended(outputs).by_remote) == (None, True)


def test_packets_before_a_disconnect_are_delivered_and_those_after_it_are_not() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.send(START, (16, b"1"), (BaseCode.DISCONNECT, b"\xc1\x08"), (16, b"2"))
    assert packets(outputs) == [("shh", Packet(0, b"1"))]
    assert [type(output) for output in outputs] == [BytesToSend, PacketsReceived, ConnectionEnded]


def test_requested_disconnect_is_compressed_once_ready() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.machine.handle(DisconnectRequested(DisconnectReason.QUITTING), START)
    assert peer.read(outputs) == [(BaseCode.DISCONNECT, b"\xc1\x08")]
    assert (ended(outputs).reason, ended(outputs).by_remote) == (DisconnectReason.QUITTING, False)


def test_network_error_is_never_sent() -> None:
    peer = HandmadePeer(START).ready(START)
    outputs = peer.machine.handle(DisconnectRequested(DisconnectReason.NETWORK_ERROR), START)
    assert outputs == [ended(outputs)]


@pytest.mark.parametrize("make", [make_initiator, make_recipient])
def test_disconnect_before_there_are_keys_just_ends(make: Callable[[], Connection]) -> None:
    machine = make()
    machine.handle(StreamOpened(), START)
    outputs = machine.handle(DisconnectRequested(DisconnectReason.QUITTING), START)
    assert outputs == [ended(outputs)]


def test_end_of_the_stream_is_told() -> None:
    pair = ready_pair(START)
    outputs = pair.initiator.machine.handle(StreamEnded(), START)
    assert outputs == [ended(outputs)]
    assert (ended(outputs).reason, ended(outputs).by_remote) == (None, True)


def test_every_event_after_the_end_is_answered_with_nothing() -> None:
    pair = ready_pair(START)
    machine = pair.initiator.machine
    machine.handle(StreamEnded(), START)
    assert machine.next_deadline() is None
    for event in (
        StreamOpened(),
        BytesReceived(b"\x00"),
        Admitted(),
        PacketsSubmitted("shh", (Packet(0, b""),)),
        DisconnectRequested(DisconnectReason.QUITTING),
        TimePassed(),
        StreamEnded(),
    ):
        assert machine.handle(event, START) == []
