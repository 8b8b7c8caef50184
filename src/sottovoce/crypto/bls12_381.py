"""Points of BLS12-381 as texts of keys carry them: between the short form and the long one.

Only public points pass here, so plain integers do. There are no signatures and no pairings; a
point is checked to lie on the curve and in the group of prime order before it is written.

Spec: Zcash protocol, "BLS12-381" (point encodings, the flags in the first byte).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from sottovoce.base.errors import InvalidKeyError

_FIELD: Final = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf"
    "6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)
_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_COORDINATE_BYTES: Final = 48

_COMPRESSED_FLAG: Final = 0x80
_INFINITY_FLAG: Final = 0x40
_LARGER_Y_FLAG: Final = 0x20
_FLAGS: Final = _COMPRESSED_FLAG | _INFINITY_FLAG | _LARGER_Y_FLAG

# c0 + c1 u with u^2 = -1; numbers of G1 have c1 = 0, so that one arithmetic does for both groups.
_Number: TypeAlias = tuple[int, int]
_Point: TypeAlias = tuple[_Number, _Number]
_ONE: Final = (1, 0)
_MINUS_ONE: Final = (_FIELD - 1, 0)


@dataclass(frozen=True, slots=True)
class Group:
    """One of the two groups: y^2 = x^3 + b, with `degree` coordinates of 48 bytes per number."""

    degree: int
    b: _Number

    @property
    def compressed_bytes(self) -> int:
        """How long the short form is: 48 or 96."""
        return _COORDINATE_BYTES * self.degree

    @property
    def uncompressed_bytes(self) -> int:
        """How long the long form is: 96 or 192."""
        return 2 * self.compressed_bytes


G1: Final = Group(1, (4, 0))
G2: Final = Group(2, (4, 4))


def compress(group: Group, raw: bytes) -> bytes:
    """Turn the long form x || y (96 or 192 bytes) into the short one (48 or 96 bytes).

    Raises:
        InvalidKeyError: Another length or form, infinity, or no point of the group.
    """
    if len(raw) != group.uncompressed_bytes or raw[0] & _FLAGS:
        raise InvalidKeyError("a BLS12-381 key is not a point in its long form")
    x = _read(group, raw[: group.compressed_bytes])
    y = _read(group, raw[group.compressed_bytes :])
    _check(group, (x, y))
    flags = _COMPRESSED_FLAG | (_LARGER_Y_FLAG if _is_larger(y) else 0)
    return _write(group, x, flags)


def decompress(group: Group, raw: bytes) -> bytes:
    """Turn the short form (48 or 96 bytes) into the long one x || y (96 or 192 bytes).

    Raises:
        InvalidKeyError: Another length or form, infinity, or no point of the group.
    """
    if (
        len(raw) != group.compressed_bytes
        or not raw[0] & _COMPRESSED_FLAG
        or raw[0] & _INFINITY_FLAG
    ):
        raise InvalidKeyError("a BLS12-381 key is not a point in its short form")
    x = _read(group, bytes((raw[0] & ~_FLAGS,)) + raw[1:])
    y = _square_root(_right_side(group, x))
    if y is None or (y[1] and group.degree == 1):
        raise InvalidKeyError("a BLS12-381 key has an x without a point")
    if _is_larger(y) != bool(raw[0] & _LARGER_Y_FLAG):
        y = _negate(y)
    _check(group, (x, y))
    return _write(group, x, 0) + _write(group, y, 0)


def _read(group: Group, raw: bytes) -> _Number:
    parts = [
        int.from_bytes(raw[start : start + _COORDINATE_BYTES], "big")
        for start in range(0, len(raw), _COORDINATE_BYTES)
    ]
    if any(part >= _FIELD for part in parts):
        raise InvalidKeyError("a BLS12-381 coordinate is not below the field's size")
    # The coefficient of u comes first.
    return (parts[0], 0) if group.degree == 1 else (parts[1], parts[0])


def _write(group: Group, number: _Number, flags: int) -> bytes:
    parts = number[:1] if group.degree == 1 else (number[1], number[0])
    raw = b"".join(part.to_bytes(_COORDINATE_BYTES, "big") for part in parts)
    return bytes((raw[0] | flags,)) + raw[1:]


def _check(group: Group, point: _Point) -> None:
    if _multiply(point[1], point[1]) != _right_side(group, point[0]):
        raise InvalidKeyError("a BLS12-381 key is not a point of the curve")
    if _times(point, _ORDER) is not None:
        raise InvalidKeyError("a BLS12-381 key is not in the group of prime order")


def _is_larger(y: _Number) -> bool:
    # Compared from the coefficient of u downwards.
    opposite = _negate(y)
    return (y[1], y[0]) > (opposite[1], opposite[0])


# ---- arithmetic


def _negate(a: _Number) -> _Number:
    return -a[0] % _FIELD, -a[1] % _FIELD


def _add(a: _Number, b: _Number) -> _Number:
    return (a[0] + b[0]) % _FIELD, (a[1] + b[1]) % _FIELD


def _subtract(a: _Number, b: _Number) -> _Number:
    return (a[0] - b[0]) % _FIELD, (a[1] - b[1]) % _FIELD


def _multiply(a: _Number, b: _Number) -> _Number:
    return (a[0] * b[0] - a[1] * b[1]) % _FIELD, (a[0] * b[1] + a[1] * b[0]) % _FIELD


def _invert(a: _Number) -> _Number:
    scale = pow(a[0] * a[0] + a[1] * a[1], -1, _FIELD)
    return a[0] * scale % _FIELD, -a[1] * scale % _FIELD


def _power(a: _Number, exponent: int) -> _Number:
    result = _ONE
    for bit in bin(exponent)[2:]:
        result = _multiply(result, result)
        if bit == "1":
            result = _multiply(result, a)
    return result


def _right_side(group: Group, x: _Number) -> _Number:
    return _add(_multiply(_multiply(x, x), x), group.b)


def _square_root(a: _Number) -> _Number | None:
    # The field's size is 3 mod 4; this is the method of Adj and Rodriguez-Henriquez for its square.
    half = _power(a, (_FIELD - 3) // 4)
    start = _multiply(half, a)
    kind = _multiply(half, start)
    if kind == _MINUS_ONE:
        root = _multiply((0, 1), start)
    else:
        root = _multiply(_power(_add(_ONE, kind), (_FIELD - 1) // 2), start)
    return root if _multiply(root, root) == a else None


def _times(point: _Point, scalar: int) -> _Point | None:
    """Multiply; None is the point at infinity."""
    result: _Point | None = None
    for bit in bin(scalar)[2:]:
        result = _sum(result, result)
        if bit == "1":
            result = _sum(result, point)
    return result


def _sum(left: _Point | None, right: _Point | None) -> _Point | None:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 != x2:
        slope = _multiply(_subtract(y2, y1), _invert(_subtract(x2, x1)))
    elif y1 == y2 and y1 != (0, 0):
        square = _multiply(x1, x1)
        slope = _multiply(_add(_add(square, square), square), _invert(_add(y1, y1)))
    else:
        return None
    x3 = _subtract(_subtract(_multiply(slope, slope), x1), x2)
    return x3, _subtract(_multiply(slope, _subtract(x1, x3)), y1)
