"""A node that does what a test says, and peers without any protocol: the driver alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

from patience import turns, until
from sottovoce.base.moment import Moment
from sottovoce.node.effects import Effect, Fact
from sottovoce.node.inputs import Input, RemoveFilter
from sottovoce.node.statistics import LinkStatistics
from sottovoce.runtime.driver import Driver

if TYPE_CHECKING:
    from sottovoce.node.node import Node

HOST: Final = "127.0.0.1"

Script = Callable[[Input], Sequence[Effect]]
Wires = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ScriptedNode:
    """Answers each input as scripted and keeps what it saw."""

    def __init__(self, script: Script = lambda _: ()) -> None:
        self._script = script
        self.seen: list[Input] = []
        self.deadline_s: float | None = None
        self.link_statistics = LinkStatistics()

    def handle(self, event: Input, _now: Moment) -> list[Effect]:
        self.seen.append(event)
        return list(self._script(event))

    def next_deadline(self) -> float | None:
        return self.deadline_s

    def saw(self, kind: type[Input]) -> list[Input]:
        return [event for event in self.seen if isinstance(event, kind)]


def drive(node: ScriptedNode, on_fact: Callable[[Fact], object] = lambda _: None) -> Driver:
    """Return a driver of this node on the running loop."""

    def tell(fact: Fact) -> None:
        on_fact(fact)

    return Driver(cast("Node", node), tell)


def computing(*effects: Effect) -> ScriptedNode:
    """Return a node that wants this when its owner says anything."""
    return ScriptedNode(lambda event: effects if isinstance(event, RemoveFilter) else [])


@asynccontextmanager
async def running(node: ScriptedNode) -> AsyncIterator[tuple[Driver, int]]:
    """Give a driver that listens, and its port."""
    driver = drive(node)
    port = await driver.listen(HOST, 0)
    try:
        yield driver, port
    finally:
        await driver.stop()


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Wires]:
    """Connect to a port as a peer without any protocol."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await until(writer.transport.is_closing)
        await turns(3)
