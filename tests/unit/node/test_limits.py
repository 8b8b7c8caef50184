"""Limits on a whole node: an address has one account, however many connections it has."""

from typing import Final

import pytest

from sottovoce.base.packets import Capability, Packet
from sottovoce.crypto import secp256k1
from sottovoce.gossip import patience
from sottovoce.gossip.events import Excess, Failure
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.settings import NodeSettings
from unit.node.pump import Party, Pump, Stranger, key_number

MESSAGES: Final = 1
NOTHING: Final = Packet(MESSAGES, b"\xc0")
BURST: Final = 5  # seconds' worth that may come at once

BY_ADDRESS: Final = GossipSettings(rate_limits=(2, 0, 0), limit_tolerance=3)


def party_with(
    gossip: GossipSettings = BY_ADDRESS, *, exempt: frozenset[str] = frozenset()
) -> tuple[Pump, Party]:
    pump = Pump()
    return pump, pump.add(gossip=gossip, settings=NodeSettings(exempt_addresses=exempt))


def excesses(party: Party) -> int:
    return sum(party.node.relay_statistics.excesses.values())


def test_limit_of_an_address_spans_two_connections_of_it() -> None:
    pump, party = party_with()
    one = Stranger(pump, party, key_number(50)).greet()
    other = Stranger(pump, party, key_number(51)).greet()
    elsewhere = Stranger(pump, party, key_number(52), address="10.8.8.8").greet()
    one.send(*[NOTHING] * 2 * BURST)
    assert excesses(party) == 0
    other.send(*[NOTHING] * 3)
    elsewhere.send(*[NOTHING] * 2 * BURST)
    assert party.node.relay_statistics.excesses[Excess.ADDRESS_PACKETS] == 3
    assert other.is_open()
    other.send(NOTHING)
    assert not other.is_open()
    assert one.is_open()
    assert elsewhere.is_open()
    assert party.node.relay_statistics.failures[Failure.LIMITS] == 1


def test_flooder_that_dials_again_is_cut_off_again_at_once() -> None:
    pump, party = party_with()
    for number in range(50, 55):
        flooder = Stranger(pump, party, key_number(number)).greet()
        flooder.send(*[NOTHING] * (2 * BURST + 4))
        assert not flooder.is_open()
    assert excesses(party) == 5 * 4
    pump.wait(float(BURST))
    honest = Stranger(pump, party, key_number(60)).greet()
    honest.send(*[NOTHING] * 2 * BURST)
    assert honest.is_open()


def test_addresses_of_one_ipv6_network_share_an_account() -> None:
    pump, party = party_with(GossipSettings(rate_limits=(1, 0, 0)))
    addresses = ("fd00::1", "fd00::2", "fd00:0:0:1::1")
    one, other, elsewhere = (
        Stranger(pump, party, key_number(50 + number), address=address).greet()
        for number, address in enumerate(addresses)
    )
    one.send(*[NOTHING] * BURST)
    elsewhere.send(*[NOTHING] * BURST)
    assert excesses(party) == 0
    other.send(NOTHING)
    assert excesses(party) == 1


def test_each_world_of_a_connection_has_an_account_of_its_own() -> None:
    pump, party = party_with()
    offers = (WHISPER_V6, WAKU_V1)
    stranger = Stranger(pump, party, key_number(50), offers=offers).greet()
    for capability in offers:
        stranger.send(*[NOTHING] * 2 * BURST, on=capability.name)
    assert excesses(party) == 0
    stranger.send(NOTHING, on="waku")
    assert excesses(party) == 1


@pytest.mark.parametrize(
    ("offers", "accounts"), [((WHISPER_V6,), 1), ((WAKU_V1,), 1), ((WHISPER_V6, WAKU_V1), 2)]
)
def test_flooder_in_both_worlds_has_the_patience_of_two_peers_and_no_more(
    offers: tuple[Capability, ...], accounts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "CAPACITY", 50.0)
    pump, party = party_with(GossipSettings())
    flooder = Stranger(pump, party, key_number(50), offers=offers).greet()
    before = party.node.relay_statistics.packets_received
    for number in range(200):
        flooder.send(NOTHING, on=offers[number % len(offers)].name)
    assert not flooder.is_open()
    received = party.node.relay_statistics.packets_received - before
    # What it sends to begin with may cost a little; the last packet is the one too many.
    assert accounts * 50 - 5 <= received <= accounts * 50 + 1


def test_exempt_address_may_exceed_every_limit() -> None:
    pump, party = party_with(exempt=frozenset({"10.9.9.9"}))
    stranger = Stranger(pump, party, key_number(50)).greet()
    stranger.send(*[NOTHING] * 100)
    assert stranger.is_open()
    assert excesses(party) == 0


def test_trusted_peer_may_exceed_every_limit() -> None:
    pump, party = party_with()
    stranger = Stranger(pump, party, key_number(50))
    key = secp256k1.public_key(key_number(50))
    party.command(inputs.TrustPeer(key, trusted=True))
    stranger.greet()
    stranger.send(*[NOTHING] * 100)
    assert stranger.is_open()
    assert excesses(party) == 0
