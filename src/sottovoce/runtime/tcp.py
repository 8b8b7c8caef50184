"""TCP streams for the driver: bytes in, bytes out, back-pressure both ways, counters.

It owns sockets and nothing else; what the bytes mean is the node's business.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from typing_extensions import override

from sottovoce.base.errors import SottovoceError

# What the system says when the host is the mistake: not ours, or no host at all.
_WRONG_HOST: Final = frozenset({errno.EADDRNOTAVAIL, socket.EAI_NONAME})
DIAL_TIMEOUT_S: Final = 15.0  # as go-ethereum; a host that drops packets silently costs so long
# Above this many bytes that the socket has not taken, the node keeps envelopes in its own queues,
# where they can expire. Two packets of the usual size fit; the packet that passes it comes on top.
WRITE_BUFFER_BYTES_MAX: Final = 512 * 1024
# A full buffer counts as drained when so much has left it, so that a slow peer that reads steadily
# is seen to read; a quarter, asyncio's own choice, would take a peer at 25 kB/s half a minute.
DRAINED_BYTES: Final = 64 * 1024
# The system says that a socket takes bytes again when a third of its buffer is free. Left to itself
# that buffer grows to megabytes, and a slow peer would seem to read nothing for a minute.
SOCKET_BUFFER_BYTES: Final = 128 * 1024
# A closing stream may take this long to hand over what was written before it is cut off.
CLOSE_TIMEOUT_S: Final = 5.0


class ListenError(SottovoceError):
    """A port could not be bound."""


@dataclass(slots=True)
class StreamTraffic:
    """What one stream has carried.

    Attributes:
        local_port: Our end's port.
        remote_port: The other end's port.
        received_bytes: Bytes read.
        sent_bytes: Bytes handed to the socket.
    """

    local_port: int
    remote_port: int
    received_bytes: int = 0
    sent_bytes: int = 0


class StreamEvents(Protocol):
    """What a stream tells its owner, always on the loop's thread."""

    def stream_bytes(self, stream: int, data: bytes) -> None:
        """Bytes arrived."""
        ...

    def stream_pressure(self, stream: int, *, blocked: bool) -> None:
        """The write buffer filled, or emptied."""
        ...

    def stream_closed(self, stream: int) -> None:
        """The stream is gone."""
        ...


class TcpStream(asyncio.Protocol):
    """One TCP connection with a number."""

    def __init__(self, events: StreamEvents, opened: "Callable[[TcpStream, str], int]") -> None:
        self._events = events
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._number = -1
        self._cut_off: asyncio.TimerHandle | None = None
        self.traffic = StreamTraffic(0, 0)
        self.closed = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket and ask the owner for a number."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(
            high=WRITE_BUFFER_BYTES_MAX, low=WRITE_BUFFER_BYTES_MAX - DRAINED_BYTES
        )
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        # A peer that has hung up already leaves a socket without a name.
        host, port = (remote[0], remote[1]) if remote else ("", 0)
        self.traffic = StreamTraffic(local[1] if local else 0, port)
        self._number = self._opened(self, host)

    @override
    def data_received(self, data: bytes) -> None:
        """Pass bytes on."""
        self.traffic.received_bytes += len(data)
        self._events.stream_bytes(self._number, data)

    @override
    def pause_writing(self) -> None:
        """Tell that the buffer is full."""
        self._events.stream_pressure(self._number, blocked=True)

    @override
    def resume_writing(self) -> None:
        """Tell that the buffer is empty enough."""
        self._events.stream_pressure(self._number, blocked=False)

    @override
    def connection_lost(self, _error: Exception | None) -> None:
        """Tell that the stream is gone."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        if not self.closed.done():
            self.closed.set_result(None)
        self._events.stream_closed(self._number)

    def write(self, data: bytes) -> None:
        """Hand bytes to the socket; nothing happens on a closing stream."""
        if self._transport is not None and not self._transport.is_closing():
            self.traffic.sent_bytes += len(data)
            self._transport.write(data)

    def pause_reading(self) -> None:
        """Take no bytes from the socket for now."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what was written, then close; cut off after `CLOSE_TIMEOUT_S`."""
        if self._transport is None or self._cut_off is not None:
            return
        self._transport.close()
        self._cut_off = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self.abort)

    def abort(self) -> None:
        """Cut the stream off at once, whatever is still to be written."""
        # A transport that is closed already takes it for an error.
        if self._transport is not None and not self.closed.done():
            self._transport.abort()


async def listen(
    host: str, port: int, make_stream: Callable[[], TcpStream]
) -> tuple[asyncio.Server, int]:
    """Bind a port and accept streams.

    Returns:
        The server, and the port that it listens on (port 0 lets the system choose one).

    Raises:
        ListenError: The port is taken, not allowed, or the host is not one of this machine's.
    """
    try:
        server = await asyncio.get_running_loop().create_server(make_stream, host, port)
    except (OSError, OverflowError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno is None:
            # From Python 3.13 on asyncio says so when no address of the host is this machine's.
            error.errno = errno.EADDRNOTAVAIL
        remedy = (
            "name an address of this machine"
            if isinstance(error, OSError) and error.errno in _WRONG_HOST
            else "choose another port, or 0 to let the system choose one"
        )
        raise ListenError(
            f"cannot listen on {host} port {port}: {describe(error)}; {remedy}"
        ) from None
    return server, int(server.sockets[0].getsockname()[1])


async def dial(host: str, port: int, make_stream: Callable[[], TcpStream]) -> None:
    """Open a stream.

    Raises:
        OSError: Nobody answers there (a `TimeoutError` after `DIAL_TIMEOUT_S`).
    """
    async with asyncio.timeout(DIAL_TIMEOUT_S):
        await asyncio.get_running_loop().create_connection(make_stream, host, port)


def describe(error: BaseException) -> str:
    """Say in a few words what went wrong with a socket."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
