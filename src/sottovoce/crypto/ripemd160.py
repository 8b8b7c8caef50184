"""RIPEMD-160, for the four bytes by which a derived key names its parent.

Nothing rests on its strength. It is written out here because OpenSSL may be built without it, and
a recovery phrase must give the same texts on every machine.

Spec: ISO/IEC 10118-3, RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996).
"""

import struct
from typing import Final, TypeAlias

_State: TypeAlias = tuple[int, int, int, int, int]

_MASK: Final = 0xFFFFFFFF
_BLOCK_BYTES: Final = 64
_WORD_BITS: Final = 32
_LENGTH_BYTES: Final = 8
_START: Final[_State] = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)

# Of each line: which word of the block a step takes, by how much it turns, and what is added.
_LEFT_WORDS: Final = bytes.fromhex(
    "000102030405060708090a0b0c0d0e0f"
    "07040d010a060f030c000905020e0b08"
    "030a0e04090f0801020700060d0b050c"
    "01090b0a00080c040d03070f0e050602"
    "04000509070c020a0e0103080b060f0d"
)
_RIGHT_WORDS: Final = bytes.fromhex(
    "050e070009020b040d060f08010a030c"
    "060b0307000d050a0e0f080c04090102"
    "0f050103070e06090b080c020a00040d"
    "08060401030b0f00050c020d09070a0e"
    "0c0f0a040105080706020d0e0003090b"
)
_LEFT_TURNS: Final = bytes.fromhex(
    "0b0e0f0c050807090b0d0e0f06070908"
    "0706080d0b09070f070c0f090b070d0c"
    "0b0d06070e090d0f0e080d06050c0705"
    "0b0c0e0f0e0f0908090e05060806050c"
    "090f050b06080d0c050c0d0e0b080506"
)
_RIGHT_TURNS: Final = bytes.fromhex(
    "0809090b0d0f0f050707080b0e0e0c06"
    "090d0f070c08090b07070c07060f0d0b"
    "09070f0b0806060e0c0d050e0d0d0705"
    "0f05080b0e0e060e06090c090c050f08"
    "08050c090c050e06080d06050f0d0b0b"
)
_LEFT_ADDED: Final = (0x00000000, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E)
_RIGHT_ADDED: Final = (0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0x00000000)
_STEPS_PER_ROUND: Final = 16
_ROUNDS: Final = 5
_SECOND_TURN: Final = 10


def ripemd160(data: bytes) -> bytes:
    """Return the 20 bytes of RIPEMD-160."""
    filler = bytes(-(len(data) + 1 + _LENGTH_BYTES) % _BLOCK_BYTES)
    padded = data + b"\x80" + filler + (8 * len(data)).to_bytes(_LENGTH_BYTES, "little")
    state = _START
    for start in range(0, len(padded), _BLOCK_BYTES):
        state = _absorb(state, struct.unpack("<16I", padded[start : start + _BLOCK_BYTES]))
    return struct.pack("<5I", *state)


def _absorb(state: _State, block: tuple[int, ...]) -> _State:
    left = _line(state, block, _LEFT_WORDS, _LEFT_TURNS, _LEFT_ADDED, (0, 1, 2, 3, 4))
    right = _line(state, block, _RIGHT_WORDS, _RIGHT_TURNS, _RIGHT_ADDED, (4, 3, 2, 1, 0))
    return (
        (state[1] + left[2] + right[3]) & _MASK,
        (state[2] + left[3] + right[4]) & _MASK,
        (state[3] + left[4] + right[0]) & _MASK,
        (state[4] + left[0] + right[1]) & _MASK,
        (state[0] + left[1] + right[2]) & _MASK,
    )


def _line(
    state: _State,
    block: tuple[int, ...],
    words: bytes,
    turns: bytes,
    added: tuple[int, ...],
    mixes: tuple[int, ...],
) -> _State:
    a, b, c, d, e = state
    for step in range(_ROUNDS * _STEPS_PER_ROUND):
        number = step // _STEPS_PER_ROUND
        mixed = a + _mix(mixes[number], b, c, d) + block[words[step]] + added[number]
        turned = (_turn(mixed & _MASK, turns[step]) + e) & _MASK
        a, b, c, d, e = e, turned, b, _turn(c, _SECOND_TURN), d
    return a, b, c, d, e


def _mix(kind: int, x: int, y: int, z: int) -> int:
    match kind:
        case 0:
            return x ^ y ^ z
        case 1:
            return (x & y) | (~x & _MASK & z)
        case 2:
            return (x | (~y & _MASK)) ^ z
        case 3:
            return (x & z) | (y & ~z & _MASK)
        case _:
            return x ^ (y | (~z & _MASK))


def _turn(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (_WORD_BITS - bits))) & _MASK
