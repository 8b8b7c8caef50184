"""The driver and what takes time: dials and searches for proof of work."""

import socket

import pytest

from patience import PATIENCE_S, run, until
from sottovoce.gossip.proof_of_work import search
from sottovoce.node import inputs
from sottovoce.node.effects import (
    CancelCompute,
    CloseStream,
    Compute,
    Dial,
    Effect,
)
from sottovoce.runtime.workers import MiningWorkers
from unit.runtime.scripted import HOST, ScriptedNode, computing, drive, running
from unit.sdk.line import CLOSED_PORT

PREFIX = b"an envelope without its nonce"

# ---- dialling


def dial_once(port: int, host: str = HOST) -> ScriptedNode:
    """Return a node that dials when its owner says anything."""

    def script(event: inputs.Input) -> list[Effect]:
        match event:
            case inputs.RemoveFilter():
                return [Dial(4, host, port)]
            case inputs.ShutDown():
                return [CloseStream(1)]
            case _:
                return []

    return ScriptedNode(script)


def test_dial_becomes_a_stream() -> None:
    async def main() -> None:
        far = ScriptedNode()
        async with running(far) as (_, port):
            near = dial_once(port)
            driver = drive(near)
            driver.command(inputs.RemoveFilter(1))
            await until(lambda: near.saw(inputs.DialSucceeded))
            assert near.saw(inputs.DialSucceeded) == [inputs.DialSucceeded(4, 1, HOST)]
            await driver.stop()

    run(main())


def failed_dial(port: int, host: str) -> str:
    async def main() -> str:
        node = dial_once(port, host)
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await until(lambda: node.saw(inputs.DialFailed))
        await driver.stop()
        [failed] = node.saw(inputs.DialFailed)
        assert isinstance(failed, inputs.DialFailed)
        assert failed.attempt == 4
        return failed.detail

    return run(main())


def test_refused_dial_is_told_in_one_sentence() -> None:
    words = f"cannot connect to {HOST} port {CLOSED_PORT}: connection refused"
    assert failed_dial(CLOSED_PORT, HOST) == words


def test_dial_to_an_unknown_host_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    detail = failed_dial(30303, "node.example")
    assert detail.startswith("cannot connect to node.example port 30303: ")
    assert "not known" in detail


def test_dial_to_a_name_that_is_none_is_told_in_one_sentence() -> None:
    assert "cannot connect to bad..name port 1: " in failed_dial(1, "bad..name")


# ---- proof of work


def test_search_is_answered_with_the_lowest_nonce() -> None:
    async def main() -> None:
        node = computing(Compute(7, PREFIX, 8, PATIENCE_S))
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await until(lambda: node.saw(inputs.Computed))
        assert node.saw(inputs.Computed) == [inputs.Computed(7, search(PREFIX, 8, 0, 100_000))]
        await driver.stop()

    run(main())


def test_search_that_runs_out_of_time_is_answered_with_nothing() -> None:
    async def main() -> None:
        node = computing(Compute(7, PREFIX, 200, 0.01))
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await until(lambda: node.saw(inputs.Computed))
        assert node.saw(inputs.Computed) == [inputs.Computed(7, None)]
        await driver.stop()

    run(main())


def test_cancelled_search_is_not_answered() -> None:
    async def main() -> None:
        node = computing(Compute(7, PREFIX, 200, PATIENCE_S), CancelCompute(7))
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await until(lambda: not driver._tasks)
        assert node.saw(inputs.Computed) == []
        await driver.stop()

    run(main())


def test_search_that_cannot_be_done_is_answered_with_nothing_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise ConnectionError("proof-of-work processes end in the middle of a search")

    monkeypatch.setattr(MiningWorkers, "search", fail)

    async def main() -> None:
        node = computing(Compute(7, PREFIX, 8, PATIENCE_S))
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await until(lambda: node.saw(inputs.Computed))
        assert node.saw(inputs.Computed) == [inputs.Computed(7, None)]
        await driver.stop()

    run(main())
    assert "a search for proof of work failed" in caplog.text
    assert PREFIX.hex() not in caplog.text
