"""Counters of one relay, for operators and tests.

They only grow, except for the three gauges; whoever wants rates reads them twice. They name no
peer, no topic and no envelope.

Spec: none; EIP-627 leaves measuring to the node.
"""

from dataclasses import dataclass, field

from sottovoce.gossip.events import Drop, Excess, Failure
from sottovoce.gossip.traffic import Tally


@dataclass(slots=True)
class RelayStatistics:
    """What a relay did so far; the relay alone writes it.

    Attributes:
        peers: Gauge: connections at present, greeted or not.
        pool_envelopes: Gauge: pooled envelopes at present.
        pool_bytes: Gauge: their RLP bytes.
        peers_greeted: Peers whose status was accepted.
        peers_failed: Peers that broke the protocol.
        packets_received: Packets from peers that had not failed.
        packets_sent: Packets to peers.
        packets_skipped: Received packets that could not be read, in dialects that pass these over.
        packets_unknown: Received packets with a code that means nothing in the peer's dialect.
        payload_bytes_received: Bytes of the received packets.
        payload_bytes_sent: Bytes of the sent packets.
        envelopes_received: Envelopes in received `messages` packets, duplicates included.
        envelopes_pooled: Envelopes that entered the pool.
        envelopes_posted: Those of them that are our own.
        envelopes_expired: Envelopes that left the pool because their time was over.
        envelopes_evicted: Envelopes that left it for better ones.
        envelopes_sent: Envelopes in sent `messages` packets, each peer counted.
        direct_received: Envelopes that peers sent past the pool who are trusted or were asked.
        unasked: Packets that were skipped because only trusted or asked peers may send them.
        offered: Pooled envelopes that all filters were tried on.
        offered_direct: Envelopes that only the filters for direct messages were tried on.
        messages_opened: Envelopes that a filter opened.
        confirmations_received: Packets that acknowledge a batch.
        confirmations_unsent: Answers that were not sent, for the peer's limits left no room.
        excesses: How often peers exceeded a limit of ours, by limit.
        failures: Peers whose session we ended, by reason; their sum is `peers_failed`.
        dropped: Envelopes not pooled, by reason, received and our own.
        traffic: Envelopes by direction and use, and their bytes.
    """

    peers: int = 0
    pool_envelopes: int = 0
    pool_bytes: int = 0
    peers_greeted: int = 0
    peers_failed: int = 0
    packets_received: int = 0
    packets_sent: int = 0
    packets_skipped: int = 0
    packets_unknown: int = 0
    payload_bytes_received: int = 0
    payload_bytes_sent: int = 0
    envelopes_received: int = 0
    envelopes_pooled: int = 0
    envelopes_posted: int = 0
    envelopes_expired: int = 0
    envelopes_evicted: int = 0
    envelopes_sent: int = 0
    direct_received: int = 0
    unasked: int = 0
    offered: int = 0
    offered_direct: int = 0
    messages_opened: int = 0
    confirmations_received: int = 0
    confirmations_unsent: int = 0
    excesses: dict[Excess, int] = field(default_factory=lambda: dict.fromkeys(Excess, 0))
    failures: dict[Failure, int] = field(default_factory=lambda: dict.fromkeys(Failure, 0))
    dropped: dict[Drop, int] = field(default_factory=lambda: dict.fromkeys(Drop, 0))
    traffic: Tally = field(default_factory=Tally)
