"""What one peer may ask in a time: the pause, the accounts, and who is remembered."""

from dataclasses import replace

import pytest

from sottovoce.mail.asker_limits import ASKERS_MAX, FAULTS_MAX, AskerLimits
from sottovoce.mail.reading import Refused
from sottovoce.mail.server_statistics import Refusal
from unit.mail.mail_bench import SETTINGS, asker

NOW_S = 1000.0
ONE, TWO = asker(1), asker(2)


def text(refused: Refused | None) -> str:
    assert refused is not None
    return refused.detail


def test_second_request_within_the_pause_is_refused_as_status_go_does() -> None:
    limits = AskerLimits(replace(SETTINGS, pause_s=60.0))
    assert limits.refusal(ONE, NOW_S, sync=False) is None
    limits.note_request(ONE, NOW_S)
    expected = Refused(Refusal.PAUSE, "rate limit exceeded")
    assert limits.refusal(ONE, NOW_S + 59, sync=False) == expected
    assert text(limits.refusal(ONE, NOW_S + 59, sync=True)) == "requests per seconds limit exceeded"
    assert limits.refusal(ONE, NOW_S + 60, sync=False) is None
    assert limits.refusal(TWO, NOW_S, sync=False) is None


def test_refused_request_does_not_restart_the_pause() -> None:
    limits = AskerLimits(replace(SETTINGS, pause_s=60.0))
    limits.note_request(ONE, NOW_S)
    limits.note_refused(ONE, NOW_S + 30)
    assert limits.refusal(ONE, NOW_S + 60, sync=False) is None


def test_requests_by_the_hour_are_said_out_loud() -> None:
    limits = AskerLimits(replace(SETTINGS, requests_per_hour=2))
    for _ in range(2):
        assert limits.refusal(ONE, NOW_S, sync=False) is None
        limits.note_request(ONE, NOW_S)
    refused = limits.refusal(ONE, NOW_S, sync=False)
    assert text(refused) == "rate limit exceeded: 2 requests an hour; ask again in 1800 s"
    assert limits.refusal(ONE, NOW_S + 1800, sync=False) is None


@pytest.mark.parametrize(
    ("envelopes", "bytes", "detail"),
    [
        (36_010, 0, "rate limit exceeded: 36000 envelopes an hour; ask again in 2 s"),
        (0, 72_039, "rate limit exceeded: 72000 bytes an hour; ask again in 2 s"),
    ],
)
def test_what_was_sent_counts_for_the_hour(envelopes: int, bytes: int, detail: str) -> None:
    limits = AskerLimits(replace(SETTINGS, envelopes_per_hour=36_000, bytes_per_hour=72_000))
    limits.refusal(ONE, NOW_S, sync=False)
    limits.note_sent(ONE, NOW_S, envelopes=envelopes, bytes=bytes)
    assert text(limits.refusal(ONE, NOW_S, sync=False)) == detail
    assert limits.refusal(ONE, NOW_S + 2, sync=False) is None


def test_who_sends_nothing_but_faults_is_refused_unread_and_recovers_in_a_second() -> None:
    limits = AskerLimits(SETTINGS)
    for _ in range(100_000):
        limits.note_refused(ONE, NOW_S)
    detail = "rate limit exceeded: too many refused requests; ask again in 1 s"
    assert text(limits.refusal_unread(ONE, NOW_S)) == detail
    assert limits.refusal_unread(ONE, NOW_S + 1) is None
    assert limits.refusal_unread(TWO, NOW_S) is None


def test_large_faults_count_for_more() -> None:
    limits = AskerLimits(SETTINGS)
    for _ in range(4):
        assert limits.refusal_unread(ONE, NOW_S) is None
        limits.note_refused(ONE, NOW_S, size=60_000)
    refused = limits.refusal_unread(ONE, NOW_S)
    assert text(refused).endswith("ask again in 1 s")


def test_few_faults_cost_nothing() -> None:
    limits = AskerLimits(SETTINGS)
    for _ in range(FAULTS_MAX - 1):
        limits.note_refused(ONE, NOW_S)
    assert limits.refusal_unread(ONE, NOW_S) is None


def test_table_is_bounded_and_forgets_only_who_owes_nothing() -> None:
    limits = AskerLimits(SETTINGS)
    for number in range(ASKERS_MAX):
        limits.note_request(asker(number), NOW_S)
    newcomer = asker(ASKERS_MAX)
    assert text(limits.refusal_unread(newcomer, NOW_S)).startswith("rate limit exceeded: 10000")
    assert text(limits.refusal(newcomer, NOW_S, sync=False)).endswith("ask again in 10 s")
    # A request is forgiven after three seconds.
    assert limits.refusal_unread(newcomer, NOW_S + 3) is None
    assert len(limits) == ASKERS_MAX


def test_pause_is_not_forgotten_either() -> None:
    limits = AskerLimits(replace(SETTINGS, pause_s=60.0))
    for number in range(ASKERS_MAX):
        limits.note_request(asker(number), NOW_S)
    assert limits.refusal_unread(asker(ASKERS_MAX), NOW_S + 59) is not None
    assert limits.refusal_unread(asker(ASKERS_MAX), NOW_S + 60) is None
