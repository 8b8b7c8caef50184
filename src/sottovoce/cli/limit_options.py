"""Options about limits of packets and bytes, of the verbs that run a node for others."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated

import typer

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.settings import LIMIT_END

LimitPackets = Annotated[
    str | None,
    typer.Option(
        "--limit-packets",
        metavar="A,P,T",
        help="Packets a second from one address, from one peer, and envelopes on one topic; "
        "0: any number. Told to peers, and enforced as --limit-tolerance says.",
    ),
]
LimitBytes = Annotated[
    str | None,
    typer.Option(
        "--limit-bytes",
        metavar="A,P,T",
        help="The same in bytes a second; the first two at least a megabyte. Told on Waku only.",
    ),
]
LimitTolerance = Annotated[
    int,
    typer.Option(
        "--limit-tolerance",
        min=0,
        help="Disconnect a peer that exceeded these limits more often; 0: never, so that only what "
        "exceeds the limit of a topic is kept out.",
    ),
]
Exempt = Annotated[
    list[str] | None,
    typer.Option(
        "--exempt",
        metavar="HOST",
        help="An IP address whose peers may exceed them; may be repeated. Peers that are named "
        "or saved always may.",
    ),
]


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """What was said about limits.

    Attributes:
        packets: By address, by peer, by topic; packets or envelopes a second.
        size_bytes: The same in bytes a second.
        tolerance: How often a peer may exceed a limit; 0 is any number of times.
        exempt: Addresses whose peers may exceed them.
    """

    packets: tuple[int, int, int] = (0, 0, 0)
    size_bytes: tuple[int, int, int] = (0, 0, 0)
    tolerance: int = 0
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A block of options: limits as they were typed."""

    limit_packets: LimitPackets = None
    limit_bytes: LimitBytes = None
    limit_tolerance: LimitTolerance = 0
    exempt: Exempt = None

    def read(self) -> LimitOptions:
        """Read what was typed.

        Raises:
            LocalProtocolError: Limits are not three numbers, an exempt host is no IP address, or
                something is said about limits that nobody set.
        """
        tolerance, exempt = self.limit_tolerance, self.exempt or ()
        limits = LimitOptions(
            packets=_three_numbers(self.limit_packets, "--limit-packets", "40,20,10"),
            size_bytes=_three_numbers(self.limit_bytes, "--limit-bytes", "4000000,2000000,500000"),
            tolerance=tolerance,
            exempt=frozenset(_address(host) for host in exempt),
        )
        if (tolerance or exempt) and not any((*limits.packets, *limits.size_bytes)):
            option = "--limit-tolerance" if tolerance else "--exempt"
            raise LocalProtocolError(
                f"{option} is about limits, and none is set: set some with --limit-packets or "
                "--limit-bytes"
            )
        return limits


def _three_numbers(text: str | None, option: str, example: str) -> tuple[int, int, int]:
    if text is None:
        return (0, 0, 0)
    parts = [part.strip() for part in text.split(",")]
    try:
        by_address, by_peer, by_topic = (_number(part) for part in parts)
    except ValueError:
        raise LocalProtocolError(
            f"{option} takes three whole numbers from 0 up, by address, peer and topic, "
            f"such as {example}; not {text!r}"
        ) from None
    return by_address, by_peer, by_topic


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or (number := int(text)) >= LIMIT_END:
        raise ValueError(text)
    return number


def _address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise LocalProtocolError(
            f"--exempt takes an IP address, such as 192.0.2.1, not {host!r}: a name could lead "
            "elsewhere tomorrow, and a range to strangers"
        ) from None
