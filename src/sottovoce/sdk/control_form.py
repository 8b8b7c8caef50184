"""What stands in a line of a control socket, and where the socket is.

Each line is one JSON object. The server greets with ``control`` (the version) and ``public_key``.
Then requests: ``id`` with one of ``ask`` (a command), ``query``, ``events`` (how many may wait)
and ``end`` (the id of an ``events`` request). Answers carry the same ``id`` with ``answer``,
``error`` (``kind`` and ``text``) or, any number of times, ``event``.
"""

import json
import os
import re
from pathlib import Path
from typing import Final

from sottovoce.base.errors import (
    LocalProtocolError,
    RemoteProtocolError,
    ResourceLimitError,
    SottovoceError,
    StorageError,
    StoreFileError,
)
from sottovoce.sdk.errors import (
    ClientClosedError,
    ConnectError,
    ControlError,
    NotDeliveredError,
    RefusedError,
    StoreRefusedError,
    UnknownNameError,
)
from sottovoce.sdk.json_form import Json

VERSION: Final = 1
SOCKET_NAME: Final = "control.sock"
# A node without an account has a socket of its own: who looks for an account must not find it.
NODE_SOCKET_NAME: Final = "node.sock"
# What the system takes as the path of a unix socket, its final zero included, on Linux and macOS.
PATH_BYTES_MAX: Final = 104
# The largest request is a message with a picture, half a megabyte, in base64.
REQUEST_BYTES_MAX: Final = 2 * 1024 * 1024
# The largest answers are pages of messages with attachments; a page that is larger is cut.
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024

# An attachment in a message in a page in an answer lies five deep.
DEPTH_MAX: Final = 32

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS: Final = re.compile(rb"[\[\]{}]")

_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        RefusedError,
        StoreRefusedError,
        NotDeliveredError,
        UnknownNameError,
        ConnectError,
        ClientClosedError,
        LocalProtocolError,
        RemoteProtocolError,
        ResourceLimitError,
        StorageError,
        StoreFileError,
    )
}


def socket_path(data_dir: str | Path, name: str = SOCKET_NAME) -> Path:
    """Return where a socket of a data directory is.

    Raises:
        ControlError: The path is too long for a socket.
    """
    path = Path(data_dir).expanduser() / name
    if len(os.fsencode(path)) >= PATH_BYTES_MAX:
        raise ControlError(
            f"the data directory's path is too long for a socket in it: {path} has "
            f"{len(os.fsencode(path))} bytes, fewer than {PATH_BYTES_MAX} are possible; use a "
            "directory with a shorter path"
        )
    return path


def encode_line(content: dict[str, Json]) -> bytes:
    """Write one line."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def decode_line(line: bytes) -> dict[str, object]:
    """Read one line.

    Raises:
        RemoteProtocolError: It is no JSON object.
    """
    _check_depth(line)
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise RemoteProtocolError("a line is no JSON") from None
    if not isinstance(content, dict):
        raise RemoteProtocolError("a line is no JSON object")
    return content


def _check_depth(line: bytes) -> None:
    """Check how deep a line nests, before a parser follows it down.

    Raises:
        RemoteProtocolError: Deeper than anything that is written here.
    """
    depth = 0
    for sign in _BRACKETS.finditer(_STRINGS.sub(b"", line)):
        depth += 1 if sign.group() in b"[{" else -1
        if depth > DEPTH_MAX:
            raise RemoteProtocolError("a line is no JSON of this protocol: it nests too deep")


def error_form(error: SottovoceError) -> dict[str, Json]:
    """Write an error: the nearest kind that the other side knows, and its text."""
    kinds = (kind.__name__ for kind in type(error).__mro__)
    known = next((kind for kind in kinds if kind in _ERRORS), ControlError.__name__)
    return {"kind": known, "text": str(error)}


def error_of(raw: object) -> SottovoceError:
    """Read an error."""
    if not isinstance(raw, dict):
        return ControlError("the program that holds the account answered without sense")
    text = str(raw.get("text"))
    kind = raw.get("kind")
    return _ERRORS.get(kind, ControlError)(text) if isinstance(kind, str) else ControlError(text)
