"""A person who is connected now and then, on a network in memory and virtual time."""

import asyncio
from datetime import timedelta

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.records import MessageState
from sottovoce.sdk.duty_cycle import DutyCycle
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork

EVERY_S = 1800
CYCLE = DutyCycle(timedelta(seconds=EVERY_S), timedelta(seconds=60))


async def online_share(person: Messenger, seconds: int) -> float:
    """Return in which share of the seconds to come somebody is connected."""
    count = 0
    for _ in range(seconds):
        await asyncio.sleep(1)
        count += bool(await person.peers())
    return count / seconds


def test_person_is_connected_only_in_windows_and_hears_what_was_said_between() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with (
                network.messenger(peers=(url,)) as anna,
                network.messenger(peers=(url,), mailservers=(url,), duty_cycle=CYCLE) as bruno,
            ):
                await anna.join("lobby")
                await bruno.join("lobby")
                await asyncio.sleep(100)
                assert await bruno.peers() == ()
                for number in range(3):
                    await anna.send("#lobby", f"text {number}")
                    await asyncio.sleep(60)
                assert await bruno.history("lobby") == ()
                share = await online_share(bruno, 2 * EVERY_S)
                assert 0 < share < 60 / EVERY_S
                texts = [each.text for each in await bruno.history("lobby")]
                assert texts == ["text 2", "text 1", "text 0"]

    network.run(main())


def test_message_that_is_said_between_windows_leaves_at_once() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with network.messenger(
                peers=(url,), mailservers=(url,), duty_cycle=CYCLE
            ) as bruno:
                await bruno.join("lobby")
                await asyncio.sleep(100)
                assert await bruno.peers() == ()
                await bruno.mute("lobby")
                await asyncio.sleep(30)
                assert await bruno.peers() == ()
                said = await bruno.send("#lobby", "now")
                sent = await bruno.delivered(said, timeout_s=20)
                assert sent.state is MessageState.SENT
                await asyncio.sleep(60)
                assert await bruno.peers() == ()

    network.run(main())


def test_mailserver_alone_is_enough_and_fetching_opens_a_window() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with network.messenger(mailservers=(url,), duty_cycle=CYCLE) as bruno:
                await asyncio.sleep(100)
                assert await bruno.peers() == ()
                assert (await bruno.fetch_history()).complete
                assert len(await bruno.peers()) == 1
                share = await online_share(bruno, 2 * EVERY_S)
                assert 0 < share < 60 / EVERY_S

    network.run(main())


def test_without_mailservers_a_window_lasts_for_the_whole_of_its_time() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        relay = network.client()
        peers = (relay.enode or "",)
        async with relay, network.messenger(peers=peers, duty_cycle=CYCLE) as bruno:
            share = await online_share(bruno, 2 * EVERY_S)
            assert 50 / EVERY_S < share < 65 / EVERY_S

    network.run(main())


def test_nobody_who_can_be_reached_keeps_no_window_open() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
        async with network.messenger(mailservers=(url,), duty_cycle=CYCLE) as bruno:
            said = await bruno.send((await bruno.join("lobby")).id, "anybody?")
            await asyncio.sleep(EVERY_S)
            assert (await bruno.message(said.id)).state is MessageState.QUEUED
            assert await bruno.peers() == ()

    network.run(main())


@pytest.mark.parametrize("online_s", [4, 30])
def test_window_that_never_gets_quiet_is_not_followed_by_another_one_at_once(
    online_s: int,
) -> None:
    network = MemoryNetwork()
    every_s = 120
    cycle = DutyCycle(timedelta(seconds=every_s), timedelta(seconds=online_s))

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with (
                network.messenger(peers=(url,)) as anna,
                network.messenger(mailservers=(url,), duty_cycle=cycle) as bruno,
            ):
                await anna.join("lobby")
                await bruno.join("lobby")
                count = 0
                for number in range(2 * every_s // 3):
                    await asyncio.sleep(3)
                    await anna.send("#lobby", f"text {number}")
                    count += bool(await bruno.peers())
                assert 0 < count <= 2 * (online_s + 3) / 3
                assert await bruno.history("lobby")

    network.run(main())


def test_peer_that_is_no_enode_is_refused_at_the_start() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        with pytest.raises(LocalProtocolError):
            async with network.messenger(peers=("nobody",), duty_cycle=CYCLE):
                pass

    network.run(main())


@pytest.mark.parametrize(("every_s", "online_s"), [(10, 0), (10, 10), (10, 20), (0, -1)])
def test_cycle_without_a_window_or_without_an_end_of_it_is_refused(
    every_s: int, online_s: int
) -> None:
    with pytest.raises(LocalProtocolError, match="online for some time"):
        DutyCycle(timedelta(seconds=every_s), timedelta(seconds=online_s))


def test_window_that_follows_soon_reaches_its_mailserver_at_the_first_try() -> None:
    network = MemoryNetwork()
    cycle = DutyCycle(timedelta(seconds=20), timedelta(seconds=5))

    async def main() -> None:
        async with network.mailserver() as server:
            url = server.enode or ""
            async with network.messenger(mailservers=(url,), duty_cycle=cycle) as bruno:
                await bruno.join("lobby")
                await asyncio.sleep(90)
                (status,) = await bruno.mailservers()
                assert status.pages >= 4
                assert status.failures == 0

    network.run(main())
