import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.sim_model import print_model
from sottovoce.sim.model_experiment import ModelSettings
from sottovoce.sim.scaling_model import ModelParameters

FORMULA = ModelSettings(simulated_users=None)
TINY = ModelSettings(
    users=(3, 10_000),
    simulated_users=3,
    simulated_s=20.0,
    cases=(1, 8),
    model=ModelParameters(messages_per_day=20_000, envelopes_per_message=1),
)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_has_one_line_for_each_case_and_number_of_users(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_model(FORMULA, None, as_json=True)
    lines = lines_of(capsys)
    assert len(lines) == 24
    assert lines[0] == {
        "case": 1,
        "users": 100,
        "bytes_per_day": 1024000,
        "simulated": None,
        "printed": "1000.0KB",
    }
    assert lines[-1] == {
        "case": 8,
        "users": 1000000,
        "bytes_per_day": 102912000,
        "simulated": None,
        "printed": "98.1MB",
    }


def test_only_the_played_number_of_users_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    print_model(TINY, None, as_json=True)
    lines = lines_of(capsys)
    assert [line["simulated"] is None for line in lines] == [False, True, False, True]
    assert {type(line["simulated"]) for line in lines} == {int, type(None)}


def test_table_says_how_far_measured_and_computed_are_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_model(replace(TINY, cases=(1,)), None, as_json=False)
    out = capsys.readouterr().out
    assert "measured" in out
    assert "  +0.8%" in out
    assert "opened 14 of 14 envelopes" in out
    assert out.count("only what is meant for it") == 1
    assert max(map(len, out.splitlines())) < 80


def test_table_without_simulation_speaks_of_no_measurement(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_model(FORMULA, None, as_json=False)
    out = capsys.readouterr().out
    assert "measured" not in out
    assert "953.7GB" in out


def test_verb_takes_no_simulation() -> None:
    done = CliRunner().invoke(app, ["sim", "model", "--no-simulation", "--json"])
    assert done.exit_code == ExitCode.OK
    assert len(done.stdout.splitlines()) == 24


def test_plot_that_cannot_be_drawn_is_refused_before_anything_is_computed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CommandError, match=r"a plot is a \.png or an \.svg, not model\.gif"):
        print_model(FORMULA, Path("model.gif"), as_json=True)
    assert capsys.readouterr().out == ""
