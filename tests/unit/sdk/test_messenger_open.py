"""A messenger on an account on disk, and two over real sockets."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from patience import run
from sottovoce.adapters.node_key_file import DataDirectory, DataDirectoryError
from sottovoce.adapters.peer_file import SavedPeer, add_peer
from sottovoce.app.accounts import WrongPasswordError, create_account
from sottovoce.app.held_account import HeldAccount, hold_account
from sottovoce.base.entropy import Entropy
from sottovoce.devp2p.enode import parse_enode
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.sdk import ready
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.errors import ClientClosedError, ControlError
from sottovoce.sdk.messenger import Messenger

PASSWORD = "correct horse battery"
CHEAP = ScryptCost(n=16, r=8, p=1)


@pytest.fixture
def home() -> Iterator[Path]:
    """A data directory with one account, and a path short enough for a socket."""
    with TemporaryDirectory(prefix="sv") as directory:
        create_account(Path(directory), "anna", PASSWORD, cost=CHEAP)
        yield Path(directory)


@pytest.mark.slow
def test_what_was_said_is_there_after_the_next_start(home: Path) -> None:
    async def main() -> None:
        async with Messenger.open(home, password=PASSWORD) as anna:
            await anna.join("lobby")
            said = await anna.send("lobby", "Ciao")
            key = anna.public_key
        async with Messenger.open(home, password=PASSWORD, account="anna") as again:
            assert again.public_key == key
            assert [message.text for message in await again.history("lobby")] == ["Ciao"]
            assert (await again.message(said)).id == said.id

    run(main())


@pytest.mark.slow
def test_account_is_served_while_it_is_open_and_locked_for_others(home: Path) -> None:
    async def main() -> None:
        async with Messenger.open(home, password=PASSWORD) as anna:
            async with ControlClient(home) as client:
                assert client.public_key == anna.public_key
            with pytest.raises(DataDirectoryError, match="in use"):
                await Messenger.open(home, password=PASSWORD).__aenter__()
        with pytest.raises(ControlError):
            await ControlClient(home).__aenter__()
        DataDirectory(home).close()

    run(main())


def test_wrong_password_lets_go_of_the_directory(home: Path) -> None:
    async def main() -> None:
        with pytest.raises(WrongPasswordError):
            await Messenger.open(home, password="wrong").__aenter__()
        DataDirectory(home).close()

    run(main())


@pytest.mark.slow
def test_directory_that_the_caller_holds_is_not_locked_twice(home: Path) -> None:
    async def main() -> None:
        lock = DataDirectory(home)
        async with Messenger.open(home, password=PASSWORD, is_locked=True) as anna:
            assert await anna.chats() == ()
        with pytest.raises(DataDirectoryError, match="in use"):
            DataDirectory(home)
        lock.close()

    run(main())


@pytest.mark.slow
def test_people_talk_over_sockets_through_saved_peers(home: Path) -> None:
    async def main() -> None:
        async with Messenger.in_memory() as bruno:
            add_peer(home, SavedPeer(parse_enode(bruno.enode or ""), trusted=False))
            async with Messenger.open(home, password=PASSWORD) as anna:
                await anna.add_contact(bruno.public_key)
                await bruno.add_contact(anna.public_key)
                said = await anna.send(bruno.public_key, "Ciao")
                await anna.delivered(said, timeout_s=15)
                [message] = await bruno.history(anna.public_key)
                assert message.text == "Ciao"
            assert asyncio.all_tasks()

    run(main())


@pytest.mark.slow
def test_socket_that_cannot_be_removed_leaves_neither_person_nor_lock(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = ControlServer.stop

    async def broken(server: ControlServer) -> None:
        await stop(server)
        raise OSError("the disk is gone")

    async def main() -> None:
        anna = Messenger.open(home, password=PASSWORD)
        await anna.__aenter__()
        monkeypatch.setattr(ControlServer, "stop", broken)
        with pytest.raises(OSError, match="is gone"):
            await anna.close()
        with pytest.raises(ClientClosedError):
            await anna.chats()
        DataDirectory(home).close()

    run(main())


def test_opening_that_is_cancelled_lets_go_of_the_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    closed = asyncio.Event()
    close = HeldAccount.close

    def slowly(
        directory: Path, account: str | None, password: str, entropy: Entropy, *, is_locked: bool
    ) -> HeldAccount:
        begun.set()
        go_on.wait()
        return hold_account(directory, account, password, entropy, is_locked=is_locked)

    def noted(held: HeldAccount) -> None:
        close(held)
        closed.set()

    monkeypatch.setattr(ready, "hold_account", slowly)
    monkeypatch.setattr(HeldAccount, "close", noted)

    async def main() -> None:
        opening = asyncio.ensure_future(Messenger.open(home, password=PASSWORD).__aenter__())
        await asyncio.to_thread(begun.wait)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        go_on.set()
        await closed.wait()
        DataDirectory(home).close()

    run(main())
