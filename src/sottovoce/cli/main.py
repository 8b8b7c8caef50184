"""The command ``sottovoce``: its verbs and their options.

Exit codes: 0 ok, 1 unexpected (a full disk, too), 2 usage or a file that is not what it should be,
3 network or peer, 4 not trusted, 5 locked or wrong password, 6 not delivered or timed out,
130 interrupted.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli import account, backup, chat, contact, device, group, mail, sim
from sottovoce.cli.blocks import Spoken
from sottovoce.cli.limit_options import Limits
from sottovoce.cli.options import (
    Account,
    Advertise,
    DataDir,
    DayMb,
    FlushDelay,
    Json,
    Listen,
    MaxPeers,
    PasswordFile,
    Peers,
    StatsEvery,
    Verbose,
)
from sottovoce.cli.output import command
from sottovoce.cli.paths import data_place
from sottovoce.cli.talk_options import ListenOptions, SendOptions
from sottovoce.cli.usage import Commands
from sottovoce.cli.verbs import verb

app = typer.Typer(
    name="sottovoce",
    cls=Commands,
    help="Private messaging on Whisper v6 and Waku v1: people, chats, relays.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
node_app = typer.Typer(help="Run a node.", no_args_is_help=True, rich_markup_mode=None)
peer_app = typer.Typer(
    help="Check, save and list peers.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(node_app, name="node")
app.add_typer(peer_app, name="peer")
app.add_typer(account.app, name="account")
app.add_typer(contact.app, name="contact")
app.add_typer(group.app, name="group")
app.add_typer(device.app, name="device")
app.add_typer(chat.app, name="chat")
app.add_typer(mail.app, name="mail")
app.add_typer(backup.app, name="backup")
app.add_typer(sim.app, name="sim")


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Print the version, or go on to a verb.

    Raises:
        Exit: The version was printed, or there is no verb.
    """
    if version:
        from importlib.metadata import version as installed_version

        typer.echo(f"sottovoce {installed_version('sottovoce')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise typer.Exit


@app.command()
@verb
def demo(
    *,
    relays: Annotated[int, typer.Option(min=1, max=8, help="Relays between the two.")] = 3,
    as_json: Json = False,
) -> None:
    """Show people who talk through relays here: a crash, a group, devices, somebody away."""
    from sottovoce.cli.demo import run_demo

    command(run_demo)(relay_count=relays, as_json=as_json)


@node_app.command("run")
@verb
def node_run(
    *,
    listen: Listen = "127.0.0.1:30303",
    advertise: Advertise = None,
    peers: Peers = None,
    trusted: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-peer",
            metavar="ENODE",
            help="A peer to connect to whose direct messages are taken; may be repeated.",
        ),
    ] = None,
    data_dir: DataDir = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="A fresh key, no saved peers, nothing kept.")
    ] = False,
    minimum_pow: Annotated[
        float,
        typer.Option("--min-pow", min=0.0, help="Proof of work below which we relay nothing."),
    ] = 0.001,
    spoken: Spoken,
    peers_max: MaxPeers = 50,
    pool_mb: Annotated[
        int, typer.Option(min=1, max=65536, help="Bound on pooled envelopes, MB.")
    ] = 64,
    light: Annotated[
        bool, typer.Option("--light", help="A light node: it relays nothing of others.")
    ] = False,
    flush_delay_s: FlushDelay = 0.0,
    limits: Limits,
    day_mb: DayMb = 0,
    stats_every_s: StatsEvery = None,
    account: Account = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run a relay until it is interrupted; with --account also somebody who can be written to."""
    from sottovoce.cli.node_run import RunOptions, run_node

    place = None if ephemeral else data_place(data_dir)
    bounds = limits.read()  # A slip of the pen is told before a password is asked for.
    uid, password = _somebody(place, account, password_file)
    options = RunOptions(
        listen=listen,
        advertise=advertise,
        peers=tuple(peers or ()),
        trusted=tuple(trusted or ()),
        data_dir=place,
        minimum_pow=minimum_pow,
        peers_max=peers_max,
        pool_mb=pool_mb,
        light=light,
        flush_delay_s=flush_delay_s,
        day_mb=day_mb,
        transport=spoken.transport.transport,
        bridges=not spoken.no_bridge,
        stats_every_s=stats_every_s,
        as_json=as_json,
        verbose=verbose,
        account=uid,
        password=password,
        limits=bounds,
    )
    command(run_node)(options)


@app.command()
@verb
def send(options: SendOptions) -> None:
    """Say something in a public channel and end when a peer has taken it."""
    from sottovoce.cli.talk import read_text, run_send

    command(run_send)(replace(options, text=read_text(options.text)))


@app.command()
@verb
def listen(options: ListenOptions) -> None:
    """Print what is said in a public channel."""
    from sottovoce.cli.talk import run_listen

    command(run_listen)(options)


@app.command()
@verb
def stats(
    *,
    watch_s: Annotated[
        float | None,
        typer.Option("--watch", metavar="SECONDS", min=0.1, help="Again each so many seconds."),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print what the running node of a data directory carried, by peer, topic and use."""
    from sottovoce.cli.stats import run_stats

    run_stats(data_place(data_dir), watch_s=watch_s, as_json=as_json)


@app.command()
@verb
def devnet(
    *,
    relays: Annotated[int, typer.Option(min=1, max=20, help="Relays, connected in a ring.")] = 3,
    people: Annotated[int, typer.Option(min=0, max=8, help="People who listen and answer.")] = 2,
    base_port: Annotated[
        int, typer.Option("--port", min=0, max=65000, help="Port of the first relay; 0: any.")
    ] = 0,
    spoken: Spoken,
    as_json: Json = False,
) -> None:
    """Run a whole network on this machine, with all there is to paste, until interrupted."""
    from sottovoce.cli.devnet import DevnetOptions, run_devnet

    worlds = spoken.transport.transport
    options = DevnetOptions(
        relays, people, base_port, as_json, worlds, bridges=not spoken.no_bridge
    )
    command(run_devnet)(options)


@peer_app.command("check")
@verb
def peer_check(
    enode: Annotated[str, typer.Argument(help="The peer's enode URL.")],
    *,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds for all steps together.")
    ] = 15.0,
    as_json: Json = False,
) -> None:
    """Try to become a peer and say which step fails, and what to do about it."""
    from sottovoce.cli.peer import run_check

    command(run_check)(enode, timeout_s, as_json=as_json)


@peer_app.command("add")
@verb
def peer_add(
    enode: Annotated[str, typer.Argument(help="The peer's enode URL.")],
    *,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Take its direct messages as well.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Save a peer that `node run` keeps connected to."""
    from sottovoce.cli.peer import run_add

    command(run_add)(enode, data_place(data_dir), trusted=trusted, as_json=as_json)


@peer_app.command("list")
@verb
def peer_list(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the saved peers."""
    from sottovoce.cli.peer import run_list

    command(run_list)(data_place(data_dir), as_json=as_json)


def _somebody(
    place: Path | None, account: str | None, password_file: Path | None
) -> tuple[str | None, str | None]:
    """Return the uid and the password of the account that a node runs as; nothing for nobody."""
    if account is None:
        return None, None
    from sottovoce.cli.password import unlocking

    return unlocking(place, account, password_file)


def main() -> None:
    """Run the command line."""
    app()
