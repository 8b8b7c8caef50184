"""Verbs that take blocks: the library sees fields in their order, the verb gets the block."""

from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Annotated, Final

import typer
from typer.testing import CliRunner

from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.verbs import verb


@dataclass(frozen=True, slots=True)
class Walk:
    """Where to, and how far."""

    place: Annotated[str, typer.Argument(metavar="PLACE")]
    steps: Annotated[int, typer.Option("--steps", min=1)] = 7

    def __post_init__(self) -> None:
        """Check the place."""
        if self.place == "nowhere":
            raise CommandError("nowhere is no place; name one", ExitCode.USAGE)


@dataclass(frozen=True, slots=True)
class Mood:
    """How."""

    slow: Annotated[bool, typer.Option("--slow")] = False
    songs: Annotated[list[str] | None, typer.Option("--song")] = None


SLOWLY: Final = Mood(slow=True)
given: list[object] = []


@verb
def go(walk: Walk, *, name: Annotated[str, typer.Option()] = "Anna", mood: Mood = SLOWLY) -> None:
    """Go for a walk."""
    given.extend((walk, name, mood))


@verb
def fall() -> None:
    """End with a sentence."""
    raise CommandError("the bridge is closed; take the ferry", ExitCode.NETWORK)


app = typer.Typer(rich_markup_mode=None)
app.command()(go)
app.command()(fall)


def invoke(*arguments: str) -> tuple[int, str]:
    given.clear()
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stderr


def test_fields_of_a_block_stand_where_the_block_stood() -> None:
    seen = signature(go).parameters
    assert list(seen) == ["place", "steps", "name", "slow", "songs"]
    assert [each.default for each in seen.values()] == [Parameter.empty, 7, "Anna", True, None]


def test_verb_gets_its_blocks_whole() -> None:
    assert invoke("go", "Lucca", "--steps", "9", "--name", "Bruno", "--song", "a")[0] == 0
    assert given == [Walk("Lucca", 9), "Bruno", Mood(slow=True, songs=["a"])]


def test_what_is_not_said_is_what_the_block_has() -> None:
    invoke("go", "Lucca")
    assert given == [Walk("Lucca"), "Anna", SLOWLY]


def test_what_a_block_needs_has_to_be_said() -> None:
    assert invoke("go")[0] == ExitCode.USAGE
    assert given == []


def test_help_is_what_the_verb_says() -> None:
    assert "Go for a walk." in CliRunner().invoke(app, ["go", "--help"]).output


def test_verb_ends_with_a_sentence_and_a_code() -> None:
    assert invoke("fall") == (
        ExitCode.NETWORK,
        "error: the bridge is closed; take the ferry\n",
    )


def test_block_that_makes_no_sense_ends_with_a_sentence() -> None:
    assert invoke("go", "nowhere") == (ExitCode.USAGE, "error: nowhere is no place; name one\n")
    assert given == []
