import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from patience import run, until
from sottovoce.runtime import tcp
from sottovoce.runtime.tcp import ListenError, TcpStream, describe, dial, listen
from unit.sdk.line import CLOSED_PORT

HOST = "127.0.0.1"
# More than the kernel's buffers of both ends and ours together.
FLOOD = bytes(24 * 1024 * 1024)


class Owner:
    """Keeps what its streams tell."""

    def __init__(self) -> None:
        self.streams: list[TcpStream] = []
        self.addresses: list[str] = []
        self.received = bytearray()
        self.pressure: list[bool] = []
        self.closed: list[int] = []

    def make(self) -> TcpStream:
        return TcpStream(self, self._opened)

    def _opened(self, stream: TcpStream, address: str) -> int:
        self.streams.append(stream)
        self.addresses.append(address)
        return len(self.streams)

    def stream_bytes(self, stream: int, data: bytes) -> None:
        assert stream <= len(self.streams)
        self.received += data

    def stream_pressure(self, stream: int, *, blocked: bool) -> None:
        assert stream <= len(self.streams)
        self.pressure.append(blocked)

    def stream_closed(self, stream: int) -> None:
        self.closed.append(stream)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Owner, TcpStream, Owner, TcpStream]]:
    """Open a stream; gives the dialling and the listening side."""
    near, far = Owner(), Owner()
    server, port = await listen(HOST, 0, far.make)
    try:
        await dial(HOST, port, near.make)
        await until(lambda: far.streams)
        yield near, near.streams[0], far, far.streams[0]
    finally:
        server.close()
        for stream in (*near.streams, *far.streams):
            stream.abort()
        await until(lambda: near.closed and far.closed)


def test_bytes_arrive_and_are_counted_on_both_sides() -> None:
    async def main() -> None:
        async with connected() as (near, one, far, other):
            one.write(b"hello")
            other.write(b"hi")
            await until(lambda: far.received == b"hello" and near.received == b"hi")
            assert (one.traffic.sent_bytes, one.traffic.received_bytes) == (5, 2)
            assert (other.traffic.sent_bytes, other.traffic.received_bytes) == (2, 5)
            assert one.traffic.local_port == other.traffic.remote_port
            assert one.traffic.remote_port == other.traffic.local_port
            assert near.addresses == far.addresses == [HOST]

    run(main())


def test_closed_stream_hands_over_what_was_written_before() -> None:
    async def main() -> None:
        async with connected() as (near, one, far, other):
            one.write(FLOOD)
            one.close()
            await asyncio.wait([one.closed, other.closed])
            assert far.received == FLOOD
            assert (near.closed, far.closed) == ([1], [1])

    run(main())


def test_closed_stream_takes_no_more_bytes() -> None:
    async def main() -> None:
        async with connected() as (_, one, far, other):
            one.close()
            one.write(b"late")
            await other.closed
            assert far.received == b""
            assert one.traffic.sent_bytes == 0

    run(main())


def test_stream_whose_peer_does_not_read_is_cut_off_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "CLOSE_TIMEOUT_S", 0.01)

    async def main() -> None:
        async with connected() as (_, one, _far, other):
            other.pause_reading()
            one.write(FLOOD)
            one.close()
            await one.closed

    run(main())


def test_aborted_stream_drops_what_it_had() -> None:
    async def main() -> None:
        async with connected() as (_, one, far, other):
            other.pause_reading()
            one.write(FLOOD)
            one.abort()
            await one.closed
            assert len(far.received) < len(FLOOD)

    run(main())


def test_full_write_buffer_is_told_and_so_is_its_end() -> None:
    async def main() -> None:
        async with connected() as (near, one, far, other):
            other.pause_reading()
            one.write(FLOOD)
            await until(lambda: near.pressure == [True])
            other.resume_reading()
            await until(lambda: near.pressure == [True, False])
            await until(lambda: len(far.received) == len(FLOOD))

    run(main())


def test_paused_stream_reads_nothing_until_it_is_resumed() -> None:
    async def main() -> None:
        async with connected() as (_, one, far, other):
            other.pause_reading()
            other.pause_reading()
            one.write(b"hello")
            other.write(b"a round trip, in which hello would have come")
            await until(lambda: one.traffic.received_bytes)
            assert far.received == b""
            other.resume_reading()
            other.resume_reading()
            await until(lambda: far.received == b"hello")

    run(main())


def test_stream_that_never_opened_can_be_told_anything() -> None:
    async def main() -> None:
        stream = Owner().make()
        stream.write(b"x")
        stream.pause_reading()
        stream.resume_reading()
        stream.close()
        stream.abort()
        assert stream.traffic.sent_bytes == 0

    run(main())


# ---- what goes wrong


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (HOST, "address already in use"),
        ("192.0.2.1", "cannot assign requested address"),
        ("bad..name", "label"),
    ],
)
def test_port_that_cannot_be_bound_is_one_sentence_with_advice(host: str, words: str) -> None:
    async def main() -> None:
        server, port = await listen(HOST, 0, Owner().make)
        try:
            with pytest.raises(ListenError) as caught:
                await listen(host, port, Owner().make)
        finally:
            server.close()
        assert f"cannot listen on {host} port {port}: " in str(caught.value)
        assert words in str(caught.value)
        assert "choose another port" in str(caught.value) or "of this machine" in str(caught.value)

    run(main())


def test_port_zero_is_a_free_port_and_told() -> None:
    async def main() -> None:
        server, port = await listen(HOST, 0, Owner().make)
        assert port == server.sockets[0].getsockname()[1] > 0
        server.close()

    run(main())


def test_dial_to_nobody_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError) as caught:
            await dial(HOST, CLOSED_PORT, Owner().make)
        assert describe(caught.value) == "connection refused"

    run(main())


def test_dial_that_nobody_answers_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(tcp, "DIAL_TIMEOUT_S", 0.01)
    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", silence)

    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            await dial("10.255.255.1", 9, Owner().make)
        assert describe(caught.value) == "no answer"

    run(main())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer"),
        (ConnectionRefusedError(111, "whatever"), "connection refused"),
        (OSError("Multiple exceptions: a, b"), "Multiple exceptions: a, b"),
        (OverflowError("port must be 0-65535"), "port must be 0-65535"),
        (OSError(), "OSError"),
    ],
)
def test_errors_of_sockets_become_a_few_words(error: Exception, words: str) -> None:
    assert describe(error) == words


def test_unknown_host_is_told_in_the_resolvers_words() -> None:
    assert "not known" in describe(socket.gaierror(-2, "Name or service not known"))
