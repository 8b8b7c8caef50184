"""``sottovoce account``: the verbs and their options; the work is in `account_work`."""

from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli.options import DataDir, Json, PasswordFile
from sottovoce.cli.paths import data_place
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Who you are: make, recover, list, show and export accounts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[
    str | None, typer.Argument(help="What you call it on this machine; by default three words.")
]
LightKdf = Annotated[
    bool,
    typer.Option(
        "--light-kdf",
        help="Lock the key file with 4 MiB of memory and milliseconds instead of 256 MiB and a "
        "second: for small machines, with a long password.",
    ),
]


@app.command(
    "create",
    epilog="Example: sottovoce account create Anna",
)
@verb
def create(
    name: Name = None,
    *,
    words: Annotated[
        int, typer.Option(help="Words of the recovery phrase: 12, 15, 18, 21 or 24.")
    ] = 12,
    light_kdf: LightKdf = False,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make an account and print its recovery phrase, once: it is kept nowhere."""
    from sottovoce.cli.account_work import CreateOptions, run_create

    run_create(
        CreateOptions(
            name=name,
            words=words,
            light_kdf=light_kdf,
            password_file=password_file,
            data_dir=data_place(data_dir),
            as_json=as_json,
        )
    )


@app.command(
    "recover",
    epilog="Example: sottovoce account recover --phrase-file paper.txt",
)
@verb
def recover(
    name: Name = None,
    *,
    phrase_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The file with the phrase; - is stdin."),
    ] = None,
    light_kdf: LightKdf = False,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Bring an account back from its recovery phrase, or give it a new password."""
    from sottovoce.cli.account_work import RecoverOptions, run_recover

    run_recover(
        RecoverOptions(
            name=name,
            phrase_file=phrase_file,
            light_kdf=light_kdf,
            password_file=password_file,
            data_dir=data_place(data_dir),
            as_json=as_json,
        )
    )


@app.command("list")
@verb
def list_(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the accounts of this machine, the one used last in front."""
    from sottovoce.cli.account_work import run_list

    run_list(data_place(data_dir), as_json=as_json)


@app.command(
    "show",
    epilog="Example: sottovoce account show --qr me.png",
)
@verb
def show(
    account: Annotated[
        str | None, typer.Argument(help="Which account; not needed for the only one.")
    ] = None,
    *,
    with_bundle: Annotated[
        bool,
        typer.Option(
            "--with-bundle",
            help="Put your signed keys into the link: the first message is then fully secret "
            "without asking the network. Status' app of 2020 does not read such links.",
        ),
    ] = False,
    qr_file: Annotated[
        Path | None,
        typer.Option("--qr", metavar="FILE", help="Write the QR code as a PNG picture."),
    ] = None,
    light_background: Annotated[
        bool, typer.Option("--light-background", help="The terminal is dark on light.")
    ] = False,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print what others need to talk to you: key, three-word name, link, QR code."""
    from sottovoce.cli.account_work import ShowOptions, run_show

    options = ShowOptions(
        with_bundle=with_bundle, qr_file=qr_file, light_background=light_background
    )
    run_show(account, options, password_file, data_place(data_dir), as_json=as_json)


@app.command(
    "export",
    epilog="Example: sottovoce account export Anna --to key.json",
)
@verb
def export(
    account: Annotated[
        str | None, typer.Argument(help="Which account; not needed for the only one.")
    ] = None,
    *,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Copy it there; it must not exist yet."),
    ] = None,
    phrase: Annotated[
        bool, typer.Option("--phrase", help="Impossible: the recovery phrase is kept nowhere.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Give the file with the chat key, locked with its password; go-ethereum reads it."""
    from sottovoce.cli.account_work import run_export

    run_export(account, to, data_place(data_dir), phrase=phrase, as_json=as_json)
