"""``sottovoce stats``: what a running node carried, by peer, topic, direction and use."""

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.cli.budget_text import budget_fields
from sottovoce.cli.mail_text import size_text
from sottovoce.cli.naming import AddressBook, address_book
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.progress import columns, is_steerable
from sottovoce.gossip.traffic import Carried, Flow, TopicTraffic
from sottovoce.identity.public_key_text import hex_key
from sottovoce.node.budget import Budget, notice_of
from sottovoce.node.traffic import NodeTraffic, PeerTraffic
from sottovoce.runtime.loop import run as run_to_end
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import NODE_SOCKET_NAME, SOCKET_NAME
from sottovoce.sdk.errors import ControlError
from sottovoce.sdk.traffic import NamedTopic, TopicUse, TrafficReport

# A screen of topics; --json has all of them.
TOPICS_SHOWN: Final = 30
_KEY_CHARS_SHOWN: Final = 16
_NAME_WIDTH: Final = 36
_NUMBER_WIDTH: Final = 9
_FLOW_WIDTH: Final = 4 * _NUMBER_WIDTH
_TABLE_WIDTH: Final = _NAME_WIDTH + 2 * _FLOW_WIDTH + 2
_CLEARED: Final = "\x1b[H\x1b[2J"


def run_stats(directory: Path, *, watch_s: float | None, as_json: bool) -> None:
    """Ask the node of a data directory what it carried, once or again and again.

    Args:
        directory: The data directory.
        watch_s: Seconds between two questions, or None for one only.
        as_json: Whether each row is a JSON object.

    Raises:
        CommandError: No node runs there.
    """
    names = (SOCKET_NAME, NODE_SOCKET_NAME)
    served = [name for name in names if ControlClient.is_served(directory, name)]
    if not served:
        raise CommandError(
            f"no node runs in {directory} that could be asked: start one with sottovoce node run "
            f"--data-dir {directory}, or name the directory of another one with --data-dir",
            ExitCode.NETWORK,
        )
    run_to_end(_ask(directory, served[0], watch_s, Output(as_json=as_json)))


async def _ask(directory: Path, socket_name: str, watch_s: float | None, output: Output) -> None:
    """Ask once, or until the node stops.

    Raises:
        CommandError: It stopped.
    """
    async with ControlClient(directory, socket_name) as client:
        await _tell(client, output, is_watch=watch_s is not None)
        while watch_s is not None:
            await asyncio.sleep(watch_s)
            try:
                await _tell(client, output, is_watch=True)
            except ControlError:
                raise CommandError(
                    "the node has stopped, and what it counted went with it; start it again with "
                    "sottovoce node run",
                    ExitCode.NETWORK,
                ) from None


async def _tell(client: ControlClient, output: Output, *, is_watch: bool) -> None:
    report = await client.traffic()
    book = await address_book(client) if report.names else None
    if is_watch and not output.as_json:
        _begin_again(output)
    StatsPrinter(output, report, book, is_narrow=is_narrow()).print()


def _begin_again(output: Output) -> None:
    """Say when the table was made that follows; on a terminal in place of the one before."""
    clear = _CLEARED if is_steerable(sys.stdout) else "\n"
    output.result(f"{clear}{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


def is_narrow() -> bool:
    """Tell whether tables go to a terminal that would break their lines."""
    return is_steerable(sys.stdout) and columns(sys.stdout) < _TABLE_WIDTH


class StatsPrinter:
    """Prints one report.

    Args:
        output: Where it goes.
        report: What the node carried.
        book: How people are called here; None without an account.
        is_narrow: Whether names stand above their numbers: a table of 74 columns instead of 110.
    """

    def __init__(
        self,
        output: Output,
        report: TrafficReport,
        book: AddressBook | None,
        *,
        is_narrow: bool = False,
    ) -> None:
        self._output = output
        self._is_narrow = is_narrow
        self._traffic = report.traffic
        self._names = {named.topic: named for named in report.names}
        self._book = book

    def print(self) -> None:
        """Print everything."""
        if self._output.as_json:
            self._print_objects()
        else:
            self._print_tables()

    # ---- for programs

    def _print_objects(self) -> None:
        traffic = self._traffic
        self._output.result(
            "",
            event="traffic",
            unix_s=int(datetime.now(UTC).timestamp()),
            **_carried_fields(traffic.total),
            stream_received_bytes=traffic.received_bytes,
            stream_sent_bytes=traffic.sent_bytes,
        )
        for peer in traffic.peers:
            self._output.result("", event="peer traffic", **_peer_fields(peer))
        for row in traffic.topics:
            self._output.result("", event="topic traffic", **self._topic_fields(row))
        if traffic.budget is not None:
            self._output.result("", event="budget", **budget_fields(traffic.budget))

    def _topic_fields(self, row: TopicTraffic) -> dict[str, object]:
        named = None if row.topic is None else self._names.get(row.topic)
        return {
            "topic": None if row.topic is None else _hex(row.topic),
            "is_heard": row.is_heard,
            "use": None if named is None else named.use.value,
            "chat": None if named is None else named.chat or None,
            "person": None if named is None or named.person is None else hex_key(named.person),
            **_carried_fields(row.carried),
        }

    # ---- for people

    def _print_tables(self) -> None:
        traffic = self._traffic
        for cells in _HEADING:
            self._row("", cells)
        self._row("all peers, also those that left", _sizes(traffic.total))
        self._row("  envelopes", _counts(traffic.total))
        for peer in traffic.peers:
            self._row(_peer_name(peer), _sizes(peer.carried))
        if traffic.topics:
            self._line("\ntopics (envelopes only; * somebody here listens)")
        for row in traffic.topics[:TOPICS_SHOWN]:
            self._row(self._topic_name(row), _sizes(row.carried))
        if len(traffic.topics) > TOPICS_SHOWN:
            self._line(f"and {len(traffic.topics) - TOPICS_SHOWN} more: sottovoce stats --json")
        self._line("\n" + _streams(traffic))
        if traffic.budget is not None:
            self._line(_budget_text(traffic.budget))

    def _row(self, name: str, cells: str) -> None:
        if not self._is_narrow:
            self._line(_cut(name) + cells)
            return
        if name:
            self._line(name)
        self._line(cells)

    def _line(self, line: str) -> None:
        self._output.result(line)

    def _topic_name(self, row: TopicTraffic) -> str:
        if row.topic is None:
            return "other topics"
        mark = "*" if row.is_heard else " "
        named = self._names.get(row.topic)
        if named is None:
            return f"{mark} {_hex(row.topic)}"
        return f"{mark} {_hex(row.topic)} {printable(self._use_text(named))}"

    def _use_text(self, named: NamedTopic) -> str:
        if named.use is TopicUse.PUBLIC_CHAT:
            return f"#{named.chat}"
        if named.person is None:
            return str(named.use.value)
        who = self._person_name(named.person)
        return f"{who}'s contact code" if named.use is TopicUse.CONTACT_CODE else f"with {who}"

    def _person_name(self, key: PublicKey) -> str:
        return (
            hex_key(key)[:_KEY_CHARS_SHOWN] if self._book is None else self._book.person_name(key)
        )


_FLOW_HEADING: Final = "".join(
    word.rjust(_NUMBER_WIDTH) for word in ("useful", "twice", "unwanted", "other")
)
_HEADING: Final = (
    "received".rjust(_FLOW_WIDTH) + "  " + "sent".rjust(_FLOW_WIDTH),
    f"{_FLOW_HEADING}  {_FLOW_HEADING}",
)


def _cut(name: str) -> str:
    if len(name) >= _NAME_WIDTH:
        name = name[: _NAME_WIDTH - 2] + "\N{HORIZONTAL ELLIPSIS}"
    return name.ljust(_NAME_WIDTH)


def _sizes(carried: Carried) -> str:
    return "  ".join(
        _numbers(
            size_text(size)
            for size in (
                flow.useful.bytes,
                flow.duplicate.bytes,
                flow.unwanted.bytes,
                flow.other_bytes,
            )
        )
        for flow in (carried.received, carried.sent)
    )


def _counts(carried: Carried) -> str:
    received, sent = (
        _numbers(str(amount.envelopes) for amount in (flow.useful, flow.duplicate, flow.unwanted))
        for flow in (carried.received, carried.sent)
    )
    return f"{received.ljust(_FLOW_WIDTH)}  {sent}"


def _numbers(cells: Iterable[str]) -> str:
    return "".join(cell.rjust(_NUMBER_WIDTH) for cell in cells)


def _streams(traffic: NodeTraffic) -> str:
    return (
        f"encrypted and framed: {size_text(traffic.received_bytes)} received, "
        f"{size_text(traffic.sent_bytes)} sent since the node started"
    )


def _budget_text(budget: Budget) -> str:
    used = f"{size_text(budget.used_bytes)} of {size_text(budget.limit_bytes)} used today (UTC)"
    return f"{used}\n{notice_of(budget)}" if budget.is_bound else used


def _peer_name(peer: PeerTraffic) -> str:
    return f"{peer.public_key.raw.hex()[:_KEY_CHARS_SHOWN]}\N{HORIZONTAL ELLIPSIS} {peer.protocol}"


def _peer_fields(peer: PeerTraffic) -> dict[str, object]:
    return {
        "peer": peer.public_key.raw.hex(),
        "address": printable(peer.address),
        "protocol": peer.protocol,
        **_carried_fields(peer.carried),
    }


def _carried_fields(carried: Carried) -> dict[str, object]:
    flows = (("received", carried.received), ("sent", carried.sent))
    return {name: _flow_fields(flow) for name, flow in flows}


def _flow_fields(flow: Flow) -> dict[str, int]:
    return {
        "useful": flow.useful.envelopes,
        "useful_bytes": flow.useful.bytes,
        "duplicate": flow.duplicate.envelopes,
        "duplicate_bytes": flow.duplicate.bytes,
        "unwanted": flow.unwanted.envelopes,
        "unwanted_bytes": flow.unwanted.bytes,
        "other_bytes": flow.other_bytes,
    }


def _hex(topic: Topic) -> str:
    return f"0x{topic.hex()}"
