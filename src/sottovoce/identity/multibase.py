"""Multibase: a text whose first letter says in which base the rest is written.

It owns the table of bases. What the bytes mean is not its business.

Spec: Multibase (multiformats), the bases that Status 2/ACCOUNT lists, and base 36.
"""

from typing import Final, Protocol

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.identity.digits import BASE58, BASE58_FLICKR, BitGroups, LargeNumber

# The longest key text is a point of BLS12-381 in base 2, 1,553 characters; nothing longer is read.
TEXT_CHARS_MAX: Final = 2048


class _Base(Protocol):
    def encode(self, raw: bytes) -> str: ...

    def decode(self, text: str) -> bytes: ...


_BASE16: Final = "0123456789abcdef"
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_BASE32_HEX: Final = "0123456789abcdefghijklmnopqrstuv"
_BASE32_Z: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE62: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BASE64: Final = _BASE62 + "+/"
_BASE64_URL: Final = _BASE62 + "-_"

BASES: Final[dict[str, _Base]] = {
    "0": BitGroups("01"),
    "7": BitGroups("01234567"),
    "9": LargeNumber("0123456789"),
    "f": BitGroups(_BASE16),
    "F": BitGroups(_BASE16.upper()),
    "v": BitGroups(_BASE32_HEX),
    "V": BitGroups(_BASE32_HEX.upper()),
    "t": BitGroups(_BASE32_HEX, padded=True),
    "T": BitGroups(_BASE32_HEX.upper(), padded=True),
    "b": BitGroups(_BASE32),
    "B": BitGroups(_BASE32.upper()),
    "c": BitGroups(_BASE32, padded=True),
    "C": BitGroups(_BASE32.upper(), padded=True),
    "h": BitGroups(_BASE32_Z),
    "k": LargeNumber(_BASE36),
    "K": LargeNumber(_BASE36.upper()),
    "z": BASE58,
    "Z": BASE58_FLICKR,
    "m": BitGroups(_BASE64),
    "M": BitGroups(_BASE64, padded=True),
    "u": BitGroups(_BASE64_URL),
    "U": BitGroups(_BASE64_URL, padded=True),
}


def encode(prefix: str, raw: bytes) -> str:
    """Write bytes in the base that a prefix of one character names.

    Raises:
        LocalProtocolError: No base has this prefix.
    """
    base = BASES.get(prefix)
    if base is None:
        raise LocalProtocolError("no base of multibase has this prefix")
    return prefix + base.encode(raw)


def decode(text: str) -> bytes:
    """Read a text in any base; white space is no part of it.

    Raises:
        RemoteProtocolError: It is empty or too long, its first character names no base, or the
            rest is not written in that base.
    """
    if len(text) > TEXT_CHARS_MAX:
        raise RemoteProtocolError(f"a multibase text has at most {TEXT_CHARS_MAX} characters")
    base = BASES.get(text[:1])
    if base is None:
        raise RemoteProtocolError("the first character of a multibase text names no base")
    return base.decode(text[1:])
