"""Reading packets: the order of the questions, and what a packet changes in the session."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.gossip.packet_reader import (
    BatchAnswered,
    EnvelopesArrived,
    Greeted,
    Unasked,
    Unknown,
    WishesWidened,
    read_packet,
)
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.whisper_v6 import STATUS_GO
from sottovoce.gossip.wishes import encode_pow_requirement
from unit.gossip.network import make_envelope, messages, status

SETTINGS = GossipSettings(message_bytes_max=500, packet_bytes_max=500)


def greeted(*, trusted: bool = False) -> Session:
    session = Session(1, STATUS_GO, 1, trusted=trusted, now_s=0.0)
    assert read_packet(session, status(), SETTINGS) == Greeted()
    return session


def test_status_comes_first() -> None:
    session = Session(1, STATUS_GO, 1, trusted=True, now_s=0.0)
    with pytest.raises(RemoteProtocolError):
        read_packet(session, messages(), SETTINGS)


def test_status_fills_the_session() -> None:
    session = Session(1, STATUS_GO, 1, trusted=False, now_s=0.0)
    bloom = bytes(63) + b"\x01"
    items = (6, 0x3FE0 << 48, bloom, 1, 1, (1, 2, 3))
    read_packet(session, Packet(0, rlp.encode(items)), SETTINGS)
    assert (session.wishes.minimum_pow, session.wishes.bloom) == (0.5, 1)
    assert (session.light, session.confirmations) == (True, True)
    assert session.wishes.rate_limits == (1, 2, 3)


def test_second_status_changes_nothing_however_malformed() -> None:
    assert read_packet(greeted(), Packet(0, b"\xff"), SETTINGS) is None


def test_size_is_asked_before_the_code_and_the_trust() -> None:
    for code in (1, 50, 127):
        with pytest.raises(RemoteProtocolError):
            read_packet(greeted(), Packet(code, bytes(501)), SETTINGS)


@pytest.mark.parametrize("code", [124, 125, 127])
def test_trust_is_asked_before_the_form(code: int) -> None:
    serving = GossipSettings(serves_mail=True)
    assert read_packet(greeted(), Packet(code, b"\x01"), serving) == Unasked()
    with pytest.raises(RemoteProtocolError):
        read_packet(greeted(trusted=True), Packet(code, b"\x01"), serving)


@pytest.mark.parametrize("code", [125, 127])
def test_whoever_was_asked_may_answer(code: int) -> None:
    session = greeted()
    session.asked = True
    with pytest.raises(RemoteProtocolError):
        read_packet(session, Packet(code, b"\x01"), SETTINGS)
    serving = GossipSettings(serves_mail=True)
    assert read_packet(session, Packet(124, b"\x01"), serving) == Unasked()


@pytest.mark.parametrize("code", [123, 124, 126])
def test_mail_server_is_asked_before_the_form(code: int) -> None:
    assert read_packet(greeted(trusted=True), Packet(code, b"\x01"), SETTINGS) is None


def test_code_that_means_nothing_is_unknown() -> None:
    assert read_packet(greeted(), Packet(50, b"\xff"), SETTINGS) == Unknown()


def test_envelopes_arrive_with_the_payload_that_a_confirmation_names() -> None:
    packet = messages(make_envelope())
    arrived = read_packet(greeted(), packet, SETTINGS)
    assert arrived == EnvelopesArrived([make_envelope()], packet.payload)


def test_only_wider_wishes_are_told() -> None:
    session = greeted()
    narrow, wide = (Packet(2, encode_pow_requirement(value)) for value in (1.0, 0.5))
    assert read_packet(session, narrow, SETTINGS) is None
    assert read_packet(session, wide, SETTINGS) == WishesWidened()


def test_confirmation_of_nothing_that_we_sent_is_no_fact() -> None:
    packet = Packet(11, rlp.encode(bytes(32)))
    assert read_packet(greeted(), packet, SETTINGS) == BatchAnswered(None)
