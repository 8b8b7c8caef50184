"""Ethereum addresses: the last 20 bytes of a key's hash, and their text with its checksum.

Spec: Ethereum yellow paper, section 4.1; EIP-55 (mixed-case checksum).
"""

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import keccak256

ADDRESS_BYTES: Final = 20

_PREFIX: Final = "0x"
_TEXT: Final = re.compile(r"(0x)?([0-9a-fA-F]{40})\Z")
_UPPER_FROM: Final = 8  # a letter whose digit of the hash is 8 or more is a capital


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an account.

    Raises:
        RemoteProtocolError: The length is not 20.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != ADDRESS_BYTES:
            raise RemoteProtocolError(f"an address has {ADDRESS_BYTES} bytes, not {len(self.raw)}")

    @override
    def __str__(self) -> str:
        """The address with 0x and the checksum of EIP-55."""
        digits = self.raw.hex()
        digest = keccak256(digits.encode()).hex()
        return _PREFIX + "".join(
            digit.upper() if int(nibble, 16) >= _UPPER_FROM else digit
            for digit, nibble in zip(digits, digest, strict=False)
        )

    @override
    def __repr__(self) -> str:
        # Enough to tell two apart in a log, and no whole account.
        return f"Address({self.raw[:4].hex()}…)"


def address_of(key: PublicKey) -> Address:
    """Return the address that belongs to a public key."""
    return Address(keccak256(key.raw)[-ADDRESS_BYTES:])


def parse_address(text: str) -> Address:
    """Read an address with or without 0x; in mixed case its checksum must be right.

    Raises:
        RemoteProtocolError: It has another form, or the checksum does not fit.
    """
    match = _TEXT.match(text)
    if match is None:
        raise RemoteProtocolError("an address is 0x and 40 hexadecimal digits")
    digits = match.group(2)
    address = Address(bytes.fromhex(digits))
    is_mixed = digits not in (digits.lower(), digits.upper())
    if is_mixed and digits != str(address).removeprefix(_PREFIX):
        raise RemoteProtocolError("the checksum of an address does not fit; look for a wrong digit")
    return address
