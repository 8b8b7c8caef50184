"""Who is at the other end of a control socket."""

import asyncio
import os
import socket
import struct
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid
_ROOT: Final = 0


def is_our_user(writer: asyncio.StreamWriter) -> bool:
    """Tell whether our own user (or root) is at the other end.

    Where the system does not tell, the modes of the socket and its directory keep others out.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    connection: socket.socket = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(raw)[1]
    return user in (os.getuid(), _ROOT)
