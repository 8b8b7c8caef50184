"""The asking half, between two ends in one process: real sockets, a messenger in memory."""

import asyncio
from pathlib import Path

import pytest

from patience import run
from sottovoce.chat.records import MessageState
from sottovoce.sdk import control_client
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import socket_path
from sottovoce.sdk.errors import (
    ClientClosedError,
    ControlError,
    NotDeliveredError,
    RefusedError,
    UnknownNameError,
)
from sottovoce.sdk.events import ChatChanged, EventsMissed, MessageWritten
from unit.sdk.control_scene import place as place
from unit.sdk.control_scene import served


def test_verbs_do_the_same_through_the_socket(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as client:
            assert client.public_key == messenger.public_key
            assert await client.link(with_bundle=True)
            chat = await client.join("lobby")
            said = await client.send("lobby", "Ciao \N{WAVING HAND SIGN}", image=b"\xff\xd8\xff")
            assert said == await messenger.message(said)
            assert await client.history(chat, limit=1) == await messenger.history(chat, limit=1)
            assert await client.history(chat, before=said) == ()
            assert await client.search("ciao") == (said,)
            assert await client.message(said.id.hex()[:10]) == said
            assert await client.chats() == await messenger.chats()
            friend = await client.add_contact("0x" + messenger_key(), nickname="Bruno")
            assert await client.contacts() == (friend,)
            assert (await client.verify("Bruno")).verified
            assert await client.set_profile(ens_name="anna.eth") == await messenger.profile()
            assert await client.peers() == ()
            assert (await client.react(said, 1)).message_id == said.id
            assert len(await client.reactions(said)) == 1

    run(main())


def messenger_key() -> str:
    # A point of the curve, and nobody's key here.
    return (
        "04"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
    )


def test_refusals_keep_their_kind_and_words(place: Path) -> None:
    async def main() -> None:
        async with served(place), ControlClient(place) as client:
            with pytest.raises(RefusedError, match="join a public one first"):
                await client.send("#lobby", "Ciao")
            with pytest.raises(UnknownNameError, match="nobody here"):
                await client.block("Bruno")
            await client.join("lobby")
            said = await client.send("lobby", "Ciao")
            with pytest.raises(NotDeliveredError, match=r"within 0\.01 s"):
                await client.wait_for_state(said, MessageState.SENT, timeout_s=0.01)

    run(main())


def test_waiting_request_holds_up_no_other(place: Path) -> None:
    async def main() -> None:
        async with served(place), ControlClient(place) as client:
            await client.join("lobby")
            said = await client.send("lobby", "Ciao")
            waiting = asyncio.ensure_future(client.delivered(said, timeout_s=60))
            assert len(await client.chats()) == 1
            assert not waiting.done()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    run(main())


def test_events_come_through_until_they_are_closed(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as client:
            events = await client.events()
            await messenger.join("lobby")
            first = await anext(events)
            assert isinstance(first, ChatChanged)
            assert first.chat.id == "lobby"
            said = await messenger.send("lobby", "Ciao")
            while not isinstance(event := await anext(events), MessageWritten):
                pass
            assert event.message.id == said.id
            events.close()
            await client.chats()  # An answer behind it: the server has read the end.
            assert messenger._subscriptions == []

    run(main())


def test_reader_behind_the_socket_is_told_what_it_missed(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as client:
            events = await client.events(queue_max=1)
            for number in range(3):
                await messenger.join(f"chat{number}")
                await client.chats()
            assert isinstance(await anext(events), EventsMissed)

    run(main())


def test_end_of_the_messenger_is_told(place: Path) -> None:
    async def main() -> None:
        async with served(place):
            client = ControlClient(place)
            await client.__aenter__()
            events = await client.events()
        assert [event async for event in events] == []
        with pytest.raises(ControlError, match="hung up"):
            await client.chats()
        await client.close()
        with pytest.raises(ClientClosedError):
            await client.chats()

    run(main())


def test_directory_that_nobody_serves_is_said(place: Path) -> None:
    async def main() -> None:
        assert not ControlClient.is_served(place)
        with pytest.raises(ControlError, match="no running program serves"):
            await ControlClient(place).__aenter__()
        async with served(place):
            assert await asyncio.to_thread(ControlClient.is_served, place)
        assert not socket_path(place).exists()

    run(main())


def test_other_user_who_serves_the_directory_is_told_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bytes] = []

    async def main() -> None:
        gone = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read())
            writer.close()
            gone.set()

        async with await asyncio.start_unix_server(listen, socket_path(place)):
            monkeypatch.setattr(control_client, "is_our_user", lambda _: False)
            with pytest.raises(ControlError, match=f"another user serves .*chmod 700 {place}"):
                await ControlClient(place).__aenter__()
            await gone.wait()

    run(main())
    assert heard == [b""]
