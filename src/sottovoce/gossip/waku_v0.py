"""Waku version 0: the row of its dialect, whose only speakers are status-go's nodes.

It owns the packet codes and nothing that acts on them. Whisper's codes 2, 3, 20, 123 and 124 mean
nothing here.

Spec: 5/WAKU0; 6/WAKU1, "Packet Codes"; status-go waku/v0/const.go and waku/common/const.go.
"""

from typing import Final

from sottovoce.base.packets import Capability
from sottovoce.gossip.dialect import WAKU_WORLD, Dialect, PacketKind, StatusForm

WAKU_V0: Final = Capability("waku", 0, 128)

# As in Whisper the numbers are an accident of constants, and every refusal carries the first.
ERROR_CODE_TIME: Final = 21
ERROR_CODE_OTHER: Final = 22

PLAIN_REQUEST_ITEMS: Final = 7  # Whisper's six, and the topics behind them
SILENT_MINIMUM_POW: Final = 0.001  # what a peer asks for that says nothing of it

CODES: Final = {
    PacketKind.STATUS: 0,
    PacketKind.MESSAGES: 1,
    PacketKind.BATCH_ACKNOWLEDGED: 11,
    PacketKind.MESSAGE_RESPONSE: 12,
    PacketKind.STATUS_UPDATE: 22,  # decimal; a specification once wrote 0x22
    PacketKind.REQUEST_COMPLETE: 125,
    PacketKind.DIRECT_REQUEST: 126,
    PacketKind.DIRECT_MESSAGES: 127,
}

STATUS_GO_WAKU_V0: Final = Dialect(
    capability=WAKU_V0,
    speaker="status-go",
    world=WAKU_WORLD,
    codes=CODES,
    status_form=StatusForm.VERSION_AND_OPTIONS,
    status_version=WAKU_V0.version,
    status_item_count=2,
    silent_minimum_pow=SILENT_MINIMUM_POW,
    skips_broken_packets=True,
    disconnects_on_refused_envelope=False,
    answers_confirmations=True,
    error_code_time=ERROR_CODE_TIME,
    error_code_other=ERROR_CODE_OTHER,
    error_code_sent=ERROR_CODE_TIME,
    direct_bare_accepted=False,
    direct_bare_sent=False,
    direct_list_accepted=True,
    direct_list_sent=True,
    plain_request_items=PLAIN_REQUEST_ITEMS,
)
