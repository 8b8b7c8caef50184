"""The command ``sottovoce``: its verbs and their options.

Exit codes: 0 ok, 1 unexpected (a full disk, too), 2 usage or a file that is not what it should be,
3 network or peer, 4 not trusted, 5 locked or wrong password, 6 not delivered or timed out,
130 interrupted.
"""

from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli import account, backup, chat, contact, device, group, mail, sim
from sottovoce.cli.limit_options import (
    Exempt,
    LimitBytes,
    LimitPackets,
    LimitTolerance,
    read_limits,
)
from sottovoce.cli.options import (
    Account,
    Advertise,
    DataDir,
    DayMb,
    FlushDelay,
    Json,
    Listen,
    MaxPeers,
    Metered,
    NoBridge,
    PasswordFile,
    Peers,
    SpokenWorlds,
    StatsEvery,
    TransportName,
    Verbose,
    Worlds,
)
from sottovoce.cli.output import command, errors_as_sentences
from sottovoce.cli.paths import data_place
from sottovoce.gossip.settings import Transport

app = typer.Typer(
    name="sottovoce",
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

# A week: longer than any mailserver of the time kept an envelope waiting for its reader's return.
TTL_S_MAX = 7 * 24 * 3600

Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity-file",
        metavar="FILE",
        help="Private key that signs, 64 hex digits; a fresh one without it.",
    ),
]


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
def demo(
    *,
    relays: Annotated[int, typer.Option(min=1, max=8, help="Relays between the two.")] = 3,
    as_json: Json = False,
) -> None:
    """Show people who talk through relays here: a crash, a group, devices, somebody away."""
    from sottovoce.cli.demo import run_demo

    command(run_demo)(relay_count=relays, as_json=as_json)


@node_app.command("run")
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
    transport: SpokenWorlds = Worlds.BOTH,
    no_bridge: NoBridge = False,
    peers_max: MaxPeers = 50,
    pool_mb: Annotated[
        int, typer.Option(min=1, max=65536, help="Bound on pooled envelopes, MB.")
    ] = 64,
    light: Annotated[
        bool, typer.Option("--light", help="A light node: it relays nothing of others.")
    ] = False,
    flush_delay_s: FlushDelay = 0.0,
    limit_packets: LimitPackets = None,
    limit_bytes: LimitBytes = None,
    limit_tolerance: LimitTolerance = 0,
    exempt: Exempt = None,
    day_mb: DayMb = 0,
    stats_every_s: StatsEvery = None,
    account: Account = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run a relay until it is interrupted; with --account also somebody who can be written to."""
    from sottovoce.cli.node_run import RunOptions, run_node

    with errors_as_sentences():
        limits = read_limits(limit_packets, limit_bytes, limit_tolerance, exempt)
    place = None if ephemeral else _place(data_dir)
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
        transport=transport.transport,
        bridges=not no_bridge,
        stats_every_s=stats_every_s,
        as_json=as_json,
        verbose=verbose,
        account=uid,
        password=password,
        limits=limits,
    )
    command(run_node)(options)


@app.command()
def send(
    channel: Annotated[str, typer.Argument(help="Name of the public channel.")],
    text: Annotated[str, typer.Argument(help="What to say; - reads it from stdin.")],
    *,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    identity: Identity = None,
    ttl_s: Annotated[
        int, typer.Option("--ttl", min=1, max=TTL_S_MAX, help="Seconds for which it travels.")
    ] = 15,
    pow_target: Annotated[
        float | None,
        typer.Option(
            "--pow", min=0.0, max=1e6, help="Proof of work to reach; chosen by the size without it."
        ),
    ] = None,
    work_time_s: Annotated[
        float, typer.Option("--work-time", min=0.1, help="Seconds that its search may take.")
    ] = 5.0,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for a peer.")
    ] = 15.0,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say something in a public channel and end when a peer has taken it."""
    from sottovoce.cli.talk import SendOptions, read_text, run_send

    with errors_as_sentences():
        said = read_text(text)
    options = SendOptions(
        channel=channel,
        text=said,
        peers=tuple(peers or ()),
        transport=transport,
        metered=metered,
        identity_file=identity,
        ttl_s=ttl_s,
        pow_target=pow_target,
        work_time_s=work_time_s,
        timeout_s=timeout_s,
        as_json=as_json,
        verbose=verbose,
    )
    command(run_send)(options)


@app.command()
def listen(
    channel: Annotated[str, typer.Argument(help="Name of the public channel.")],
    *,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    identity: Identity = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None,
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="End after so many seconds.")
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Print what is said in a public channel."""
    from sottovoce.cli.talk import ListenOptions, run_listen

    options = ListenOptions(
        channel=channel,
        peers=tuple(peers or ()),
        transport=transport,
        metered=metered,
        day_mb=day_mb,
        identity_file=identity,
        count=count,
        timeout_s=timeout_s,
        as_json=as_json,
        verbose=verbose,
    )
    command(run_listen)(options)


@app.command()
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

    with errors_as_sentences():
        run_stats(_place(data_dir), watch_s=watch_s, as_json=as_json)


@app.command()
def devnet(
    *,
    relays: Annotated[int, typer.Option(min=1, max=20, help="Relays, connected in a ring.")] = 3,
    people: Annotated[int, typer.Option(min=0, max=8, help="People who listen and answer.")] = 2,
    base_port: Annotated[
        int, typer.Option("--port", min=0, max=65000, help="Port of the first relay; 0: any.")
    ] = 0,
    transport: SpokenWorlds = Worlds.BOTH,
    no_bridge: NoBridge = False,
    as_json: Json = False,
) -> None:
    """Run a whole network on this machine, with all there is to paste, until interrupted."""
    from sottovoce.cli.devnet import DevnetOptions, run_devnet

    options = DevnetOptions(
        relays, people, base_port, as_json, transport.transport, bridges=not no_bridge
    )
    command(run_devnet)(options)


@peer_app.command("check")
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

    command(run_add)(enode, _place(data_dir), trusted=trusted, as_json=as_json)


@peer_app.command("list")
def peer_list(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the saved peers."""
    from sottovoce.cli.peer import run_list

    command(run_list)(_place(data_dir), as_json=as_json)


def _somebody(
    place: Path | None, account: str | None, password_file: Path | None
) -> tuple[str | None, str | None]:
    """Return the uid and the password of the account that a node runs as; nothing for nobody."""
    if account is None:
        return None, None
    from sottovoce.cli.password import unlocking

    with errors_as_sentences():
        return unlocking(place, account, password_file)


def _place(data_dir: Path | None) -> Path:
    with errors_as_sentences():
        return data_place(data_dir)


def main() -> None:
    """Run the command line."""
    app()
