"""The limits and time-outs of a devp2p connection, each with its reason.

Spec: devp2p rlpx.md; the numbers are those of go-ethereum 1.9.6 (p2p/rlpx.go, p2p/peer.go,
p2p/server.go), so that neither side waits for what the other has given up.
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.packets import Capability
from sottovoce.devp2p.frames import FRAME_BYTES_MAX

BASE_PROTOCOL_VERSION: Final = 5  # the version from which both sides compress
HANDSHAKE_TIMEOUT_S: Final = 5.0  # covers auth, ack and both Hellos together
PING_INTERVAL_S: Final = 15.0  # sent whatever else travels
# Pings, pongs and base packets without a meaning: an honest peer sends two in fifteen seconds. Go
# nodes answer any number of pings, and one of them once ran out of memory over it.
CHATTER_MAX: Final = 1000.0
CHATTER_PER_S: Final = 2.0
READ_TIMEOUT_S: Final = 30.0  # two lost pings: the peer is gone


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """What all connections of a node have in common.

    Attributes:
        client_id: How we name ourselves in Hello.
        capabilities: What we run, any order.
        payload_bytes_max: Largest payload of any packet, inflated; a peer that announces more is
            cut off before its bytes are read.
        listen_port: The TCP port told in Hello; 0 as go-ethereum sends it.
        handshake_timeout_s: From the opened stream to the peer's Hello, seconds.
        ping_interval_s: Seconds between pings.
        read_timeout_s: Seconds of silence after which the connection ends.
    """

    client_id: str
    capabilities: tuple[Capability, ...]
    payload_bytes_max: int = FRAME_BYTES_MAX
    listen_port: int = 0
    handshake_timeout_s: float = HANDSHAKE_TIMEOUT_S
    ping_interval_s: float = PING_INTERVAL_S
    read_timeout_s: float = READ_TIMEOUT_S
