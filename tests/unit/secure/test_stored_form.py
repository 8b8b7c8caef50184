"""Records are read as they were written, and damaged ones are refused."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.secure.stored_form import RecordReader, RecordWriter, checked_key


def written() -> bytes:
    writer = RecordWriter(3)
    writer.number(-7)
    writer.data(b"ab")
    writer.text("ü")
    return writer.finish()


def read(raw: bytes) -> tuple[int, bytes, str]:
    reader = RecordReader(raw, 3)
    fields = reader.number(), reader.data(), reader.text()
    reader.finish()
    return fields


def test_fields_are_read_as_they_were_written() -> None:
    assert read(written()) == (-7, b"ab", "ü")
    assert written().hex() == "03f9ffffffffffffff02000000616202000000c3bc"


@pytest.mark.parametrize("length", range(len(written())))
def test_truncated_record_is_refused(length: int) -> None:
    with pytest.raises(LocalProtocolError):
        read(written()[:length])


@pytest.mark.parametrize("raw", [b"", b"\x04" + written()[1:], written() + b"\x00"])
def test_other_version_and_trailing_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        read(raw)


def test_text_that_is_none_is_refused_and_not_held_by_the_error() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        read(written()[:-2] + b"\xff\xff")
    assert caught.value.__context__ is None


@pytest.mark.parametrize("raw", [b"", b"\x02" * 32, b"\x02" * 34, b"\x04" * 33])
def test_key_of_another_form_is_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        checked_key(raw)
    assert checked_key(b"\x03" * 33) == b"\x03" * 33


@pytest.mark.parametrize("number", [-1, 1 << 40])
def test_count_beyond_the_record_is_refused(number: int) -> None:
    writer = RecordWriter(3)
    writer.number(number)
    with pytest.raises(LocalProtocolError):
        RecordReader(writer.finish(), 3).count()
