"""Rate limits: the accounts, and how many are remembered."""

from typing import Final

from sottovoce.base.quantities import Topic
from sottovoce.gossip.dialect import WAKU_WORLD, WHISPER_WORLD
from sottovoce.gossip.events import Excess
from sottovoce.gossip.rate_limits import (
    ADDRESSES_MAX,
    BURST_S,
    TOPICS_PER_PEER_MAX,
    PeerAccount,
    RateLimiter,
    rate_limiter_for,
)
from sottovoce.gossip.settings import GossipSettings
from unit.gossip.network import TOPIC

MB: Final = 1024 * 1024
BURST: Final = int(BURST_S)
HOST: Final = "192.0.2.1"


def account(settings: GossipSettings) -> PeerAccount:
    limiter = rate_limiter_for(settings)
    assert limiter is not None
    return limiter.join(WAKU_WORLD, HOST)


def test_settings_without_limits_need_no_accounts() -> None:
    assert rate_limiter_for(GossipSettings()) is None


def test_excess_is_not_charged_so_that_half_of_twice_the_rate_passes() -> None:
    peer = account(GossipSettings(rate_limits=(0, 10, 0)))
    passed = sum(not peer.charge_packet(1, step / 20) for step in range(20 * 100))
    assert abs(passed - (10 * 100 + 10 * BURST)) <= 1
    assert peer.excess_count == 20 * 100 - passed


def test_packet_that_exceeds_two_limits_is_one_excess_of_the_peer() -> None:
    peer = account(GossipSettings(rate_limits=(1, 1, 0), byte_limits=(MB, 0, 0)))
    for _ in range(BURST):
        assert peer.charge_packet(MB, 0.0) == []
    assert peer.charge_packet(MB, 0.0) == [
        Excess.ADDRESS_PACKETS,
        Excess.ADDRESS_BYTES,
        Excess.PEER_PACKETS,
    ]
    assert peer.excess_count == 1


def test_limit_of_0_by_address_leaves_the_one_by_peer_in_force() -> None:
    peer = account(GossipSettings(rate_limits=(0, 1, 0)))
    for _ in range(BURST):
        assert not peer.charge_packet(1, 0.0)
    assert peer.charge_packet(1, 0.0) == [Excess.PEER_PACKETS]


def test_both_worlds_have_accounts_of_their_own() -> None:
    limiter = RateLimiter(GossipSettings(rate_limits=(1, 0, 0)))
    whisper, waku = (limiter.join(world, HOST) for world in (WHISPER_WORLD, WAKU_WORLD))
    assert not any(whisper.charge_packet(1, 0.0) for _ in range(BURST))
    assert not any(waku.charge_packet(1, 0.0) for _ in range(BURST))
    assert whisper.charge_packet(1, 0.0) == [Excess.ADDRESS_PACKETS]


def test_no_more_addresses_are_remembered_than_the_bound_and_connected_ones_stay() -> None:
    limiter = RateLimiter(GossipSettings(rate_limits=(1, 0, 0)))
    staying = limiter.join(WAKU_WORLD, HOST)
    while not staying.charge_packet(1, 0.0):
        pass
    for number in range(ADDRESSES_MAX + 100):
        limiter.join(WAKU_WORLD, f"198.51.{number}").leave()
    assert limiter.address_count == ADDRESSES_MAX
    assert limiter.join(WAKU_WORLD, HOST).charge_packet(1, 0.0) == [Excess.ADDRESS_PACKETS]


def test_fresh_topic_for_each_envelope_fills_no_memory() -> None:
    account = RateLimiter(GossipSettings(rate_limits=(0, 0, 1))).join(WAKU_WORLD, HOST)
    for number in range(TOPICS_PER_PEER_MAX + 500):
        account.charge_envelope(Topic(number.to_bytes(4, "big")), 100, 0.0)
    assert account.topic_count == TOPICS_PER_PEER_MAX


def test_topic_in_use_is_not_forgotten_for_fresh_ones() -> None:
    account = RateLimiter(GossipSettings(rate_limits=(0, 0, 1))).join(WAKU_WORLD, HOST)
    while not account.charge_envelope(TOPIC, 100, 0.0):
        pass
    for number in range(3 * TOPICS_PER_PEER_MAX):
        account.charge_envelope(Topic(number.to_bytes(4, "big")), 100, 0.0)
        if number % 500 == 0:
            assert account.charge_envelope(TOPIC, 100, 0.0) == [Excess.TOPIC_ENVELOPES]
