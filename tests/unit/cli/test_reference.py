import pytest
import typer.main

from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode
from sottovoce.cli.reference import main, reference


def test_every_verb_is_in_the_reference_with_its_usage() -> None:
    text = reference()
    commands = getattr(typer.main.get_command(app), "commands")  # noqa: B009
    assert set(commands) >= {"demo", "send", "listen", "node"}
    for verb in (*commands, "node run"):
        assert f"\n## `sottovoce {verb}`\n" in text
        assert f"Usage: sottovoce {verb} " in text


def test_every_exit_code_is_in_the_reference() -> None:
    text = reference()
    for code in ExitCode:
        assert f"{code.value} {code.name.lower().replace('_', ' ')}" in text


def test_reference_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    narrow = reference()
    monkeypatch.setenv("COLUMNS", "200")
    assert reference() == narrow


def test_module_prints_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == reference()
