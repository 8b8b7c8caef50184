"""Proof of work: what an envelope's nonce is worth, and the search for one that is worth enough.

The search is deterministic (the lowest nonce that reaches the target wins) and knows no clock: it
is bounded in tries, and whoever has time to spend says how many. It can be cut into ranges, for
other processes.

Spec: EIP-627, "PoW"; go-ethereum whisper/whisperv6/envelope.go (order of the float operations).
"""

import math
from typing import Final

from sottovoce.base.errors import ProofOfWorkError
from sottovoce.crypto.hashes import keccak256, keccak256_state
from sottovoce.gossip.envelope import NONCE_MAX, SECONDS_MAX, Envelope, UnminedEnvelope

# Up to here a search is done where the envelope is made: 2000 tries take under two milliseconds,
# less than handing the work to another process and back. Searching longer would hold up a relay.
INLINE_TRIES_MAX: Final = 2000

# What Status' clients aim at and never above, and what is enough from so many bytes of data on.
TARGET: Final = 0.002
LARGE_TARGET: Final = 0.000002
LARGE_DATA_BYTES: Final = 50_000
# A peer whose clock is behind ours by less than this counts an envelope's work as we meant it.
_CLOCK_SLACK_S: Final = 2

_BITS_PER_BYTE: Final = 8
_DIGEST_BYTES: Final = 32
_DIGEST_BITS: Final = _DIGEST_BYTES * _BITS_PER_BYTE
_NONCE_BYTES: Final = 8  # fixed width here, unlike in the envelope's own RLP
_BITS_MIN: Final = 1  # the network's nodes never aim lower, whatever the target
_LOG2_E: Final = 1 / math.log(2)


def leading_zero_bits(digest: bytes) -> int:
    """Count the zero bits in front of the first one, reading the digest as a big-endian number."""
    return len(digest) * _BITS_PER_BYTE - int.from_bytes(digest, "big").bit_length()


def envelope_pow(envelope: Envelope, extra_s: int = 0) -> float:
    """Return what the envelope's nonce is worth.

    Args:
        envelope: Any envelope.
        extra_s: Seconds to add to its ttl, for one that comes from the future.

    Returns:
        ``2^zeros / length / (ttl + extra)``; infinity if the sum of the seconds is zero.
    """
    work = envelope.work_input
    zeros = leading_zero_bits(keccak256(work))
    seconds = (envelope.ttl_s + extra_s) & SECONDS_MAX
    if seconds == 0:
        return math.inf
    # The order of the two divisions is that of the network: another one rounds differently.
    return 2.0**zeros / (len(work) - _NONCE_BYTES) / seconds


def target_by_size(data_bytes: int, ttl_s: int, asked: float) -> float:
    """Return the proof of work to aim at when nobody chose one.

    Args:
        data_bytes: The length of the envelope's data.
        ttl_s: The envelope's ttl.
        asked: What our own relay and the peers ask for. A large envelope reaches it, for it would
            go nowhere otherwise, unless it is more than what small ones reach.

    Spec: Status specs 10 (waku usage), "PoW" (docs/spec-deviations.md, "Work by size").
    """
    if data_bytes < LARGE_DATA_BYTES:
        return TARGET
    with_slack = asked * (ttl_s + _CLOCK_SLACK_S) / max(1, ttl_s)
    return min(TARGET, max(LARGE_TARGET, with_slack))


def target_bits(target: float, size_bytes: int, ttl_s: int) -> int:
    """Return how many leading zero bits the search has to reach.

    Args:
        target: The wanted proof of work.
        size_bytes: The envelope's size by convention, `UnminedEnvelope.size_bytes`.
        ttl_s: The envelope's ttl.

    Returns:
        At least 1; more than 256 if no hash can reach the target.

    Raises:
        ProofOfWorkError: The target is negative, infinite or no number.
    """
    if not 0 <= target < math.inf:
        raise ProofOfWorkError("a target of work is a finite number that is not negative")
    tries = target * size_bytes * ttl_s
    if tries == math.inf:
        return _DIGEST_BITS + 1
    if tries == 0:
        return _BITS_MIN
    return max(_BITS_MIN, math.ceil(_log2(tries)))


def _log2(value: float) -> float:
    # The network's nodes take the logarithm of the fraction and add the exponent. The direct way
    # is rounded differently just above the powers of two, and would ask for another nonce there.
    fraction, exponent = math.frexp(value)
    if fraction == 1 / 2:
        return float(exponent - 1)
    return math.log(fraction) * _LOG2_E + exponent


def expected_tries(bits: int) -> int:
    """Return how many nonces have to be tried on average for this many leading zero bits."""
    return 1 << bits


def search(prefix: bytes, bits: int, first: int, count: int) -> int | None:
    """Look for the lowest nonce in ``[first, first + count)`` that reaches `bits` leading zeros.

    Arguments and result are plain values, so that the call can go to another process.

    Args:
        prefix: `UnminedEnvelope.prefix`.
        bits: How many leading zero bits the hash must have.
        first: The first nonce to try.
        count: How many nonces to try; those above 64 bits are left out.

    Returns:
        The nonce, or None if there is none in the range.
    """
    if bits > _DIGEST_BITS:
        return None
    # A hash has enough leading zeros if it is not above this one.
    highest = ((1 << (_DIGEST_BITS - bits)) - 1).to_bytes(_DIGEST_BYTES, "big")
    # The nonce comes last: with a copied state each try costs one permutation, whatever the size.
    copy = keccak256_state(prefix).copy
    for nonce in range(first, min(first + count, NONCE_MAX + 1)):
        state = copy()
        state.update(nonce.to_bytes(_NONCE_BYTES, "big"))
        if state.digest() <= highest:
            return nonce
    return None


def mine(unmined: UnminedEnvelope, target: float, tries_max: int) -> Envelope:
    """Give an envelope the lowest nonce that reaches the target.

    Args:
        unmined: The envelope.
        target: The wanted proof of work; 0 wants none and gives nonce 0.
        tries_max: How many nonces may be tried.

    Returns:
        The envelope with its nonce.

    Raises:
        ProofOfWorkError: The target was not reached in `tries_max` tries, or is negative, infinite
            or no number.
    """
    if target == 0:
        return unmined.mined(0)
    bits = target_bits(target, unmined.size_bytes, unmined.ttl_s)
    nonce = search(unmined.prefix, bits, 0, tries_max)
    if nonce is None:
        raise ProofOfWorkError(f"the target of work was not reached in {tries_max} tries")
    return unmined.mined(nonce)
