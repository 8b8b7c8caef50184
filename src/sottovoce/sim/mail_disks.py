"""What honest mailservers have, as the world knows it and clients do not."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.gossip.envelope import Envelope
from sottovoce.sim.mail_world import EPOCH_UNIX_S


class Taken(NamedTuple):
    """An envelope that an honest server took, to answer with it from then on.

    Attributes:
        hash: Which.
        sent_s: When it was sent, in seconds of the world.
        taken_s: When the server took it first.
    """

    hash: EnvelopeHash
    sent_s: float
    taken_s: float


class HonestDisks:
    """What honest servers have on their disks or are about to store, in the order of its coming.

    Args:
        servers: How many honest servers there are.

    Attributes:
        of_all: What every honest server has, since the last one has it. A client asks as many
            servers as it has witnesses: one honest server is among them, and nobody knows which.
    """

    def __init__(self, servers: int) -> None:
        self.of_all: Final[dict[Topic, list[Taken]]] = {}
        self._of_one: Final[dict[tuple[PublicKey, Topic], list[Taken]]] = {}
        self._lost: Final[dict[EnvelopeHash, set[PublicKey]]] = {}
        self._servers: Final = servers
        self._holders: Final[dict[EnvelopeHash, set[PublicKey]]] = {}

    def taken(self, server: PublicKey, envelopes: Iterable[Envelope], now_s: float) -> None:
        """Note what an honest server took."""
        for envelope in envelopes:
            holders = self._holders.setdefault(envelope.hash, set())
            if server in holders:
                continue
            holders.add(server)
            row = Taken(envelope.hash, envelope.sent_unix_s - EPOCH_UNIX_S, now_s)
            self._of_one.setdefault((server, envelope.topic), []).append(row)
            if len(holders) == self._servers:
                self.of_all.setdefault(envelope.topic, []).append(row)

    def lost(self, server: PublicKey, envelopes: Iterable[Envelope]) -> None:
        """Note what a process took with it that ended before it was on the disk."""
        for envelope in envelopes:
            self._lost.setdefault(envelope.hash, set()).add(server)

    def is_lost(self, envelope: EnvelopeHash) -> bool:
        """Tell whether any honest server lost what it had taken."""
        return envelope in self._lost

    def of(self, server: PublicKey, topic: Topic) -> list[Taken]:
        """Return what one server took and did not lose; nothing if it is not honest."""
        rows = self._of_one.get((server, topic), [])
        return [row for row in rows if server not in self._lost.get(row.hash, ())]
