"""The serving half, between two ends in one process: real sockets, a messenger in memory."""

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from patience import run
from sottovoce.chat.commands import Command
from sottovoce.sdk import control, control_connection
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import socket_path
from sottovoce.sdk.errors import (
    ControlError,
)
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.messenger_port import CommandResult
from unit.sdk.control_scene import page_line, served
from unit.sdk.control_scene import place as place


def test_socket_is_its_users_alone_and_takes_the_place_of_a_stale_one(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(os.fspath(socket_path(place)))
    assert not ControlClient.is_served(place)

    async def main() -> None:
        async with served(place):
            mode = socket_path(place).lstat().st_mode
            assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)
            async with ControlClient(place) as client:
                assert await client.chats() == ()

    run(main())


def test_file_in_the_place_of_the_socket_is_left_alone(place: Path) -> None:
    socket_path(place).write_text("precious")

    async def main() -> None:
        async with Messenger.in_memory(listen=None) as messenger:
            with pytest.raises(ControlError, match="no socket; move it away"):
                await ControlServer(messenger, place).start()

    run(main())
    assert socket_path(place).read_text() == "precious"


def test_path_that_is_too_long_is_said_and_serves_nobody(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deep = place / ("x" * 100)
    deep.mkdir()
    with pytest.raises(ControlError, match="too long for a socket"):
        socket_path(deep)
    assert not ControlClient.is_served(deep)

    async def main() -> None:
        async with served(deep):
            assert "too long for a socket" in caplog.text

    run(main())


def test_other_user_is_turned_away(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with served(place):
            monkeypatch.setattr(control, "is_our_user", lambda _: False)
            with pytest.raises(ControlError, match="belongs to another user"):
                await ControlClient(place).__aenter__()

    run(main())


def test_connections_are_bounded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "CONNECTIONS_MAX", 1)

    async def main() -> None:
        async with served(place):
            async with ControlClient(place):
                with pytest.raises(ControlError, match="connected already"):
                    await ControlClient(place).__aenter__()
            # Its place is free again, as soon as its end was read.
            while True:
                try:
                    async with ControlClient(place) as client:
                        assert await client.chats() == ()
                        return
                except ControlError:
                    continue

    run(main())


def test_program_that_does_not_read_cannot_hold_up_the_end(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "FINISHING_TIMEOUT_S", 0.05)
    monkeypatch.setattr(control_connection, "FINISHING_TIMEOUT_S", 0.05)

    async def main() -> None:
        with socket.socket(socket.AF_UNIX) as deaf:
            async with served(place) as messenger:
                await messenger.join("lobby")
                for _ in range(8):
                    await messenger.send("lobby", "x" * 50_000)
                deaf.connect(os.fspath(socket_path(place)))
                deaf.sendall(page_line(1) + page_line(2))
                async with ControlClient(place) as other:
                    for _ in range(40):
                        await other.chats()
            assert not socket_path(place).exists()

    run(main())


def test_what_was_begun_is_answered_before_the_end(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with Messenger.in_memory(listen=None) as messenger:
            server = ControlServer(messenger, place)
            await server.start()
            await messenger.join("lobby")
            async with ControlClient(place) as client:
                begun = asyncio.Event()
                ask = messenger.ask

                async def slowly(command: Command) -> CommandResult:
                    begun.set()
                    for _ in range(20):
                        await asyncio.sleep(0)
                    return await ask(command)

                monkeypatch.setattr(messenger, "ask", slowly)
                sending = asyncio.ensure_future(client.send("lobby", "Ciao"))
                waiting = asyncio.ensure_future(client.events())
                await begun.wait()
                await server.stop()
                said = await sending
                await asyncio.gather(waiting, return_exceptions=True)
                assert [said] == list(await messenger.history("lobby"))
                with pytest.raises(ControlError, match="whether this was done is not known"):
                    await client.send("lobby", "Ciao again")

    run(main())
