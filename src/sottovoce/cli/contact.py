"""``sottovoce contact``: the verbs and their options; the work is in `contact_work`."""

from typing import Annotated

import typer

from sottovoce.cli.blocks import Offline, Online
from sottovoce.cli.options import PersonName
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="People: add, list, verify, block.", no_args_is_help=True, rich_markup_mode=None
)

Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


@app.command("add", epilog='Example: sottovoce contact add "status-im://u/0x04…" --nickname Bruno')
@verb
def add(
    person: PersonName,
    *,
    nickname: Annotated[
        str, typer.Option(metavar="NAME", help="What you call them; nobody else sees it.")
    ] = "",
    who: Online,
) -> None:
    """Add a person and send them a contact request, or say yes to theirs."""
    from sottovoce.cli.contact_work import run_add

    run_add(who.person(), person, nickname)


@app.command("list")
@verb
def list_(*, who: Offline) -> None:
    """Print the people whom you added or blocked."""
    from sottovoce.cli.contact_work import run_list

    run_list(who.person())


@app.command("requests")
@verb
def requests(*, who: Offline) -> None:
    """Print the people who added you, and whom you have not added yet."""
    from sottovoce.cli.contact_work import run_requests

    run_requests(who.person())


@app.command("verify", epilog="Example: sottovoce contact verify Bruno")
@verb
def verify(
    person: PersonName,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="The numbers were compared and are the same; do not ask.")
    ] = False,
    off: Off = False,
    who: Offline,
) -> None:
    """Print the number to compare with a person, and note that it was the same."""
    from sottovoce.cli.contact_work import run_verify

    run_verify(who.person(), person, yes=yes, off=off)


@app.command("block", epilog="Example: sottovoce contact block Bruno")
@verb
def block(person: PersonName, *, off: Off = False, who: Offline) -> None:
    """Hear nothing of a person any more, or hear them again."""
    from sottovoce.cli.contact_work import run_block

    run_block(who.person(), person, off=off)


@app.command("remove", epilog="Example: sottovoce contact remove Bruno")
@verb
def remove(person: PersonName, *, who: Offline) -> None:
    """Have a person as contact no longer; the chat stays."""
    from sottovoce.cli.contact_work import run_remove

    run_remove(who.person(), person)
