import asyncio
from pathlib import Path

import pytest

from patience import run
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact
from sottovoce.gossip.traffic import Carried, TopicTraffic
from sottovoce.node.traffic import NodeTraffic
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.sdk.traffic import NamedTopic, TopicUse, name_topics
from sottovoce.stack.topics import contact_code, partitioned, public_chat, topics_with
from unit.identity.people import anna, bruno
from unit.sdk.control_scene import place as place
from unit.sdk.control_scene import served

ANNA, BRUNO = anna().chat(), bruno().chat()
STRANGE = Topic(b"\x00\x01\x02\x03")


def names_of(*topics: Topic) -> dict[Topic, NamedTopic]:
    """Return what Anna, who is in the lobby and knows Bruno, knows of topics."""
    store = MemoryChatStore()
    store.save_chat(Chat(ChatId("lobby"), ChatKind.PUBLIC))
    store.save_contact(Contact(BRUNO.public))
    rows = tuple(TopicTraffic(topic, is_heard=True, carried=Carried()) for topic in topics)
    found = name_topics(NodeTraffic(Carried(), (), rows, 0, 0), store, ANNA.private)
    return {named.topic: named for named in found}


def test_person_knows_the_topics_of_chats_and_people() -> None:
    lobby = public_chat("lobby").topic
    ours = partitioned(ANNA.public).topic
    code = contact_code(BRUNO.public).topic
    [with_bruno] = topics_with(ANNA.private, BRUNO.public) - {ours, code}
    own_code = contact_code(ANNA.public).topic
    known = names_of(lobby, ours, code, with_bruno, own_code, STRANGE)
    assert STRANGE not in known
    assert (known[lobby].use, known[lobby].chat) == (TopicUse.PUBLIC_CHAT, "lobby")
    assert known[ours].use is TopicUse.TO_US
    assert known[own_code].use is TopicUse.OWN_CODE
    assert (known[code].use, known[code].person) == (TopicUse.CONTACT_CODE, BRUNO.public)
    assert (known[with_bruno].use, known[with_bruno].person) == (TopicUse.PERSON, BRUNO.public)


def test_only_topics_that_were_carried_are_named_and_none_is_shown() -> None:
    assert names_of() == {}
    [named] = names_of(public_chat("lobby").topic).values()
    assert "lobby" not in repr(named)


def test_contact_with_an_impossible_key_hides_no_other_name() -> None:
    store = MemoryChatStore()
    store.save_contact(Contact(PublicKey(bytes(64))))
    store.save_contact(Contact(BRUNO.public))
    code = contact_code(BRUNO.public).topic
    row = TopicTraffic(code, is_heard=True, carried=Carried())
    [named] = name_topics(NodeTraffic(Carried(), (), (row,), 0, 0), store, ANNA.private)
    assert named.person == BRUNO.public


def test_traffic_is_told_by_client_and_person_alike() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as one, network.messenger() as other:
            assert one.enode is not None
            await one.join("lobby")
            await other.join("lobby")
            await other.connect(one.enode)
            await other.send("#lobby", "hello")
            await asyncio.sleep(5)
            report = await one.traffic()
            assert report.traffic == one.client.traffic()
            topic = public_chat("lobby").topic
            [row] = [row for row in report.traffic.topics if row.topic == topic]
            assert row.carried.received.useful.envelopes == 1
            assert topic in {named.topic for named in report.names}
            counted = one.client.statistics().traffic
            assert counted["received_useful"] >= 1

    network.run(main())


def test_traffic_comes_through_the_socket(place: Path) -> None:
    async def main() -> None:
        async with served(place) as messenger, ControlClient(place) as client:
            assert await client.traffic() == await messenger.traffic()

    run(main())


@pytest.mark.parametrize("closed", [True, False])
def test_budget_events_end_with_the_client(*, closed: bool) -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.client() as client:
            events = client.budget_events()
            if closed:
                events.close()
        assert [event async for event in events] == []

    network.run(main())
