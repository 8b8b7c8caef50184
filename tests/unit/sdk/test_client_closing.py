"""How a client ends, and what becomes of those who still wait for something."""

import asyncio

import pytest

from patience import PATIENCE_S, run, turns, until
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ClientClosedError
from unit.node.pump import key_number
from unit.sdk.line import TOPIC, clients, driver_of, nobody

SHARED = SymmetricKey(b"shared key of thirty-two bytes!!")


def test_close_ends_iterators() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            channel = await one.channel("lobby").subscribe()
            raw = await one.whisper.subscribe(symmetric_key=SHARED)
            events = one.peer_events()
            waiting = asyncio.gather(*(_drain(each) for each in (channel, raw, events)))
            await turns(2)
            await one.close()
            assert await waiting == [0, 0, 0]

    run(main())


async def _drain(iterator: object) -> int:
    assert hasattr(iterator, "__aiter__")
    return len([item async for item in iterator])


def test_close_ends_a_pending_post() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            post = asyncio.ensure_future(
                one.whisper.post(
                    b"x",
                    topic_bytes=TOPIC,
                    symmetric_key=SHARED,
                    pow_target=1e9,
                    work_time_s=PATIENCE_S,
                )
            )
            await until(lambda: driver_of(one)._workers.process_count)
            await one.close()
            with pytest.raises(ClientClosedError, match="was closed"):
                await post

    run(main())


def test_close_ends_a_pending_connect() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            connect = asyncio.ensure_future(one.connect(nobody()))
            await turns(2)
            await one.close()
            with pytest.raises(ClientClosedError, match="was closed"):
                await connect

    run(main())


def test_close_that_nobody_waits_for_any_more_ends_what_is_pending() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            post = asyncio.ensure_future(
                one.whisper.post(
                    b"x",
                    topic_bytes=TOPIC,
                    symmetric_key=SHARED,
                    pow_target=1e9,
                    work_time_s=PATIENCE_S,
                )
            )
            connect = asyncio.ensure_future(one.connect(nobody()))
            await until(lambda: driver_of(one)._workers.process_count)
            closing = asyncio.ensure_future(one.close())
            await turns(1)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            for pending in (post, connect):
                with pytest.raises(ClientClosedError, match="was closed"):
                    await pending

    run(main())


def test_close_is_harmless_when_repeated() -> None:
    async def main() -> None:
        client = Client(listen=None)
        async with client:
            await client.close()
            await client.close()

    run(main())


def test_client_that_was_closed_is_not_opened_again() -> None:
    async def main() -> None:
        client = Client(listen=None)
        async with client:
            pass
        with pytest.raises(ClientClosedError, match="make a new one"):
            async with client:
                pass

    run(main())


def test_client_that_is_not_running_says_what_to_do() -> None:
    async def main() -> None:
        client = Client(listen=None)
        with pytest.raises(ClientClosedError, match="use it inside 'async with'"):
            await client.connect(nobody())
        with pytest.raises(ClientClosedError):
            client.disconnect(nobody())
        assert client.enode is None
        assert client.statistics().streams == ()

    run(main())


def test_peer_that_cannot_be_dialled_fails_the_start_and_frees_the_port() -> None:
    incomplete = f"enode://{secp256k1.public_key(key_number(77)).raw.hex()}"

    async def main() -> None:
        client = Client(peers=[incomplete])
        with pytest.raises(LocalProtocolError, match="no address or no TCP port"):
            async with client:
                pass
        assert client.statistics().streams == ()
        with pytest.raises(ClientClosedError):
            client.disconnect(incomplete)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_peer_that_is_no_enode_fails_at_once() -> None:
    with pytest.raises(LocalProtocolError):
        Client(peers=["enode://00"])
