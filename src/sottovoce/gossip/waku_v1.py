"""Waku version 1: the row of its dialect. Only the form of the status differs from version 0.

Spec: 6/WAKU1, "Packet Codes"; status-go waku/v1/const.go and waku/v1/status_options.go.
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.packets import Capability
from sottovoce.gossip.dialect import StatusForm
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0

WAKU_V1: Final = Capability("waku", 1, 128)

STATUS_GO_WAKU_V1: Final = replace(
    STATUS_GO_WAKU_V0, capability=WAKU_V1, status_form=StatusForm.OPTIONS, status_version=1
)
