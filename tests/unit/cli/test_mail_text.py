import pytest

from sottovoce.cli.mail_text import ago_text, count_text, duration_text, parse_span, size_text
from sottovoce.cli.output import CommandError, ExitCode


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("30 min", 1800), (" 6H ", 21_600), ("1d", 86_400)],
)
def test_spans_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "1.5h", "30x", "1h30m", "9" * 12 + "s"])
def test_what_is_no_span_says_how_to_write_one(text: str) -> None:
    with pytest.raises(CommandError, match="90s, 30m, 6h or 1d") as caught:
        parse_span(text)
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("text", ["9s", "0m", "31d"])
def test_span_that_makes_no_sense_says_the_bounds(text: str) -> None:
    with pytest.raises(CommandError, match=r"from 10 s to 30\.0 d"):
        parse_span(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (90, "2 min"), (12_600, "3.5 h"), (172_800, "2.0 d")],
)
def test_spans_are_written_in_their_largest_unit(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def test_moments_are_told_from_now() -> None:
    assert (ago_text(0.3), ago_text(120)) == ("just now", "2 min ago")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (12_340_000, "12.3 MB"), (10**16, "10000.0 TB")],
)
def test_sizes_are_written_in_their_largest_unit(size: int, text: str) -> None:
    assert size_text(size) == text


def test_one_is_not_several() -> None:
    assert (count_text(0, "page"), count_text(1, "page")) == ("0 pages", "1 page")
