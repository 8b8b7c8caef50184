"""``sottovoce group``: the verbs and their options; the work is in `group_work`."""

from typing import Annotated

import typer

from sottovoce.cli.options import (
    Account,
    DataDir,
    DayMb,
    Json,
    Metered,
    PasswordFile,
    Peers,
    PersonName,
    Timeout,
    TransportName,
    Verbose,
)
from sottovoce.cli.output import errors_as_sentences
from sottovoce.cli.paths import data_place
from sottovoce.gossip.settings import Transport

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
def list_(
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the groups, with their members, and which invitations wait."""
    from sottovoce.cli.group_work import run_list
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_list(PersonOptions(place, account, password_file, as_json=as_json))


@app.command("create", epilog='Example: sottovoce group create "Sunday walk" Bruno Carla')
def create(
    name: NewName,
    people: SomePeople = None,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make a group with you as its admin, and invite people."""
    from sottovoce.cli.group_work import run_create
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_create(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            name,
            tuple(people or ()),
        )


@app.command("join", epilog='Example: sottovoce group join "Sunday walk"')
def join(
    group: GroupName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Accept the invitation to a group: from now on you are heard there."""
    from sottovoce.cli.group_work import run_join
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_join(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
        )


@app.command("add", epilog='Example: sottovoce group add "Sunday walk" Dora')
def add(
    group: GroupName,
    people: People,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Invite more people; only admins can."""
    from sottovoce.cli.group_work import run_add
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_add(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
            tuple(people),
        )


@app.command("remove", epilog='Example: sottovoce group remove "Sunday walk" Dora')
def remove(
    group: GroupName,
    person: PersonName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take a member who is no admin out of a group; only admins can."""
    from sottovoce.cli.group_work import run_remove
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_remove(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
            person,
        )


@app.command("promote", epilog='Example: sottovoce group promote "Sunday walk" Carla')
def promote(
    group: GroupName,
    people: People,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make members admins; nobody but they themselves can take that back."""
    from sottovoce.cli.group_work import run_promote
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_promote(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
            tuple(people),
        )


@app.command("resign", epilog='Example: sottovoce group resign "Sunday walk"')
def resign(
    group: GroupName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Be an ordinary member again."""
    from sottovoce.cli.group_work import run_resign
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_resign(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
        )


@app.command("rename", epilog='Example: sottovoce group rename "Sunday walk" "Monday walk"')
def rename(
    group: GroupName,
    name: NewName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Give a group another name; only admins can."""
    from sottovoce.cli.group_work import run_rename
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_rename(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
            name,
        )


@app.command("leave", epilog='Example: sottovoce group leave "Sunday walk"')
def leave(
    group: GroupName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Leave a group, and tell its members."""
    from sottovoce.cli.group_work import run_leave
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_leave(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=True,
                as_json=as_json,
                verbose=verbose,
            ),
            group,
        )
