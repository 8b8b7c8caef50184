"""Dialects: what holds for every row."""

import pytest

from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO, WHISPER_V6


@pytest.mark.parametrize("dialect", [STATUS_GO, GETH, STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1])
def test_codes_lie_in_the_range_of_the_capability(dialect: Dialect) -> None:
    assert all(0 <= code < WHISPER_V6.code_count for code in dialect.kinds)
    assert all(dialect.codes[kind] == code for code, kind in dialect.kinds.items())


def test_status_go_knows_every_kind_and_geth_those_of_the_specification() -> None:
    assert set(STATUS_GO.codes) == set(PacketKind) - {PacketKind.STATUS_UPDATE}
    assert sorted(GETH.codes.values()) == [0, 1, 2, 3, 126, 127]


def test_waku_knows_no_packet_that_only_whisper_has() -> None:
    assert sorted(STATUS_GO_WAKU_V0.codes.values()) == [0, 1, 11, 12, 22, 125, 126, 127]
    assert STATUS_GO_WAKU_V1.codes == STATUS_GO_WAKU_V0.codes
