"""The token bucket: overdrawn at the right moment, refilled with time, never above its capacity."""

from sottovoce.base.token_bucket import TokenBucket


def bucket() -> TokenBucket:
    return TokenBucket(capacity=100.0, refill_per_s=10.0, now_s=50.0)


def test_full_bucket_pays_its_capacity_and_not_more() -> None:
    account = bucket()
    assert not account.spend(100.0, 50.0)
    assert account.spend(0.5, 50.0)


def test_bucket_refills_with_time() -> None:
    account = bucket()
    account.spend(100.0, 50.0)
    assert not account.spend(9.0, 51.0)
    assert account.spend(2.0, 51.0)


def test_bucket_never_holds_more_than_its_capacity() -> None:
    assert bucket().spend(101.0, 1_000_000.0)


def test_overdrawn_bucket_recovers() -> None:
    account = bucket()
    assert account.spend(150.0, 50.0)
    assert not account.spend(0.0, 55.0)


def test_bucket_tells_how_long_a_cost_has_to_wait() -> None:
    account = bucket()
    assert account.wait_s(100.0, 50.0) == 0
    account.spend(120.0, 50.0)
    assert account.wait_s(10.0, 50.0) == 3
    assert account.wait_s(10.0, 52.0) == 1
    assert not account.spend(10.0, 53.0)


def test_bucket_tells_whether_it_is_full() -> None:
    account = bucket()
    assert account.is_full(50.0)
    account.spend(10.0, 50.0)
    assert not account.is_full(50.9)
    assert account.is_full(51.0)


def test_bucket_tells_when_a_cost_is_covered_and_then_it_is() -> None:
    account = TokenBucket(capacity=0.75, refill_per_s=0.9 / 7, now_s=0.0)
    at_s = 1234.5678
    for cost in (0.3, 0.7, 0.11, 0.75, 0.2):
        at_s = max(at_s, account.ready_at_s(cost))
        assert account.ready_at_s(cost) <= at_s
        account.spend(cost, at_s)
        assert account.left(at_s) > -1e-9


def test_full_bucket_covers_a_cost_above_its_capacity_and_pays_it_off() -> None:
    account = bucket()
    assert account.ready_at_s(1000.0) == 50
    account.spend(1000.0, 50.0)
    assert account.ready_at_s(1.0) == 50 + 90.1
    assert account.ready_at_s(1000.0) == 50 + 100
