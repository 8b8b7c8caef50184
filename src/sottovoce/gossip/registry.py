"""The dialect that is spoken for each capability, by its name and version.

It owns the choice and nothing else; a new protocol version is one more line.

Spec: EIP-627; devp2p rlpx.md, "Capability Messaging" (name and version identify a subprotocol).
"""

from collections.abc import Mapping
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.packets import Capability
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.whisper_v6 import STATUS_GO

DialectTable = Mapping[tuple[str, int], Dialect]

DIALECTS: Final[DialectTable] = {
    (dialect.capability.name, dialect.capability.version): dialect for dialect in (STATUS_GO,)
}


def dialect_for(capability: Capability, dialects: DialectTable = DIALECTS) -> Dialect:
    """Return the dialect of a capability.

    Raises:
        LocalProtocolError: Nobody here speaks it.
    """
    dialect = dialects.get((capability.name, capability.version))
    if dialect is None:
        raise LocalProtocolError(f"{capability.name}/{capability.version} is not spoken here")
    return dialect
