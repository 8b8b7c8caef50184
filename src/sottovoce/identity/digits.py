"""Bytes as digits of an alphabet: bit groups (base 2 to 64) and one large number (base 36, 58).

Texts come from strangers; whoever calls bounds their length, for the time that a large number
takes grows with its square.

Spec: RFC 4648 (bit groups, padding); Bitcoin's Base58, whose leading zero bytes are kept as the
alphabet's first letter.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sottovoce.base.errors import RemoteProtocolError

_BYTE_BITS: Final = 8
_PADDING: Final = "="


@dataclass(frozen=True)
class BitGroups:
    """Every letter stands for the same number of bits; the last one may be filled with zeros.

    Attributes:
        alphabet: 2, 8, 16, 32 or 64 letters; one without capitals, or without small letters, is
            read in either case.
        padded: Whether ``=`` fills the text up to whole bytes.
    """

    alphabet: str
    padded: bool = False

    def encode(self, raw: bytes) -> str:
        """Write bytes as text."""
        count = self._letters_for(len(raw))
        spare = count * self._bits - _BYTE_BITS * len(raw)
        number = int.from_bytes(raw, "big") << spare
        mask = len(self.alphabet) - 1
        last = (count - 1) * self._bits
        text = "".join(
            self.alphabet[number >> shift & mask] for shift in range(last, -1, -self._bits)
        )
        return text + _PADDING * self._padding_after(count)

    def decode(self, text: str) -> bytes:
        """Read text; the bits that only fill the last letter may be anything.

        Raises:
            RemoteProtocolError: A letter is not of the alphabet, or no bytes have this length.
        """
        letters = text.rstrip(_PADDING) if self.padded else text
        size_bytes = len(letters) * self._bits // _BYTE_BITS
        padding = len(text) - len(letters)
        if self._letters_for(size_bytes) != len(letters) or padding != self._padding_after(
            len(letters)
        ):
            raise RemoteProtocolError("an encoded text has a length that no bytes give")
        number = 0
        for letter in letters:
            number = number << self._bits | _value(self._values, letter)
        spare = len(letters) * self._bits - _BYTE_BITS * size_bytes
        return (number >> spare).to_bytes(size_bytes, "big")

    @cached_property
    def _bits(self) -> int:
        return (len(self.alphabet) - 1).bit_length()

    @cached_property
    def _values(self) -> dict[str, int]:
        return _values(self.alphabet)

    def _letters_for(self, size_bytes: int) -> int:
        return -(-_BYTE_BITS * size_bytes // self._bits)

    def _padding_after(self, count: int) -> int:
        # Eight letters of base 32 and four of base 64 are whole bytes.
        whole = {5: 8, 6: 4}.get(self._bits, 1)
        return -count % whole if self.padded else 0


@dataclass(frozen=True)
class LargeNumber:
    """The bytes are one number, written with the letters of an alphabet as digits.

    Attributes:
        alphabet: 10, 36 or 58 letters; one without capitals, or without small letters, is read in
            either case.
    """

    alphabet: str

    def encode(self, raw: bytes) -> str:
        """Write bytes as text."""
        number = int.from_bytes(raw, "big")
        letters = []
        while number:
            number, digit = divmod(number, len(self.alphabet))
            letters.append(self.alphabet[digit])
        zeros = len(raw) - len(raw.lstrip(b"\0"))
        return self.alphabet[0] * zeros + "".join(reversed(letters))

    def decode(self, text: str) -> bytes:
        """Read text.

        Raises:
            RemoteProtocolError: A letter is not of the alphabet.
        """
        number = 0
        zeros = 0
        for letter in text:
            number = number * len(self.alphabet) + _value(self._values, letter)
            zeros += number == 0
        return bytes(zeros) + number.to_bytes(-(-number.bit_length() // _BYTE_BITS), "big")

    @cached_property
    def _values(self) -> dict[str, int]:
        return _values(self.alphabet)


def _values(alphabet: str) -> dict[str, int]:
    values = {letter: value for value, letter in enumerate(alphabet)}
    if alphabet in (alphabet.lower(), alphabet.upper()):
        values |= {letter.swapcase(): value for letter, value in values.items()}
    return values


def _value(values: dict[str, int], letter: str) -> int:
    value = values.get(letter)
    if value is None:
        raise RemoteProtocolError("an encoded text has a letter that is not of its alphabet")
    return value


# Without 0, O, I and l, which look alike.
BASE58: Final = LargeNumber("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
BASE58_FLICKR: Final = LargeNumber("123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ")
