import io

import pytest
from typing_extensions import override

from sottovoce.cli import progress as module
from sottovoce.cli.progress import ProgressBar, progress_line


class Terminal(io.StringIO):
    """Where somebody looks; its size is not known."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    return Terminal()


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (0.0, "[....................]   0%  x"),
        (0.5, "[##########..........]  50%  x"),
        (0.999, "[###################.]  99%  x"),
        (1.0, "[####################] 100%  x"),
        (-1.0, "[....................]   0%  x"),
        (7.0, "[####################] 100%  x"),
    ],
)
def test_bar_is_as_long_as_what_is_done(done: float, line: str) -> None:
    assert progress_line(done, "x") == line


def test_words_of_strangers_are_cleaned() -> None:
    assert progress_line(1.0, "\x1b[2J\nall").isprintable()


def test_line_is_drawn_anew_and_removed(terminal: Terminal) -> None:
    with ProgressBar(terminal) as bar:
        bar.show(0.0, "first")
        bar.show(1.0, "last")
    assert terminal.getvalue() == (
        "\r[....................]   0%  first\x1b[K"
        "\r[####################] 100%  last\x1b[K"
        "\r\x1b[K"
    )


def test_line_is_cut_before_the_last_column(terminal: Terminal) -> None:
    ProgressBar(terminal).show(0.0, "long " * 50)
    assert len(terminal.getvalue().removeprefix("\r").removesuffix("\x1b[K")) == 79


def test_slow_terminal_is_not_flooded(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 3600.0)
    bar = ProgressBar(terminal)
    bar.show(0.0, "first")
    bar.show(0.5, "too soon")
    assert terminal.getvalue().count("\r") == 1


def test_nothing_drawn_is_not_removed(terminal: Terminal) -> None:
    with ProgressBar(terminal):
        pass
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_nothing_is_drawn_where_nothing_can_be(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    stream = Terminal() if term == "dumb" else io.StringIO()
    with ProgressBar(stream) as bar:
        bar.show(0.5, "half")
    assert stream.getvalue() == ""


def test_bar_needs_no_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with ProgressBar() as bar:
        bar.show(0.5, "half")
