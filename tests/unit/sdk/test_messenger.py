"""Two people on a network in memory, on virtual time: the real code from events to bytes."""

import asyncio

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.records import ChatKind, Message, MessageState
from sottovoce.payloads.chat_message import ImageMessage, ImageType, StickerMessage
from sottovoce.payloads.reaction import ReactionType
from sottovoce.sdk.errors import (
    ClientClosedError,
    NotDeliveredError,
    RefusedError,
    UnknownNameError,
)
from sottovoce.sdk.events import (
    ChatChanged,
    ContactRequested,
    EventsMissed,
    MessageReceived,
    MessageStateChanged,
    MessageWritten,
    ReactionChanged,
)
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.secure.facts import Secrecy
from unit.sdk.people import friends, heard

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def test_conversation_turns_the_ratchet_and_is_acknowledged() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with friends(network) as (anna, bruno):
            for turn in range(4):
                for one, other, name in ((anna, bruno, "Bruno"), (bruno, anna, "Anna")):
                    ear = await other.events()
                    said = await one.send(name, f"turn {turn}")
                    received = await heard(ear, MessageReceived)
                    assert isinstance(received, MessageReceived)
                    assert received.message.text == f"turn {turn}"
                    assert received.asks_attention
                    arrived = await one.delivered(said)
                    assert arrived.state is MessageState.ACKNOWLEDGED
                    assert arrived.secrecy is Secrecy.RATCHET
            texts = [message.text for message in await anna.history("Bruno")]
            assert texts == [f"turn {turn}" for turn in (3, 3, 2, 2, 1, 1, 0, 0)]

    network.run(main())


def test_link_with_bundle_makes_the_first_message_fully_secret() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.messenger() as bruno:
            await anna.connect(bruno.enode or "")
            link = await bruno.link(with_bundle=True)
            assert "#bundle=" in link
            assert await bruno.link() == f"status-im://u/{bruno.contact_id}"
            ear = await bruno.events()
            await anna.add_contact(link)
            said = await anna.send(bruno.public_key, "Ciao")
            assert (said.state, said.secrecy) == (MessageState.QUEUED, None)
            sent = await anna.wait_for_state(said, MessageState.SENT)
            assert sent.secrecy is Secrecy.RATCHET
            asking = await heard(ear, ContactRequested)
            assert isinstance(asking, ContactRequested)
            assert asking.contact.key == anna.public_key

    network.run(main())


def test_stranger_waits_in_the_inbox_until_accepted() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.messenger() as bruno:
            await anna.connect(bruno.enode or "")
            ear = await bruno.events()
            said = await anna.send(bruno.public_key, "Ciao")
            received = await heard(ear, MessageReceived)
            assert isinstance(received, MessageReceived)
            [chat] = await bruno.chats()
            assert (chat.accepted, received.asks_attention) == (False, False)
            with pytest.raises(NotDeliveredError, match="sent again by itself"):
                await anna.delivered(said, timeout_s=30)
            assert (await bruno.accept(chat)).accepted
            await anna.delivered(said, timeout_s=600)

    network.run(main())


def test_public_chat_is_heard_by_those_who_joined() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.messenger() as bruno:
            await anna.connect(bruno.enode or "")
            chat = await anna.join("#lobby")
            assert (chat.id, chat.kind) == ("lobby", ChatKind.PUBLIC)
            await bruno.join("lobby")
            await asyncio.sleep(1)
            ear = await bruno.events()
            said = await anna.send("lobby", "Ciao")
            received = await heard(ear, MessageReceived)
            assert isinstance(received, MessageReceived)
            assert (received.message.text, received.message.secrecy) == ("Ciao", Secrecy.PUBLIC)
            assert received.message.id == said.id
            assert (await anna.delivered(said)).state is MessageState.SENT

    network.run(main())


def test_channel_of_a_client_and_messenger_understand_each_other() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.client() as bruno:
            await anna.connect(bruno.enode or "")
            await anna.join("lobby")
            ear = await bruno.channel("lobby").subscribe()
            events = await anna.events()
            await asyncio.sleep(1)
            await anna.send("#lobby", "Ciao")
            assert (await anext(ear)).text == "Ciao"
            await bruno.channel("lobby").send_text("Salve")
            received = await heard(events, MessageReceived)
            assert isinstance(received, MessageReceived)
            assert received.message.text == "Salve"

    network.run(main())


def test_replies_reactions_pictures_and_stickers_arrive() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with friends(network) as (anna, bruno):
            ear, echo = await bruno.events(), await anna.events()
            picture = await anna.send("Bruno", "look", image=PNG)
            assert picture.attachment == ImageMessage(PNG, ImageType.PNG)
            first = await heard(ear, MessageReceived)
            assert isinstance(first, MessageReceived)
            assert first.message.attachment == picture.attachment
            await bruno.react(first.message, ReactionType.LOVE)
            face = await heard(echo, ReactionChanged)
            assert isinstance(face, ReactionChanged)
            assert face.reaction.message_id == picture.id
            assert [each.type for each in await anna.reactions(picture)] == [ReactionType.LOVE]
            await bruno.send(
                "Anna", "nice", reply_to=first.message.id.hex()[:8], sticker=StickerMessage("e3", 1)
            )
            answer = await heard(echo, MessageReceived)
            assert isinstance(answer, MessageReceived)
            assert answer.quoted is not None
            assert answer.quoted.id == picture.id

    network.run(main())


def test_what_is_neither_picture_nor_sticker_is_refused() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with friends(network) as (anna, _):
            with pytest.raises(LocalProtocolError, match="no PNG"):
                await anna.send("Bruno", "look", image=b"BM")
            with pytest.raises(LocalProtocolError, match="not both"):
                await anna.send("Bruno", "look", image=PNG, sticker=StickerMessage())

    network.run(main())


def test_own_messages_are_told_with_their_states_in_order() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with friends(network) as (anna, _):
            ear = await anna.events()
            said = await anna.send("Bruno", "Ciao")
            await anna.delivered(said)
            ear.close()
            written = [event async for event in ear]
            states = [
                event.message.state
                for event in written
                if isinstance(event, MessageWritten | MessageStateChanged)
            ]
            assert states[0] is MessageState.QUEUED
            assert states[-1] is MessageState.ACKNOWLEDGED

    network.run(main())


def test_slow_reader_is_told_how_many_events_it_missed() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna:
            slow = await anna.events(queue_max=1)
            for name in ("one", "two", "three"):
                await anna.join(name)
            assert slow.dropped_count == 2
            assert await anext(slow) == EventsMissed(2)
            last = await anext(slow)
            assert isinstance(last, ChatChanged)
            assert last.chat.id == "three"

    network.run(main())


def test_history_is_read_in_pages_and_searched() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna:
            await anna.join("lobby")
            for number in range(5):
                await anna.send("lobby", f"word{number} and more")
            newest = await anna.history("lobby", limit=2)
            older = await anna.history("lobby", before=newest[-1], limit=2)
            assert [texts(newest), texts(older)] == [["word4", "word3"], ["word2", "word1"]]
            assert texts(await anna.search("MORE word3")) == ["word3"]
            assert await anna.search("more", chat="#kitchen") == ()
            assert texts([await anna.message("0x" + newest[0].id.hex())]) == ["word4"]

    network.run(main())


def texts(messages: list[Message] | tuple[Message, ...]) -> list[str]:
    return [message.text.split()[0] for message in messages]


def test_chats_and_contacts_do_what_they_are_told() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with friends(network) as (anna, bruno):
            assert (await anna.mute("Bruno")).muted
            assert (await anna.verify("Bruno")).verified
            assert (await anna.block("Bruno")).blocked
            assert not (await anna.block("Bruno", blocked=False)).blocked
            assert (await anna.set_profile(ens_name="anna.eth")).ens_name == "anna.eth"
            assert (await anna.profile()).ens_name == "anna.eth"
            await anna.set_forward_secrecy(bruno.public_key, on=False)
            assert (await anna.mark_read("Bruno")).unread_count == 0
            assert (await anna.clear("Bruno")).unread_count == 0
            assert not (await anna.leave("Bruno")).active
            assert not (await anna.remove_contact("Bruno")).added
            assert (await anna.open_chat(bruno.public_key)).active

    network.run(main())


def test_refused_command_says_why() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna:
            with pytest.raises(RefusedError, match="join"):
                await anna.send("#lobby", "Ciao")
            with pytest.raises(UnknownNameError, match="not here"):
                await anna.delivered(b"\x11" * 32)  # type: ignore[arg-type]

    network.run(main())


def test_messenger_outside_async_with_says_so() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        anna = network.messenger()
        with pytest.raises(ClientClosedError, match="async with"):
            await anna.chats()
        async with anna:
            waiting = asyncio.ensure_future(anna.wait_for_state(b"\x11" * 32, MessageState.SENT))  # type: ignore[arg-type]
            events = await anna.events()
        with pytest.raises(ClientClosedError):
            await anna.chats()
        with pytest.raises((ClientClosedError, UnknownNameError)):
            await waiting
        assert [event async for event in events] == []
        with pytest.raises(ClientClosedError, match="entered once"):
            await anna.__aenter__()

    network.run(main())


def test_several_people_share_one_node() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.client() as node, network.messenger() as carla:
            await node.connect(carla.enode or "")
            async with (
                Messenger.in_memory(client=node) as anna,
                Messenger.in_memory(client=node) as bruno,
            ):
                for one in (anna, bruno):
                    await carla.add_contact(one.public_key)
                    await one.add_contact(carla.public_key)
                await asyncio.sleep(5)
                for one in (anna, bruno):
                    await one.delivered(await one.send(carla.public_key, "Ciao"))
            assert node.peers

    network.run(main())


def test_message_said_without_peers_arrives_when_there_is_one() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.messenger() as bruno:
            await bruno.add_contact(anna.public_key)
            await anna.add_contact(bruno.public_key)
            said = await anna.send(bruno.public_key, "Ciao")
            await asyncio.sleep(60)
            assert (await anna.message(said)).state is MessageState.QUEUED
            await anna.connect(bruno.enode or "")
            await anna.delivered(said, timeout_s=600)

    network.run(main())
