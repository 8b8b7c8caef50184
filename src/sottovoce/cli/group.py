"""``sottovoce group``: the verbs and their options; the work is in `group_work`."""

from typing import Annotated

import typer

from sottovoce.cli.blocks import Offline, Online
from sottovoce.cli.options import PersonName
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Groups: create, list, add, remove, promote, rename, leave.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_PEOPLE_HELP = "Keys, links, or for people who are known nicknames or three-word names."

GroupName = Annotated[
    str, typer.Argument(metavar="GROUP", help="The group's name, its id or the start of its id.")
]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="What the group is called.")]
People = Annotated[list[str], typer.Argument(metavar="PERSON...", help=_PEOPLE_HELP)]
SomePeople = Annotated[list[str] | None, typer.Argument(metavar="[PERSON]...", help=_PEOPLE_HELP)]


@app.command("list")
@verb
def list_(*, who: Offline) -> None:
    """Print the groups, with their members, and which invitations wait."""
    from sottovoce.cli.group_work import run_list

    run_list(who.person())


@app.command("create", epilog='Example: sottovoce group create "Sunday walk" Bruno Carla')
@verb
def create(name: NewName, people: SomePeople = None, *, who: Online) -> None:
    """Make a group with you as its admin, and invite people."""
    from sottovoce.cli.group_work import run_create

    run_create(who.person(), name, tuple(people or ()))


@app.command("join", epilog='Example: sottovoce group join "Sunday walk"')
@verb
def join(group: GroupName, *, who: Online) -> None:
    """Accept the invitation to a group: from now on you are heard there."""
    from sottovoce.cli.group_work import run_join

    run_join(who.person(), group)


@app.command("add", epilog='Example: sottovoce group add "Sunday walk" Dora')
@verb
def add(group: GroupName, people: People, *, who: Online) -> None:
    """Invite more people; only admins can."""
    from sottovoce.cli.group_work import run_add

    run_add(who.person(), group, tuple(people))


@app.command("remove", epilog='Example: sottovoce group remove "Sunday walk" Dora')
@verb
def remove(group: GroupName, person: PersonName, *, who: Online) -> None:
    """Take a member who is no admin out of a group; only admins can."""
    from sottovoce.cli.group_work import run_remove

    run_remove(who.person(), group, person)


@app.command("promote", epilog='Example: sottovoce group promote "Sunday walk" Carla')
@verb
def promote(group: GroupName, people: People, *, who: Online) -> None:
    """Make members admins; nobody but they themselves can take that back."""
    from sottovoce.cli.group_work import run_promote

    run_promote(who.person(), group, tuple(people))


@app.command("resign", epilog='Example: sottovoce group resign "Sunday walk"')
@verb
def resign(group: GroupName, *, who: Online) -> None:
    """Be an ordinary member again."""
    from sottovoce.cli.group_work import run_resign

    run_resign(who.person(), group)


@app.command("rename", epilog='Example: sottovoce group rename "Sunday walk" "Monday walk"')
@verb
def rename(group: GroupName, name: NewName, *, who: Online) -> None:
    """Give a group another name; only admins can."""
    from sottovoce.cli.group_work import run_rename

    run_rename(who.person(), group, name)


@app.command("leave", epilog='Example: sottovoce group leave "Sunday walk"')
@verb
def leave(group: GroupName, *, who: Online) -> None:
    """Leave a group, and tell its members."""
    from sottovoce.cli.group_work import run_leave

    run_leave(who.person(), group)
