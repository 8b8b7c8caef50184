"""What an operator can set about gossip, with the network's own numbers as defaults.

Spec: EIP-627; go-ethereum whisper/whisperv6/doc.go and status-go params/defaults.go.
"""

import math
from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.bloom import BLOOM_BYTES

MESSAGE_BYTES_MAX: Final = 1024 * 1024  # the network's limit of a packet and of an envelope
MESSAGE_BYTES_LIMIT: Final = 10 * 1024 * 1024  # what the Go nodes let an operator set
MINIMUM_POW: Final = 0.001  # status-go's node; its fleets ask for 0.002
POOL_BYTES_MAX: Final = 64 * 1024 * 1024  # an hour of a busy network at small envelopes
PACKET_BYTES_TARGET: Final = 256_000  # a quarter of what a Go peer takes before it hangs up
OWN_DELAY_S_MAX: Final = 0.3  # the Go nodes' tick; an envelope sent at once names its author
SYNC_ALLOWANCE_S: Final = 10  # how far two honest clocks may be apart


@dataclass(frozen=True, slots=True)
class GossipSettings:
    """The settings of one relay.

    Attributes:
        minimum_pow: Proof of work below which envelopes are refused.
        message_bytes_max: Largest packet and envelope, bytes.
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
        rate_limits: What we announce: packets per second by address, by peer, by topic.
        bloom: 64 bytes that narrow what we take from the start; empty takes everything.

    Raises:
        LocalProtocolError: A value is out of its range.
    """

    minimum_pow: float = MINIMUM_POW
    message_bytes_max: int = MESSAGE_BYTES_MAX
    pool_bytes_max: int = POOL_BYTES_MAX
    packet_bytes_target: int = PACKET_BYTES_TARGET
    flush_delay_s_max: float = 0.0
    own_delay_s_max: float = OWN_DELAY_S_MAX
    light: bool = False
    light_to_light: bool = False
    confirmations: bool = True
    serves_mail: bool = False
    rate_limits: tuple[int, int, int] = (0, 0, 0)
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
        if len(self.bloom) not in (0, BLOOM_BYTES):
            raise LocalProtocolError(f"a bloom filter has {BLOOM_BYTES} bytes or none")
