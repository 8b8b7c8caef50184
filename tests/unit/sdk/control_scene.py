"""A messenger in memory behind a control socket in a directory with a short path."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.messenger import Messenger


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory with a short path, as sockets need it."""
    with TemporaryDirectory(prefix="sv") as directory:
        yield Path(directory)


@asynccontextmanager
async def served(place: Path) -> AsyncIterator[Messenger]:
    async with Messenger.in_memory(listen=None) as messenger:
        server = ControlServer(messenger, place)
        await server.start()
        try:
            yield messenger
        finally:
            await server.stop()


def page_line(number: int) -> bytes:
    """Return a request for a page of a chat."""
    query = {"is": "ReadPage", "chat_id": "lobby", "before": None, "limit": 200}
    return json.dumps({"id": number, "query": query}).encode() + b"\n"
