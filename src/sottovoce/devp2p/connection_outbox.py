"""What one call of a connection gives back, gathered while the call runs.

It owns order and grouping: all bytes first and in one piece, packets of one subprotocol that came
in a row together, the end last. It refuses to know why anything is said.

Spec: none of its own; it serves `connection`.
"""

from typing import TypeAlias

from sottovoce.base.packets import Packet
from sottovoce.devp2p.events import (
    BytesToSend,
    ConnectionEnded,
    ConnectionOutput,
    LargeFrameChanged,
    PacketsReceived,
    PeerIdentified,
    PeerReady,
)

Fact: TypeAlias = PeerIdentified | PeerReady | LargeFrameChanged | ConnectionEnded


class ConnectionOutbox:
    """Outputs on their way; empty between two calls of the connection."""

    __slots__ = ("_bytes", "_facts", "_group", "_group_protocol")

    def __init__(self) -> None:
        self._bytes: list[bytes] = []
        self._facts: list[ConnectionOutput] = []
        self._group: list[Packet] = []
        self._group_protocol = ""

    def send(self, data: bytes) -> None:
        """Write these bytes after all earlier ones."""
        self._bytes.append(data)

    def tell(self, fact: Fact) -> None:
        """Tell this after the packets and facts before it."""
        self._close_group()
        self._facts.append(fact)

    def deliver(self, protocol: str, packet: Packet) -> None:
        """Hand on one packet of a subprotocol."""
        if protocol != self._group_protocol:
            self._close_group()
            self._group_protocol = protocol
        self._group.append(packet)

    def collect(self) -> list[ConnectionOutput]:
        """Give everything back and start anew."""
        if self._group:
            self._close_group()
        outputs, self._facts = self._facts, []
        if self._bytes:
            outputs.insert(0, BytesToSend(b"".join(self._bytes)))
            self._bytes = []
        return outputs

    def _close_group(self) -> None:
        if self._group:
            self._facts.append(PacketsReceived(self._group_protocol, tuple(self._group)))
            self._group = []
