"""What a client reads off a text."""

import pytest

from sottovoce.payloads.text_content import is_blank, is_right_to_left, newline_count


@pytest.mark.parametrize("text", ["", " ", "\t\n\v\f\r", "\x85\xa0", "\u2003\u3000", "\u2028"])
def test_white_space_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["x", " x ", "\x1c", "\u200b", "\u200f", "\ufeff", "\x00"])
def test_what_shows_or_is_no_white_space_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("text", ["\u05e9", "\u0645 x", "\u200fx", "\ufb1d", "\ufefc", "\u061c"])
def test_hebrew_arabic_and_the_mark_go_from_right_to_left(text: str) -> None:
    assert is_right_to_left(text)


@pytest.mark.parametrize("text", ["", "a\u05e9", " \u05e9", "\u060c", "\u0640", "\u200e", "😀"])
def test_everything_else_goes_from_left_to_right(text: str) -> None:
    assert not is_right_to_left(text)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 0), ("a\nb\n", 2), ("\r\n", 1)])
def test_newlines_are_counted(text: str, count: int) -> None:
    assert newline_count(text) == count
