import pytest

from sottovoce.identity.utf8 import utf8


@pytest.mark.parametrize(
    ("text", "raw"), [("", b""), ("ä", b"\xc3\xa4"), ("😀", b"\xf0\x9f\x98\x80")]
)
def test_text_has_its_bytes(text: str, raw: bytes) -> None:
    assert utf8(text) == raw


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ud83d\ude00"])
def test_half_of_a_surrogate_pair_has_none(text: str) -> None:
    assert utf8(text) is None
