"""Whisper version 6: the rows of its dialects, that of status-go and that of go-ethereum.

It owns the packet codes and nothing that acts on them. STATUS_GO is the one to speak: it
understands the other, and go-ethereum ignores what it does not know.

Spec: EIP-627, "Packet Codes"; go-ethereum whisper/whisperv6/doc.go; status-go whisper/const.go.
"""

from typing import Final

from sottovoce.base.packets import Capability
from sottovoce.gossip.dialect import WHISPER_WORLD, Dialect, PacketKind, StatusForm

WHISPER_V6: Final = Capability("shh", 6, 128)

# A status of this many items is go-ethereum's; status-go appends two more.
GETH_STATUS_ITEM_COUNT: Final = 4
STATUS_GO_STATUS_ITEM_COUNT: Final = 6

PLAIN_REQUEST_ITEMS: Final = 6

# Where both numbers come from is an accident of status-go's constants; the specification's 1 is
# never seen on the network. Every refusal carries the first, because the test that should tell
# them apart matches all errors.
ERROR_CODE_TIME: Final = 37
ERROR_CODE_OTHER: Final = 38

_GETH_CODES: Final = {
    PacketKind.STATUS: 0,
    PacketKind.MESSAGES: 1,
    PacketKind.POW_REQUIREMENT: 2,
    PacketKind.BLOOM_FILTER: 3,
    PacketKind.DIRECT_REQUEST: 126,
    PacketKind.DIRECT_MESSAGES: 127,
}

_STATUS_GO_CODES: Final = {
    **_GETH_CODES,
    PacketKind.BATCH_ACKNOWLEDGED: 11,
    PacketKind.MESSAGE_RESPONSE: 12,
    PacketKind.RATE_LIMITS: 20,
    PacketKind.SYNC_REQUEST: 123,
    PacketKind.SYNC_RESPONSE: 124,
    PacketKind.REQUEST_COMPLETE: 125,
}

STATUS_GO: Final = Dialect(
    capability=WHISPER_V6,
    speaker="status-go",
    world=WHISPER_WORLD,
    codes=_STATUS_GO_CODES,
    status_form=StatusForm.POSITIONS,
    status_version=WHISPER_V6.version,
    status_item_count=STATUS_GO_STATUS_ITEM_COUNT,
    silent_minimum_pow=0.0,
    skips_broken_packets=False,
    disconnects_on_refused_envelope=False,
    answers_confirmations=True,
    error_code_time=ERROR_CODE_TIME,
    error_code_other=ERROR_CODE_OTHER,
    error_code_sent=ERROR_CODE_TIME,
    direct_bare_accepted=True,
    direct_bare_sent=True,
    direct_list_accepted=True,
    direct_list_sent=True,
    plain_request_items=PLAIN_REQUEST_ITEMS,
)

GETH: Final = Dialect(
    capability=WHISPER_V6,
    speaker="go-ethereum",
    world=WHISPER_WORLD,
    codes=_GETH_CODES,
    status_form=StatusForm.POSITIONS,
    status_version=WHISPER_V6.version,
    status_item_count=GETH_STATUS_ITEM_COUNT,
    silent_minimum_pow=0.0,
    skips_broken_packets=False,
    disconnects_on_refused_envelope=True,
    answers_confirmations=False,
    error_code_time=ERROR_CODE_TIME,
    error_code_other=ERROR_CODE_OTHER,
    error_code_sent=ERROR_CODE_TIME,
    direct_bare_accepted=True,
    direct_bare_sent=True,
    direct_list_accepted=False,
    direct_list_sent=False,
    plain_request_items=0,
)
