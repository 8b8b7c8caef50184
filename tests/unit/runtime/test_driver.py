"""The driver with a scripted node: batches, effects, bugs, pressure, the end."""

import asyncio
import logging
from contextlib import suppress

import pytest

from patience import PATIENCE_S, run, turns, until
from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.node import inputs
from sottovoce.node.effects import (
    CancelCompute,
    CloseStream,
    Compute,
    Dial,
    Effect,
    Fact,
    PauseReading,
    PeerDisconnected,
    ResumeReading,
    WriteBytes,
)
from sottovoce.runtime import driver as module
from sottovoce.runtime.driver import BATCH_INPUTS_MAX, UNREAD_BYTES_MAX
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.tcp import ListenError
from unit.node.pump import key_number
from unit.runtime.scripted import HOST, ScriptedNode, calling, computing, drive, running

PREFIX = b"an envelope without its nonce"
CANARY = b"canary-7d1f"
FLOOD = bytes(24 * 1024 * 1024)
FACT = PeerDisconnected(secp256k1.public_key(key_number(1)), "gone")


def break_on(kind: type[inputs.Input]) -> ScriptedNode:
    """Return a node with a bug: it raises at inputs of one kind."""

    def script(event: inputs.Input) -> list[Effect]:
        if isinstance(event, kind):
            raise KeyError("a bug of ours")
        return []

    return ScriptedNode(script)


# ---- batches


def test_batch_ends_after_so_many_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_S_MAX", PATIENCE_S)

    async def main() -> None:
        node = ScriptedNode()
        driver = drive(node)
        for number in range(BATCH_INPUTS_MAX + 10):
            driver.submit(inputs.StreamClosed(number))
        counts: list[int] = []
        asyncio.get_running_loop().call_soon(lambda: counts.append(len(node.seen)))
        assert node.seen == []
        await turns(2)
        assert counts == [BATCH_INPUTS_MAX]
        assert node.seen == [inputs.StreamClosed(n) for n in range(BATCH_INPUTS_MAX + 10)]
        await driver.stop()

    run(main())


def test_batch_ends_after_so_much_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_S_MAX", -1.0)

    async def main() -> None:
        node = ScriptedNode()
        driver = drive(node)
        for number in range(3):
            driver.submit(inputs.StreamClosed(number))
        counts: list[int] = []
        asyncio.get_running_loop().call_soon(lambda: counts.append(len(node.seen)))
        await turns(1)
        assert counts == [1]
        await until(lambda: len(node.seen) == 3)
        await driver.stop()

    run(main())


def test_facts_are_released_at_the_end_of_their_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_S_MAX", PATIENCE_S)
    log: list[object] = []

    def script(event: inputs.Input) -> list[Effect]:
        log.append(event)
        return [FACT]

    async def main() -> None:
        driver = drive(ScriptedNode(script), log.append)
        driver.submit(inputs.StreamClosed(1))
        driver.submit(inputs.StreamClosed(2))
        await turns(1)
        assert log == [inputs.StreamClosed(1), inputs.StreamClosed(2), FACT, FACT]
        await driver.stop()

    run(main())


def test_command_is_handled_at_once_and_its_refusal_is_raised() -> None:
    def script(event: inputs.Input) -> list[Effect]:
        if event == inputs.RemoveFilter(2):
            raise LocalProtocolError("no")
        return [FACT]

    async def main() -> None:
        told: list[Fact] = []
        driver = drive(ScriptedNode(script), told.append)
        driver.command(inputs.RemoveFilter(1))
        assert told == [FACT]
        with pytest.raises(LocalProtocolError):
            driver.command(inputs.RemoveFilter(2))
        await driver.stop()

    run(main())


def test_time_passes_when_the_node_asked_for_it() -> None:
    async def main() -> None:
        node = ScriptedNode()
        driver = drive(node)
        node.deadline_s = read_clock().monotonic_s + 0.01
        driver.command(inputs.RemoveFilter(1))
        await turns(2)
        assert node.saw(inputs.TimePassed) == []
        await until(lambda: node.saw(inputs.TimePassed))
        assert read_clock().monotonic_s >= node.deadline_s - 0.001
        node.deadline_s = None
        await driver.stop()

    run(main())


# ---- bugs of ours


def test_input_that_raises_is_set_aside_counted_and_its_stream_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        node = break_on(inputs.StreamBytes)
        async with running(node) as (driver, port):
            async with calling(port) as (reader, writer):
                writer.write(CANARY)
                assert await reader.read() == b""
            assert driver.failed_inputs == {"StreamBytes": 1}
            assert inputs.StreamClosed(1) in node.seen
            async with calling(port):
                await until(lambda: inputs.StreamAccepted(2, HOST) in node.seen)

    with caplog.at_level(logging.DEBUG):
        run(main())
    [record] = [
        entry
        for entry in caplog.records
        if entry.name.startswith("sottovoce") and entry.levelno > logging.INFO
    ]
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        "an input of kind StreamBytes was set aside",
    )
    assert CANARY.decode() not in caplog.text
    assert CANARY.hex() not in caplog.text


def test_inputs_behind_one_that_raises_are_handled() -> None:
    async def main() -> None:
        node = break_on(inputs.Computed)
        driver = drive(node)
        for event in (inputs.Computed(1, 2), inputs.StreamClosed(3)):
            driver.submit(event)
        await until(lambda: inputs.StreamClosed(3) in node.seen)
        assert driver.failed_inputs == {"Computed": 1}
        await driver.stop()

    run(main())


def test_stream_that_the_node_could_not_take_does_not_stay_open() -> None:
    async def main() -> None:
        async with running(break_on(inputs.StreamAccepted)) as (driver, port):
            async with calling(port) as (reader, _):
                assert await reader.read() == b""
            await until(lambda: not driver.traffic())

    run(main())


def test_listener_that_raises_does_not_stop_the_inputs_behind() -> None:
    def listener(_: Fact) -> None:
        raise RuntimeError("a bug above us")

    async def main() -> None:
        node = ScriptedNode(lambda event: [FACT] if event == inputs.StreamClosed(0) else [])
        driver = drive(node, listener)
        for number in range(BATCH_INPUTS_MAX + 1):
            driver.submit(inputs.StreamClosed(number))
        await until(lambda: len(node.seen) == BATCH_INPUTS_MAX + 1)
        assert driver.failed_inputs == {"fact": 1}
        await driver.stop()

    run(main())


# ---- streams


def test_accepted_stream_and_its_bytes_reach_the_node() -> None:
    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port) as (_, writer):
            writer.write(b"hello")
            await until(lambda: inputs.StreamBytes(1, b"hello") in node.seen)
            assert node.seen[0] == inputs.StreamAccepted(1, HOST)
            [traffic] = driver.traffic()
            assert (traffic.local_port, traffic.received_bytes) == (port, 5)

    run(main())


def test_bytes_and_end_that_the_node_wants_reach_the_peer() -> None:
    effects: list[Effect] = [WriteBytes(1, b"good"), WriteBytes(1, b"bye"), CloseStream(1)]
    node = ScriptedNode(lambda event: effects if isinstance(event, inputs.StreamAccepted) else [])

    async def main() -> None:
        async with running(node) as (_, port), calling(port) as (reader, _writer):
            assert await reader.read() == b"goodbye"
            await until(lambda: inputs.StreamClosed(1) in node.seen)

    run(main())


def test_effects_for_streams_that_are_gone_do_nothing() -> None:
    effects: list[Effect] = [WriteBytes(9, b"late"), CloseStream(9), CancelCompute(9)]

    async def main() -> None:
        driver = drive(ScriptedNode(lambda _: effects))
        driver.command(inputs.RemoveFilter(1))
        await driver.stop()

    run(main())


def test_socket_is_not_read_while_too_many_bytes_wait_and_read_again_after() -> None:
    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port):
            await until(lambda: node.seen)
            [stream] = driver._streams.values()
            assert stream._transport is not None
            driver.stream_bytes(1, bytes(UNREAD_BYTES_MAX))
            assert stream._transport.is_reading()
            driver.stream_bytes(1, b"x")
            assert not stream._transport.is_reading()
            await turns(2)
            assert stream._transport.is_reading()
            assert driver._unread_bytes[1] == 0

    run(main())


def test_stream_of_which_the_node_wants_no_more_is_not_read_until_it_does() -> None:
    node = computing(PauseReading(1))

    async def main() -> None:
        async with running(node) as (driver, port), calling(port) as (_, writer):
            await until(lambda: node.seen)
            [stream] = driver._streams.values()
            assert stream._transport is not None
            driver.command(inputs.RemoveFilter(1))
            writer.write(b"later")
            # What was read already is handed over, and nothing is read although little waits.
            driver.stream_bytes(1, bytes(UNREAD_BYTES_MAX + 1))
            await until(lambda: _received_bytes(node) == UNREAD_BYTES_MAX + 1)
            await turns(3)
            assert not stream._transport.is_reading()
            driver._perform(ResumeReading(1))
            await until(lambda: _received_bytes(node) == UNREAD_BYTES_MAX + 1 + len(b"later"))
            driver._perform(PauseReading(9))
            driver._perform(ResumeReading(9))
            assert driver._paused == set()

    run(main())


def test_stream_with_much_unread_is_not_read_although_the_node_wants_it_again() -> None:
    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port):
            await until(lambda: node.seen)
            [stream] = driver._streams.values()
            assert stream._transport is not None
            driver._perform(PauseReading(1))
            driver.stream_bytes(1, bytes(UNREAD_BYTES_MAX + 1))
            driver._perform(ResumeReading(1))
            assert not stream._transport.is_reading()
            await turns(2)
            assert stream._transport.is_reading()

    run(main())


def test_flood_arrives_whole_although_reading_is_paused_on_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "UNREAD_BYTES_MAX", 1000)

    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port) as (_, writer):
            writer.write(FLOOD)
            await until(lambda: driver.traffic() and driver._unread_bytes[1] == 0)
            await until(lambda: _received_bytes(node) == len(FLOOD))

    run(main())


def _received_bytes(node: ScriptedNode) -> int:
    return sum(len(each.data) for each in node.seen if isinstance(each, inputs.StreamBytes))


def test_bytes_of_a_stream_that_closed_meanwhile_are_still_handled() -> None:
    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port):
            await until(lambda: node.seen)
            driver.stream_bytes(1, b"last words")
            driver.stream_closed(1)
            await until(lambda: inputs.StreamClosed(1) in node.seen)
            assert inputs.StreamBytes(1, b"last words") in node.seen
            assert driver._unread_bytes == {}

    run(main())


def test_node_hears_when_a_socket_takes_no_bytes_and_when_it_does_again() -> None:
    node = ScriptedNode(
        lambda event: [WriteBytes(1, FLOOD)] if isinstance(event, inputs.StreamAccepted) else []
    )

    async def main() -> None:
        async with running(node) as (_, port), calling(port) as (reader, _writer):
            await until(lambda: inputs.WriteBlocked(1) in node.seen)
            assert inputs.WriteDrained(1) not in node.seen
            await reader.readexactly(len(FLOOD))
            await until(lambda: inputs.WriteDrained(1) in node.seen)

    run(main())


# ---- the end


def test_stop_tells_the_node_and_leaves_nothing_running() -> None:
    goodbye: list[Effect] = [WriteBytes(1, b"bye"), CloseStream(1)]

    async def main() -> None:
        node = ScriptedNode(lambda event: goodbye if event == inputs.ShutDown() else [])
        driver = drive(node)
        port = await driver.listen(HOST, 0)
        async with calling(port) as (reader, _):
            await until(lambda: node.seen)
            await driver.stop()
            assert await reader.read() == b"bye"
        assert driver.traffic() == []
        assert asyncio.all_tasks() == {asyncio.current_task()}
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, port)

    run(main())


def test_stop_does_not_wait_for_ever_for_a_peer_that_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT_S", 0.01)
    farewell: list[Effect] = [WriteBytes(1, FLOOD), CloseStream(1)]

    async def main() -> None:
        node = ScriptedNode(lambda event: farewell if event == inputs.ShutDown() else [])
        driver = drive(node)
        port = await driver.listen(HOST, 0)
        async with calling(port):
            await until(lambda: node.seen)
            await driver.stop()
            await turns(2)
            assert driver.traffic() == []

    run(main())


def test_stopped_driver_takes_no_inputs_and_sets_no_timer() -> None:
    async def main() -> None:
        node = ScriptedNode()
        node.deadline_s = read_clock().monotonic_s + PATIENCE_S
        driver = drive(node)
        driver.submit(inputs.StreamClosed(1))
        await driver.stop()
        driver.submit(inputs.StreamClosed(2))
        await turns(5)
        assert node.seen == [inputs.ShutDown()]
        assert driver._timer is None or driver._timer.cancelled()

    run(main())


def test_stop_ends_dials_and_searches_that_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", silence)

    async def main() -> None:
        node = computing(Dial(1, HOST, 9), Compute(7, PREFIX, 200, PATIENCE_S))
        driver = drive(node)
        driver.command(inputs.RemoveFilter(1))
        await turns(2)
        assert len(asyncio.all_tasks()) > 1
        await driver.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert node.saw(inputs.DialFailed) == node.saw(inputs.Computed) == []

    run(main())


def test_port_in_use_is_one_sentence() -> None:
    async def main() -> None:
        async with running(ScriptedNode()) as (_, port):
            driver = drive(ScriptedNode())
            with pytest.raises(ListenError, match=f"port {port}: address already in use"):
                await driver.listen(HOST, port)
            await driver.stop()

    run(main())


def test_busy_stream_does_not_put_off_what_is_due() -> None:
    async def main() -> None:
        node = ScriptedNode()
        driver = drive(node)
        node.deadline_s = 0.0

        def flood(event: inputs.Input) -> list[Effect]:
            # Each input that is handled makes another one, so the driver is never idle.
            if isinstance(event, inputs.StreamBytes) and len(node.seen) < 10 * BATCH_INPUTS_MAX:
                driver.submit(event)
            return []

        node._script = flood
        driver.submit(inputs.StreamBytes(1, b"busy"))
        await until(lambda: len(node.seen) >= 10 * BATCH_INPUTS_MAX)
        first = node.seen.index(inputs.TimePassed())
        assert first <= 2 * BATCH_INPUTS_MAX
        node.deadline_s = None
        await driver.stop()

    run(main())


def test_socket_beyond_the_bound_is_cut_off_unheard_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STREAMS_MAX", 1)

    async def main() -> None:
        node = ScriptedNode()
        async with running(node) as (driver, port), calling(port):
            await until(lambda: len(driver.traffic()) == 1)
            reader, writer = await asyncio.open_connection(HOST, port)
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()
            assert node.link_statistics.refused == 1
            assert len(node.saw(inputs.StreamAccepted)) == 1

    run(main())
