"""Go nodes of 2019 crash when a peer disconnects with a reason above 16.

Theirs index a table of names with it. Ours must take any number, and must never send one that
would bring such a node down.
"""

import pytest

from sottovoce.codec import rlp
from sottovoce.devp2p.base_protocol import BaseCode
from sottovoce.devp2p.events import DisconnectReason
from unit.devp2p.pair import HandmadePeer, at, ended

NOW = at(0.0)
UNKNOWN = [12, 13, 14, 15, 17, 18, 127, 128, 255, 256, 65535, 2**32, 2**64 - 1]


@pytest.mark.parametrize("number", UNKNOWN)
@pytest.mark.parametrize("as_list", [True, False])
def test_rlpx_unknown_disconnect_reason_ends_quietly(number: int, as_list: bool) -> None:
    peer = HandmadePeer(NOW).ready(NOW)
    payload = rlp.encode([number]) if as_list else rlp.encode(number)
    outputs = peer.send(NOW, (BaseCode.DISCONNECT, payload))
    assert outputs == [ended(outputs)]
    assert (ended(outputs).reason, ended(outputs).by_remote) == (None, True)
    assert str(number) in ended(outputs).detail


@pytest.mark.parametrize("number", UNKNOWN)
def test_rlpx_unknown_disconnect_reason_in_place_of_hello_ends_quietly(number: int) -> None:
    peer = HandmadePeer(NOW).admitted(NOW)
    outputs = peer.send(NOW, (BaseCode.DISCONNECT, rlp.encode([number])))
    assert outputs == [ended(outputs)]


def test_rlpx_no_reason_above_sixteen_can_be_asked_for() -> None:
    assert max(DisconnectReason) == 16
