"""People who fetch what they missed, on a network in memory with a mailserver."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sottovoce.adapters.mailserver_file import read_mailservers
from sottovoce.base.errors import LocalProtocolError
from sottovoce.mail.client_events import ServersChanged, ServerState
from sottovoce.sdk.events import (
    HistoryFetched,
    HistoryProgress,
    MailserversChanged,
    MessageReceived,
)
from sottovoce.sdk.mail_desk import MailDesk
from sottovoce.sdk.testing import MemoryNetwork
from unit.node.person_network import SERVER
from unit.node.pump import key_number
from unit.sdk.people import heard

HOUR_S = 3600


def test_person_who_comes_later_gets_what_was_said_before() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with network.messenger(peers=(url,)) as anna:
                await anna.join("lobby")
                await asyncio.sleep(5)
                for number in range(3):
                    await anna.delivered(await anna.send("#lobby", f"text {number}"))
                await asyncio.sleep(HOUR_S)
            async with network.messenger(mailservers=(url,)) as bruno:
                events = await bruno.events()
                await bruno.join("lobby")
                done = await bruno.fetch_history(chat="#lobby")
                assert (done.complete, done.detail) == (True, "")
                assert done.new >= 3
                texts = [each.text for each in await bruno.history("lobby")]
                assert texts == ["text 2", "text 1", "text 0"]
                assert isinstance(await heard(events, MessageReceived), MessageReceived)
                [status] = await bruno.mailservers()
                assert (status.pages > 0, status.failures) == (True, 0)
                fetched = await heard(events, HistoryFetched)
                assert isinstance(fetched, HistoryFetched)

    network.run(main())


def test_progress_and_standing_are_told() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server, network.messenger() as anna:
            events = await anna.events()
            [standing] = await anna.set_mailservers([server.enode or ""])
            assert standing.state is ServerState.IDLE
            changed = await heard(events, MailserversChanged)
            assert isinstance(changed, MailserversChanged)
            assert [each.key for each in changed.servers] == [standing.key]
            progress = await heard(events, HistoryProgress)
            assert isinstance(progress, HistoryProgress)
            assert await anna.set_mailservers([]) == await anna.mailservers() == ()

    network.run(main())


def test_who_trusts_no_mailserver_learns_so() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna:
            done = await anna.fetch_history(since=timedelta(days=3))
            assert not done.complete
            assert "no mailserver" in done.detail
            with pytest.raises(LocalProtocolError, match="negative"):
                await anna.fetch_history(since=timedelta(days=-1))

    network.run(main())


def test_wrong_password_is_said_and_a_right_one_is_taken() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver(password="sesame") as server, network.messenger() as me:
            url = server.enode or ""
            await me.set_mailservers([url])
            done = await me.fetch_history(timeout_s=30)
            assert not done.complete
            assert done.detail
            await me.set_mailservers([url.replace("@", ":sesame@")])
            assert (await me.fetch_history(timeout_s=30)).complete
            assert "sesame" not in repr(await me.mailservers())

    network.run(main())


def test_fetching_that_takes_too_long_is_told_so_and_goes_on() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server, network.messenger() as anna:
            await anna.set_mailservers([server.enode or ""])
            done = await anna.fetch_history(timeout_s=0.001)
            assert not done.complete
            assert "goes on by itself" in done.detail
            assert (await anna.fetch_history()).complete

    network.run(main())


def test_trusted_mailservers_are_kept_where_there_is_a_directory(tmp_path: Path) -> None:
    told: list[ServersChanged] = []

    async def main() -> None:
        desk = MailDesk(
            key_number(1),
            (),
            tmp_path,
            tell=told.append,
            ask=lambda _: asyncio.sleep(0, None),  # type: ignore[arg-type]
            unix_s=lambda: 0,
        )
        url = str(SERVER.enode)
        await desk.trust((url,), url)
        [kept] = read_mailservers(tmp_path)
        assert (kept.enode, kept.pinned) == (SERVER.enode, True)
        [changed] = told
        assert changed.pinned == SERVER.enode.public_key
        with pytest.raises(LocalProtocolError):
            await desk.trust(("enode://",), None)
        assert read_mailservers(tmp_path) == (kept,)
        assert len(told) == 1

    asyncio.run(main())
