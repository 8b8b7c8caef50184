import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from sottovoce.chat.records import MessageState
from sottovoce.cli.chat_work import (
    SendOptions,
    run_accept,
    run_join,
    run_leave,
    run_mute,
    run_react,
    run_send,
)
from sottovoce.cli.options import Face, Wait
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BRUNO
from unit.cli.stage import OPTIONS, alone, connected, do, run


def send(text: str, wait: Wait = Wait.SENT, chat: str = "Bruno") -> SendOptions:
    return SendOptions(text, wait, chat=chat)


async def refusal(person: Messenger, *arguments: Any, **named: Any) -> CommandError:
    with pytest.raises(CommandError) as caught:
        await do(person, *arguments, **named)
    return caught.value


def test_message_is_sent_when_a_peer_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, _):
            await do(anna, run_send, send("ciao"), as_json=True)

    run(scenario)
    out, err = capsys.readouterr()
    sent = json.loads(out)
    assert (sent["event"], sent["text"], sent["own"]) == ("message", "ciao", True)
    assert sent["state"] in {"sent", "acknowledged"}
    assert err == "waiting up to 15 s for a peer\n"


def test_message_is_acknowledged_by_the_other_device(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> str:
        async with connected(network) as (anna, bruno):
            await do(anna, run_send, send("ciao", Wait.ACKNOWLEDGED))
            [heard] = await bruno.history(ANNA.public)
            return heard.text

    assert run(scenario) == "ciao"
    out, err = capsys.readouterr()
    assert out.startswith("acknowledged: message ")
    assert " to Bruno, " in out
    assert "for a device of everybody there" in err


def test_queued_message_waits_for_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> float:
        async with alone(network) as anna:
            await do(anna, run_send, send("ciao", Wait.QUEUED, BRUNO.hex_key))
        return network.now_s

    assert run(scenario) < 1
    out, err = capsys.readouterr()
    assert out.startswith("queued: message ")
    assert err == ""


def test_message_without_a_peer_stays_queued_and_says_so() -> None:
    async def scenario(network: MemoryNetwork) -> tuple[CommandError, CommandError]:
        async with alone(network) as anna:
            mine = await refusal(anna, run_send, send("ciao", chat=BRUNO.hex_key))
            theirs = await refusal(
                anna, run_send, send("ciao", chat=BRUNO.hex_key), is_forwarded=True
            )
            return mine, theirs

    mine, theirs = run(scenario)
    assert mine.code is theirs.code is ExitCode.NOT_DELIVERED
    assert "is still queued after 15 s, no peer was reached; it stays queued and leaves" in str(
        mine
    )
    assert str(theirs).endswith("the running node keeps trying")


def test_message_that_no_connected_peer_takes_stays_queued_and_says_so() -> None:
    async def scenario(network: MemoryNetwork) -> CommandError:
        picky = GossipSettings(minimum_pow=1000.0)
        async with alone(network) as anna, network.client(gossip=picky) as peer:
            assert peer.enode is not None
            await anna.connect(peer.enode)
            return await refusal(anna, run_send, send("ciao", chat=BRUNO.hex_key))

    sentence = str(run(scenario))
    assert "after 15 s, none of the connected peers (1) takes this topic, or so little" in sentence
    assert "it stays queued" in sentence


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (Transport.BOTH, "no peer was reached;"),
        (Transport.WAKU, "no peer that speaks Waku (--transport waku) was reached;"),
        (Transport.WHISPER, "no peer that speaks Whisper (--transport whisper) was reached;"),
    ],
)
def test_message_without_a_peer_names_the_one_world_that_was_wanted(
    transport: Transport, words: str
) -> None:
    async def scenario(network: MemoryNetwork) -> CommandError:
        async with alone(network) as anna:
            options = replace(OPTIONS, transport=transport)
            said = send("ciao", chat=BRUNO.hex_key)
            return await refusal(anna, run_send, said, options=options)

    assert words in str(run(scenario))


def test_message_to_somebody_who_is_away_is_sent_and_not_acknowledged() -> None:
    async def scenario(network: MemoryNetwork) -> CommandError:
        async with alone(network) as anna, network.relay() as relay:
            assert relay.enode is not None
            await anna.connect(relay.enode)
            wanted = send("ciao", Wait.ACKNOWLEDGED, BRUNO.hex_key)
            return await refusal(anna, run_send, wanted)

    error = run(scenario)
    assert error.code is ExitCode.NOT_DELIVERED
    assert "was sent to 1 peer(s) and is not acknowledged after 15 s" in str(error)


def test_message_that_a_mailserver_has_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    """Anna's node lets go of the mailserver once it has fetched what there is."""

    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna, network.relay() as relay, network.mailserver() as server:
            assert relay.enode is not None
            assert server.enode is not None
            nowhere = str(Enode(BRUNO.public, "10.9.9.9", 30303, 30303))
            await anna.connect(relay.enode)
            await anna.set_mailservers([nowhere, server.enode])
            await anna.join("lobby")
            await asyncio.sleep(120)
            assert len(await anna.peers()) == 1
            await do(anna, run_send, send("ciao", Wait.STORED, "#lobby"))

    run(scenario)
    out, err = capsys.readouterr()
    assert out.startswith("stored by a mailserver: message ")
    assert "waiting up to 15 s for a mailserver of yours" in err


def test_message_that_no_mailserver_confirms_was_only_sent() -> None:
    async def scenario(network: MemoryNetwork) -> tuple[CommandError, CommandError]:
        async with alone(network) as anna, network.relay() as relay:
            assert relay.enode is not None
            await anna.connect(relay.enode)
            await anna.join("lobby")
            wanted = send("ciao", Wait.STORED, "#lobby")
            nobody = await refusal(anna, run_send, wanted)
            nowhere = str(Enode(BRUNO.public, "10.9.9.9", 30303, 30303))
            await anna.set_mailservers([nowhere])
            return nobody, await refusal(anna, run_send, wanted)

    nobody, silent = run(scenario)
    assert (nobody.code, silent.code) == (ExitCode.USAGE, ExitCode.NOT_DELIVERED)
    assert "no mailserver is trusted" in str(nobody)
    assert "was sent to 1 peer(s) and no mailserver of yours has confirmed it" in str(silent)


def test_nobody_acknowledges_a_public_chat() -> None:
    async def scenario(network: MemoryNetwork) -> CommandError:
        async with alone(network) as anna:
            await anna.join("lobby")
            error = await refusal(anna, run_send, send("ciao", Wait.ACKNOWLEDGED, "#lobby"))
            assert await anna.history("#lobby") == ()
            return error

    assert run(scenario).code is ExitCode.USAGE


def test_reply_goes_into_the_chat_of_its_message() -> None:
    async def scenario(network: MemoryNetwork) -> str:
        async with alone(network) as anna:
            await anna.join("lobby")
            first = await anna.send("#lobby", "ciao")
            answer = SendOptions("anche", Wait.QUEUED, reply_to=first.id.hex()[:8])
            await do(anna, run_send, answer)
            newest, _ = await anna.history("#lobby")
            assert newest.response_to == "0x" + first.id.hex()
            return newest.text

    assert run(scenario) == "anche"


def test_face_travels_to_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, bruno):
            message = await anna.send("Bruno", "ciao")
            await anna.wait_for_state(message, MessageState.ACKNOWLEDGED)
            name = message.id.hex()[:8]
            await do(bruno, run_react, name, Face.LOVE, off=False)
            assert len(await anna.reactions(message)) == 1
            await do(bruno, run_react, name, Face.LOVE, off=True)
            assert await anna.reactions(message) == ()

    run(scenario)
    out, _ = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["put", "took"]


def test_face_without_a_peer_is_stored(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            message = await anna.send(BRUNO.public, "ciao")
            await do(anna, run_react, message.id.hex(), Face.SAD, off=False)

    run(scenario)
    assert (
        capsys.readouterr().err == "no peer was reached: it is stored here and leaves next time\n"
    )


def test_public_chat_is_joined_muted_and_left(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await do(anna, run_join, "#lobby")
            await do(anna, run_mute, "lobby", off=False)
            await do(anna, run_mute, "lobby", off=True)
            await do(anna, run_leave, "lobby", as_json=True)

    run(scenario)
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == ["joined #lobby", "muted #lobby", "unmuted #lobby"]
    assert json.loads(last)["event"] == "left"
    assert json.loads(last)["active"] is False


def test_chat_of_a_stranger_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> bool:
        async with alone(network) as anna, network.messenger() as carla:
            assert anna.enode is not None
            await carla.connect(anna.enode)
            message = await carla.send(ANNA.public, "ciao")
            await carla.wait_for_state(message, MessageState.SENT)
            heard = await anna.events()
            while not await anna.chats():
                await anext(heard)
            await do(anna, run_accept, carla.contact_id[:12])
            [chat] = await anna.chats()
            return chat.accepted

    assert run(scenario)
    assert capsys.readouterr().out.startswith("accepted ")
