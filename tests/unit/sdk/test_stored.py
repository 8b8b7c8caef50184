"""Messages of people over real nodes: what a mailserver confirms is shown as stored."""

import asyncio

from sottovoce.chat.records import MessageState
from sottovoce.sdk.events import MessageStateChanged
from sottovoce.sdk.testing import MemoryNetwork

STORED, SENT = MessageState.STORED, MessageState.SENT


def test_public_message_is_sent_to_a_relay_and_stored_by_the_mailserver_behind_it(
    sottovoce_network: MemoryNetwork,
) -> None:
    """A mailserver confirms to whoever sends to it, so Anna is connected to both."""
    network = sottovoce_network

    async def work() -> list[MessageState]:
        async with network.relay() as relay, network.mailserver() as server:
            assert relay.enode is not None
            assert server.enode is not None
            urls = (relay.enode, server.enode)
            async with network.messenger(peers=urls, mailservers=(server.enode,)) as anna:
                await anna.join("lobby")
                for url in urls:
                    await anna.connect(url)
                async with await anna.events() as events:
                    message = await anna.send("#lobby", "Who is there?")
                    await anna.wait_for_state(message, STORED)
                    states = []
                    async for event in events:
                        if isinstance(event, MessageStateChanged):
                            states.append(event.message.state)
                            if states[-1] is STORED:
                                break
                assert (await anna.message(message)).state is STORED
                return states

    states = network.run(work())
    assert states == sorted(states, key=[MessageState.QUEUED, SENT, STORED].index)
    assert SENT in states


def test_relay_that_confirms_is_no_mailserver(sottovoce_network: MemoryNetwork) -> None:
    network = sottovoce_network

    async def work() -> tuple[MessageState, int]:
        async with network.relay() as relay:
            assert relay.enode is not None
            async with network.messenger(peers=(relay.enode,)) as anna:
                await anna.join("lobby")
                await anna.connect(relay.enode)
                message = await anna.send("#lobby", "Who is there?")
                await anna.delivered(message)
                await asyncio.sleep(5)
                counters = anna.client.statistics().relay
                return (await anna.message(message)).state, counters["confirmations_received"]

    state, confirmed = network.run(work())
    assert state is SENT
    assert confirmed
