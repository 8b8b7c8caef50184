"""Anna and Bruno in a network in memory, on virtual time, and verbs done as one of them."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from sottovoce.cli.output import Output
from sottovoce.cli.person import PersonOptions, Session
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BRUNO

OPTIONS: Final = PersonOptions(Path("nowhere"))


@asynccontextmanager
async def alone(network: MemoryNetwork) -> AsyncIterator[Messenger]:
    """Give Anna, who knows nobody."""
    async with network.messenger(identity=ANNA.private) as anna:
        yield anna


@asynccontextmanager
async def connected(network: MemoryNetwork) -> AsyncIterator[tuple[Messenger, Messenger]]:
    """Give the two, connected, each a contact of the other."""
    async with alone(network) as anna, network.messenger(identity=BRUNO.private) as bruno:
        assert anna.enode is not None
        await bruno.connect(anna.enode)
        await anna.add_contact(BRUNO.public, nickname="Bruno")
        await bruno.add_contact(ANNA.public, nickname="Anna")
        yield anna, bruno


async def do(
    person: Messenger,
    verb: Callable[..., None],
    *arguments: object,
    options: PersonOptions = OPTIONS,
    as_json: bool = False,
    peers: tuple[str, ...] = (),
    is_forwarded: bool = False,
    **named: object,
) -> None:
    """Do the work of a verb as a person, without its way there."""
    works: list[Callable[[Session], Awaitable[None]]] = []

    def take(_: PersonOptions, work: Callable[[Session], Awaitable[None]]) -> None:
        works.append(work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[verb.__module__], "run_as_person", take)
        verb(options, *arguments, **named)
    [work] = works
    output = Output(as_json=as_json)
    await work(Session(person, output, replace(options, as_json=as_json), peers, is_forwarded))


def run(scenario: Callable[[MemoryNetwork], Awaitable[Any]]) -> Any:
    """Run a scenario on virtual time."""
    network = MemoryNetwork()

    async def whole() -> Any:
        return await scenario(network)

    return network.run(whole())
