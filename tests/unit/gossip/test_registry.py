"""The registry: which dialect is spoken for a capability."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Capability
from sottovoce.gossip.registry import dialect_for
from sottovoce.gossip.whisper_v6 import GETH, STATUS_GO, WHISPER_V6


def test_whisper_is_spoken_as_status_go_speaks_it() -> None:
    assert dialect_for(WHISPER_V6) is STATUS_GO


@pytest.mark.parametrize("capability", [Capability("shh", 5, 128), Capability("waku", 6, 128)])
def test_unknown_capability_is_refused(capability: Capability) -> None:
    with pytest.raises(LocalProtocolError):
        dialect_for(capability)


def test_another_table_can_be_given() -> None:
    assert dialect_for(WHISPER_V6, {("shh", 6): GETH}) is GETH
