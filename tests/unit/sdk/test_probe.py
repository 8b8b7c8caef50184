import asyncio
import errno
import socket
from contextlib import aclosing

import pytest

from patience import PATIENCE_S, run, until
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.packets import Packet
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node.settings import NodeSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.probe import PEER_STEPS, Step, StepResult, probe
from unit.node.pump import key_number
from unit.sdk.foreign_node import (
    ETHEREUM,
    HOST,
    Answer,
    Devp2pNode,
    closing,
    enode_at,
    served,
    silent,
    web_server,
)
from unit.sdk.line import PROMPT, clients, enode_of


async def results_of(enode: str, timeout_s: float = PATIENCE_S) -> list[StepResult]:
    return [result async for result in probe(enode, timeout_s=timeout_s)]


def failure_of(results: list[StepResult]) -> StepResult:
    """Check that every step but the last went well; return the last."""
    assert [result.ok for result in results] == [True] * (len(results) - 1) + [False]
    assert [result.step for result in results] == list(PEER_STEPS[: len(results)])
    assert all(result.remedy == "" for result in results[:-1])
    assert results[-1].remedy
    return results[-1]


def failure_at(answer: Answer, timeout_s: float = PATIENCE_S) -> StepResult:
    async def main() -> list[StepResult]:
        async with served(answer) as enode:
            return await results_of(enode, timeout_s)

    return failure_of(run(main()))


# ---- success


def test_every_step_of_a_good_peer_is_told_in_order() -> None:
    async def main() -> None:
        async with clients(1) as [relay]:
            results = await results_of(enode_of(relay))
            assert [(each.step, each.ok) for each in results] == [
                (step, True) for step in PEER_STEPS
            ]
            port = enode_of(relay).rpartition(":")[2]
            assert results[0].detail == f"{HOST} port {port}"
            assert results[3].detail.startswith("sottovoce/v")
            assert results[3].detail.endswith(" runs shh/6, waku/0, waku/1")
            assert results[4].detail == "greeted on waku/1 and shh/6: envelopes would flow"

    run(main())


def test_checked_peer_is_left_with_a_goodbye() -> None:
    async def main() -> None:
        async with clients(1) as [relay]:
            events = relay.peer_events()
            await results_of(enode_of(relay))
            seen = [await anext(events) for _ in range(2)]
            assert [event.kind for event in seen] == ["connected", "disconnected"]
            assert seen[1].detail == "the peer ended it: requested"
            await until(lambda: not relay.statistics().streams)

    run(main())


def test_steps_are_told_as_they_are_done() -> None:
    async def main() -> list[Step]:
        async with served(silent) as enode, aclosing(probe(enode)) as steps:
            return [(await anext(steps)).step for _ in range(2)]

    assert run(main()) == [Step.ADDRESS, Step.CONNECTION]


# ---- address


@pytest.mark.parametrize(
    ("enode", "words"),
    [
        ("", "enode://"),
        (f"{HOST}:30303", "enode://"),
        (f"enode://00@{HOST}:30303", "2 hex digits"),
        (f"enode://{'00' * 64}@{HOST}:30303", "no public key"),
        (enode_at(1).partition("@")[0], "no address or no TCP port"),
        (enode_at(0), "no address or no TCP port"),
    ],
    ids=["nothing", "no key", "short key", "bad key", "no address", "no port"],
)
def test_what_cannot_be_dialled_fails_at_the_address(enode: str, words: str) -> None:
    failure = failure_of(run(results_of(enode)))
    assert failure.step is Step.ADDRESS
    assert words in failure.detail
    assert failure.remedy == "copy the whole line that the node prints"


# ---- connection


def test_nobody_there_fails_at_the_connection() -> None:
    with socket.socket() as nobody:
        nobody.bind((HOST, 0))
        failure = failure_of(run(results_of(enode_at(nobody.getsockname()[1]))))
    assert (failure.step, failure.detail) == (Step.CONNECTION, "connection refused")
    assert "firewall" in failure.remedy


def test_host_that_takes_no_connection_in_time_fails_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_host: str, _port: int) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio, "open_connection", never)
    failure = failure_of(run(results_of(enode_at(30303), 0.05)))
    assert (failure.step, failure.detail) == (Step.CONNECTION, "no answer")


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no route to host"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "not known"),
        (UnicodeError("label empty or too long"), "label empty or too long"),
    ],
)
def test_host_that_cannot_be_found_fails_at_the_connection(
    monkeypatch: pytest.MonkeyPatch, error: Exception, detail: str
) -> None:
    async def fails(_host: str, _port: int) -> None:
        raise error

    monkeypatch.setattr(asyncio, "open_connection", fails)
    failure = failure_of(run(results_of(enode_at(30303))))
    assert failure.step is Step.CONNECTION
    assert detail in failure.detail


# ---- handshake


def test_server_that_hangs_up_fails_at_the_handshake() -> None:
    failure = failure_at(closing)
    assert (failure.step, failure.detail) == (Step.HANDSHAKE, "the stream ended")
    assert "ask its operator for the present enode" in failure.remedy


def test_server_that_speaks_something_else_fails_at_the_handshake() -> None:
    failure = failure_at(web_server)
    assert failure.step is Step.HANDSHAKE
    assert failure.detail.startswith("the peer broke the protocol: ")
    assert "no devp2p node" in failure.remedy


def test_server_that_says_nothing_fails_at_the_handshake() -> None:
    failure = failure_at(silent, 0.1)
    assert failure.step is Step.HANDSHAKE
    assert failure.detail == "the peer said nothing more in time"


def test_key_of_another_node_fails_at_the_handshake() -> None:
    async def main() -> list[StepResult]:
        async with clients(1) as [relay]:
            real = parse_enode(enode_of(relay)).public_key.raw.hex()
            other = secp256k1.public_key(key_number(5)).raw.hex()
            return await results_of(enode_of(relay).replace(real, other))

    failure = failure_of(run(main()))
    assert failure.step is Step.HANDSHAKE
    assert "the key in the enode may not be the key of the node that answers" in failure.remedy


def test_full_peer_says_so_and_who_can_change_it() -> None:
    async def main() -> list[StepResult]:
        settings = ApplicationSettings(node=NodeSettings(peers_max=1), gossip=PROMPT)
        async with Client(settings=settings) as full, clients(1) as [first]:
            await first.connect(enode_of(full))
            return await results_of(enode_of(full))

    failure = failure_of(run(main()))
    assert failure.detail == "the peer ended it: too many peers"
    assert failure.remedy.startswith("the peer is full: try later")


# ---- capability


def test_node_without_whisper_fails_at_the_capability() -> None:
    failure = failure_at(Devp2pNode(ETHEREUM))
    assert failure.step is Step.CAPABILITY
    assert failure.detail == (
        "no subprotocol is shared: we speak shh/6, waku/0, waku/1, the peer eth/63"
    )
    assert failure.remedy.startswith("the peer runs no protocol that we run (shh/6, waku/0")


# ---- status


def test_node_that_never_greets_fails_at_the_status() -> None:
    failure = failure_at(Devp2pNode(WHISPER_V6), 0.2)
    assert (failure.step, failure.detail) == (Step.STATUS, "the peer said nothing more in time")
    assert "Whisper version 6" in failure.remedy


@pytest.mark.parametrize(
    "greeting",
    [Packet(0, rlp.encode([5])), Packet(0, b"\xff"), Packet(1, rlp.encode([]))],
    ids=["other version", "no list", "no status"],
)
def test_node_that_greets_wrongly_fails_at_the_status(greeting: Packet) -> None:
    failure = failure_at(Devp2pNode(WHISPER_V6, greeting=greeting))
    assert failure.step is Step.STATUS
    assert failure.detail


def test_node_that_disconnects_instead_of_greeting_fails_at_the_status() -> None:
    failure = failure_at(Devp2pNode(WHISPER_V6, goodbye=wire.DisconnectReason.SUBPROTOCOL_ERROR))
    assert failure.step is Step.STATUS
    assert failure.detail == "the peer ended it: subprotocol error"


def test_useless_after_a_shared_capability_is_still_the_status() -> None:
    failure = failure_at(Devp2pNode(WHISPER_V6, goodbye=wire.DisconnectReason.USELESS_PEER))
    assert failure.step is Step.STATUS


def test_node_with_more_than_whisper_passes() -> None:
    greeting = Packet(0, rlp.encode([6]))

    async def main() -> list[StepResult]:
        async with served(Devp2pNode(WHISPER_V6, ETHEREUM, greeting=greeting)) as enode:
            return await results_of(enode)

    results = run(main())
    assert all(result.ok for result in results)
    assert results[3].detail == "Foreign/v1 runs eth/63, shh/6"
