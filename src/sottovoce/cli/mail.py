"""``sottovoce mail``: the verbs and their options; the work is in the modules that begin so."""

from pathlib import Path
from typing import Annotated, Final

import typer

from sottovoce.cli.blocks import Online, Spoken
from sottovoce.cli.limit_options import Limits
from sottovoce.cli.options import (
    Advertise,
    DataDir,
    Json,
    Listen,
    MaxPeers,
    Peers,
    StatsEvery,
    Verbose,
)
from sottovoce.cli.output import command
from sottovoce.cli.paths import data_place
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Mailservers: run one, trust some, fetch what was missed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

# Longer than any server of the time kept anything.
DAYS_MAX: Final = 3650
# What `mail.settings.HISTORY_S` asks for at most.
FETCH_DAYS_MAX: Final = 30
# Weeks of a busy chat come page by page.
_PATIENT: Final = Online(timeout_s=300.0)

ServerUrl = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The mailserver's enode URL; - reads it from stdin, which is the way for one with a "
        "password in it.",
    ),
]
_SAVED_SERVER: Final = typer.Argument(
    metavar="SERVER",
    help="Its enode URL, the start of its key, or its host, as mail status prints them.",
)
SavedServer = Annotated[str, _SAVED_SERVER]
ServerPassword = Annotated[
    Path | None,
    typer.Option(
        "--server-password-file",
        metavar="FILE",
        help="The file that holds the mailserver's password; without it the public one of Status' "
        "servers.",
    ),
]


# ---- options of `mail serve`

Place = Annotated[
    str | None,
    typer.Option(
        "--archive",
        metavar="PLACE",
        envvar="SOTTOVOCE_MAIL__ARCHIVE",
        help="A file, or postgresql://USER@HOST/DATABASE without a password (that comes from "
        "~/.pgpass or PGPASSFILE); by default archive.db in the data directory.",
    ),
]
AskersPassword = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="The file that holds the password of those who may ask; without it the public "
        "one of Status' servers, which everybody knows.",
    ),
]
Days = Annotated[
    int, typer.Option(min=0, max=DAYS_MAX, help="Days that envelopes are kept; 0: for ever.")
]
MaxMb = Annotated[
    int | None, typer.Option("--max-mb", min=1, help="Keep at most so many MB of envelopes.")
]
MaxEnvelopes = Annotated[
    int | None, typer.Option("--max-envelopes", min=1, help="Keep at most so many envelopes.")
]
MinimumPow = Annotated[
    float,
    typer.Option(
        "--min-pow",
        min=0.0,
        help="Proof of work below which nothing is relayed and no request answered.",
    ),
]
Pause = Annotated[
    float, typer.Option("--pause", min=0.0, help="Seconds between two requests of one peer.")
]
RequestsPerHour = Annotated[
    int, typer.Option(min=1, help="Requests of one peer that are answered in an hour.")
]
MbPerHour = Annotated[
    int, typer.Option(min=1, help="MB of envelopes that one peer gets in an hour.")
]
FillFrom = Annotated[
    str | None,
    typer.Option(
        "--fill-from",
        metavar="ENODE",
        help="Fill the archive from this mailserver's, once, at the start.",
    ),
]
FillDays = Annotated[
    int, typer.Option(min=1, max=DAYS_MAX, help="How far back --fill-from goes, days.")
]


@app.command(
    "serve",
    epilog="Example: sottovoce mail serve --listen 0.0.0.0:30303 --advertise mail.example",
)
@verb
def serve(
    *,
    listen: Listen = "127.0.0.1:30303",
    advertise: Advertise = None,
    peers: Peers = None,
    data_dir: DataDir = None,
    archive: Place = None,
    password_file: AskersPassword = None,
    days: Days = 30,
    max_mb: MaxMb = None,
    envelopes_max: MaxEnvelopes = None,
    minimum_pow: MinimumPow = 0.001,
    spoken: Spoken,
    peers_max: MaxPeers = 50,
    pause_s: Pause = 0.0,
    requests_per_hour: RequestsPerHour = 1200,
    mb_per_hour: MbPerHour = 1024,
    fill_from: FillFrom = None,
    fill_days: FillDays = 30,
    limits: Limits,
    stats_every_s: StatsEvery = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Relay and archive, and give what was missed to those who know the password."""
    from sottovoce.cli.mail_serve import ServeOptions, run_serve
    from sottovoce.cli.node_run import RunOptions

    options = ServeOptions(
        relay=RunOptions(
            listen=listen,
            advertise=advertise,
            peers=tuple(peers or ()),
            trusted=(),
            data_dir=data_place(data_dir),
            minimum_pow=minimum_pow,
            transport=spoken.transport.transport,
            bridges=not spoken.no_bridge,
            peers_max=peers_max,
            stats_every_s=stats_every_s,
            as_json=as_json,
            verbose=verbose,
            limits=limits.read(),
        ),
        archive=archive,
        password_file=password_file,
        days=days or None,
        mb_max=max_mb,
        envelopes_max=envelopes_max,
        pause_s=pause_s,
        requests_per_hour=requests_per_hour,
        mb_per_hour=mb_per_hour,
        fill_from=fill_from,
        fill_days=fill_days,
    )
    command(run_serve)(options)


@app.command("add", epilog="Example: sottovoce mail add enode://1f2e…@mail.example:30303")
@verb
def add(
    url: ServerUrl,
    *,
    pin: Annotated[bool, typer.Option("--pin", help="Ask this one and no other.")] = False,
    server_password: ServerPassword = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Trust a mailserver: what you missed is fetched there, and it learns what you listen to."""
    from sottovoce.cli.mail_servers import run_add

    run_add(data_place(data_dir), url, server_password, pin=pin, as_json=as_json)


@app.command("pin")
@verb
def pin(
    server: SavedServer,
    *,
    off: Annotated[bool, typer.Option("--off", help="Ask all of them again.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask one of the mailservers and no other, or all of them again."""
    from sottovoce.cli.mail_servers import run_pin

    run_pin(data_place(data_dir), server, off=off, as_json=as_json)


@app.command("remove")
@verb
def remove(
    server: Annotated[str | None, _SAVED_SERVER] = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="All of them: use no mailserver at all.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Trust a mailserver no longer, or use none."""
    from sottovoce.cli.mail_servers import run_remove

    run_remove(data_place(data_dir), server, is_all=all_, as_json=as_json)


@app.command("status")
@verb
def status(*, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Print the mailservers that you trust, and how each of them stands."""
    from sottovoce.cli.mail_servers import run_status

    run_status(data_place(data_dir), as_json=as_json)


@app.command("fetch", epilog="Example: sottovoce mail fetch --every 30m")
@verb
def fetch(
    chat: Annotated[
        str | None,
        typer.Argument(metavar="CHAT", help="Only what may belong to this chat; all without it."),
    ] = None,
    *,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=FETCH_DAYS_MAX, help="Ask for so many days, fetched before or not."
        ),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Connect, fetch and leave, again and again, each so often: 30m, 6h, 90s.",
        ),
    ] = None,
    who: Online = _PATIENT,
) -> None:
    """Fetch what you missed from the mailservers that you trust."""
    from sottovoce.cli.mail_fetch import FetchOptions, run_fetch
    from sottovoce.cli.mail_text import parse_span

    run_fetch(who.person(), FetchOptions(chat, days, None if every is None else parse_span(every)))


@app.command("probe")
@verb
def probe(
    url: ServerUrl,
    *,
    server_password: ServerPassword = None,
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds for all steps together.")
    ] = 20.0,
    as_json: Json = False,
) -> None:
    """Ask a mailserver for one envelope and say which step fails, and what to do about it."""
    from sottovoce.cli.mail_probe import run_probe
    from sottovoce.cli.mail_servers import read_url

    server = read_url(url, server_password)
    command(run_probe)(server, timeout_s, as_json=as_json)
