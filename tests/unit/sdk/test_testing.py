"""The network in memory: real clients, virtual time, one seed."""

import asyncio

import pytest

from sottovoce.sdk.errors import ConnectError
from sottovoce.sdk.messages import ChannelMessage
from sottovoce.sdk.testing import MemoryNetwork


async def hear(network: MemoryNetwork, *, loss_of_link: bool = False) -> ChannelMessage:
    """Let Anna talk to Bruno through a relay."""
    async with network.relay() as relay, network.client() as anna, network.client() as bruno:
        assert relay.enode is not None
        await anna.connect(relay.enode)
        await bruno.connect(relay.enode)
        ear = await bruno.channel("lobby").subscribe()
        if loss_of_link:
            assert network.cut(relay, anna)
        sent = await anna.channel("lobby").send_text("Ciao", ttl_s=60)
        await sent.sent(timeout_s=30.0)
        return await anext(ear)


def test_clients_talk_in_memory() -> None:
    network = MemoryNetwork()
    assert network.run(hear(network)).text == "Ciao"
    assert 0.0 < network.now_s < 10.0


def test_same_seed_gives_the_same_moments_and_the_same_envelope() -> None:
    runs = []
    for seed in (3, 3, 4):
        network = MemoryNetwork(seed)
        message = network.run(hear(network))
        runs.append((network.now_s, message.hash, message.sender))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_message_arrives_although_segments_get_lost() -> None:
    network = MemoryNetwork(5, loss=0.3)
    assert network.run(hear(network)).text == "Ciao"


def test_message_arrives_although_the_link_is_cut_just_before() -> None:
    network = MemoryNetwork(6)
    assert network.run(hear(network, loss_of_link=True)).text == "Ciao"


def test_hour_of_waiting_takes_no_time_and_keeps_the_connection() -> None:
    network = MemoryNetwork()

    async def wait() -> int:
        async with network.client() as one, network.client() as other:
            assert other.enode is not None
            await one.connect(other.enode)
            await asyncio.sleep(3600.0)
            return len(one.peers)

    assert network.run(wait()) == 1
    assert network.now_s > 3600.0


def test_clients_that_are_not_connected_have_nothing_to_cut() -> None:
    network = MemoryNetwork()

    async def try_it() -> bool:
        async with network.client() as one, network.client() as other:
            return network.cut(one, other)

    assert network.run(try_it()) is False


def test_unreachable_peer_fails_after_the_virtual_time_out() -> None:
    network = MemoryNetwork()

    async def try_it() -> None:
        async with network.client() as one, network.client() as other:
            assert other.enode is not None
            nowhere = other.enode.replace("@10.", "@10.9")
            await one.connect(nowhere, timeout_s=20.0)

    with pytest.raises(ConnectError, match="nobody is at"):
        network.run(try_it())
    assert 20.0 <= network.now_s < 30.0


def test_statistics_count_and_name_no_sockets() -> None:
    network = MemoryNetwork()

    async def count() -> tuple[int, int, int]:
        async with network.client() as one, network.client() as other:
            assert other.enode is not None
            await one.connect(other.enode)
            statistics = other.statistics()
            return statistics.links["accepted"], len(statistics.streams), statistics.failed_inputs

    assert network.run(count()) == (1, 0, 0)
