"""``sottovoce device``: the verbs and their options; the work is in `device_work`."""

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
    Timeout,
    TransportName,
    Verbose,
)
from sottovoce.cli.output import errors_as_sentences
from sottovoce.cli.paths import data_place
from sottovoce.gossip.settings import Transport

app = typer.Typer(
    help="Your own devices: pair, list, disable.", no_args_is_help=True, rich_markup_mode=None
)

DeviceName = Annotated[
    str,
    typer.Argument(metavar="DEVICE", help="The device's code, its name, or its installation id."),
]


@app.command("pair", epilog="Example: sottovoce device pair 7K2M-9QXD")
def pair(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE]",
            help="The code that the other device shows. Without it this device shows its own, and "
            "waits for another one.",
        ),
    ] = None,
    *,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="What this device is called; your devices see it.")
    ] = "",
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 60.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Let a second device have all that you say and do.

    Recover the account there first. Then run this on both devices, in either order: each shows its
    code, and each has to be told the code of the other. Up to three devices belong together.
    """
    from sottovoce.cli.device_work import run_pair
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_pair(
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
                needs_peers=True,
                as_json=as_json,
                verbose=verbose,
            ),
            code,
            name,
        )


@app.command("list")
def list_(
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print your devices that are known here, and which get what you say."""
    from sottovoce.cli.device_work import run_list
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_list(PersonOptions(place, account, password_file, as_json=as_json))


@app.command("disable", epilog="Example: sottovoce device disable 7K2M-9QXD")
def disable(
    device: DeviceName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give a device nothing any more: one that was sold or lost, or to make room for another."""
    from sottovoce.cli.device_work import run_disable
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_disable(PersonOptions(place, account, password_file, as_json=as_json), device)


@app.command("sync")
def sync(
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
    """Tell your other devices the whole present state once more."""
    from sottovoce.cli.device_work import run_sync
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_sync(
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
                needs_peers=True,
                as_json=as_json,
                verbose=verbose,
            )
        )
