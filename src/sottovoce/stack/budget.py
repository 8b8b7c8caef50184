"""How large a message may be for its destination: each layer says what it adds, here it is summed.

What does not fit is refused when it is submitted, with the size that would fit; nothing is cut, and
nothing fails later for its size.

Spec: EIP-627 (an envelope has at most 1 MiB); docs/reference/limits.md.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from sottovoce.gossip import seal as gossip_seal
from sottovoce.gossip.settings import MESSAGE_BYTES_MAX
from sottovoce.secure import sealing
from sottovoce.secure.wire import INSTALLATION_ID_BYTES_MAX
from sottovoce.stack.destinations import Destination, PublicChat
from sottovoce.sync import wire as sync_wire
from sottovoce.sync.settings import BODY_BYTES_MAX

# An envelope's size is counted with 20 bytes for its fields. On the wire expiry, TTL, topic, nonce
# and the headers of five items take up to 37, and those of the two lists around up to 18.
_ON_WIRE_BYTES: Final = 64


def largest_message_bytes(destination: Destination, *, data_sync: bool, devices: int) -> int:
    """Return how large a wrapper may be to reach a destination in one envelope.

    Args:
        destination: Where it goes.
        data_sync: Whether private messages go through data sync.
        devices: To how many devices of one person a message goes at most.
    """
    if isinstance(destination, PublicChat):
        return _largest_public_bytes()
    return _largest_private_bytes(data_sync, devices)


@cache
def _largest_public_bytes() -> int:
    return _largest(
        lambda size: size + gossip_seal.overhead_bytes(size, signed=True, symmetric=True),
        MESSAGE_BYTES_MAX,
    )


@cache
def _largest_private_bytes(data_sync: bool, devices: int) -> int:
    def envelope_bytes(size: int) -> int:
        content = size + (sync_wire.overhead_bytes(size) if data_sync else 0)
        payload = content + sealing.overhead_bytes(
            content, devices=devices, id_bytes=INSTALLATION_ID_BYTES_MAX
        )
        # Sealed for a public key; with a negotiated key the envelope is smaller.
        return payload + gossip_seal.overhead_bytes(payload, signed=True, symmetric=False)

    return _largest(envelope_bytes, BODY_BYTES_MAX if data_sync else MESSAGE_BYTES_MAX, devices)


def _largest(envelope_bytes: Callable[[int], int], bytes_max: int, copies: int = 1) -> int:
    """Return the largest size whose envelope fits into a packet, but for a block of padding.

    Args:
        envelope_bytes: The size of the envelope around so many bytes.
        bytes_max: No size is larger, whatever fits.
        copies: How often the bytes stand in the envelope.
    """
    size = bytes_max
    while (excess := envelope_bytes(size) + _ON_WIRE_BYTES - MESSAGE_BYTES_MAX) > 0:
        size -= -(-excess // copies)
    return size
