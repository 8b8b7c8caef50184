"""Mailservers through the control socket: what a messenger does, another program can ask for."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.mail.client_events import ServerState
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.errors import UnknownNameError
from sottovoce.sdk.events import HistoryFetched, MailserversChanged
from unit.node.person_network import SERVER
from unit.sdk.control_scene import place, served
from unit.sdk.people import heard

__all__ = ["place"]

URL = str(SERVER.enode).replace("@", ":secret@")


def test_mailservers_are_set_and_told_of_through_the_socket(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as other:
            events = await other.events()
            [set_now] = await other.set_mailservers([URL], pinned=URL)
            assert (set_now.key, set_now.state) == (SERVER.enode.public_key, ServerState.IDLE)
            changed = await heard(events, MailserversChanged)
            assert isinstance(changed, MailserversChanged)
            assert [each.key for each in changed.servers] == [set_now.key]
            assert await other.mailservers() == await messenger.mailservers()
            with pytest.raises(LocalProtocolError) as caught:
                await other.set_mailservers([URL.replace(":30303", ":0")])
            assert "secret" not in str(caught.value)
            assert await other.set_mailservers([]) == ()

    asyncio.run(main())


def test_fetching_through_the_socket_says_what_is_missing(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as other:
            events = await other.events()
            done = await other.fetch_history(since=timedelta(hours=2))
            assert not done.complete
            assert "no mailserver" in done.detail
            fetched = await heard(events, HistoryFetched)
            assert fetched == HistoryFetched(False, 0, 0, done.detail)
            await messenger.join("lobby")
            assert not (await other.fetch_history(chat="#lobby")).complete
            with pytest.raises(UnknownNameError):
                await other.fetch_history(chat="#elsewhere")

    asyncio.run(main())
