"""Counters of a node's streams, for operators and tests; they only grow.

Spec: none; devp2p leaves measuring to the node.
"""

from collections import Counter
from dataclasses import dataclass, field

from sottovoce.devp2p.events import DisconnectReason


@dataclass(slots=True)
class LinkStatistics:
    """What became of the streams so far.

    Attributes:
        accepted: Inbound streams whose handshake was begun.
        refused: Inbound streams cut off unheard: too many sockets are open; the driver counts it.
        throttled: Inbound streams closed unheard: their address came a moment ago.
        crowded_out: Handshakes that made room for newer ones.
        write_timeouts: Peers whose socket took no bytes for too long.
        frames_waited: Large frames that had to wait until others were complete.
        frames_overdue: Peers cut off because their large frame was not, while others waited.
        received_bytes: Bytes that came in on all streams.
        sent_bytes: Bytes that went out on them.
        ended: Connections that ended, by who ended them and why: ``we: too many peers``, ``they:
            quitting``, ``broken`` (bytes that break the protocol, or the stream broke).
    """

    accepted: int = 0
    refused: int = 0
    throttled: int = 0
    crowded_out: int = 0
    write_timeouts: int = 0
    frames_waited: int = 0
    frames_overdue: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    ended: Counter[str] = field(default_factory=Counter)

    def count_end(self, reason: DisconnectReason | None, *, by_remote: bool) -> None:
        """Count the end of a connection."""
        if reason is None:
            self.ended["broken"] += 1
            return
        words = reason.name.lower().replace("_", " ")
        self.ended[f"{'they' if by_remote else 'we'}: {words}"] += 1
