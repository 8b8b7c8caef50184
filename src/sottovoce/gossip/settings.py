"""What an operator can set about gossip, with the network's own numbers as defaults.

Spec: EIP-627; go-ethereum whisper/whisperv6/doc.go and status-go params/defaults.go.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.bloom import BLOOM_BYTES

MESSAGE_BYTES_MAX: Final = 1024 * 1024  # the network's limit of an envelope and of what is sent
FRAME_BYTES_LIMIT: Final = (1 << 24) - 1  # what the three bytes of a frame's length can say
MESSAGE_BYTES_LIMIT: Final = 10 * 1024 * 1024  # what the Go nodes let an operator set
# The Go nodes put all that came in 300 ms into one packet, however large: of a burst of 12,000
# envelopes of a kilobyte a second that is so much. Others hang up on it.
PACKET_BYTES_MAX: Final = 4 * MESSAGE_BYTES_MAX
MINIMUM_POW: Final = 0.001  # status-go's node; its fleets ask for 0.002
POOL_BYTES_MAX: Final = 64 * 1024 * 1024  # an hour of a busy network at small envelopes
PACKET_BYTES_TARGET: Final = 256_000  # a quarter of what a Go peer takes before it hangs up
OWN_DELAY_S_MAX: Final = 0.3  # the Go nodes' tick; an envelope sent at once names its author
SYNC_ALLOWANCE_S: Final = 10  # how far two honest clocks may be apart
LIMIT_END: Final = 1 << 64  # as wide as the numbers of the wire


class Transport(Enum):
    """Which of the two worlds a node speaks with its peers."""

    WHISPER = "whisper"
    WAKU = "waku"
    EITHER = "either"  # Waku where the peer speaks it, and Whisper where more may come on it
    BOTH = "both"  # all that a peer speaks


class Interest(Enum):
    """What a node tells its peers that it wants to receive."""

    EVERYTHING = "everything"  # a full node
    BLOOM = "bloom"  # a bloom filter over the topics of its own filters
    TOPICS = "topics"  # these topics themselves, on Waku; on Whisper a bloom filter over them


@dataclass(frozen=True, slots=True)
class GossipSettings:
    """The settings of one relay.

    Attributes:
        transport: Which worlds are spoken.
        interest: What peers are told that we want; `bloom` starts from more than nothing.
        bridges: Whether what comes from one world goes on to the other.
        minimum_pow: Proof of work below which envelopes are refused.
        message_bytes_max: Largest envelope, and largest packet that we send, bytes.
        packet_bytes_max: Largest packet that we take, bytes; at least as much.
        pool_bytes_max: Bound on the pooled envelopes' RLP bytes; the pool also takes no more
            envelopes than this divided by 512, or 4096 if that is more.
        packet_bytes_target: Envelopes are bundled into packets of about this size.
        flush_delay_s_max: What we relay leaves on each link after a random delay below this;
            0 relays at once.
        own_delay_s_max: Our own envelopes leave on each link after a random delay below this.
        light: Whether we are a light node, which relays nothing.
        light_to_light: Whether two light nodes may stay connected.
        confirmations: Whether we answer `messages` packets with codes 12 and 11.
        serves_mail: Whether requests for history are handed up.
        rate_limits: What we announce and enforce: packets per second by address, by peer, by
            topic; 0 is no limit.
        byte_limits: The same in bytes per second, told to peers of Waku version 1.
        limit_tolerance: How often a peer may exceed a limit before it loses the connection; 0 is
            any number of times. Bytes by address and by peer are 0 or not below
            `message_bytes_max`, or no peer could send its largest message.
        bloom: 64 bytes that narrow what we take from the start; empty takes everything.

    Raises:
        LocalProtocolError: A value is out of its range.
    """

    transport: Transport = Transport.BOTH
    interest: Interest = Interest.EVERYTHING
    bridges: bool = True
    minimum_pow: float = MINIMUM_POW
    message_bytes_max: int = MESSAGE_BYTES_MAX
    packet_bytes_max: int = PACKET_BYTES_MAX
    pool_bytes_max: int = POOL_BYTES_MAX
    packet_bytes_target: int = PACKET_BYTES_TARGET
    flush_delay_s_max: float = 0.0
    own_delay_s_max: float = OWN_DELAY_S_MAX
    light: bool = False
    light_to_light: bool = False
    confirmations: bool = True
    serves_mail: bool = False
    rate_limits: tuple[int, int, int] = (0, 0, 0)
    byte_limits: tuple[int, int, int] = (0, 0, 0)
    limit_tolerance: int = 0
    bloom: bytes = b""

    def __post_init__(self) -> None:
        for name in ("minimum_pow", "flush_delay_s_max", "own_delay_s_max"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise LocalProtocolError(f"{name} is a finite number from 0 up, not {value}")
        for name in ("message_bytes_max", "pool_bytes_max", "packet_bytes_target"):
            if getattr(self, name) <= 0:
                raise LocalProtocolError(f"{name} is a positive number of bytes")
        if self.message_bytes_max > MESSAGE_BYTES_LIMIT:
            raise LocalProtocolError(f"message_bytes_max is at most {MESSAGE_BYTES_LIMIT}")
        if not self.message_bytes_max <= self.packet_bytes_max <= FRAME_BYTES_LIMIT:
            raise LocalProtocolError(
                f"packet_bytes_max is from message_bytes_max to {FRAME_BYTES_LIMIT}"
            )
        _check_limits(self)
        if len(self.bloom) not in (0, BLOOM_BYTES):
            raise LocalProtocolError(f"a bloom filter has {BLOOM_BYTES} bytes or none")


def _check_limits(settings: GossipSettings) -> None:
    for limits in (settings.rate_limits, settings.byte_limits):
        if min(limits) < 0 or max(limits) >= LIMIT_END:
            raise LocalProtocolError("limits are three numbers from 0 up, of 64 bits at most")
    if any(0 < limit < settings.message_bytes_max for limit in settings.byte_limits[:2]):
        raise LocalProtocolError(
            "a limit of bytes by address or by peer is 0 (no limit) or at least the largest "
            f"message, {settings.message_bytes_max} bytes: below that no peer could send one"
        )
    if settings.limit_tolerance < 0:
        raise LocalProtocolError("limit_tolerance is a number from 0 up")
