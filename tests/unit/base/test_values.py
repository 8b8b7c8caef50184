import pytest

from sottovoce.base.values import packet_value


@packet_value
class Sample:
    stream: int
    data: bytes = b""


@packet_value
class Other:
    stream: int
    data: bytes = b""


def test_value_is_known_by_its_fields_and_its_kind() -> None:
    assert Sample(1, b"a") == Sample(1, b"a")
    assert hash(Sample(1, b"a")) == hash(Sample(1, b"a"))
    assert Sample(1) != Sample(2)
    other: object = Other(1)
    assert Sample(1) != other


def test_value_can_be_matched_and_has_no_room_for_more() -> None:
    match Sample(1, b"a"):
        case Sample(stream, data):
            assert (stream, data) == (1, b"a")
    with pytest.raises(AttributeError):
        Sample(1).more = 2  # type: ignore[attr-defined]


def test_change_is_refused_by_the_type_checker() -> None:
    # Were this no error for mypy, it would call the comment useless.
    Sample(1).stream = 2  # type: ignore[misc]
