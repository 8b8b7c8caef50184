"""Proof of work: worth of a nonce, bits to aim for, the bounded search."""

import math
import pickle

import pytest

from sottovoce.base.errors import ProofOfWorkError
from sottovoce.base.quantities import Topic
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.proof_of_work import (
    INLINE_TRIES_MAX,
    envelope_pow,
    expected_tries,
    leading_zero_bits,
    mine,
    search,
    target_bits,
    target_by_size,
)

UNMINED = UnminedEnvelope(1_590_000_050, 50, Topic(b"\x01\x02\x03\x04"), bytes(300))


def zeros_of(nonce: int) -> int:
    return leading_zero_bits(keccak256(UNMINED.prefix + nonce.to_bytes(8, "big")))


@pytest.mark.parametrize(
    ("digest", "zeros"),
    [
        (b"\xff" * 32, 0),
        (b"\x7f" + bytes(31), 1),
        (b"\x00\x01" + bytes(30), 15),
        (bytes(31) + b"\x01", 255),
        (bytes(32), 256),
    ],
    ids=["no zero", "one", "fifteen", "all but the last", "all"],
)
def test_leading_zero_bits_are_those_of_a_256_bit_number(digest: bytes, zeros: int) -> None:
    assert leading_zero_bits(digest) == zeros


def test_pow_is_work_by_length_and_seconds() -> None:
    envelope = UNMINED.mined(12)
    assert envelope_pow(envelope) == 2.0 ** zeros_of(12) / len(UNMINED.prefix) / 50


def test_extra_seconds_lower_the_pow() -> None:
    envelope = UNMINED.mined(12)
    assert envelope_pow(envelope, 50) == envelope_pow(envelope) / 2


def test_envelope_without_life_is_worth_infinitely_much() -> None:
    dead = UnminedEnvelope(5, 0, Topic(bytes(4)), b"").mined(0)
    assert envelope_pow(dead) == math.inf
    assert envelope_pow(dead, 1) < math.inf


def test_sum_of_ttl_and_extra_seconds_wraps_around_in_32_bits() -> None:
    longest = UnminedEnvelope(5, 2**32 - 1, Topic(bytes(4)), b"").mined(0)
    assert envelope_pow(longest, 1) == math.inf
    assert envelope_pow(longest, 2) == envelope_pow(
        UnminedEnvelope(5, 2**32 - 1, Topic(bytes(4)), b"").mined(0), 2
    )


def test_target_of_a_power_of_two_needs_exactly_its_bits() -> None:
    assert target_bits(1.0, 64, 16) == 10
    assert target_bits(1.0, 65, 16) == 11


@pytest.mark.parametrize(("target", "ttl_s"), [(0.0, 50), (1e-9, 1), (5.0, 0)])
def test_at_least_one_bit_is_aimed_for(target: float, ttl_s: int) -> None:
    assert target_bits(target, 20, ttl_s) == 1


@pytest.mark.parametrize("target", [-1.0, -1e-300, math.nan, math.inf, -math.inf])
def test_target_that_is_no_amount_of_work_is_refused(target: float) -> None:
    with pytest.raises(ProofOfWorkError):
        target_bits(target, 320, 50)
    with pytest.raises(ProofOfWorkError):
        mine(UNMINED, target, 10)


def test_target_beyond_all_hashes_fails_without_a_try() -> None:
    assert target_bits(1e308, 320, 50) > 256
    with pytest.raises(ProofOfWorkError):
        mine(UNMINED, 1e308, 2**64)


def test_expected_tries_double_with_each_bit() -> None:
    assert [expected_tries(bits) for bits in (1, 2, 10)] == [2, 4, 1024]
    assert expected_tries(10) < INLINE_TRIES_MAX < expected_tries(11)


def test_search_finds_the_lowest_nonce() -> None:
    nonce = search(UNMINED.prefix, 6, 0, 10_000)
    assert nonce is not None
    assert zeros_of(nonce) >= 6
    assert all(zeros_of(lower) < 6 for lower in range(nonce))


def test_search_in_pieces_finds_the_same_nonce() -> None:
    whole = search(UNMINED.prefix, 6, 0, 10_000)
    pieces = (search(UNMINED.prefix, 6, first, 7) for first in range(0, 10_000, 7))
    assert next(nonce for nonce in pieces if nonce is not None) == whole


def test_search_stays_in_its_range() -> None:
    nonce = search(UNMINED.prefix, 6, 0, 10_000)
    assert nonce is not None
    assert search(UNMINED.prefix, 6, 0, nonce) is None
    assert search(UNMINED.prefix, 6, 0, nonce + 1) == nonce
    assert search(UNMINED.prefix, 6, 0, 0) is None


def test_search_without_bits_takes_the_first_nonce() -> None:
    assert search(UNMINED.prefix, 0, 5, 1) == 5


def test_search_for_all_bits_or_more_finds_nothing() -> None:
    assert search(UNMINED.prefix, 256, 0, 100) is None
    assert search(UNMINED.prefix, 257, 0, 100) is None


def test_search_ends_with_the_last_nonce_of_64_bits() -> None:
    assert search(UNMINED.prefix, 200, 2**64 - 3, 1000) is None


def test_search_and_its_arguments_can_go_to_another_process() -> None:
    call = (search, UNMINED.prefix, 6, 0, 10_000)
    function, *arguments = pickle.loads(pickle.dumps(call))
    assert function(*arguments) == search(UNMINED.prefix, 6, 0, 10_000)


def test_mined_envelope_reaches_its_target() -> None:
    assert envelope_pow(mine(UNMINED, 0.01, 100_000)) >= 0.01


def test_target_zero_takes_nonce_zero_without_a_try() -> None:
    assert mine(UNMINED, 0, 0).nonce == 0


def test_target_not_reached_in_the_tries_is_an_error() -> None:
    with pytest.raises(ProofOfWorkError):
        mine(UNMINED, 0.2, 0)
    with pytest.raises(ProofOfWorkError):
        mine(UNMINED, 1e15, 100)


@pytest.mark.parametrize("asked", [0.0, 0.001, 0.5])
def test_small_envelope_aims_at_what_all_clients_aim_at(asked: float) -> None:
    assert target_by_size(0, 15, asked) == target_by_size(49_999, 15, asked) == 0.002


def test_large_envelope_aims_as_low_as_everybody_around_lets_it() -> None:
    assert target_by_size(50_000, 15, 0.0) == 0.000002
    assert 0.001 < target_by_size(50_000, 15, 0.001) < 0.0012
    assert target_by_size(50_000, 0, 0.0005) == 0.001


@pytest.mark.parametrize("asked", [0.002, 1e6, float("inf")])
def test_large_envelope_never_aims_higher_than_a_small_one(asked: float) -> None:
    assert target_by_size(1_000_000, 15, asked) == 0.002


@pytest.mark.parametrize("late_s", [0, 1])
def test_large_envelope_counts_enough_where_the_clock_is_a_second_behind(late_s: int) -> None:
    """Whoever is behind takes it for one of the future, which has to live longer."""
    unmined = UnminedEnvelope(1_600_000_015, 15, Topic(b"topi"), bytes(60_000))
    envelope = mine(unmined, target_by_size(60_000, 15, 0.001), 100_000)
    assert envelope_pow(envelope, extra_s=late_s + (late_s > 0)) >= 0.001
