"""Options that several verbs share, with the one place where each is explained."""

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from sottovoce.gossip.settings import Transport

# A petabyte a day is no budget any more.
DAY_MB_MAX = 1_000_000_000


class Wait(Enum):
    """Until when a verb that sends stays."""

    QUEUED = "queued"
    SENT = "sent"
    STORED = "stored"
    ACKNOWLEDGED = "acknowledged"


class Worlds(Enum):
    """Which worlds a node that others connect to speaks."""

    WHISPER = "whisper"
    WAKU = "waku"
    BOTH = "both"

    @property
    def transport(self) -> Transport:
        """The setting of the same name."""
        return Transport(self.value)


class Face(Enum):
    """The faces that a message can get."""

    LOVE = "love"
    THUMBS_UP = "thumbs-up"
    THUMBS_DOWN = "thumbs-down"
    LAUGH = "laugh"
    SAD = "sad"
    ANGRY = "angry"


def _folder(text: str) -> Path:
    """Read the name of a folder, which need not be there; that of a variable may be empty.

    Raises:
        BadParameter: It is empty, or something else is there.
    """
    if not text:
        raise typer.BadParameter("the name is empty; name a folder, or leave the option out")
    # These two say no where a person may not look, and leave it to whoever uses the folder.
    if os.path.exists(text) and not os.path.isdir(text):
        raise typer.BadParameter(f"{text} is a file; name a folder, or leave the option out")
    return Path(text)


Json = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout.")]
Peers = Annotated[
    list[str] | None,
    typer.Option("--peer", metavar="ENODE", help="A peer to connect to; may be repeated."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        parser=_folder,
        metavar="<path>",
        help="Where keys, accounts and saved peers live; by default sottovoce in the data home.",
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
# ---- of a node of one's own, as small as a person's

TransportName = Annotated[
    Transport,
    typer.Option(
        "--transport",
        envvar="SOTTOVOCE_TRANSPORT",
        help="Which world a node of this command speaks: either takes Waku where a peer speaks it. "
        "A running node that does the work has its own.",
    ),
]
Metered = Annotated[
    bool,
    typer.Option(
        "--metered/--no-metered",
        envvar="SOTTOVOCE_METERED",
        help="Pay for less data: name the topics that you listen to instead of blurring them. "
        "Whoever is your peer then reads in clear with whom you talk.",
    ),
]

DayMb = Annotated[
    int,
    typer.Option(
        "--day-mb",
        metavar="MB",
        min=0,
        max=DAY_MB_MAX,
        envvar="SOTTOVOCE_DAY_MB",
        help="Data that a node of this command may use between two midnights UTC, both directions, "
        "in MB; then it receives nothing more that day. 0: any amount.",
    ),
]

# ---- of a node that others connect to

Listen = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="Where peers connect; port 0: any free one.")
]
Advertise = Annotated[str | None, typer.Option(metavar="HOST", help="Host to print in the enode.")]
SpokenWorlds = Annotated[
    Worlds, typer.Option("--transport", help="Which worlds the relay speaks with its peers.")
]
NoBridge = Annotated[
    bool,
    typer.Option(
        "--no-bridge",
        help="Keep the worlds apart: pass on in each what came from it, and our own in both.",
    ),
]
MaxPeers = Annotated[int, typer.Option("--max-peers", min=1, help="Peers kept.")]
FlushDelay = Annotated[
    float,
    typer.Option(
        "--flush-delay", min=0.0, max=10.0, help="Hold what is relayed up to so many seconds."
    ),
]
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
