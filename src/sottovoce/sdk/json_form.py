"""Values as JSON, by the annotations of their classes: what travels through a control socket.

A value is an object whose ``is`` names its class; bytes are base64, keys are hexadecimal, members
of enumerations are their values. What reads checks every type and builds nothing that was not
asked for.
"""

import base64
import binascii
import math
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import (
    Annotated,
    Final,
    NewType,
    TypeAlias,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from sottovoce.base.errors import RemoteProtocolError, SottovoceError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

IS: Final = "is"  # no field can be called so
# Clocks, which strangers write, have 64 bits without a sign; nothing else comes near.
_INTEGER_FIRST: Final = -(2**63)
_INTEGER_LAST: Final = 2**64 - 1
_PLAIN: Final = (str, int, float)


def to_json(value: object) -> Json:
    """Write a value.

    Args:
        value: A dataclass of this package, or what its fields hold.

    Raises:
        TypeError: It is something else.
    """
    match value:
        case Enum():
            return to_json(value.value)
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case PublicKey():
            return value.uncompressed.hex()
        case tuple():
            return [to_json(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            held = {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
            return {IS: type(value).__name__, **held}
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


def from_json(hint: object, raw: object) -> object:
    """Read a value of a type.

    Args:
        hint: The type, as an annotation has it.
        raw: What the JSON held.

    Raises:
        RemoteProtocolError: It is no value of the type.
    """
    try:
        return _read(hint, raw)
    except RemoteProtocolError:
        raise
    except (SottovoceError, ValueError, TypeError, KeyError, binascii.Error):
        raise RemoteProtocolError("a value has another form than its type") from None


def _read(hint: object, raw: object) -> object:
    if hint is None or hint is type(None):
        return _expect(raw is None, None)
    if isinstance(hint, NewType):
        return _read(hint.__supertype__, raw)
    origin = get_origin(hint)
    if origin is Annotated:
        return _read(get_args(hint)[0], raw)
    if origin in (Union, types.UnionType):
        return _read_one_of(get_args(hint), raw)
    if origin is tuple:
        [each, *_] = get_args(hint)
        _expect(isinstance(raw, list), raw)
        return tuple(_read(each, part) for part in cast("list[object]", raw))
    assert isinstance(hint, type)
    return _read_class(hint, raw)


def _read_one_of(hints: tuple[object, ...], raw: object) -> object:
    """Read a value of one of several types: None, one plain type, or classes that name themselves.

    Raises:
        RemoteProtocolError: It is of none of them.
    """
    if raw is None and type(None) in hints:
        return None
    name = raw.get(IS) if isinstance(raw, dict) else None
    for hint in hints:
        if isinstance(raw, dict):
            if isinstance(hint, type) and hint.__name__ == name:
                return _read(hint, cast("object", raw))
        elif hint is not type(None):
            return _read(hint, raw)
    raise RemoteProtocolError("a value is of none of the types that are possible here")


def _read_class(hint: type, raw: object) -> object:
    if issubclass(hint, Enum):
        return hint(raw)
    if hint is bytes:
        return base64.b64decode(_text(raw), validate=True)
    if hint is PublicKey:
        return secp256k1.parse_public_key(bytes.fromhex(_text(raw)))
    if hint is bool or hint in _PLAIN:
        return _read_plain(hint, raw)
    if issubclass(hint, tuple):
        return _read_named_tuple(hint, raw)
    return _read_fields(hint, raw)


def _read_named_tuple(hint: type, raw: object) -> object:
    _expect(isinstance(raw, list), raw)
    kinds = get_type_hints(hint).values()
    parts = cast("list[object]", raw)
    return hint(*(_read(kind, part) for kind, part in zip(kinds, parts, strict=True)))


def _read_plain(hint: type, raw: object) -> object:
    if hint is float and type(raw) in (int, float):
        return _expect(math.isfinite(cast("float", raw)), raw)
    if type(raw) is int:
        _expect(_INTEGER_FIRST <= raw <= _INTEGER_LAST, raw)
    return _expect(type(raw) is hint, raw)


def _read_fields(hint: type, raw: object) -> object:
    """Read a dataclass.

    Raises:
        RemoteProtocolError: It is another class's, or a field is missing or too many.
    """
    _expect(is_dataclass(hint) and isinstance(raw, dict), raw)
    held = dict(cast("dict[str, object]", raw))
    kinds = _kinds(hint)
    if held.pop(IS, None) != hint.__name__ or held.keys() != kinds.keys():
        raise RemoteProtocolError("a value is of another class, or of another version of it")
    return hint(**{name: _read(kind, held[name]) for name, kind in kinds.items()})


@cache
def _kinds(hint: type) -> dict[str, object]:
    hints = get_type_hints(hint, include_extras=True)
    return {field.name: hints[field.name] for field in fields(hint)}


def _text(raw: object) -> str:
    return cast("str", _expect(isinstance(raw, str), raw))


def _expect(holds: bool, raw: object) -> object:
    if not holds:
        raise RemoteProtocolError("a value has another type than expected")
    return raw
