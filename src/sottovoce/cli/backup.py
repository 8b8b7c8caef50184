"""``sottovoce backup``: the verbs and their options; the work is in `backup_work`."""

from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli.options import Account, DataDir, Json, PasswordFile
from sottovoce.cli.paths import data_place
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="One encrypted file with everything that an account would miss: make, check, restore.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
BackupPassword = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="The file that holds the backup's password; without it (and SOTTOVOCE_PASSWORD_FILE, "
        "and a systemd credential sottovoce-password) it is asked for.",
    ),
]


@app.command(
    "create",
    epilog="Example: sottovoce backup create anna.backup",
)
@verb
def create(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make.")],
    *,
    account: Account = None,
    own_password: Annotated[
        bool,
        typer.Option(
            "--own-password",
            help="Lock the backup with a password of its own, which is asked for; without it the "
            "account's password opens it.",
        ),
    ] = False,
    own_password_file: Annotated[
        Path | None,
        typer.Option(
            "--backup-password-file",
            metavar="FILE",
            help="The same, with the password in a file.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite FILE if it is there already.")
    ] = False,
    light_kdf: Annotated[
        bool,
        typer.Option(
            "--light-kdf",
            help="Lock it with 4 MiB of memory and milliseconds instead of 256 MiB and a second: "
            "for small machines, with a long password.",
        ),
    ] = False,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Put an account with all its messages into one encrypted file; a node may run meanwhile."""
    from sottovoce.cli.backup_work import CreateOptions, run_create

    run_create(
        CreateOptions(
            file=file,
            account=account,
            asks_own_password=own_password,
            own_password_file=own_password_file,
            overwrite=force,
            light_kdf=light_kdf,
            password_file=password_file,
            data_dir=data_place(data_dir),
            as_json=as_json,
        )
    )


@app.command(
    "verify",
    epilog="Example: sottovoce backup verify anna.backup",
)
@verb
def verify(file: File, *, password_file: BackupPassword = None, as_json: Json = False) -> None:
    """Check every byte of a backup and tell what is in it; nothing is changed."""
    from sottovoce.cli.backup_work import run_verify

    run_verify(file, password_file, as_json=as_json)


@app.command(
    "restore",
    epilog="Example: sottovoce backup restore anna.backup",
)
@verb
def restore(
    file: File,
    *,
    as_new_device: Annotated[
        bool,
        typer.Option(
            "--as-new-device",
            help="The machine that the backup comes from stays in use: this one becomes a further "
            "device.",
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Take the place of the account if it is here already; what is here is kept in a "
            "folder beside it.",
        ),
    ] = False,
    password_file: BackupPassword = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Bring an account back, on this machine or a new one, with everything in the backup."""
    from sottovoce.cli.backup_work import RestoreOptions, run_restore

    run_restore(
        RestoreOptions(
            file=file,
            as_new_device=as_new_device,
            replaces=replace,
            password_file=password_file,
            data_dir=data_place(data_dir),
            as_json=as_json,
        )
    )
