"""The dialect that is spoken for each capability, by its name and version.

It owns the choice and nothing else; a new protocol version is one more line. Which of them are
offered to peers follows from the worlds that a node wants to speak.

Spec: EIP-627; devp2p rlpx.md, "Capability Messaging" (name and version identify a subprotocol).
"""

from collections.abc import Mapping
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Capability
from sottovoce.gossip.dialect import ALL_WORLDS, WAKU_WORLD, WHISPER_WORLD, Dialect
from sottovoce.gossip.settings import Transport
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1
from sottovoce.gossip.whisper_v6 import STATUS_GO

DialectTable = Mapping[tuple[str, int], Dialect]

DIALECTS: Final[DialectTable] = {
    (dialect.capability.name, dialect.capability.version): dialect
    for dialect in (STATUS_GO, STATUS_GO_WAKU_V0, STATUS_GO_WAKU_V1)
}

_WORLDS: Final[Mapping[Transport, int]] = {
    Transport.WHISPER: WHISPER_WORLD,
    Transport.WAKU: WAKU_WORLD,
    Transport.EITHER: ALL_WORLDS,
    Transport.BOTH: ALL_WORLDS,
}


def capabilities_for(transport: Transport) -> tuple[Capability, ...]:
    """Return what a node offers to its peers: every version of each world that it speaks."""
    worlds = _WORLDS[transport]
    return tuple(row.capability for row in DIALECTS.values() if row.world & worlds)


def dialect_for(capability: Capability, dialects: DialectTable = DIALECTS) -> Dialect:
    """Return the dialect of a capability.

    Raises:
        LocalProtocolError: Nobody here speaks it.
    """
    dialect = dialects.get((capability.name, capability.version))
    if dialect is None:
        raise LocalProtocolError(f"{capability.name}/{capability.version} is not spoken here")
    return dialect
