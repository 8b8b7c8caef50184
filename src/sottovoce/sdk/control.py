"""The control socket: whoever holds an account does what other programs of its user ask.

The socket lies in the data directory, whose lock the server holds; it is readable and writable by
its user alone, and whoever connects as somebody else is turned away. What can be asked is what
`MessengerPort` can do, and nothing else: no keys, no passwords. A node without an account has a
socket, too, where its counters can be asked for (`node_port`).
"""

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sottovoce.sdk.control_connection import FINISHING_TIMEOUT_S, Connection, Served
from sottovoce.sdk.control_form import (
    REQUEST_BYTES_MAX,
    SOCKET_NAME,
    encode_line,
    error_form,
    socket_path,
)
from sottovoce.sdk.errors import ControlError
from sottovoce.sdk.peer_user import is_our_user

# Commands of a shell come one by one; a screen or two stay connected.
CONNECTIONS_MAX: Final = 32
_BACKLOG: Final = 16
_OTHERS: Final = 0o177  # what is taken from the mode of a new socket: all but its user's rw
# Turns of the loop until whoever was just accepted is known here, and can be closed.
_TURNS_OF_ACCEPTING: Final = 4

_log = logging.getLogger(__name__)


class ControlServer:
    """Serves one account's directory.

    Args:
        port: Who does what is asked.
        directory: The data directory; the caller holds its lock.
        socket_name: What the socket is called there.
    """

    def __init__(self, port: Served, directory: Path, socket_name: str = SOCKET_NAME) -> None:
        self._socket_name = socket_name
        self._port = port
        self._directory = directory
        self._path: Path | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Make the socket, in place of one that a killed process left.

        A path that is too long for a socket is logged, and nothing is served.

        Raises:
            ControlError: The socket cannot be made.
        """
        try:
            self._path = socket_path(self._directory, self._socket_name)
        except ControlError as error:
            _log.warning("%s; other programs cannot use this account meanwhile", error)
            return
        listening = _listening_socket(self._path)
        self._server = await asyncio.start_unix_server(
            self._connected, sock=listening, limit=REQUEST_BYTES_MAX
        )

    async def stop(self) -> None:
        """Take no more, answer what was begun, hang up, and remove the socket.

        This takes at most `FINISHING_TIMEOUT_S`, whatever the other sides do.
        """
        if self._server is None or self._path is None:
            return
        # Nobody new finds the way; who has found it comes in before the door is closed, for asyncio
        # would forget the socket of somebody who stands in it.
        self._path.unlink(missing_ok=True)
        for _ in range(_TURNS_OF_ACCEPTING):
            await asyncio.sleep(0)
        self._server.close()
        deadline_s = asyncio.get_running_loop().time() + FINISHING_TIMEOUT_S
        connections = dict(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await _hang_up(connections.values(), deadline_s)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = None
        if not is_our_user(writer):
            refusal = "the account belongs to another user"
        elif len(self._connections) >= CONNECTIONS_MAX:
            refusal = f"{CONNECTIONS_MAX} programs are connected already"
        task = asyncio.ensure_future(self._serve(reader, writer, refusal))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, refusal: str | None
    ) -> None:
        try:
            if refusal is None:
                await Connection(self._port, reader, writer).serve()
            else:
                writer.write(encode_line({"error": error_form(ControlError(refusal))}))
        except (ConnectionError, asyncio.CancelledError):
            pass  # They hung up, or we do.
        finally:
            writer.close()


async def _hang_up(writers: Iterable[asyncio.StreamWriter], deadline_s: float) -> None:
    """Close connections once the other sides have what was written, or at the deadline."""
    closing: dict[asyncio.Future[None], asyncio.StreamWriter] = {}
    for writer in writers:
        writer.close()  # A task that never began has not done it.
        closing[asyncio.ensure_future(writer.wait_closed())] = writer
    if not closing:
        return
    left_s = max(0.0, deadline_s - asyncio.get_running_loop().time())
    _, open_ = await asyncio.wait(closing, timeout=left_s)
    for waiting in open_:
        closing[waiting].transport.abort()
    await asyncio.gather(*closing, return_exceptions=True)


def _listening_socket(path: Path) -> socket.socket:
    """Make the socket in a directory that we hold.

    Raises:
        ControlError: It cannot be made, or something else lies in its place.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The lock is ours, so that a socket that lies there serves nobody any more.
        if path.exists() or path.is_symlink():
            _check_is_socket(path)
            path.unlink()
        mask = os.umask(_OTHERS)
        try:
            listening.bind(os.fspath(path))
        finally:
            os.umask(mask)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ControlError(f"cannot make the socket {path}: {error.strerror}") from None
    except ControlError:
        listening.close()
        raise
    return listening


def _check_is_socket(path: Path) -> None:
    """Check that nothing of value lies where the socket shall be.

    Raises:
        ControlError: It is no socket.
    """
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ControlError(f"{path} is no socket; move it away")
