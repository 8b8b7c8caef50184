"""Every family of vectors, in one table: those that run today and those of later layers.

A family moves from `LATER` to `RUNNABLE` in the commit that adds `families/<family>.py` and the
committed copy of its data.
"""

from typing import Final

# In the order in which they run: the fastest and lowest layers first.
RUNNABLE: Final = (
    "rlpx",
    "enr",
    "bloom",
    "symkey",
    "pow",
    "message_parse",
    "message_open",
    "envelope",
    "envelope_large",
    "filters",
    "packets_whisper",
    "packets_waku",
    "mailserver",
    "pubkeys",
    "alias_identicon",
    "mvds",
    "payloads",
    "group_events",
    "accounts",
    "x3dh",
    "bundles",
    "double_ratchet",
    "protocol_messages",
    "topics",
    "transcript_public",
    "transcript_one_to_one",
    "transcript_one_to_one_datasync",
    "transcript_group",
    "transcript_group_datasync",
    "transcript_pairing",
    "transcript_pairing_datasync",
)

# Families whose layer does not exist yet, with the layer that they wait for.
LATER: Final = {
    "discv4": "devp2p, discovery",
    "discv5_1": "devp2p, discovery",
    "discv5_legacy": "devp2p, discovery",
    "dnsdisc": "devp2p, discovery",
    "dnsdisc_draft_geth196": "devp2p, discovery",
    "rendezvous": "devp2p, discovery",
    "transactions": "payloads",
}

# Files that may lie beside the families and are none: figures of a model, without cases.
DATA: Final = frozenset({"whisper_scaling_model"})
