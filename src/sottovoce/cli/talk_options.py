"""The options of ``send`` and ``listen``: blocks, so that each is declared once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sottovoce.cli.options import DayMb, Json, Metered, Peers, TransportName, Verbose
from sottovoce.gossip.settings import Transport

# A week: longer than any mailserver of the time kept an envelope waiting for its reader's return.
TTL_S_MAX = 7 * 24 * 3600

Channel = Annotated[str, typer.Argument(help="Name of the public channel.")]
Identity = Annotated[
    Path | None,
    typer.Option(
        "--identity-file",
        metavar="FILE",
        help="Private key that signs, 64 hex digits; a fresh one without it.",
    ),
]


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What to say, how, and through whom."""

    channel: Channel
    text: Annotated[str, typer.Argument(help="What to say; - reads it from stdin.")]
    peers: Peers = None
    transport: TransportName = Transport.EITHER
    metered: Metered = False
    identity_file: Identity = None
    ttl_s: Annotated[
        int, typer.Option("--ttl", min=1, max=TTL_S_MAX, help="Seconds for which it travels.")
    ] = 15
    pow_target: Annotated[
        float | None,
        typer.Option(
            "--pow", min=0.0, max=1e6, help="Proof of work to reach; chosen by the size without it."
        ),
    ] = None
    work_time_s: Annotated[
        float, typer.Option("--work-time", min=0.1, help="Seconds that its search may take.")
    ] = 5.0
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for a peer.")
    ] = 15.0
    as_json: Json = False
    verbose: Verbose = False


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where to listen, through whom, and until when."""

    channel: Channel
    peers: Peers = None
    transport: TransportName = Transport.EITHER
    metered: Metered = False
    day_mb: DayMb = 0
    identity_file: Identity = None
    count: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None
    timeout_s: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="End after so many seconds.")
    ] = None
    as_json: Json = False
    verbose: Verbose = False
