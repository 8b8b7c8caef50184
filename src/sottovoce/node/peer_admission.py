"""Who may connect: counts, duplicates, ourselves, and too many tries from one address.

Spec: devp2p rlpx.md, "p2p Capability"; the checks and their order are those of go-ethereum 1.9.6
(p2p/server.go, around the handshake).
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.events import DisconnectReason
from sottovoce.node.dialing import is_local
from sottovoce.node.link import Link
from sottovoce.node.settings import THROTTLED_ADDRESSES_MAX, NodeSettings

# Whoever has an IPv6 address has the whole network of its first 64 bits.
_IPV6_HOST_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """A peer whose handshake shows who it is.

    Attributes:
        public_key: Its node key.
        privileged: Whether it is static or trusted, so that no count applies.
    """

    public_key: PublicKey
    privileged: bool


class PeerAdmission:
    """Decides about strangers; remembers only addresses, and only for the throttle."""

    def __init__(self, settings: NodeSettings, own_key: PublicKey) -> None:
        self._settings = settings
        self._own_key = own_key
        self._last_inbound: dict[str, float] = {}

    def refuses_address(self, address: str, now_s: float) -> bool:
        """Tell whether an inbound stream is to be closed without a byte.

        Args:
            address: The literal address of the other end.
            now_s: The monotonic second.
        """
        if is_local(address):
            return False
        self._forget_addresses(now_s)
        network = network_of(address)
        if network in self._last_inbound:
            return True
        if len(self._last_inbound) >= THROTTLED_ADDRESSES_MAX:
            # Many addresses must not lock out everybody else: the oldest is forgotten early.
            del self._last_inbound[next(iter(self._last_inbound))]
        self._last_inbound[network] = now_s
        return False

    def refuse_peer(
        self, candidate: Candidate, connected: Collection[PublicKey], stranger_count: int
    ) -> DisconnectReason | None:
        """Judge an identified peer.

        Args:
            candidate: Who it is.
            connected: The peers that hold a slot already.
            stranger_count: How many of them are neither static nor trusted.

        Returns:
            The reason to disconnect it with, or None.
        """
        if not candidate.privileged and stranger_count >= self._settings.peers_max:
            return DisconnectReason.TOO_MANY_PEERS
        if candidate.public_key in connected:
            return DisconnectReason.ALREADY_CONNECTED
        if candidate.public_key == self._own_key:
            return DisconnectReason.CONNECTED_TO_SELF
        return None

    def may_replace(self, rival: Link, link: Link, key: PublicKey) -> bool:
        """Tell whether a link may become the connection of a peer in place of another.

        When two nodes dial each other at once, both see two links, and must keep the same one. The
        smaller key chooses: the link that it dialled, unless the other one got so far that Status
        was sent. It says so by its Hello, for which the larger key waits before it lets go of the
        link that it dialled. So neither side loses a connection that it was told of.
        """
        if rival.inbound == link.inbound:
            return False
        if link.inbound:
            return key.raw < self._own_key.raw
        return self._own_key.raw < key.raw and not rival.sessions

    def _forget_addresses(self, now_s: float) -> None:
        # A dictionary keeps the order of insertion, so the oldest stand in front.
        oldest_s = now_s - self._settings.inbound_throttle_s
        while self._last_inbound:
            address = next(iter(self._last_inbound))
            if self._last_inbound[address] > oldest_s:
                break
            del self._last_inbound[address]


def network_of(address: str) -> str:
    """Return what one host holds: an IPv4 address, or the 64-bit network of an IPv6 address."""
    try:
        literal = ip_address(address)
    except ValueError:
        return address
    if isinstance(literal, IPv6Address) and literal.ipv4_mapped is None:
        return str(IPv6Network((literal, _IPV6_HOST_BITS), strict=False))
    return address
