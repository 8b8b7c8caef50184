"""Wishes: what a peer accepts, and the packets that say so."""

import math

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import FULL_BLOOM, bloom_to_bytes
from sottovoce.gossip.wishes import (
    Wishes,
    decode_bloom_filter,
    decode_pow_requirement,
    decode_rate_limits,
    encode_bloom_filter,
    encode_pow_requirement,
    encode_rate_limits,
    pow_to_bits,
)


def test_peer_that_said_nothing_wants_everything() -> None:
    wishes = Wishes()
    assert wishes.is_full_node
    assert wishes.accept(0.0, FULL_BLOOM)


def test_requirement_is_met_by_exactly_as_much() -> None:
    wishes = Wishes()
    wishes.set_minimum_pow(0.5)
    assert wishes.accept(0.5, 0)
    assert not wishes.accept(0.4999, 0)


def test_all_bits_of_an_envelope_must_be_wanted() -> None:
    wishes = Wishes()
    wishes.set_bloom(bloom_to_bytes(0b0110))
    assert wishes.accept(1.0, 0b0110)
    assert not wishes.accept(1.0, 0b0111)


@pytest.mark.parametrize("announced", [b"", bloom_to_bytes(FULL_BLOOM)])
def test_empty_and_full_bloom_mean_everything(announced: bytes) -> None:
    wishes = Wishes()
    wishes.set_bloom(bloom_to_bytes(1))
    assert wishes.set_bloom(announced)
    assert wishes.is_full_node


def test_widening_is_told_from_narrowing() -> None:
    wishes = Wishes()
    told = [wishes.set_bloom(bloom_to_bytes(bloom)) for bloom in (0b11, 0b01, 0b01, 0b10)]
    assert told == [False, False, False, True]
    assert [wishes.set_minimum_pow(pow) for pow in (2.0, 2.0, 3.0, 1.0)] == [False] * 3 + [True]


@pytest.mark.parametrize("value", [0.0, 0.001, 0.2, 2.5, 1e300])
def test_requirement_survives_its_packet(value: float) -> None:
    assert decode_pow_requirement(encode_pow_requirement(value)) == value


@pytest.mark.parametrize("value", [math.inf, math.nan, -1.0])
def test_impossible_requirement_is_refused_on_both_sides(value: float) -> None:
    with pytest.raises(LocalProtocolError):
        encode_pow_requirement(value)
    with pytest.raises(RemoteProtocolError):
        decode_pow_requirement(rlp.encode_uint(pow_to_bits(value)))


@pytest.mark.parametrize("payload", [b"", b"\xc1\x01", b"\x82\x00\x01", b"\x89" + b"\x01" * 9])
def test_requirement_that_is_no_integer_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_pow_requirement(payload)


def test_bytes_after_a_requirement_are_ignored() -> None:
    assert decode_pow_requirement(encode_pow_requirement(0.5) + b"\x01") == 0.5


def test_bloom_filter_survives_its_packet() -> None:
    bloom = bloom_to_bytes(12345)
    assert decode_bloom_filter(encode_bloom_filter(bloom)) == bloom


@pytest.mark.parametrize("length", [0, 63, 65])
def test_bloom_filter_of_another_length_is_refused_on_both_sides(length: int) -> None:
    with pytest.raises(LocalProtocolError):
        encode_bloom_filter(bytes(length))
    with pytest.raises(RemoteProtocolError):
        decode_bloom_filter(rlp.encode(bytes(length)))


def test_rate_limits_survive_their_packet() -> None:
    assert decode_rate_limits(encode_rate_limits((10, 5, 7))) == (10, 5, 7)


@pytest.mark.parametrize("item", [(1, 2), (1, 2, 3, 4), (1, 2, (3,)), b"abc"])
def test_rate_limits_that_are_not_three_integers_are_refused(item: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_rate_limits(rlp.encode(item))
