"""The words that the transport and the protocols on top of it share: capability and packet."""

from typing import NamedTuple


class Capability(NamedTuple):
    """A subprotocol of a devp2p connection.

    Attributes:
        name: Its short name, for instance ``shh``.
        version: Its version number.
        code_count: How many packet codes it reserves; both sides know it by specification.
    """

    name: str
    version: int
    code_count: int


class Packet(NamedTuple):
    """One packet of a subprotocol (a NamedTuple, for one is made per packet on the wire).

    Attributes:
        code: The packet code relative to the subprotocol, from 0.
        payload: Its RLP body, uncompressed.
    """

    code: int
    payload: bytes
