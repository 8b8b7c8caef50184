"""What is typed wrong: one sentence on stderr that says what is wanted, and code 2."""

import pytest
import typer
from typer.testing import CliRunner

from sottovoce.cli.main import app
from sottovoce.cli.output import ExitCode
from sottovoce.cli.usage import Commands

NODE = ("node", "run")
SERVE = ("mail", "serve")


def refused(*arguments: str, variables: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(app, arguments, env=variables)
    assert (done.exit_code, done.stdout) == (ExitCode.USAGE, "")
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*NODE, "--day-mb", "-1"), "--day-mb takes a whole number from 0 to 1000000000, not '-1'"),
        ((*NODE, "--max-peers", "many"), "--max-peers takes a whole number from 1 up, not 'many'"),
        ((*NODE, "--max-peers", ""), "--max-peers takes a whole number from 1 up, not ''"),
        ((*NODE, "--min-pow", "nan"), "--min-pow takes a number from 0 up, not 'nan'"),
        ((*NODE, "--flush-delay", "11"), "--flush-delay takes a number from 0 to 10, not '11'"),
        ((*NODE, "--stats-every", "0"), "--stats-every takes a number from 0.1 up, not '0'"),
        ((*NODE, "--transport", "foo"), "--transport takes whisper, waku or both, not 'foo'"),
        ((*NODE, "--data-dir", ""), "--data-dir: the name is empty; name a folder, or leave the"),
        (
            (*NODE, "--ligth"),
            "there is no option '--ligth' here; did you mean --light or --li",
        ),
        ((*NODE, "--json=1"), "option '--json' does not take a value"),
        ((*NODE, "--day-mb"), "--day-mb needs a value behind it"),
        (("send", "lobby"), "TEXT is missing: What to say; - reads it from stdin (more: sottovoce"),
        (("group", "add", "walk"), "PERSON is missing: Keys, links, or for people who are known"),
        (("send", "lobby", "a", "b"), "too many words, nothing takes (b): put a text with spaces"),
        (("chat", "react", "m", "shrug"), "FACE takes love, thumbs-up, thumbs-down, laugh, sad or"),
        (("sned",), "no such command 'sned'; did you mean 'send'? (more: sottovoce --help)"),
        (("--foo",), "there is no option '--foo' here"),
    ],
    ids=lambda each: " ".join(each)[:40] if isinstance(each, tuple) else "",
)
def test_refusal_says_what_is_wanted(arguments: tuple[str, ...], sentence: str) -> None:
    assert refused(*arguments).startswith(f"error: {sentence}")


@pytest.mark.parametrize(
    "arguments",
    [
        (*NODE, "--stats-every", "inf"),
        (*NODE, "--min-pow", "inf"),
        (*NODE, "--max-peers", "1" + "0" * 30),
        (*SERVE, "--pause", "inf"),
        (*SERVE, "--pause", "1e300"),
        (*SERVE, "--max-mb", "1" + "0" * 30),
        ("send", "lobby", "hi", "--work-time", "inf"),
        ("listen", "lobby", "--timeout", "inf"),
        ("chat", "send", "lobby", "hi", "--timeout", "inf"),
        ("stats", "--watch", "inf"),
        ("sim", "light", "--seed", "1" + "0" * 30),
    ],
    ids=" ".join,
)
def test_number_beyond_all_use_is_refused_with_its_bound(arguments: tuple[str, ...]) -> None:
    said = refused(*arguments)
    assert f"error: {arguments[-2]} takes a number up to 1000000000000, not " in said
    assert said.endswith(": beyond that it means nothing")


def test_sentence_points_at_the_help_of_the_verb() -> None:
    assert refused("sim", "light", "--count", "-1").endswith("(more: sottovoce sim light --help)")


def test_value_of_a_variable_is_told_by_its_name() -> None:
    said = refused(*NODE, variables={"SOTTOVOCE_DAY_MB": "lots"})
    assert said.startswith("error: SOTTOVOCE_DAY_MB (--day-mb) takes a whole number")
    said = refused("chat", "send", "a", "b", variables={"SOTTOVOCE_METERED": "perhaps"})
    assert said.startswith("error: SOTTOVOCE_METERED (--metered) takes 1 for yes or 0 for no, not")


def test_what_was_typed_steers_no_terminal_and_fills_none() -> None:
    said = refused(*NODE, "--day-mb", "\x1b]0;owned\x07" + "9" * 1000)
    assert "\x1b" not in said
    assert len(said) < 200


def test_programs_get_the_same_sentence_and_nothing_on_stdout() -> None:
    assert refused(*NODE, "--json", "--day-mb", "-1") == refused(*NODE, "--day-mb", "-1")


def test_group_without_a_verb_prints_its_help() -> None:
    done = CliRunner().invoke(app, ["node"])
    assert done.exit_code == ExitCode.USAGE
    assert "Commands:" in done.stderr
    assert "error:" not in done.stderr


def test_caller_who_wants_to_go_on_gets_the_error() -> None:
    with pytest.raises(typer.BadParameter):
        app([*NODE, "--day-mb", "-1"], standalone_mode=False)
    assert app(["--version"], standalone_mode=False) == 0


def test_question_that_nobody_answers_ends_with_a_sentence() -> None:
    asking = typer.Typer(cls=Commands, rich_markup_mode=None)

    @asking.command()
    def ask() -> None:
        typer.confirm("Sure?", err=True)

    @asking.command()
    def other() -> None:
        """Make it a group."""

    done = CliRunner().invoke(asking, ["ask"])
    assert done.exit_code == ExitCode.UNEXPECTED
    assert done.stderr.endswith("error: nothing was answered, so nothing was done\n")
