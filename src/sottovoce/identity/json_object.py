"""JSON that somebody else wrote, read without trusting it to be flat.

The standard library's reader goes as deep as the interpreter's recursion limit lets it, and some
libraries raise that limit until the process crashes. Depth is therefore looked at first.

Spec: RFC 8259.
"""

import json
import re
from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError

DEPTH_MAX: Final = 16  # key files nest four deep, lists of words two

# An unclosed string reaches to the end, and nothing is tried twice: else hostile text would cost
# the square of its length.
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")
_NO_JSON: Final = object()


def decode_object(document: bytes) -> dict[str, Any]:
    """Read a JSON object in UTF-8; the caller has bounded its length.

    Raises:
        RemoteProtocolError: It is no JSON, no object, or nested too deep.
    """
    depth = 0
    for letter in _STRING.sub(b"", document):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if depth > DEPTH_MAX:
            raise RemoteProtocolError("a document is nested too deep to be read as JSON")
    try:
        value = json.loads(document.decode())
    except (ValueError, RecursionError):
        value = _NO_JSON
    # Raised only here, for the library's error holds the whole document.
    if value is _NO_JSON:
        raise RemoteProtocolError("a document is no JSON")
    if not isinstance(value, dict):
        raise RemoteProtocolError("a document is no JSON object")
    return value
