"""How many peers a node keeps and how patiently, each number with its reason.

Spec: devp2p rlpx.md; the numbers follow go-ethereum 1.9.6 (p2p/server.go, p2p/dial.go) unless a
line says otherwise.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.devp2p.settings import PING_INTERVAL_S, READ_TIMEOUT_S

PEERS_MAX: Final = 50
PENDING_INBOUND_MAX: Final = 50  # strangers whose handshake is not finished
DIALS_IN_PROGRESS_MAX: Final = 16
# A peer whose full buffer does not drain by 64 kB for so long is gone. With the packet that it gets
# in between, one that reads 16 kB a second stays.
WRITE_TIMEOUT_S: Final = 20.0
# What unfinished large frames of all peers take together: six of the largest, or sixteen bursts of
# 2 MB at once. With a full pool and fifty peers that read nothing a node takes some 256 MiB.
FRAME_ROOM_BYTES_MAX: Final = 32 * 1024 * 1024
# So long a large frame may take while another waits for its room: 2 MB at 1 MB/s. Fifty peers with
# frames of the largest size that never end are gone within 17 seconds, before a Go node gives up
# the packet that has to wait behind them.
FRAME_S_MAX: Final = 2.0
INBOUND_THROTTLE_S: Final = 30.0  # one inbound connection per public address and this time
THROTTLED_ADDRESSES_MAX: Final = 4096  # bounds what a scan from many addresses makes us remember
REDIAL_FIRST_S: Final = 1.0  # ours: a restarted neighbour is found again at once
REDIAL_MAX_S: Final = 60.0  # ours: and one that is away costs a packet a minute
REDIAL_PUBLIC_MIN_S: Final = 35.0  # sooner, and a Go node on a public address refuses us unheard


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """The settings of a node's peers.

    Attributes:
        peers_max: Peers kept; static and trusted ones come on top.
        pending_inbound_max: Inbound connections whose peer is not known yet.
        dials_in_progress_max: Outgoing connections being opened at once.
        write_timeout_s: Seconds for which a socket may refuse bytes.
        inbound_throttle_s: Seconds between two inbound connections of one public address.
        redial_first_s: Seconds before the first redial; each further one waits twice as long.
        redial_max_s: Longest wait, seconds.
        redial_public_min_s: Shortest wait before redialling a public address, seconds.
        day_bytes_max: Bytes of all streams that may be used between two midnights UTC, both
            directions together; beyond them nothing of others is received. 0 is no limit.
        ping_interval_s: Seconds between pings on a connection.
        read_timeout_s: Seconds of silence after which a connection ends.
        frame_room_bytes_max: What unfinished large frames of all peers may take together, bytes.
        exempt_addresses: Hosts on whose peers no limit of packets or bytes is enforced.

    Raises:
        LocalProtocolError: `day_bytes_max` is negative.
    """

    peers_max: int = PEERS_MAX
    pending_inbound_max: int = PENDING_INBOUND_MAX
    dials_in_progress_max: int = DIALS_IN_PROGRESS_MAX
    write_timeout_s: float = WRITE_TIMEOUT_S
    inbound_throttle_s: float = INBOUND_THROTTLE_S
    redial_first_s: float = REDIAL_FIRST_S
    redial_max_s: float = REDIAL_MAX_S
    redial_public_min_s: float = REDIAL_PUBLIC_MIN_S
    ping_interval_s: float = PING_INTERVAL_S
    read_timeout_s: float = READ_TIMEOUT_S
    frame_room_bytes_max: int = FRAME_ROOM_BYTES_MAX
    exempt_addresses: frozenset[str] = field(default=frozenset(), repr=False)
    day_bytes_max: int = 0

    def __post_init__(self) -> None:
        if self.day_bytes_max < 0:
            raise LocalProtocolError("day_bytes_max is a number of bytes from 0 up")
