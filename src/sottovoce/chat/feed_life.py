"""Lives of a list of changes: which is later can be seen from their names.

A list that went back to an older copy begins a new life. An envelope of the life before may come
minutes later, or days later from a mailserver; it must not bring that life back.

Spec: none; docs/decisions/0010-devices-feed-each-other.md, "Lives".
"""

from typing import Final

from sottovoce.base.entropy import Entropy

LIFE_BYTES: Final = 8
# Milliseconds up to the year 10889; what follows tells two that began at once apart.
_STAMP_BYTES: Final = 6
_STAMP_LAST: Final = (1 << 8 * _STAMP_BYTES) - 1


def next_life(entropy: Entropy, now_unix_ms: int, *, above: bytes) -> bytes:
    """Return the name of a new life, 8 bytes; a later life has a greater name.

    Args:
        entropy: Where a part of it is drawn from.
        now_unix_ms: The time.
        above: The latest life that is known, or empty: the new one is later, whatever the time is.
    """
    last = int.from_bytes(above[:_STAMP_BYTES].ljust(_STAMP_BYTES, b"\x00"), "big")
    stamp = min(max(now_unix_ms, last + 1), _STAMP_LAST)
    return stamp.to_bytes(_STAMP_BYTES, "big") + entropy.take(LIFE_BYTES - _STAMP_BYTES)
