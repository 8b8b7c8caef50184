import pytest

from seeded import SeededEntropy
from sottovoce.base.moment import Moment
from sottovoce.gossip.proof_of_work import (
    INLINE_TRIES_MAX,
    envelope_pow,
    expected_tries,
    search,
)
from sottovoce.node import posting as module
from sottovoce.node.effects import CancelCompute, Compute, PostFailed
from sottovoce.node.inputs import Computed, PostMessage
from sottovoce.node.posting import Mined, Posting
from unit.node.pump import post

NOW = Moment(100.0, 1_600_000_000.0)
LONG_TARGET = 0.5  # 15 leading zero bits for a message of some hundred bytes and 50 s


def make() -> Posting:
    return Posting(SeededEntropy(1))


def start_long(posting: Posting, request: int = 1) -> Compute:
    job = posting.start(post(request, pow_target=LONG_TARGET), NOW)
    assert isinstance(job, Compute)
    return job


def failure(step: object) -> str:
    assert isinstance(step, PostFailed)
    return step.detail


def test_short_search_is_done_at_once() -> None:
    mined = make().start(post(pow_target=0.002), NOW)
    assert isinstance(mined, Mined)
    assert envelope_pow(mined.envelope) >= 0.002
    assert (mined.envelope.ttl_s, mined.envelope.sent_unix_s) == (50, 1_600_000_000)


def test_search_goes_elsewhere_from_two_thousand_expected_tries_on() -> None:
    seen: dict[bool, list[int]] = {True: [], False: []}
    size_bytes = make().start(post(pow_target=0.0), NOW)
    assert isinstance(size_bytes, Mined)
    cost = len(size_bytes.envelope.prefix) * 50
    for bits in (9, 10, 11, 12):
        step = make().start(post(pow_target=2**bits / cost * 0.9), NOW)
        seen[isinstance(step, Compute)].append(expected_tries(bits))
    assert seen == {False: [512, 1024], True: [2048, 4096]}
    assert INLINE_TRIES_MAX == 2000


def test_job_carries_all_that_a_search_needs() -> None:
    job = start_long(make())
    nonce = search(job.prefix, job.bits, 0, 1 << 20)
    assert nonce is not None
    assert (job.job, job.work_time_s) == (1, 5.0)


def test_result_of_a_job_becomes_the_envelope() -> None:
    posting = make()
    job = start_long(posting)
    mined = posting.finish(Computed(job.job, search(job.prefix, job.bits, 0, 1 << 20)))
    assert isinstance(mined, Mined)
    assert envelope_pow(mined.envelope) >= LONG_TARGET


def test_job_without_result_fails_the_post() -> None:
    posting = make()
    job = start_long(posting)
    assert "not found within 5 s" in failure(posting.finish(Computed(job.job, None)))


def test_result_counts_once() -> None:
    posting = make()
    job = start_long(posting)
    posting.finish(Computed(job.job, None))
    assert posting.finish(Computed(job.job, 1)) is None


def test_cancelled_post_stops_its_search_and_fails() -> None:
    posting = make()
    first, second = start_long(posting, 1), start_long(posting, 2)
    assert posting.cancel(1) == [
        CancelCompute(first.job),
        PostFailed(1, "the post was cancelled"),
    ]
    assert posting.finish(Computed(first.job, 1)) is None
    assert isinstance(posting.finish(Computed(second.job, 1)), Mined)


def test_cancelling_what_does_not_run_does_nothing() -> None:
    assert make().cancel(1) == []


@pytest.mark.parametrize("target", [-1.0, -0.001])
def test_negative_target_fails(target: float) -> None:
    assert "not negative" in failure(make().start(post(pow_target=target), NOW))


@pytest.mark.parametrize("target", [float("inf"), float("nan")])
def test_target_that_is_no_number_fails(target: float) -> None:
    assert "finite number" in failure(make().start(post(pow_target=target), NOW))


@pytest.mark.parametrize("time_s", [0.0, -1.0])
def test_work_without_time_fails_with_advice(time_s: float) -> None:
    step = make().start(post(pow_target=0.002, work_time_s=time_s), NOW)
    assert "allow a second or more" in failure(step)


def test_zero_target_needs_no_time_and_no_search() -> None:
    mined = make().start(post(pow_target=0.0, work_time_s=0.0), NOW)
    assert isinstance(mined, Mined)
    assert mined.envelope.nonce == 0


def test_unlucky_inline_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_INLINE_PATIENCE", 0)
    assert "not reached in 0 tries" in failure(make().start(post(), NOW))


def test_payload_that_fits_no_envelope_fails() -> None:
    step = make().start(post(payload=bytes(1 << 24)), NOW)
    assert "too large" in failure(step) or "at most" in failure(step)


def test_jobs_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_JOBS_MAX", 2)
    posting = make()
    first = start_long(posting, 1)
    start_long(posting, 2)
    third = post(3, pow_target=LONG_TARGET)
    assert "too many posts" in failure(posting.start(third, NOW))
    posting.finish(Computed(first.job, None))
    assert isinstance(posting.start(third, NOW), Compute)


def test_wish_shows_neither_payload_nor_key() -> None:
    wish: PostMessage = post(payload=b"meet me at noon")
    assert "noon" not in repr(wish)
    assert "shared key" not in repr(wish)


def asked(asked_pow: float) -> Posting:
    return Posting(SeededEntropy(1), asked_pow=lambda: asked_pow)


def test_small_post_without_a_target_gets_the_usual_work() -> None:
    mined = asked(0.5).start(post(pow_target=None), NOW)
    assert isinstance(mined, Mined)
    assert mined.target == 0.002
    assert envelope_pow(mined.envelope) >= 0.002


def test_large_post_without_a_target_costs_next_to_nothing_where_nobody_asks_for_more() -> None:
    mined = asked(0.0).start(post(payload=bytes(60_000), pow_target=None), NOW)
    assert isinstance(mined, Mined)
    assert mined.target == 0.000002
    assert mined.envelope.nonce < 100


def test_large_post_without_a_target_is_worth_what_is_asked_for() -> None:
    job = asked(0.001).start(post(payload=bytes(60_000), pow_target=None), NOW)
    assert isinstance(job, Compute)
    assert expected_tries(job.bits) == 4096  # 0.00104 * 60,260 * 50
    explicit = asked(0.001).start(post(payload=bytes(60_000), pow_target=0.002), NOW)
    assert isinstance(explicit, Compute)
    assert expected_tries(explicit.bits) == 8192


def test_failure_names_the_work_that_was_chosen() -> None:
    posting = asked(1.0)
    job = posting.start(post(payload=bytes(60_000), pow_target=None), NOW)
    assert isinstance(job, Compute)
    assert "of 0.002 was not found" in failure(posting.finish(Computed(job.job, None)))
