"""What a person's own node tells its peers, over real nodes: topics, and never who they are."""

import asyncio

import pytest

from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.chat.records import MessageState
from sottovoce.crypto.hashes import sha256
from sottovoce.gossip.bloom import bloom_matches, topic_bloom
from sottovoce.gossip.dialect import WAKU_WORLD
from sottovoce.gossip.session import Session
from sottovoce.gossip.settings import Transport
from sottovoce.node.node import Node
from sottovoce.runtime import person_lane
from sottovoce.sdk.client import Client
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork, _MemoryApplication
from sottovoce.stack.topics import contact_code, partitioned, personal_discovery, topic_of_name

LATER_S = 30.0
ANNA = PrivateKey(b"anna's key has thirty-two bytes.")


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys of names in no time; real ones take tens of milliseconds each."""
    monkeypatch.setattr(
        person_lane, "key_of_name", lambda name: SymmetricKey(sha256(name.encode()))
    )


def url_of(client: Client) -> str:
    assert client.enode is not None
    return client.enode


def told(relay: Client) -> list[Session]:
    """Return what the relay's peers told it, but for those that want nothing in its world."""
    application = relay._application
    assert isinstance(application, _MemoryApplication)
    node = application._simulated.node
    assert isinstance(node, Node)
    return [session for session in node._relay._state.sessions.values() if session.wishes.bloom]


def own_topics(person: Messenger) -> tuple[Topic, Topic]:
    """Return the topics that only this person listens to."""
    return contact_code(person.public_key).topic, personal_discovery(person.public_key).topic


async def talk(anna: Messenger, bruno: Messenger) -> None:
    """Let two people be each other's contacts, in a chat, and say something in all their ways."""
    await anna.add_contact(bruno.public_key)
    await bruno.add_contact(anna.public_key)
    for person in (anna, bruno):
        await person.join("lobby")
    await asyncio.sleep(LATER_S)  # The topics are told, and the requests have arrived.
    for speaker, listener in ((anna, bruno), (bruno, anna)):
        # By the class of the key at first, then on the topic that the two agreed on.
        await speaker.delivered(await speaker.send(listener.public_key, "Ciao"))
        await speaker.delivered(await speaker.send("#lobby", "Is anybody here?"))
    await asyncio.sleep(LATER_S)


@pytest.mark.parametrize(
    ("transport", "metered"),
    [
        (Transport.EITHER, False),
        (Transport.EITHER, True),
        (Transport.WAKU, True),
    ],
)
def test_everything_arrives_and_nothing_that_names_us_is_announced(
    sottovoce_network: MemoryNetwork, transport: Transport, metered: bool
) -> None:
    network = sottovoce_network

    async def work() -> tuple[int, int]:
        async with network.relay() as relay:
            url = url_of(relay)
            async with (
                network.messenger(peers=(url,), transport=transport, metered=metered) as anna,
                network.messenger(peers=(url,), transport=transport, metered=metered) as bruno,
            ):
                await anna.connect(url)
                await bruno.connect(url)
                await talk(anna, bruno)
                for session in told(relay):
                    check_announced(session, anna, bruno, metered=metered)
                chats = [await it.history("#lobby") for it in (anna, bruno)]
                return len(chats[0]), len(chats[1])

    assert network.run(work()) == (2, 2)


def check_announced(session: Session, anna: Messenger, bruno: Messenger, *, metered: bool) -> None:
    """Check what one of the two told the relay in one world."""
    wishes = session.wishes
    assert wishes.bloom is not None
    assert (wishes.topics is not None) == (metered and session.dialect.world == WAKU_WORLD)
    is_annas = bloom_matches(wishes.bloom, topic_bloom(partitioned(anna.public_key).topic))
    me, other = (anna, bruno) if is_annas else (bruno, anna)
    wanted = {
        partitioned(me.public_key).topic,
        contact_code(other.public_key).topic,
        topic_of_name("lobby"),
    }
    assert all(bloom_matches(wishes.bloom, topic_bloom(topic)) for topic in wanted)
    assert not any(bloom_matches(wishes.bloom, topic_bloom(own)) for own in own_topics(me))
    if wishes.topics is not None:
        assert wanted < wishes.topics
        assert len(wishes.topics) == len(wanted) + 1  # What the two agreed on.


def test_mailservers_answer_whoever_names_their_topics(
    sottovoce_network: MemoryNetwork,
) -> None:
    """Carla was away: what was said meanwhile comes past the pool, and so past all interest."""
    network = sottovoce_network

    async def work() -> tuple[list[str], bool]:
        async with network.mailserver() as server:
            url = url_of(server)
            named = {"peers": (url,), "mailservers": (url,)}
            async with network.messenger(**named, metered=True) as bruno:  # type: ignore[arg-type]
                await bruno.connect(url)
                await bruno.join("lobby")
                await bruno.wait_for_state(
                    await bruno.send("#lobby", "You missed this."), MessageState.STORED
                )
                async with network.messenger(**named, metered=True) as carla:  # type: ignore[arg-type]
                    await carla.connect(url)
                    await carla.add_contact(bruno.public_key)
                    await carla.join("lobby")
                    done = await carla.fetch_history()
                    await asyncio.sleep(LATER_S)
                    chat = await carla.history("#lobby")
                    return [message.text for message in chat], done.complete

    assert network.run(work()) == (["You missed this."], True)


def test_two_devices_of_one_person_find_each_other_although_neither_announces_who_it_is(
    sottovoce_network: MemoryNetwork,
) -> None:
    network = sottovoce_network

    async def work() -> list[str]:
        async with network.relay() as relay:
            url = url_of(relay)
            async with (
                network.messenger(peers=(url,), identity=ANNA, metered=True) as phone,
                network.messenger(peers=(url,), identity=ANNA, metered=True) as desk,
            ):
                await phone.connect(url)
                await desk.connect(url)
                await asyncio.sleep(LATER_S)
                for one, other, name in ((phone, desk, "phone"), (desk, phone, "desk")):
                    await one.introduce_device(name)
                    await asyncio.sleep(LATER_S)
                    [seen] = [it for it in await other.devices() if not it.is_this]
                    await other.enable_device(seen)
                await phone.join("lobby")
                await phone.send("#lobby", "Written on the phone")
                await asyncio.sleep(LATER_S)
                for session in told(relay):
                    assert session.wishes.topics is not None
                    assert session.wishes.topics.isdisjoint(own_topics(phone))
                return [message.text for message in await desk.history("#lobby")]

    assert network.run(work()) == ["Written on the phone"]


@pytest.mark.parametrize("metered", [False, True])
def test_two_people_of_one_node_who_follow_each_other_do_not_announce_each_other(
    sottovoce_network: MemoryNetwork, *, metered: bool
) -> None:
    network = sottovoce_network

    async def work() -> None:
        async with network.relay() as relay, network.client(metered=metered) as client:
            await client.connect(url_of(relay))
            async with Messenger.in_memory(client=client) as anna:
                bruno_key = client.whisper.generate_private_key()
                await anna.add_contact(client.whisper.public_key_of(bruno_key))
                await asyncio.sleep(LATER_S)
                async with Messenger.in_memory(bruno_key, client=client) as bruno:
                    await bruno.add_contact(anna.public_key)
                    await bruno.delivered(await bruno.send(anna.public_key, "Ciao"))
                    await asyncio.sleep(LATER_S)
                    [session] = told(relay)
                    assert session.wishes.bloom is not None
                    for topic in (*own_topics(anna), *own_topics(bruno)):
                        assert not bloom_matches(session.wishes.bloom, topic_bloom(topic))

    network.run(work())


@pytest.mark.parametrize("metered", [False, True])
def test_person_who_comes_to_a_node_or_leaves_it_shows_in_no_announcement(
    sottovoce_network: MemoryNetwork, *, metered: bool
) -> None:
    """Bruno of the same node followed Anna before she came, and does when she has left."""
    network = sottovoce_network

    async def work() -> None:
        async with network.relay() as relay, network.client(metered=metered) as client:
            await client.connect(url_of(relay))
            anna_key = client.whisper.generate_private_key()
            async with Messenger.in_memory(client=client) as bruno:
                followed = await bruno.add_contact(client.whisper.public_key_of(anna_key))
                await asyncio.sleep(LATER_S)
                await bruno.remove_contact(followed)
                await asyncio.sleep(LATER_S)
                for _ in range(2):
                    async with Messenger.in_memory(anna_key, client=client) as anna:
                        await asyncio.sleep(LATER_S)
                        check_silent(relay, anna)
                        await bruno.add_contact(anna.public_key)
                        await asyncio.sleep(LATER_S)
                    await asyncio.sleep(LATER_S)
                    check_silent(relay, anna)
            await asyncio.sleep(LATER_S)
            # Nobody is left; that a filter does not show.
            assert len(told(relay)) == (0 if metered else 1)

    network.run(work())


def check_silent(relay: Client, person: Messenger) -> None:
    """Check that the one peer of the relay told it nothing of somebody."""
    [session] = told(relay)
    assert session.wishes.bloom is not None
    for topic in own_topics(person):
        assert not bloom_matches(session.wishes.bloom, topic_bloom(topic))


@pytest.mark.parametrize("is_full", [False, True])
def test_subscription_to_any_topic_warns_whoever_will_hear_nothing(
    sottovoce_network: MemoryNetwork, caplog: pytest.LogCaptureFixture, *, is_full: bool
) -> None:
    network = sottovoce_network
    client = network.relay() if is_full else network.client()

    async def work() -> None:
        async with client:
            key = client.whisper.generate_symmetric_key()
            await client.whisper.subscribe(symmetric_key=key, topics=[b"topi"])
            assert not caplog.messages
            await client.whisper.subscribe(symmetric_key=key)

    network.run(work())
    assert len(caplog.messages) == (0 if is_full else 1)
