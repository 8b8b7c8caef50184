"""What arithmetic expects of a bloom filter of topics: fill, false positives, candidates.

Bits are taken as independent. That two positions of a topic which share a byte leave but one bit is
included, for it decides when there are few topics.

Spec: EIP-627, "bloom filter"; docs/spec-deviations.md, "Bloom".
"""

import math
from typing import Final

_BITS: Final = 512
_BYTES: Final = 64
_POSITIONS: Final = 3
# How many bits a topic sets: three if its positions are in three bytes, one if all share one.
_THREE_BITS: Final = (_BYTES - 1) * (_BYTES - 2) / _BYTES**2
_ONE_BIT: Final = 1 / _BYTES**2
_TWO_BITS: Final = 1 - _THREE_BITS - _ONE_BIT
_MEAN_BITS: Final = 3 * _THREE_BITS + 2 * _TWO_BITS + _ONE_BIT
_HALF: Final = 0.5


def expected_fill(topics: int) -> float:
    """Return the share of bits that so many random topics set."""
    return 1 - math.pow(1 - _MEAN_BITS / _BITS, topics)


def expected_share(topics: int) -> float:
    """Return the share of random topics that a bloom of so many lets pass, apart from these."""
    fill = expected_fill(topics)
    return _THREE_BITS * fill**3 + _TWO_BITS * fill**2 + _ONE_BIT * fill


def expected_candidates(topics: int, known: int) -> float:
    """Return how many of the known topics explain the bits that one more topic added.

    Args:
        topics: How many topics there were before.
        known: How many topics the observer knows; the added one is among them.

    Returns:
        The median over additions that show at all.
    """
    fill = expected_fill(topics)
    chances = {new: _chance_of_new(new, fill) for new in range(1, _POSITIONS + 1)}
    half = sum(chances.values()) * _HALF
    for new in range(_POSITIONS, 0, -1):  # The more bits are new, the fewer topics explain them.
        half -= chances[new]
        if half <= 0:
            break
    explaining = _ordered(new) / math.pow(_BITS, new) * math.pow(fill, _POSITIONS - new)
    return 1 + (known - 1) * explaining


def _chance_of_new(new: int, fill: float) -> float:
    """Return how likely it is that so many of a topic's bits are new."""
    ways = {1: 3, 2: 3, 3: 1}[new]
    return ways * math.pow(1 - fill, new) * math.pow(fill, _POSITIONS - new)


def _ordered(new: int) -> int:
    """Return in how many ways a topic's positions can hit so many bits."""
    return {1: 3, 2: 6, 3: 6}[new]
