"""Counters of one synchronizer; they only grow and name nobody.

Spec: none; VAC 2 leaves measuring to the node.
"""

from dataclasses import dataclass, field

from sottovoce.sync.events import Ignored


@dataclass(slots=True)
class SyncStatistics:
    """What a synchronizer did so far; it alone writes it.

    Attributes:
        payloads_sent: Payloads for peers.
        payloads_received: Bytes of peers that held a record.
        messages_sent: Messages in sent payloads, repetitions included.
        bodies_received: Bodies that were handed up.
        bodies_delivered: Bodies that a peer acknowledged.
        ignored: Records of peers without effect, by reason.
    """

    payloads_sent: int = 0
    payloads_received: int = 0
    messages_sent: int = 0
    bodies_received: int = 0
    bodies_delivered: int = 0
    ignored: dict[Ignored, int] = field(default_factory=lambda: dict.fromkeys(Ignored, 0))
