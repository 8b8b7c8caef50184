"""The pool: expiry by the second, the bound in bytes, and the bits of peers."""

import tracemalloc

import pytest

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.codec.rlp import encode_list
from sottovoce.gossip import pool as pool_module
from sottovoce.gossip.envelope import decode_envelopes
from sottovoce.gossip.pool import (
    COUNT_MAX_LEAST,
    ENVELOPE_BYTES_MEAN_MIN,
    STALE_SLOTS_MAX,
    Pool,
    PoolEntry,
)
from sottovoce.gossip.settings import POOL_BYTES_MAX
from unit.gossip.network import START_UNIX_S, make_envelope

SIZE = len(make_envelope(b"000").raw)


def add(pool: Pool, data: bytes, pow: float = 1.0, *, own: bool = False) -> PoolEntry | None:
    return pool.add(make_envelope(data, pow=0), pow=pow, bloom=1, own=own)


def hash_of(data: bytes) -> EnvelopeHash:
    return make_envelope(data, pow=0).hash


def ranks(pool: Pool) -> bool:
    return pool._worth is not None


def test_envelope_lives_through_the_second_of_its_expiry() -> None:
    pool = Pool(10**6)
    add(pool, b"000")
    assert pool.expire(START_UNIX_S + 50) == 0
    assert pool.expire(START_UNIX_S + 51) == 1
    assert (len(pool), pool.size_bytes) == (0, 0)


def test_only_what_expired_leaves() -> None:
    pool = Pool(10**6)
    early, late = make_envelope(b"e", ttl_s=5), make_envelope(b"l", ttl_s=9)
    for envelope in (late, early):
        pool.add(envelope, pow=1.0, bloom=1, own=False)
    pool.expire(START_UNIX_S + 7)
    assert [entry.envelope for entry in pool.entries()] == [late]


def test_full_pool_gives_up_the_least_work_for_more() -> None:
    pool = Pool(3 * SIZE)
    for data, pow in ((b"001", 3.0), (b"002", 1.0), (b"003", 2.0)):
        add(pool, data, pow)
    assert add(pool, b"004", 1.5) is not None
    assert not pool.holds(hash_of(b"002"))
    assert (len(pool), pool.evicted_count, pool.size_bytes) == (3, 1, 3 * SIZE)


def test_full_pool_refuses_a_newcomer_of_no_more_work() -> None:
    pool = Pool(2 * SIZE)
    add(pool, b"001", 1.0)
    add(pool, b"002", 2.0)
    assert add(pool, b"003", 1.0) is None
    assert (len(pool), pool.evicted_count) == (2, 0)


def test_failed_attempt_to_make_room_evicts_nothing() -> None:
    pool = Pool(3 * SIZE)
    for data, pow in ((b"001", 1.0), (b"002", 5.0), (b"003", 5.0)):
        add(pool, data, pow)
    large = make_envelope(b"x" * (2 * SIZE), pow=0)
    assert pool.add(large, pow=3.0, bloom=1, own=False) is None
    assert len(pool) == 3
    assert pool.add(large, pow=9.0, bloom=1, own=False) is not None
    assert len(pool) == 1


def test_own_envelope_is_never_evicted() -> None:
    pool = Pool(2 * SIZE)
    add(pool, b"001", 0.1, own=True)
    add(pool, b"002", 1.0)
    assert add(pool, b"003", 2.0) is not None
    assert pool.holds(hash_of(b"001"))
    assert not pool.holds(hash_of(b"002"))


def test_own_envelope_finds_room_whatever_its_work() -> None:
    pool = Pool(SIZE)
    add(pool, b"001", 9.0)
    assert add(pool, b"002", 0.1, own=True) is not None
    assert add(pool, b"003", 0.1, own=True) is None


def test_entry_that_became_our_own_is_not_evicted() -> None:
    pool = Pool(SIZE)
    entry = add(pool, b"001", 1.0)
    assert entry is not None
    entry.own = True
    assert add(pool, b"002", 2.0) is None


def test_envelope_that_was_evicted_does_not_come_back_unless_it_is_our_own() -> None:
    pool = Pool(SIZE)
    for data, pow in ((b"001", 1.0), (b"002", 2.0)):
        assert add(pool, data, pow) is not None
    assert pool.expire(START_UNIX_S + 60) == 1
    assert add(pool, b"001", 1.0) is None
    assert add(pool, b"001", 1.0, own=True) is not None
    assert (len(pool), pool.size_bytes, pool.evicted_count) == (1, SIZE, 1)


def test_earliest_of_what_was_evicted_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "PUT_OUT_MAX", 2)
    pool = Pool(SIZE)
    for number in range(6):
        assert add(pool, b"%03d" % number, 1.0 + number) is not None
    assert pool.expire(START_UNIX_S + 60) == 1
    assert add(pool, b"004", 9.0) is None
    assert add(pool, b"000", 9.0) is not None


def test_indexes_do_not_grow_with_what_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_DEAD_SLACK", 4)
    pool = Pool(SIZE)
    for number in range(60):
        envelope = make_envelope(b"%03d" % number, ttl_s=20 + number, pow=0)
        assert pool.add(envelope, pow=1.0 + number, bloom=1, own=False) is not None
    assert pool._worth is not None
    assert len(pool._worth) <= 6
    assert len(pool._expiry_seconds) <= 7
    assert pool.expire(START_UNIX_S + 200) == 1


def test_pool_that_was_never_full_ranks_nothing() -> None:
    pool = Pool(10**6)
    add(pool, b"001")
    assert not ranks(pool)


def test_ranking_is_given_up_when_half_of_the_pool_has_expired() -> None:
    pool = Pool(4 * SIZE)
    for number in range(5):
        envelope = make_envelope(b"%03d" % number, ttl_s=20 + number, pow=0)
        assert pool.add(envelope, pow=1.0 + number, bloom=1, own=False) is not None
    assert pool.expire(START_UNIX_S + 23) == 2
    assert ranks(pool)
    assert pool.expire(START_UNIX_S + 24) == 1
    assert not ranks(pool)
    for data, pow in ((b"a01", 3.0), (b"a02", 1.0), (b"a03", 2.0), (b"a04", 1.5)):
        assert add(pool, data, pow) is not None
    assert not pool.holds(hash_of(b"a02"))


def test_what_left_the_pool_keeps_no_bytes() -> None:
    pool = Pool(SIZE)
    evicted = add(pool, b"001", 1.0)
    expired = add(pool, b"002", 2.0)
    pool.expire(START_UNIX_S + 51)
    assert evicted is not None
    assert expired is not None
    assert (evicted.raw, expired.raw) == (b"", b"")


def test_known_envelopes_of_a_peer_are_listed() -> None:
    pool = Pool(10**6)
    bit = pool.take_slot()
    entry = add(pool, b"001")
    add(pool, b"002")
    assert entry is not None
    entry.known |= bit
    assert pool.known_by(bit) == [hash_of(b"001")]


def test_peers_have_bits_of_their_own() -> None:
    pool = Pool(10**6)
    assert [pool.take_slot() for _ in range(4)] == [1, 2, 4, 8]


def test_bit_of_a_peer_that_left_is_cleared_before_it_is_used_again() -> None:
    pool = Pool(10**6)
    entry = add(pool, b"001")
    assert entry is not None
    bits = [pool.take_slot() for _ in range(STALE_SLOTS_MAX)]
    entry.known = entry.delayed = sum(bits)
    for bit in bits[:-1]:
        pool.release_slot(bit)
    assert pool.take_slot() == 1 << STALE_SLOTS_MAX
    pool.release_slot(bits[-1])
    assert (entry.known, entry.delayed) == (0, 0)
    assert pool.take_slot() == bits[0]


def test_pooling_twice_is_our_own_mistake() -> None:
    pool = Pool(10**6)
    envelope = make_envelope()
    pool.add(envelope, pow=1.0, bloom=1, own=False)
    with pytest.raises(AssertionError):
        pool.add(envelope, pow=1.0, bloom=1, own=False)


def test_small_envelopes_are_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "COUNT_MAX_LEAST", 3)
    pool = Pool(3 * ENVELOPE_BYTES_MEAN_MIN)
    for data, pow in ((b"001", 3.0), (b"002", 1.0), (b"003", 2.0)):
        add(pool, data, pow)
    assert add(pool, b"004", 1.0) is None
    assert add(pool, b"005", 1.5) is not None
    assert not pool.holds(hash_of(b"002"))
    assert (len(pool), pool.evicted_count) == (3, 1)


def test_small_pool_takes_some_thousand_envelopes_all_the_same() -> None:
    assert Pool(1).count_max == COUNT_MAX_LEAST
    assert Pool(POOL_BYTES_MAX).count_max == 131_072


@pytest.mark.parametrize(("ranked", "bytes_max"), [(False, 320), (True, 420)])
def test_envelope_costs_little_besides_its_bytes(ranked: bool, bytes_max: int) -> None:
    """With the bound in number this says how much memory a full pool takes."""
    raws = [make_envelope(b"%06d" % number, pow=0).raw for number in range(COUNT_MAX_LEAST)]
    pool = Pool(POOL_BYTES_MAX)
    tracemalloc.start()
    if ranked:
        pool._ranking()
    for number, raw in enumerate(raws):
        [envelope] = decode_envelopes(encode_list([raw]))
        entry = pool.add(envelope, pow=1.0 + number, bloom=1, own=False)
        assert entry is not None
        entry.known = 1 << 50
    taken_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken_bytes < COUNT_MAX_LEAST * (bytes_max + len(raws[0]))


def test_much_that_expires_at_once_leaves_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "EXPIRED_PER_CALL", 3)
    pool = Pool(10**6)
    for number in range(5):
        envelope = make_envelope(b"%03d" % number, ttl_s=20 + number // 4, pow=0)
        pool.add(envelope, pow=1.0, bloom=1, own=False)
    late = START_UNIX_S + 60
    assert (pool.expire(late), pool.has_expired(late), len(pool)) == (3, True, 2)
    assert (pool.expire(late), pool.has_expired(late), pool.size_bytes) == (2, False, 0)


def test_full_pool_is_ranked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "RANKED_PER_CALL", 2)
    pool = Pool(4 * SIZE)
    for data, pow in ((b"001", 1.0), (b"002", 2.0), (b"003", 3.0), (b"004", 4.0)):
        add(pool, data, pow)
    # The youngest two are ranked first, and the least of them makes room.
    assert add(pool, b"005", 9.0) is not None
    assert not pool.holds(hash_of(b"003"))
    # With the others ranked, the least of all does.
    assert add(pool, b"006", 9.0) is not None
    assert not pool.holds(hash_of(b"001"))
