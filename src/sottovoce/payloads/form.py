"""What form the fields of a value have: each class says it in its annotations, one place checks it.

It knows numbers, texts, bytes and lists with their bounds, and nothing of what they mean. The same
check guards both directions: what we write, and what others wrote.

Spec: Protocol Buffers, "Scalar Value Types" (ranges); the bounds are our own (`limits`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Final, TypeAlias, get_type_hints

from typing_extensions import override

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.limits import PICTURE_TEXT_BYTES_MAX, SHORT_TEXT_BYTES_MAX, TEXT_BYTES_MAX

# Whose fault a broken form is: ours when we write, the other side's when we read.
Fault: TypeAlias = type[LocalProtocolError] | type[RemoteProtocolError]


class Value:
    """The base of every value here: its text form names its class and shows nothing it holds."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from `least` to `most`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Text:
    """Unicode text of at most so many bytes of UTF-8."""

    bytes_max: int


@dataclass(frozen=True, slots=True)
class Blob:
    """At most so many bytes."""

    bytes_max: int


@dataclass(frozen=True, slots=True)
class Several:
    """A tuple of at most so many elements; `each` is None if they are values of their own."""

    count_max: int
    each: Text | Blob | None = None


Kind: TypeAlias = Number | Text | Blob | Several

_INT32: Final = Number(-(1 << 31), (1 << 31) - 1)
_UINT64: Final = Number(0, (1 << 64) - 1)

Int32: TypeAlias = Annotated[int, _INT32]
# A member of an enumeration, or a number that a later version of the protocol gave a meaning.
EnumNumber: TypeAlias = Annotated[int, _INT32]
Uint64: TypeAlias = Annotated[int, _UINT64]
ShortText: TypeAlias = Annotated[str, Text(SHORT_TEXT_BYTES_MAX)]
LongText: TypeAlias = Annotated[str, Text(TEXT_BYTES_MAX)]
PictureText: TypeAlias = Annotated[str, Text(PICTURE_TEXT_BYTES_MAX)]


def check_form(value: Value, fault: Fault) -> None:
    """Check every field of a value, and the values in it.

    Args:
        value: Any value of this layer.
        fault: What to raise.

    Raises:
        LocalProtocolError: A field breaks its bounds, and we wrote it.
        RemoteProtocolError: A field breaks its bounds, and the other side wrote it.
    """
    # A class object is hashable; the type checker mixes it up with its instances.
    for name, kind in _kinds(type(value)):  # type: ignore[arg-type]
        held = getattr(value, name)
        if kind is not None:
            _check(f"{type(value).__name__}.{name}", held, kind, fault)
        for inner in held if isinstance(held, tuple) else (held,):
            if isinstance(inner, Value):
                check_form(inner, fault)


@cache
def _kinds(value_class: type[Value]) -> tuple[tuple[str, Kind | None], ...]:
    hints = get_type_hints(value_class, include_extras=True)
    return tuple((name, _kind(hints[name])) for name in _field_names(value_class))


def _field_names(value_class: type[Value]) -> Iterator[str]:
    # Every class of values is a dataclass; the type checker cannot say that of a class object.
    return (field.name for field in fields(value_class))  # type: ignore[arg-type]


def _kind(hint: object) -> Kind | None:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, Number | Text | Blob | Several):
            return note
    return None


def _check(name: str, held: object, kind: Kind, fault: Fault) -> None:
    match kind:
        case Number(least, most):
            if not isinstance(held, int) or not least <= held <= most:
                raise fault(f"{name} is out of range")
        case Text(bytes_max):
            if not isinstance(held, str) or _utf8_bytes(name, held, fault) > bytes_max:
                raise fault(f"{name} has more than {bytes_max} bytes")
        case Blob(bytes_max):
            if not isinstance(held, bytes) or len(held) > bytes_max:
                raise fault(f"{name} has more than {bytes_max} bytes")
        case Several():
            _check_several(name, held, kind, fault)


def _check_several(name: str, held: object, kind: Several, fault: Fault) -> None:
    if not isinstance(held, tuple) or len(held) > kind.count_max:
        raise fault(f"{name} has more than {kind.count_max} elements")
    if kind.each is not None:
        for element in held:
            _check(name, element, kind.each, fault)


def _utf8_bytes(name: str, text: str, fault: Fault) -> int:
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:
        size_bytes = None
    # Raised only here, for Python's error holds the whole text.
    if size_bytes is None:
        raise fault(f"{name} is not valid Unicode text")
    return size_bytes
