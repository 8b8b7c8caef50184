"""The form of values: bounds of every kind, for both sides."""

from dataclasses import dataclass, replace
from typing import Annotated

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.form import Blob, Int32, Number, Several, Text, Uint64, Value, check_form


@dataclass(frozen=True, slots=True, repr=False)
class Inner(Value):
    small: Annotated[int, Number(1, 3)] = 1


@dataclass(frozen=True, slots=True, repr=False)
class Sample(Value):
    signed: Int32 = 0
    unsigned: Uint64 = 0
    text: Annotated[str, Text(4)] = ""
    blob: Annotated[bytes, Blob(2)] = b""
    texts: Annotated[tuple[str, ...], Several(2, Text(3))] = ()
    blobs: Annotated[tuple[bytes, ...], Several(2, Blob(1))] = ()
    inner: Inner | None = None
    inners: Annotated[tuple[Inner, ...], Several(2)] = ()
    free: bool = False


FULL = Sample(-(2**31), 2**64 - 1, "éé", b"ab", ("abc", ""), (b"a",), Inner(3), (Inner(), Inner(2)))


def test_values_up_to_their_bounds_pass() -> None:
    for value in (Sample(), FULL):
        check_form(value, RemoteProtocolError)
        check_form(value, LocalProtocolError)


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (replace(FULL, signed=2**31), "signed"),
        (replace(FULL, signed=-(2**31) - 1), "signed"),
        (replace(FULL, unsigned=-1), "unsigned"),
        (replace(FULL, unsigned=2**64), "unsigned"),
        (replace(FULL, text="ééa"), "text"),
        (replace(FULL, text="\ud800"), "text"),
        (replace(FULL, blob=b"abc"), "blob"),
        (replace(FULL, texts=("a", "b", "c")), "texts"),
        (replace(FULL, texts=("abcd",)), "texts"),
        (replace(FULL, blobs=(b"ab",)), "blobs"),
        (replace(FULL, inner=Inner(4)), "Inner.small"),
        (replace(FULL, inners=(Inner(), Inner(0))), "Inner.small"),
        (replace(FULL, inners=(Inner(), Inner(), Inner())), "inners"),
    ],
)
@pytest.mark.parametrize("fault", [LocalProtocolError, RemoteProtocolError])
def test_value_beyond_a_bound_is_refused(
    broken: Sample, field: str, fault: type[LocalProtocolError] | type[RemoteProtocolError]
) -> None:
    with pytest.raises(fault, match=field):
        check_form(broken, fault)


def test_error_names_the_field_and_never_shows_what_it_holds() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        check_form(replace(FULL, text="hush!"), RemoteProtocolError)
    assert "Sample.text" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_text_form_shows_no_field() -> None:
    assert repr(FULL) == "Sample(…)"
