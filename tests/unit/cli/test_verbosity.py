import logging

import pytest

from sottovoce.cli.verbosity import configure_logging


def plain_root(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """Return the root logger as a fresh process has it."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    return root


@pytest.mark.parametrize(("verbose", "level"), [(False, logging.WARNING), (True, logging.DEBUG)])
def test_log_starts_at_warnings_unless_more_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, verbose: bool, level: int
) -> None:
    root = plain_root(monkeypatch)
    configure_logging(verbose=verbose)
    assert root.level == level


def test_log_goes_to_stderr_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = plain_root(monkeypatch)
    configure_logging(verbose=False)
    logging.getLogger("sottovoce.place").warning("look here")
    root.handlers[0].flush()
    out, err = capsys.readouterr()
    assert out == ""
    assert "WARNING sottovoce.place: look here" in err
