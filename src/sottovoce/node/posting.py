"""Our own messages on their way from a wish to a mined envelope.

Short searches for proof of work are done at once; long ones become a job for somebody else's
processor. Which of the two is known beforehand, from target, size and TTL alone.

Spec: EIP-627, "Proof of Work"; go-ethereum whisper/whisperv6 (envelope sealing).
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError, ProofOfWorkError, SottovoceError
from sottovoce.base.moment import Moment
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope
from sottovoce.gossip.proof_of_work import (
    INLINE_TRIES_MAX,
    expected_tries,
    mine,
    target_bits,
    target_by_size,
)
from sottovoce.gossip.seal import seal
from sottovoce.node.effects import CancelCompute, Compute, PostFailed
from sottovoce.node.inputs import Computed, PostMessage

# An inline search of n expected tries needs more than 16 n once in nine million posts; then the
# post fails, instead of holding the loop for longer than 32,000 tries take (about 30 ms).
_INLINE_PATIENCE: Final = 16

# Jobs wait for worker processes; more than this many are refused rather than queued for hours.
_JOBS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Mined:
    """A finished envelope and the wish that it fulfils.

    Attributes:
        wish: The wish.
        envelope: What is posted.
        target: The proof of work that was aimed at; 0 if none was done.
    """

    wish: PostMessage
    envelope: Envelope
    target: float


class _Job(NamedTuple):
    """A search that somebody else does."""

    wish: PostMessage
    unmined: UnminedEnvelope
    target: float


class Posting:
    """The posts whose proof of work is not done yet.

    Args:
        entropy: Where nonces and padding come from.
        job_numbers: Gives the numbers of searches; shared by all who ask for them.
        asked_pow: Tells how much work our relay and the peers ask for; nobody asks by default.
    """

    def __init__(
        self,
        entropy: Entropy,
        job_numbers: Iterator[int] | None = None,
        *,
        asked_pow: Callable[[], float] = float,
    ) -> None:
        self._entropy = entropy
        self._asked_pow = asked_pow
        self._jobs: dict[int, _Job] = {}
        self._job_numbers = job_numbers or itertools.count(1)

    def start(self, wish: PostMessage, now: Moment) -> Mined | Compute | PostFailed:
        """Seal the payload; mine it at once if that is quick, else ask for a search."""
        try:
            return self._start(wish, now)
        except SottovoceError as error:
            return PostFailed(wish.request, str(error))

    def _start(self, wish: PostMessage, now: Moment) -> Mined | Compute:
        unmined = seal(
            wish.payload,
            wish.route,
            ttl_s=wish.ttl_s,
            now=now,
            entropy=self._entropy,
            padding=wish.padding,
        )
        target = wish.pow_target
        if target is None:
            target = target_by_size(len(unmined.data), wish.ttl_s, self._asked_pow())
        if target <= 0:
            return Mined(wish, mine(unmined, target, 1), target)
        if wish.work_time_s <= 0:
            raise ProofOfWorkError(
                "a proof of work is wanted but no time is allowed for it; allow a second or more"
            )
        bits = target_bits(target, unmined.size_bytes, wish.ttl_s)
        if expected_tries(bits) < INLINE_TRIES_MAX:
            tries_max = _INLINE_PATIENCE * expected_tries(bits)
            return Mined(wish, mine(unmined, target, tries_max), target)
        if len(self._jobs) >= _JOBS_MAX:
            raise LocalProtocolError("too many posts wait for their proof of work; try again later")
        job = next(self._job_numbers)
        self._jobs[job] = _Job(wish, unmined, target)
        return Compute(job, unmined.prefix, bits, wish.work_time_s)

    def finish(self, result: Computed) -> Mined | PostFailed | None:
        """Take the result of a search; None if the post was cancelled meanwhile."""
        job = self._jobs.pop(result.job, None)
        if job is None:
            return None
        wish, unmined, target = job
        if result.nonce is None:
            return PostFailed(
                wish.request,
                f"the proof of work of {target:g} was not found within "
                f"{wish.work_time_s:g} s; lower it, shorten the message or allow more time",
            )
        return Mined(wish, unmined.mined(result.nonce), target)

    def cancel(self, request: int) -> list[CancelCompute | PostFailed]:
        """Stop the search for a request, if one runs."""
        for number, job in self._jobs.items():
            if job.wish.request == request:
                del self._jobs[number]
                return [CancelCompute(number), PostFailed(request, "the post was cancelled")]
        return []
