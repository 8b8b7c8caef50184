"""Options that several verbs share, with the one place where each is explained."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Wait(Enum):
    """Until when a verb that sends stays."""

    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"


class Face(Enum):
    """The faces that a message can get."""

    LOVE = "love"
    THUMBS_UP = "thumbs-up"
    THUMBS_DOWN = "thumbs-down"
    LAUGH = "laugh"
    SAD = "sad"
    ANGRY = "angry"


Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
Peers = Annotated[
    list[str] | None,
    typer.Option("--peer", metavar="ENODE", help="A peer to connect to; may be repeated."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Where keys, accounts and saved peers live; by default sottovoce in the data home."
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Debug log on stderr; never shows message text.")
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="ACCOUNT",
        envvar="SOTTOVOCE_ACCOUNT",
        help="Which account: its name, key, or the start of its uid; not needed for the only one.",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help="The file that holds the password; without it (and SOTTOVOCE_PASSWORD_FILE, and a "
        "systemd credential sottovoce-password) it is asked for.",
    ),
]
# ---- of a node that others connect to

Listen = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Where peers connect; port 0: any free one.")
]
Advertise = Annotated[str | None, typer.Option(metavar="HOST", help="Host to print in the enode.")]
MaxPeers = Annotated[int, typer.Option("--max-peers", min=1, help="Peers kept.")]
StatsEvery = Annotated[
    float | None,
    typer.Option("--stats-every", min=0.1, help="Print the counters each so many seconds."),
]

# ---- of somebody who talks

Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the network.")
]
ChatName = Annotated[
    str,
    typer.Argument(
        metavar="CHAT",
        help="#name for a public chat; for a person the nickname, the three-word name, the key "
        "or its start, or a link.",
    ),
]
PersonName = Annotated[
    str,
    typer.Argument(
        metavar="PERSON",
        help="The key in any form, a link, the text of a QR code; for people who are known the "
        "nickname, the three-word name or the start of the key. - reads it from stdin.",
    ),
]
MessageName = Annotated[
    str,
    typer.Argument(metavar="MESSAGE", help="The message's id, or as much of it as is unique."),
]
