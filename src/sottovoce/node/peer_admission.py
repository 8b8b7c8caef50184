"""Who may connect: counts, duplicates, ourselves, and too many tries from one address.

Spec: devp2p rlpx.md, "p2p Capability"; the checks and their order are those of go-ethereum 1.9.6
(p2p/server.go, around the handshake).
"""

from dataclasses import dataclass

from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.events import DisconnectReason
from sottovoce.node.dialing import is_local
from sottovoce.node.settings import THROTTLED_ADDRESSES_MAX, NodeSettings


@dataclass(frozen=True, slots=True)
class Candidate:
    """A peer whose handshake shows who it is.

    Attributes:
        public_key: Its node key.
        inbound: Whether it dialled us.
        privileged: Whether it is static or trusted, so that no count applies.
    """

    public_key: PublicKey
    inbound: bool
    privileged: bool


class PeerAdmission:
    """Decides about strangers; remembers only addresses, and only for the throttle."""

    def __init__(self, settings: NodeSettings, own_key: PublicKey) -> None:
        self._settings = settings
        self._own_key = own_key
        self._last_inbound: dict[str, float] = {}

    def refuse_address(self, address: str, pending_count: int, now_s: float) -> str | None:
        """Judge an inbound stream before any byte is read.

        Args:
            address: The literal address of the other end.
            pending_count: Inbound streams whose peer is not known yet.
            now_s: The monotonic second.

        Returns:
            Why the stream is to be closed without a byte, or None.
        """
        if pending_count >= self._settings.pending_inbound_max:
            return "too many handshakes are under way"
        if is_local(address):
            return None
        self._forget_addresses(now_s)
        if address in self._last_inbound:
            return "this address connected a moment ago"
        if len(self._last_inbound) >= THROTTLED_ADDRESSES_MAX:
            return "too many addresses connected a moment ago"
        self._last_inbound[address] = now_s
        return None

    def refuse_peer(
        self, candidate: Candidate, connected: dict[PublicKey, int]
    ) -> DisconnectReason | None:
        """Judge an identified peer.

        Args:
            candidate: Who it is.
            connected: The peers that hold a slot already, by key.

        Returns:
            The reason to disconnect it with, or None.
        """
        if not candidate.privileged and len(connected) >= self._settings.peers_max:
            return DisconnectReason.TOO_MANY_PEERS
        if candidate.public_key in connected:
            return DisconnectReason.ALREADY_CONNECTED
        if candidate.public_key == self._own_key:
            return DisconnectReason.CONNECTED_TO_SELF
        return None

    def _forget_addresses(self, now_s: float) -> None:
        # A dictionary keeps the order of insertion, so the oldest stand in front.
        oldest_s = now_s - self._settings.inbound_throttle_s
        while self._last_inbound:
            address = next(iter(self._last_inbound))
            if self._last_inbound[address] > oldest_s:
                break
            del self._last_inbound[address]
