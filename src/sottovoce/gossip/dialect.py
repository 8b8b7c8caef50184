"""Dialects: what differs between the nodes that speak one gossip protocol, as a table.

A dialect says which packet code means what and how strict its speakers are. One session and one
relay serve all of them; no behaviour lives here.

Spec: EIP-627, "Packet Codes"; 6/WAKU1, "Packet Codes"; go-ethereum whisper/whisperv6, status-go
whisper and waku for the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sottovoce.base.packets import Capability

# Envelopes are the same in both worlds, byte for byte. Whose nodes an envelope may go to is one bit
# for each world.
WHISPER_WORLD: Final = 1
WAKU_WORLD: Final = 2
ALL_WORLDS: Final = WHISPER_WORLD | WAKU_WORLD
# One more bit beside them: our own envelopes leave where nothing of others does.
OURS: Final = 4


class PacketKind(Enum):
    """What a packet is for, whatever its code is in a dialect."""

    # Members are single objects; Enum's own hash is that of their names, in Python, and some six
    # are looked up for each packet.
    __hash__ = object.__hash__

    STATUS = "status"
    MESSAGES = "messages"
    STATUS_UPDATE = "status update"
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


class StatusForm(Enum):
    """How a status is laid out."""

    POSITIONS = "one list, each item known by its position"
    VERSION_AND_OPTIONS = "the version and a list of options, whose keys are digits as text"
    OPTIONS = "a list of options, whose keys are integers"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One row: how one kind of node speaks one capability.

    Attributes:
        capability: Name, version and number of codes.
        speaker: Whose dialect it is, for people.
        world: Whose nodes speak it, one bit.
        codes: The code of each kind of packet; a kind that is missing is neither sent nor read.
        status_form: How the status is laid out; an update of it has the same options.
        status_version: The version inside the status, if it has one.
        status_item_count: How many items of the status are sent, if they are known by position.
        silent_minimum_pow: The requirement of a peer that told none.
        skips_broken_packets: Whether a packet that cannot be read is skipped and counted, instead
            of ending the connection; one that is too large ends it everywhere.
        disconnects_on_refused_envelope: Whether a peer that sends an envelope which does not pass
            our checks loses the connection.
        answers_confirmations: Whether `messages` packets of status-go's nodes are answered, if the
            settings allow it.
        error_code_time: What the constants name for an envelope outside its time.
        error_code_other: What the constants name for every other refusal.
        error_code_sent: What is really sent for each refusal.
        direct_bare_accepted: Whether one direct envelope may come bare.
        direct_bare_sent: Whether one direct envelope goes bare.
        direct_list_accepted: Whether direct envelopes may come as a list.
        direct_list_sent: Whether several direct envelopes go as a list.
        plain_request_items: How many items a plain request for history has; 0 if there is none.
        kinds: The reverse of `codes`.
    """

    capability: Capability
    speaker: str
    world: int
    codes: Mapping[PacketKind, int]
    status_form: StatusForm
    status_version: int
    status_item_count: int
    silent_minimum_pow: float
    skips_broken_packets: bool
    disconnects_on_refused_envelope: bool
    answers_confirmations: bool
    error_code_time: int
    error_code_other: int
    error_code_sent: int
    direct_bare_accepted: bool
    direct_bare_sent: bool
    direct_list_accepted: bool
    direct_list_sent: bool
    plain_request_items: int
    kinds: Mapping[int, PacketKind] = field(init=False)

    def __post_init__(self) -> None:
        kinds = {code: kind for kind, code in self.codes.items()}
        assert len(kinds) == len(self.codes), "two kinds of packet share a code"
        object.__setattr__(self, "kinds", kinds)
