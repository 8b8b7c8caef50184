import asyncio
import socket
from dataclasses import replace

import pytest

from patience import PATIENCE_S, pass_time, run, turns, until
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.tcp import ListenError
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ClientClosedError, ConnectError, PostError
from unit.node.pump import key_number
from unit.sdk.line import KEY_A, PROMPT, TOPIC, clients, driver_of, enode_of, nobody, pair

HOST = "127.0.0.1"
SHARED = SymmetricKey(b"shared key of thirty-two bytes!!")


def words_of_failed_connect(client: Client, enode: str, *, is_silent: bool = False) -> str:
    async def main() -> str:
        async with client:
            events = client.peer_events()
            connecting = asyncio.ensure_future(client.connect(enode, timeout_s=PATIENCE_S))
            if not is_silent:
                assert (await anext(events)).kind == "unreachable"
            await turns(1)
            pass_time(PATIENCE_S)
            with pytest.raises(ConnectError) as caught:
                await connecting
        return str(caught.value)

    return run(main())


# ---- peers


def test_connect_returns_who_the_peer_is() -> None:
    async def main() -> None:
        async with clients(2) as (one, other):
            peer = await one.connect(enode_of(other))
            assert str(peer.public_key.raw.hex()) in enode_of(other)
            assert peer.client_id.startswith("sottovoce/v")
            assert (peer.address, peer.inbound) == (HOST, False)
            assert one.peers == (peer,)
            await until(lambda: other.peers)
            [back] = other.peers
            assert (back.address, back.inbound) == (HOST, True)

    run(main())


def test_connect_to_a_connected_peer_returns_at_once() -> None:
    async def main() -> None:
        async with pair() as (one, other):
            assert await one.connect(enode_of(other)) is one.peers[0]

    run(main())


def test_two_calls_wait_for_the_same_peer() -> None:
    async def main() -> None:
        async with clients(2) as (one, other):
            first, second = await asyncio.gather(
                one.connect(enode_of(other)), one.connect(enode_of(other))
            )
            assert first is second
            assert len(one.peers) == 1

    run(main())


def test_peers_of_the_constructor_are_connected() -> None:
    async def main() -> None:
        async with clients(1) as [other], Client(listen=None, peers=[enode_of(other)]) as one:
            await until(lambda: one.peers)

    run(main())


def test_connect_to_nobody_says_why_and_for_how_long_it_tried() -> None:
    enode = nobody()
    port = enode.rpartition(":")[2]
    assert words_of_failed_connect(Client(listen=None), enode) == (
        "the peer was not connected within 20 s: "
        f"cannot connect to {HOST} port {port}: connection refused"
    )


def test_connect_to_a_full_peer_says_so() -> None:
    async def main() -> None:
        full = Client(settings=ApplicationSettings(node=NodeSettings(peers_max=0)))
        async with full, clients(1) as [one]:
            events = one.peer_events()
            connecting = asyncio.ensure_future(one.connect(enode_of(full), timeout_s=PATIENCE_S))
            await anext(events)
            pass_time(PATIENCE_S)
            with pytest.raises(ConnectError, match="the peer ended it: too many peers"):
                await connecting

    run(main())


def test_connect_to_a_place_that_says_nothing_says_no_answer() -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        port = silent.getsockname()[1]
        enode = str(Enode(secp256k1.public_key(key_number(77)), HOST, port, port))
        words = words_of_failed_connect(Client(listen=None), enode, is_silent=True)
        assert words.endswith("no answer")


@pytest.mark.parametrize("enode", ["", "enode://zz@127.0.0.1:1", "http://127.0.0.1"])
def test_connect_to_what_is_no_enode_is_refused(enode: str) -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            with pytest.raises(LocalProtocolError):
                await one.connect(enode)

    run(main())


def test_connect_to_ourselves_is_refused() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            with pytest.raises(LocalProtocolError, match="our own"):
                await one.connect(enode_of(one))

    run(main())


def test_disconnected_peer_is_gone_on_both_sides() -> None:
    async def main() -> None:
        async with pair() as (one, other):
            one.disconnect(enode_of(other))
            assert one.peers == ()
            await until(lambda: not other.peers)

    run(main())


def test_disconnect_ends_a_pending_connect_at_once() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            enode = nobody()
            connects = [asyncio.ensure_future(one.connect(enode)) for _ in range(2)]
            await turns(2)
            one.disconnect(enode)
            for connect in connects:
                with pytest.raises(ConnectError, match="disconnected by its owner's wish"):
                    await connect
            assert one._waiters._waiting == {}

    run(main())


def test_disconnect_of_one_peer_leaves_the_connect_to_another() -> None:
    async def main() -> None:
        async with clients(2) as (one, other):
            connect = asyncio.ensure_future(one.connect(enode_of(other)))
            await turns(1)
            one.disconnect(nobody())
            assert (await connect).address == HOST

    run(main())


def test_disconnected_peer_can_be_connected_again() -> None:
    async def main() -> None:
        async with pair() as (one, other):
            one.disconnect(enode_of(other))
            await one.connect(enode_of(other))
            assert len(one.peers) == 1

    run(main())


def test_peer_events_tell_who_came_who_left_and_who_cannot_be_reached() -> None:
    async def main() -> None:
        async with clients(2) as (one, other):
            events = one.peer_events()
            await one.connect(enode_of(other))
            await other.close()
            with pytest.raises(ConnectError):
                await one.connect(nobody(), timeout_s=0.05)
            seen = [await anext(events) for _ in range(3)]
            assert [event.kind for event in seen] == ["connected", "disconnected", "unreachable"]
            assert seen[0].detail.startswith(f"{HOST} sottovoce/v")
            assert seen[1].detail == "the peer ended it: quitting"
            assert "connection refused; next try in 1 s" in seen[2].detail

    run(main())


def test_closed_peer_events_take_no_more_and_the_others_do() -> None:
    async def main() -> None:
        async with clients(2) as (one, other):
            left, stays = one.peer_events(), one.peer_events()
            left.close()
            await one.connect(enode_of(other))
            assert (await anext(stays)).kind == "connected"
            assert [event async for event in left] == []

    run(main())


def test_peer_events_of_a_closed_client_are_refused() -> None:
    async def main() -> None:
        client = Client(listen=None)
        async with client:
            pass
        with pytest.raises(ClientClosedError, match="make a new one"):
            client.peer_events()
        assert client._peer_events == []

    run(main())


# ---- identity and settings


def test_identity_and_node_key_are_two_keys() -> None:
    async def main() -> None:
        identity, node_key = key_number(5), secp256k1.private_key(KEY_A)
        async with Client(identity=identity, node_key=node_key) as client:
            assert client.public_key == secp256k1.public_key(identity)
            assert secp256k1.public_key(node_key).raw.hex() in enode_of(client)

    run(main())


def test_client_that_listens_nowhere_has_no_enode_and_can_dial() -> None:
    async def main() -> None:
        async with clients(1) as [other], Client(listen=None) as one:
            assert one.enode is None
            await one.connect(enode_of(other))

    run(main())


def test_port_in_use_is_one_sentence() -> None:
    async def main() -> None:
        async with clients(1) as [holder]:
            port = enode_of(holder).rpartition(":")[2]
            with pytest.raises(ListenError, match="address already in use"):
                async with Client(listen=f"{HOST}:{port}"):
                    pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


# ---- proof of work


def test_long_search_goes_through_a_process_and_its_message_arrives() -> None:
    async def main() -> None:
        async with pair() as (one, other):
            inbox = await other.whisper.subscribe(symmetric_key=SHARED)
            sent = await one.whisper.post(
                b"hard work",
                topic_bytes=TOPIC,
                symmetric_key=SHARED,
                ttl_s=50,
                pow_target=0.2,
                work_time_s=PATIENCE_S,
            )
            assert driver_of(one)._workers.process_count > 0
            assert sent.pow >= 0.2
            assert (await anext(inbox)).payload == b"hard work"

    run(main())


def test_cancelled_post_stops_its_search() -> None:
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
            driver = driver_of(one)
            await until(lambda: driver._tasks)
            post.cancel()
            with pytest.raises(asyncio.CancelledError):
                await post
            await until(lambda: not driver._tasks)
            assert not len(one._posts)

    run(main())


# ---- statistics


def test_statistics_count_peers_envelopes_drops_and_bytes() -> None:
    async def main() -> None:
        async with pair() as (one, other):
            inbox = await other.whisper.subscribe(symmetric_key=SHARED)
            before = other.statistics().streams[0].received_bytes
            await one.whisper.post(b"x" * 500, topic_bytes=TOPIC, symmetric_key=SHARED)
            await anext(inbox)
            seen = other.statistics()
            assert seen.peer_count == 1
            assert seen.relay["envelopes_received"] == seen.relay["envelopes_pooled"] == 1
            assert seen.relay["messages_opened"] == 1
            assert set(seen.dropped.values()) == {0}
            assert (seen.unreadable_count, seen.failed_inputs) == (0, 0)
            [stream] = seen.streams
            assert stream.received_bytes - before > 500
            assert stream.local_port == int(enode_of(other).rpartition(":")[2])

    run(main())


def test_statistics_count_drops_by_their_reason() -> None:
    async def main() -> None:
        # So much that no envelope reaches it by chance.
        picky = replace(PROMPT, minimum_pow=1000.0)
        async with Client(gossip=picky) as one:
            with pytest.raises(PostError):
                await one.whisper.post(
                    b"x", topic_bytes=TOPIC, symmetric_key=SHARED, pow_target=0.0
                )
            assert one.statistics().dropped["low proof of work"] == 1

    run(main())
