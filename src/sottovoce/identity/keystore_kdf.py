"""From the password of a key file to the bytes that lock it: scrypt or PBKDF2, within bounds.

A key file may come from anywhere, and its parameters say how much memory and time opening takes.
They are checked when the values here are made, before any of it is spent. Whose fault impossible
ones are only the reader of a file knows: here they are a mistake of whoever made the value.

Spec: Web3 Secret Storage, version 3; RFC 7914 (scrypt), RFC 8018 (PBKDF2).
"""

from dataclasses import dataclass
from typing import Final, assert_never

from sottovoce.base.errors import LocalProtocolError, ResourceLimitError
from sottovoce.crypto.kdf import pbkdf2_sha256, scrypt

SALT_BYTES: Final = 32
DERIVED_BYTES: Final = 32  # 16 for the cipher, 16 for the MAC

# scrypt takes 128 * n * r bytes. Go-ethereum's usual parameters take exactly this much, and more
# would be a burden for a small machine.
SCRYPT_MEMORY_BYTES_MAX: Final = 256 * 1024 * 1024
# The time is that of n * r * p blocks; the usual parameters have 2,097,152, about a second.
SCRYPT_BLOCKS_MAX: Final = 8 * 1024 * 1024
# The wallets in use have up to a million, about a second; ten are still no attack.
PBKDF2_ROUNDS_MAX: Final = 10_000_000
# Only the first 32 bytes are used; a file may ask for twice that.
DERIVED_BYTES_MAX: Final = 64
# The wallets in use have 32 bytes.
SALT_BYTES_MAX: Final = 1024

# What scrypt holds besides, for all its rounds at once, and libraries copy. Usual files need 1 KiB,
# light ones 6.
SCRYPT_LANES_BYTES_MAX: Final = 1024 * 1024
_SCRYPT_UNIT_BYTES: Final = 128
# RFC 7914 wants n below 2 to the power of 128 * r / 8, and OpenSSL insists on it.
_COST_BITS_PER_BLOCK: Final = 16


@dataclass(frozen=True, slots=True)
class ScryptCost:
    """How dear a guess is.

    Attributes:
        n: The cost in time and memory, a power of two above 1.
        r: The size of a block, in units of 128 bytes.
        p: How often all is done.

    Raises:
        LocalProtocolError: scrypt has no such parameters.
        ResourceLimitError: It would take more memory or time than is allowed.
    """

    n: int
    r: int
    p: int

    def __post_init__(self) -> None:
        if self.n < 2 or self.n & (self.n - 1) or self.r < 1 or self.p < 1:
            raise LocalProtocolError("impossible parameters of scrypt")
        if _SCRYPT_UNIT_BYTES * self.n * self.r > SCRYPT_MEMORY_BYTES_MAX:
            raise ResourceLimitError("deriving a key would take too much memory")
        if _SCRYPT_UNIT_BYTES * self.r * self.p > SCRYPT_LANES_BYTES_MAX:
            raise ResourceLimitError("deriving a key would take too much memory")
        if self.n * self.r * self.p > SCRYPT_BLOCKS_MAX:
            raise ResourceLimitError("deriving a key would take too much work")
        if self.n.bit_length() > _COST_BITS_PER_BLOCK * self.r:
            raise LocalProtocolError(
                "parameters that the standard of scrypt forbids (n is too large for r)"
            )


@dataclass(frozen=True, slots=True)
class Pbkdf2Cost:
    """How dear a guess is.

    Attributes:
        rounds: How often the password is hashed.

    Raises:
        LocalProtocolError: There are no rounds.
        ResourceLimitError: It would take more time than is allowed.
    """

    rounds: int

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise LocalProtocolError("impossible parameters of PBKDF2")
        if self.rounds > PBKDF2_ROUNDS_MAX:
            raise ResourceLimitError("deriving a key would take too much work")


# Go-ethereum's own: 256 MiB and about a second for each guess.
STANDARD: Final = ScryptCost(n=262_144, r=8, p=1)
# Status' on phones: 4 MiB. Only the password protects such a file, so it wants a long one.
LIGHT: Final = ScryptCost(n=4096, r=8, p=6)


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """What a file says about the way from the password to the key.

    Attributes:
        cost: Which function, and how dear.
        salt: Random bytes, 32 in files of ours.
        size_bytes: How much is derived; the first 32 bytes are used.

    Raises:
        LocalProtocolError: Less is derived than is used.
        ResourceLimitError: A length is above its limit.
    """

    cost: ScryptCost | Pbkdf2Cost
    salt: bytes
    size_bytes: int = DERIVED_BYTES

    def __post_init__(self) -> None:
        if self.size_bytes < DERIVED_BYTES:
            raise LocalProtocolError("a derived key that is too short")
        if self.size_bytes > DERIVED_BYTES_MAX or len(self.salt) > SALT_BYTES_MAX:
            raise ResourceLimitError("a salt or a derived key is too long")

    def derive(self, password: bytes) -> bytes:
        """Return the 32 bytes that are used; the interpreter lock is released meanwhile.

        Raises:
            ResourceLimitError: The machine has not so much memory left.
        """
        match self.cost:
            case ScryptCost(n, r, p):
                try:
                    derived = scrypt(password, self.salt, n=n, r=r, p=p, size_bytes=self.size_bytes)
                except MemoryError:
                    derived = b""
            case Pbkdf2Cost(rounds):
                derived = pbkdf2_sha256(
                    password, self.salt, iterations=rounds, size_bytes=self.size_bytes
                )
            case _:
                assert_never(self.cost)
        # Raised only here: the frames of the library's error would hold the password.
        if not derived:
            raise ResourceLimitError("too little memory is left to derive a key")
        return derived[:DERIVED_BYTES]
