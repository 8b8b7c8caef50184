"""ENS claims: when they count, when they are looked up."""

import pytest

from sottovoce.payloads.ens_claim import TRIES_MAX, is_lookup_due, is_new_claim


def due(name: str = "a.eth", *, verified: bool = False, failures: int = 0, now_unix_s: int) -> bool:
    return is_lookup_due(
        name, verified=verified, failures=failures, last_try_unix_s=100, now_unix_s=now_unix_s
    )


@pytest.mark.parametrize(("failures", "pause_s"), [(0, 0), (1, 60), (2, 240), (3, 720)])
def test_pause_grows_with_failures(failures: int, pause_s: int) -> None:
    assert due(failures=failures, now_unix_s=100 + pause_s)
    assert not due(failures=failures, now_unix_s=99 + pause_s)


def test_verified_absent_foreign_and_hopeless_names_are_never_due() -> None:
    later_unix_s = 1 << 40
    assert due(failures=TRIES_MAX - 1, now_unix_s=later_unix_s)
    assert not due(failures=TRIES_MAX, now_unix_s=later_unix_s)
    assert not due(verified=True, now_unix_s=later_unix_s)
    assert not due("", now_unix_s=later_unix_s)
    assert not due("a", now_unix_s=later_unix_s)


@pytest.mark.parametrize(
    ("name", "stored", "clock", "counts"),
    [
        ("b.eth", "a.eth", 6, True),
        ("b.eth", "a.eth", 5, True),
        ("b.eth", "a.eth", 4, False),
        ("a.eth", "a.eth", 6, False),
        ("", "a.eth", 6, False),
        ("b", "a.eth", 6, False),
    ],
)
def test_claim_counts_if_it_is_new(name: str, stored: str, clock: int, counts: bool) -> None:
    assert is_new_claim(name, stored=stored, clock=clock, last_clock=5) == counts
