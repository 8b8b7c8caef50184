"""The number that two people compare to know that nobody stands between them.

Each of the two keys gives thirty digits, and the smaller half stands in front, so that both see
the same sixty. Whoever wants to stand between has to find, for each of the two, a key with the same
thirty digits, and pays many rounds of hashing for each try. The three-word name and the picture
are far too short for that.

Spec: none; made as the numeric fingerprints of the Signal protocol
(docs/spec-deviations.md, "Safety numbers").
"""

from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.kdf import pbkdf2_sha512

ROUNDS: Final = 10_000  # ten milliseconds here, thirteen more bits of work for who searches

_SALT: Final = b"sottovoce safety number 1"
_GROUPS_PER_KEY: Final = 6
_BYTES_PER_GROUP: Final = 5  # so much more than the digits need that none is more frequent
_DIGITS_PER_GROUP: Final = 5


def safety_number(one: PublicKey, other: PublicKey) -> str:
    """Return twelve groups of five digits, the same for both people."""
    return " ".join(sorted((_half(one), _half(other))))


def _half(key: PublicKey) -> str:
    raw = pbkdf2_sha512(
        key.uncompressed, _SALT, iterations=ROUNDS, size_bytes=_GROUPS_PER_KEY * _BYTES_PER_GROUP
    )
    groups = (raw[at : at + _BYTES_PER_GROUP] for at in range(0, len(raw), _BYTES_PER_GROUP))
    return " ".join(
        f"{int.from_bytes(group, 'big') % 10**_DIGITS_PER_GROUP:0{_DIGITS_PER_GROUP}}"
        for group in groups
    )
