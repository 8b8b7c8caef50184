"""Dialects: what differs between the nodes that speak one gossip protocol, as a table.

A dialect says which packet code means what and how strict its speakers are. One session and one
relay serve all of them; no behaviour lives here.

Spec: EIP-627, "Packet Codes"; go-ethereum whisper/whisperv6 and status-go whisper for the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sottovoce.base.packets import Capability


class PacketKind(Enum):
    """What a packet is for, whatever its code is in a dialect."""

    STATUS = "status"
    MESSAGES = "messages"
    POW_REQUIREMENT = "pow requirement"
    BLOOM_FILTER = "bloom filter"
    BATCH_ACKNOWLEDGED = "batch acknowledged"
    MESSAGE_RESPONSE = "message response"
    RATE_LIMITS = "rate limits"
    SYNC_REQUEST = "sync request"
    SYNC_RESPONSE = "sync response"
    REQUEST_COMPLETE = "request complete"
    DIRECT_REQUEST = "direct request"
    DIRECT_MESSAGES = "direct messages"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One row: how one kind of node speaks one capability.

    Attributes:
        capability: Name, version and number of codes.
        speaker: Whose dialect it is, for people.
        codes: The code of each kind of packet; a kind that is missing is neither sent nor read.
        status_version: The version inside the status.
        status_item_count: How many items of the status are sent.
        disconnects_on_refused_envelope: Whether a peer that sends an envelope which does not pass
            our checks loses the connection.
        answers_confirmations: Whether `messages` packets of status-go's nodes are answered, if the
            settings allow it.
        error_code_time: What the constants name for an envelope outside its time.
        error_code_other: What the constants name for every other refusal.
        error_code_sent: What is really sent for each refusal.
        direct_list_accepted: Whether direct envelopes may come as a list.
        direct_list_sent: Whether several direct envelopes go as a list.
        plain_request_accepted: Whether a request for history may be a plain list.
        kinds: The reverse of `codes`.
    """

    capability: Capability
    speaker: str
    codes: Mapping[PacketKind, int]
    status_version: int
    status_item_count: int
    disconnects_on_refused_envelope: bool
    answers_confirmations: bool
    error_code_time: int
    error_code_other: int
    error_code_sent: int
    direct_list_accepted: bool
    direct_list_sent: bool
    plain_request_accepted: bool
    kinds: Mapping[int, PacketKind] = field(init=False)

    def __post_init__(self) -> None:
        kinds = {code: kind for kind, code in self.codes.items()}
        assert len(kinds) == len(self.codes), "two kinds of packet share a code"
        object.__setattr__(self, "kinds", kinds)
