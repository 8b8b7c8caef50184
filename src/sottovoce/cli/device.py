"""``sottovoce device``: the verbs and their options; the work is in `device_work`."""

from typing import Annotated, Final

import typer

from sottovoce.cli.blocks import Offline, Online
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Your own devices: pair, list, disable.", no_args_is_help=True, rich_markup_mode=None
)

DeviceName = Annotated[
    str,
    typer.Argument(metavar="DEVICE", help="The device's code, its name, or its installation id."),
]

# Somebody walks to the other device and back.
_PATIENT: Final = Online(timeout_s=60.0)


@app.command("pair", epilog="Example: sottovoce device pair 7K2M-9QXD")
@verb
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
    who: Online = _PATIENT,
) -> None:
    """Let a second device have all that you say and do.

    Recover the account there first. Then run this on both devices, in either order: each shows its
    code, and each has to be told the code of the other. Up to three devices belong together.
    """
    from sottovoce.cli.device_work import run_pair

    run_pair(who.person(needs_peers=True), code, name)


@app.command("list")
@verb
def list_(*, who: Offline) -> None:
    """Print your devices that are known here, and which get what you say."""
    from sottovoce.cli.device_work import run_list

    run_list(who.person())


@app.command("disable", epilog="Example: sottovoce device disable 7K2M-9QXD")
@verb
def disable(device: DeviceName, *, who: Offline) -> None:
    """Give a device nothing any more: one that was sold or lost, or to make room for another."""
    from sottovoce.cli.device_work import run_disable

    run_disable(who.person(), device)


@app.command("sync")
@verb
def sync(*, who: Online) -> None:
    """Tell your other devices the whole present state once more."""
    from sottovoce.cli.device_work import run_sync

    run_sync(who.person(needs_peers=True))
