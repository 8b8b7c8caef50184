"""``sottovoce contact``: the verbs and their options; the work is in `contact_work`."""

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
    help="People: add, list, verify, block.", no_args_is_help=True, rich_markup_mode=None
)

Off = Annotated[bool, typer.Option("--off", help="Take it back.")]


@app.command("add", epilog='Example: sottovoce contact add "status-im://u/0x04…" --nickname Bruno')
def add(
    person: PersonName,
    *,
    nickname: Annotated[
        str, typer.Option(metavar="NAME", help="What you call them; nobody else sees it.")
    ] = "",
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
    """Add a person and send them a contact request, or say yes to theirs."""
    from sottovoce.cli.contact_work import run_add
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
            person,
            nickname,
        )


@app.command("list")
def list_(
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the people whom you added or blocked."""
    from sottovoce.cli.contact_work import run_list
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_list(PersonOptions(place, account, password_file, as_json=as_json))


@app.command("requests")
def requests(
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the people who added you, and whom you have not added yet."""
    from sottovoce.cli.contact_work import run_requests
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_requests(PersonOptions(place, account, password_file, as_json=as_json))


@app.command("verify", epilog="Example: sottovoce contact verify Bruno")
def verify(
    person: PersonName,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="The numbers were compared and are the same; do not ask.")
    ] = False,
    off: Off = False,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the number to compare with a person, and note that it was the same."""
    from sottovoce.cli.contact_work import run_verify
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        options = PersonOptions(place, account, password_file, as_json=as_json)
        run_verify(options, person, yes=yes, off=off)


@app.command("block", epilog="Example: sottovoce contact block Bruno")
def block(
    person: PersonName,
    *,
    off: Off = False,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Hear nothing of a person any more, or hear them again."""
    from sottovoce.cli.contact_work import run_block
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_block(PersonOptions(place, account, password_file, as_json=as_json), person, off=off)


@app.command("remove", epilog="Example: sottovoce contact remove Bruno")
def remove(
    person: PersonName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Have a person as contact no longer; the chat stays."""
    from sottovoce.cli.contact_work import run_remove
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_remove(PersonOptions(place, account, password_file, as_json=as_json), person)
