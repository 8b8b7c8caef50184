import pytest
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode
from sottovoce.cli.sim_plots import SUFFIXES

VERBS = ("light", "model", "spam", "topics")


def test_group_names_its_verbs() -> None:
    said = CliRunner().invoke(app, ["sim", "--help"]).output
    assert all(f"\n  {verb} " in said for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_plot_of_an_unknown_kind_is_refused_by_every_verb(verb: str) -> None:
    assert ".gif" not in SUFFIXES
    done = CliRunner().invoke(app, ["sim", verb, "--plot", "plot.gif"])
    assert done.exit_code == ExitCode.USAGE
    assert done.stderr == (
        "error: a plot is a .png or an .svg, not plot.gif; change the file's ending\n"
    )


@pytest.mark.parametrize(
    "options", [("model", "--seed", "-1"), ("spam", "--hashes-per-s", "0"), ("nothing",)]
)
def test_what_makes_no_sense_is_a_usage_error(options: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["sim", *options]).exit_code == ExitCode.USAGE
