"""The packets of the base protocol: Hello, Disconnect, Ping and Pong.

It owns their codes and bodies; when they are sent, and what follows from them, is the connection's
business.

Spec: devp2p rlpx.md, "p2p Capability"; go-ethereum p2p/peer.go and p2p/rlpx.go for what is
tolerated (docs/spec-deviations.md, "Disconnect").
"""

from enum import IntEnum
from typing import Final

from sottovoce.base.errors import InvalidKeyError, RemoteProtocolError
from sottovoce.base.quantities import PUBLIC_KEY_BYTES, PublicKey
from sottovoce.codec import rlp
from sottovoce.devp2p.capabilities import sort_capabilities
from sottovoce.devp2p.events import DisconnectReason, Hello

# go-ethereum closes the connection at one byte more; it also bounds the first frame.
HELLO_BYTES_MAX: Final = 2048
_HELLO_ITEMS_MIN: Final = 5
_CAPABILITY_ITEMS: Final = 2

EMPTY_BODY: Final = rlp.encode([])  # of Ping and Pong


class BaseCode(IntEnum):
    """The packet codes in use; the rest up to 15 is reserved and ignored."""

    HELLO = 0
    DISCONNECT = 1
    PING = 2
    PONG = 3


def encode_hello(hello: Hello) -> bytes:
    """Encode a Hello; its capabilities go out sorted, as go-ethereum sends them."""
    return rlp.encode(
        [
            hello.version,
            hello.client_id.encode(),
            [[name.encode(), version] for name, version in sort_capabilities(hello.capabilities)],
            hello.listen_port,
            hello.public_key.raw,
        ]
    )


def decode_hello(payload: bytes) -> Hello:
    """Decode a Hello; additional elements and bytes after the list are ignored.

    Text that is not UTF-8 is kept with replacement characters: it only serves display and
    comparison with names of our own.

    Raises:
        InvalidKeyError: Its key has not 64 bytes or is all zero (Disconnect reason 7).
        RemoteProtocolError: It is longer than 2048 bytes or has another shape.
    """
    if len(payload) > HELLO_BYTES_MAX:
        raise RemoteProtocolError(f"Hello has {len(payload)} bytes, the limit is {HELLO_BYTES_MAX}")
    item, _ = rlp.decode_prefix(payload)
    items = rlp.as_list(item, "Hello")
    if len(items) < _HELLO_ITEMS_MIN:
        raise RemoteProtocolError("Hello has too few elements")
    version = rlp.as_uint(items[0], "Hello version")
    client_id = rlp.as_bytes(items[1], "Hello client id").decode(errors="replace")
    capabilities = tuple(
        _decode_capability(entry) for entry in rlp.as_list(items[2], "Hello capabilities")
    )
    listen_port = rlp.as_uint(items[3], "Hello listen port")
    key = rlp.as_bytes(items[4], "Hello key")
    if len(key) != PUBLIC_KEY_BYTES or not any(key):
        raise InvalidKeyError("the key in Hello has a wrong length or is all zero")
    return Hello(version, client_id, capabilities, listen_port, PublicKey(key))


def _decode_capability(entry: rlp.RlpItem) -> tuple[str, int]:
    items = rlp.as_list(entry, "Hello capability")
    if len(items) != _CAPABILITY_ITEMS:
        raise RemoteProtocolError("a capability in Hello is not a name and a version")
    name = rlp.as_bytes(items[0], "capability name").decode(errors="replace")
    return name, rlp.as_uint(items[1], "capability version")


def encode_disconnect(reason: DisconnectReason) -> bytes:
    """Encode a Disconnect: a list of one reason."""
    return rlp.encode([int(reason)])


def decode_disconnect(payload: bytes) -> int:
    """Read the number of a reason; never fails, for the connection ends in any case.

    A list gives its first element, a bare integer itself; an empty list, no payload at all and
    anything that is no number count as 0, "requested".
    """
    try:
        item, _ = rlp.decode_prefix(payload)
        if isinstance(item, list):
            item = item[0] if item else b""
        return rlp.as_uint(item, "Disconnect reason")
    except RemoteProtocolError:
        return DisconnectReason.REQUESTED


def name_reason(number: int) -> DisconnectReason | None:
    """Return the reason with this number, or None: unknown ones stay unknown."""
    try:
        return DisconnectReason(number)
    except ValueError:
        return None
