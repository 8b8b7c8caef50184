"""Mailservers inside clients, over real sockets, and what an asker learns."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from typing_extensions import override

from patience import PATIENCE_S, pass_time, run, until
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.errors import LocalProtocolError, StorageError
from sottovoce.base.secret import SymmetricKey
from sottovoce.devp2p.enode import Enode, parse_enode
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.sync_packets import SYNC_LIMIT_MAX
from sottovoce.mail.archive import Archive
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import effects
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ConnectError, NoAnswerError
from sottovoce.sdk.history_requests import ArchiveFilled, HistoryPage, HistoryRequests
from sottovoce.sdk.testing import MemoryNetwork
from unit.node.mail_scene import PASSWORD, WANTED, old
from unit.node.pump import SHARED, TOPIC
from unit.sdk.line import PROMPT, enode_of, nobody

MAIL = ServerSettings(password_key=PASSWORD)


def archive_of(*payloads: bytes) -> MemoryArchive:
    archive = MemoryArchive()
    archive.store([old(payload) for payload in payloads])
    return archive


def mail_client(archive: Archive) -> Client:
    return Client(gossip=PROMPT, mail=MAIL, archive=archive)


def mailserver(client: Client, key: SymmetricKey = PASSWORD) -> Mailserver:
    return Mailserver(parse_enode(enode_of(client)), key)


def test_page_comes_over_real_sockets_and_is_opened() -> None:
    async def main() -> None:
        async with mail_client(archive_of(b"one", b"two")) as server, Client() as client:
            messages = await client.whisper.subscribe(
                symmetric_key=SHARED, topics=[TOPIC], allow_direct=True
            )
            page = await client.ask_history(mailserver(server), WANTED)
            assert (page.end, page.envelopes, page.new) == (PageEnd.ANSWERED, 2, 2)
            assert page.bytes > 0
            async with messages:
                heard = {(await anext(messages)).payload for _ in range(2)}
            assert heard == {b"one", b"two"}
            again = await client.ask_history(mailserver(server), WANTED)
            assert (again.envelopes, again.new) == (2, 0)
            assert server.statistics().mail is not None
            assert client.statistics().mail is None

    run(main())


def test_page_comes_in_memory_as_well() -> None:
    network = MemoryNetwork()
    server = network.client(mail=MAIL, archive=lambda: archive_of(b"one"))
    client = network.client()

    async def main() -> HistoryPage:
        async with server, client:
            return await client.ask_history(mailserver(server), WANTED)

    page = network.run(main())
    assert (page.end, page.new) == (PageEnd.ANSWERED, 1)


def test_wrong_password_is_told_with_the_server_s_words() -> None:
    async def main() -> None:
        async with mail_client(MemoryArchive()) as server, Client() as client:
            page = await client.ask_history(
                mailserver(server, SymmetricKey(bytes(31) + b"x")), WANTED
            )
            assert page.end is PageEnd.REFUSED
            assert page.detail

    run(main())


def test_archive_is_filled_from_another_server_s() -> None:
    async def main() -> None:
        archive, archive_full = MemoryArchive(), archive_of(b"long ago")
        async with mail_client(archive_full) as full, mail_client(archive) as empty:
            now_unix_s = full.now().unix_whole_s
            archive_full.store([old(b"new", sent_unix_s=now_unix_s - ago) for ago in (10, 20)])
            filled = await empty.fill_from(enode_of(full), now_unix_s - 100)
            assert (filled.envelopes, filled.detail) == (2, "")
            await until(lambda: archive.size().envelopes == 2)
            with pytest.raises(LocalProtocolError, match="no mailserver"):
                async with Client() as client:
                    await client.fill_from(enode_of(full), now_unix_s)

    run(main())


class Watched(MemoryArchive):
    """Tells when it has stored something."""

    def __init__(self) -> None:
        super().__init__()
        self.stored = asyncio.Event()

    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        self.stored.set()
        return super().store(batch)


class Filled:
    """An archive and an empty one, in memory, and a wish to fill it."""

    def __init__(self, count: int) -> None:
        self.network = MemoryNetwork()
        held, self.archive = MemoryArchive(), Watched()
        self.full = self.network.client(mail=MAIL, archive=held)
        self.empty = self.network.client(mail=MAIL, archive=self.archive)
        sent_unix_s = self.full.now().unix_whole_s - 100
        held.store(
            [old(number.to_bytes(4, "big"), sent_unix_s=sent_unix_s) for number in range(count)]
        )

    async def fill(self) -> ArchiveFilled:
        from_unix_s = self.empty.now().unix_whole_s - 200
        return await self.empty.fill_from(enode_of(self.full), from_unix_s)


def test_filling_outlives_a_connection_that_is_lost() -> None:
    scene = Filled(SYNC_LIMIT_MAX + 200)

    async def main() -> ArchiveFilled:
        async with scene.full, scene.empty:
            filling = asyncio.ensure_future(scene.fill())
            await scene.archive.stored.wait()
            assert scene.network.cut(scene.empty, scene.full)
            assert scene.archive.size().envelopes < SYNC_LIMIT_MAX + 200
            return await filling

    assert scene.network.run(main()) == ArchiveFilled(SYNC_LIMIT_MAX + 200, "")
    assert scene.archive.size().envelopes == SYNC_LIMIT_MAX + 200


def test_mailserver_is_asked_once_at_a_time() -> None:
    scene = Filled(1)

    async def main() -> tuple[ArchiveFilled, ArchiveFilled]:
        async with scene.full, scene.empty:
            return await asyncio.gather(scene.fill(), scene.fill())

    first, second = scene.network.run(main())
    assert first == ArchiveFilled(1, "")
    assert second == ArchiveFilled(0, "this mailserver is being asked already")


def test_mailserver_is_ready_when_it_runs_and_its_archive_takes_envelopes() -> None:
    async def main() -> None:
        client = mail_client(MemoryArchive())
        assert client.readiness() == ("the node is not running",)
        async with client:
            assert client.readiness() == ()
            await until(lambda: client.mail_statistics() is not None)

    run(main())


def test_archive_that_cannot_be_opened_fails_the_start() -> None:
    def refusing() -> Archive:
        raise StorageError("the file is of a later version")

    async def main() -> None:
        with pytest.raises(StorageError, match="later version"):
            async with Client(mail=MAIL, archive=refusing):
                pass

    run(main())


def test_mailserver_and_archive_are_given_together() -> None:
    with pytest.raises(LocalProtocolError, match="together"):
        Client(mail=MAIL)


def test_server_that_nobody_reaches_cannot_be_asked() -> None:
    async def main() -> None:
        async with Client() as client:
            server = Mailserver(parse_enode(nobody()), PASSWORD)
            with pytest.raises(ConnectError):
                await client.ask_history(server, WANTED, timeout_s=0.05)

    run(main())


def test_server_that_says_nothing_is_waited_for_no_longer_than_wanted() -> None:
    async def main() -> None:
        # A node that is no mailserver skips the request.
        async with Client() as server, Client() as client:
            asked = asyncio.ensure_future(
                client.ask_history(mailserver(server), WANTED, timeout_s=PATIENCE_S)
            )
            await until(lambda: client._history._pages)
            pass_time(PATIENCE_S)
            with pytest.raises(NoAnswerError, match="nothing came"):
                await asked

    run(main())


def test_all_who_wait_are_let_go_when_the_client_closes() -> None:
    async def main() -> None:
        async with Client() as server:
            async with Client() as client:
                asked = asyncio.ensure_future(client.ask_history(mailserver(server), WANTED))
                await until(lambda: client._history._pages)
            assert (await asked).end is PageEnd.DISCONNECTED

    run(main())


def test_what_came_is_added_up_and_others_requests_are_let_go() -> None:
    async def main() -> None:
        commands: list[object] = []
        requests = HistoryRequests(commands.append)
        server = Mailserver(Enode(parse_enode(nobody()).public_key), None)
        asked = asyncio.ensure_future(requests.page(1, server, replace(WANTED, limit=3), 5.0))
        await until(lambda: commands)
        for request in (1, 1, 2):
            requests.fact(effects.HistoryArriving(request, envelopes=3, new=2, bytes=100))
        for request in (2, 1, 1):
            requests.fact(effects.HistoryDone(request, PageEnd.ANSWERED, b"c"))
        assert await asked == HistoryPage(PageEnd.ANSWERED, b"c", "", 6, 4, 200)

    run(main())
