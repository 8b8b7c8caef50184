"""Whom to dial and when: static peers, redialled with back-off.

It owns the schedule and nothing else: no stream, no handshake. Host names stay names here.

Spec: devp2p has none; go-ethereum p2p/dial.go is the model, the waits are in `node.settings`.
"""

from dataclasses import dataclass
from ipaddress import ip_address

from sottovoce.base.entropy import Entropy, uniform
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.enode import Enode
from sottovoce.node.settings import NodeSettings

# Up to a quarter is added to each wait, so that neighbours of a restarted relay do not all come
# back in the same instant.
_JITTER_SHARE = 0.25


@dataclass(slots=True)
class _StaticPeer:
    enode: Enode
    due_s: float
    failure_count: int = 0
    busy: bool = False  # being dialled, or connected


class DialSchedule:
    """The peers that this node keeps connected to, and the moments of their next attempts."""

    def __init__(self, settings: NodeSettings, entropy: Entropy) -> None:
        self._settings = settings
        self._entropy = entropy
        self._peers: dict[PublicKey, _StaticPeer] = {}
        self._attempts: dict[int, PublicKey] = {}
        self._next_attempt = 0

    def add(self, enode: Enode, now_s: float) -> None:
        """Keep this peer connected from now on; a known peer gets the new address.

        Raises:
            LocalProtocolError: The enode has no address or no TCP port to dial.
        """
        if enode.host is None or not enode.tcp_port:
            raise LocalProtocolError(
                "this enode cannot be dialled: it has no address or no TCP port"
            )
        known = self._peers.get(enode.public_key)
        if known is None:
            self._peers[enode.public_key] = _StaticPeer(enode, now_s)
        else:
            known.enode, known.due_s, known.failure_count = enode, now_s, 0

    def remove(self, key: PublicKey) -> None:
        """Dial this peer no more."""
        self._peers.pop(key, None)

    def clear(self) -> None:
        """Dial nobody any more."""
        self._peers.clear()

    def is_static(self, key: PublicKey) -> bool:
        """Tell whether this peer is one that we keep connected to."""
        return key in self._peers

    def due(self, now_s: float) -> list[tuple[int, Enode]]:
        """Start the attempts whose moment has come.

        Returns:
            A number and an enode for each attempt; the caller dials and answers for each.
        """
        started: list[tuple[int, Enode]] = []
        for key, peer in self._peers.items():
            if len(self._attempts) >= self._settings.dials_in_progress_max:
                break
            if not peer.busy and peer.due_s <= now_s:
                peer.busy = True
                self._next_attempt += 1
                self._attempts[self._next_attempt] = key
                started.append((self._next_attempt, peer.enode))
        return started

    def finish_attempt(self, attempt: int) -> PublicKey | None:
        """Forget an attempt that became a stream or failed; returns whom it was for."""
        return self._attempts.pop(attempt, None)

    def connected(self, key: PublicKey) -> None:
        """Note that the peer is connected, whoever dialled: it is not dialled meanwhile."""
        peer = self._peers.get(key)
        if peer is not None:
            peer.busy = True

    def greeted(self, key: PublicKey) -> None:
        """Note that the connection works: the next redial is a first one again."""
        peer = self._peers.get(key)
        if peer is not None:
            peer.failure_count = 0

    def lost(self, key: PublicKey, now_s: float) -> float | None:
        """Note that an attempt failed or the connection ended.

        Returns:
            Seconds until the next attempt, or None if this peer is not redialled.
        """
        peer = self._peers.get(key)
        if peer is None:
            return None
        settings = self._settings
        wait_s = min(settings.redial_first_s * 2.0**peer.failure_count, settings.redial_max_s)
        if not is_local(peer.enode.host):
            wait_s = max(wait_s, settings.redial_public_min_s)
        wait_s += uniform(self._entropy, wait_s * _JITTER_SHARE)
        # Beyond this many failures the wait stays at its longest anyway.
        peer.failure_count = min(peer.failure_count + 1, 16)
        peer.busy = False
        peer.due_s = now_s + wait_s
        return wait_s

    def next_deadline(self) -> float | None:
        """Return the moment of the next attempt."""
        if len(self._attempts) >= self._settings.dials_in_progress_max:
            return None
        return min((peer.due_s for peer in self._peers.values() if not peer.busy), default=None)


def is_local(host: str | None) -> bool:
    """Tell whether a host is a literal loopback, link-local or private address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return address.is_loopback or address.is_private or address.is_link_local
