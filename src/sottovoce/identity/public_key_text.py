"""Public keys as text: the hex key of chats and ids, and the compact form in any base.

A compact text is the multibase form of a varint that tells the kind of key, and the key itself in
its short form; the "uncompressed" text is the same with the long form.

Spec: Status 2/ACCOUNT, "Public Key Serialization" (docs/spec-deviations.md, "Key texts").
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import bls12_381, secp256k1
from sottovoce.identity import multibase

COMPACT_BASE: Final = "z"  # what the specification recommends; texts then start with zQ3sh

# What the deployed programs can read. The specification lists 7, 9 and h besides, which no program
# of theirs knows; we read those and write none of them.
WRITTEN_BASES: Final = frozenset("0fFbBcCvVtTkKzZmMuU")

_HEX_PREFIX: Final = "0x"
_HEX_BASE: Final = "f"
_HEX_KEY: Final = re.compile(r"0x04[0-9a-fA-F]{128}\Z")

_VARINT_BITS: Final = 7
_VARINT_MORE: Final = 0x80
_VARINT_BYTES_MAX: Final = 9  # the multiformats' own bound


class KeyKind(IntEnum):
    """Which curve a key is of; the values are those of the multicodec table."""

    SECP256K1 = 0xE7
    BLS12_381_G1 = 0xEA
    BLS12_381_G2 = 0xEB


class _Forms(NamedTuple):
    compress: Callable[[bytes], bytes]
    decompress: Callable[[bytes], bytes]


def _compress_secp256k1(raw: bytes) -> bytes:
    if len(raw) != secp256k1.UNCOMPRESSED_BYTES:
        raise InvalidKeyError("a public key in its long form has 65 bytes, 04 || x || y")
    return secp256k1.compress(secp256k1.parse_public_key(raw))


_FORMS: Final = {
    KeyKind.SECP256K1: _Forms(
        _compress_secp256k1, lambda raw: secp256k1.decompress(raw).uncompressed
    ),
    KeyKind.BLS12_381_G1: _Forms(
        lambda raw: bls12_381.compress(bls12_381.G1, raw),
        lambda raw: bls12_381.decompress(bls12_381.G1, raw),
    ),
    KeyKind.BLS12_381_G2: _Forms(
        lambda raw: bls12_381.compress(bls12_381.G2, raw),
        lambda raw: bls12_381.decompress(bls12_381.G2, raw),
    ),
}


def hex_key(key: PublicKey) -> str:
    """Write a key as chats and protocol fields have it: 0x04 and 128 small hex digits."""
    return _HEX_PREFIX + key.uncompressed.hex()


def parse_hex_key(text: str) -> PublicKey:
    """Read a hex key: 0x04 and 128 hex digits of any case.

    Raises:
        InvalidKeyError: Another form, or the point is not on the curve.
    """
    if not _HEX_KEY.match(text):
        raise InvalidKeyError("a public key as text is 0x04 and 128 hexadecimal digits")
    return secp256k1.parse_public_key(bytes.fromhex(text[len(_HEX_PREFIX) :]))


def compact_key(key: PublicKey, *, base: str = COMPACT_BASE) -> str:
    """Write a key in the compact form, 49 characters in base 58.

    Raises:
        LocalProtocolError: The deployed programs cannot read this base.
    """
    return _write(KeyKind.SECP256K1, secp256k1.compress(key), base)


def parse_compact_key(text: str) -> PublicKey:
    """Read a secp256k1 key in the compact form, in any base.

    Raises:
        RemoteProtocolError: The text is in no base.
        InvalidKeyError: It is of another kind of key, or of no point.
    """
    kind, raw = _read(text)
    if kind is not KeyKind.SECP256K1:
        raise InvalidKeyError("a text holds a key of another curve than that of chats")
    return secp256k1.decompress(raw)


def uncompressed_key(key: PublicKey, *, base: str = COMPACT_BASE) -> str:
    """Write a key in the uncompressed form of the compact text.

    Raises:
        LocalProtocolError: The deployed programs cannot read this base.
    """
    return _write(KeyKind.SECP256K1, key.uncompressed, base)


def serialize(text: str, base: str) -> str:
    """Turn an uncompressed key of any kind, in any base, into a compressed one in `base`.

    Args:
        text: The text; 0x in front counts as f.
        base: The prefix to write; 0x counts as f, too.

    Raises:
        RemoteProtocolError: The text is in no base, of no known kind of key, or of no point.
        LocalProtocolError: The deployed programs cannot read `base`.
    """
    kind, raw = _read(text)
    return _write(kind, _FORMS[kind].compress(raw), base)


def deserialize(text: str, base: str) -> str:
    """Turn a compressed key of any kind, in any base, into an uncompressed one in `base`.

    Raises:
        RemoteProtocolError: The text is in no base, of no known kind of key, or of no point.
        LocalProtocolError: The deployed programs cannot read `base`.
    """
    kind, raw = _read(text)
    return _write(kind, _FORMS[kind].decompress(raw), base)


def _read(text: str) -> tuple[KeyKind, bytes]:
    if text.startswith(_HEX_PREFIX):
        text = _HEX_BASE + text[len(_HEX_PREFIX) :]
    code, raw = _split_varint(multibase.decode(text))
    if code not in _FORMS:
        raise InvalidKeyError("a key text is of an unknown kind of key")
    return KeyKind(code), raw


def _write(kind: KeyKind, raw: bytes, base: str) -> str:
    prefix = _HEX_BASE if base == _HEX_PREFIX else base
    if prefix not in WRITTEN_BASES:
        raise LocalProtocolError("keys are written in the bases 0x and " + _listed())
    return multibase.encode(prefix, _varint(kind) + raw)


def _listed() -> str:
    return " ".join(prefix for prefix in multibase.BASES if prefix in WRITTEN_BASES)


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > ~_VARINT_MORE & 0xFF:
        groups.append(number & ~_VARINT_MORE & 0xFF | _VARINT_MORE)
        number >>= _VARINT_BITS
    return bytes((*groups, number))


def _split_varint(raw: bytes) -> tuple[int, bytes]:
    number = 0
    for place, group in enumerate(raw[:_VARINT_BYTES_MAX]):
        number |= (group & ~_VARINT_MORE) << _VARINT_BITS * place
        if not group & _VARINT_MORE:
            if place and not group:
                raise RemoteProtocolError("the kind of a key is not written in its shortest form")
            return number, raw[place + 1 :]
    raise RemoteProtocolError("a key text ends within the kind of its key")
