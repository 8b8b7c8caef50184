"""Two relays on one link, of which one announces and enforces limits; time moves by itself."""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.gossip.events import (
    GossipEvent,
    GossipOutput,
    MessageOpened,
    PacketsToSend,
    PeerFailed,
    PeerJoined,
    PeerPackets,
    TimePassed,
)
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.waku_v1 import WAKU_V1
from unit.gossip.network import START_UNIX_S, CountingEntropy

LINK: Final = 1


class LimitedLink:
    """A sender and a receiver with limits.

    Attributes:
        packets: What the sender sent, with the second at which it did.
        wake_count: How often a relay woke because it had asked for it.
        failed: Whether the receiver ended the session.
    """

    def __init__(
        self,
        limits: GossipSettings,
        *,
        sender: GossipSettings | None = None,
        capability: Capability = WAKU_V1,
    ) -> None:
        self.sender: Final = Relay(
            sender or GossipSettings(own_delay_s_max=0.0), entropy=CountingEntropy()
        )
        self.receiver: Final = Relay(limits, entropy=CountingEntropy())
        self.at_s = 1000.0
        self.packets: list[tuple[float, Packet]] = []
        self.wake_count = 0
        self.failed = False
        joined = PeerJoined(LINK, capability, address="192.0.2.1")
        first = [(relay, self._apply(relay, joined)) for relay in (self.receiver, self.sender)]
        for relay, packets in first:
            self._carry(relay, packets)

    @property
    def now(self) -> Moment:
        return Moment(self.at_s, START_UNIX_S + self.at_s - 1000.0)

    @property
    def excess_count(self) -> int:
        return sum(self.receiver.statistics.excesses.values())

    def handle(self, event: GossipEvent) -> None:
        self._carry(self.sender, self._apply(self.sender, event))
        self.wait(0)

    def wait(self, seconds: float) -> None:
        """Let time pass; a relay that asks to be woken again and again at one moment is caught."""
        end_s, at_once = self.at_s + seconds, 0
        while (relay_and_time := self._next()) is not None:
            relay, at_s = relay_and_time
            if at_s > end_s:
                break
            at_once = at_once + 1 if at_s <= self.at_s else 0
            assert at_once < 2000, "a relay is never done"
            self.at_s = max(self.at_s, at_s)
            self.wake_count += 1
            self._carry(relay, self._apply(relay, TimePassed()))
        self.at_s = end_s

    def _next(self) -> tuple[Relay, float] | None:
        wanted = [
            (relay, at_s)
            for relay in (self.sender, self.receiver)
            if (at_s := relay.next_deadline()) is not None
        ]
        return min(wanted, key=lambda pair: pair[1], default=None)

    def _apply(self, relay: Relay, event: GossipEvent) -> list[Packet]:
        outputs: list[GossipOutput] = relay.handle(event, self.now)
        assert not any(isinstance(output, MessageOpened) for output in outputs)
        self.failed |= any(isinstance(output, PeerFailed) for output in outputs)
        return [
            packet
            for output in outputs
            if isinstance(output, PacketsToSend) and output.peer == LINK
            for packet in output.packets
        ]

    def _carry(self, relay: Relay, packets: list[Packet]) -> None:
        if not packets or self.failed:
            return
        other = self.receiver if relay is self.sender else self.sender
        if relay is self.sender:
            self.packets += [(self.at_s, packet) for packet in packets]
        self._carry(other, self._apply(other, PeerPackets(LINK, tuple(packets))))
