"""Who needs what of a node: a peer is connected while somebody needs it, a filter is one person's.

The owner of the node may have a mailserver among its peers; a person that has done with it must
not take it from the owner, nor from another person on the same node. The filters of a person who
has gone would be tried in vain on everything, and their topics told to peers.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.devp2p.enode import Enode
from sottovoce.node import inputs

# Persons are named by the first number of their range, which is never so small.
OWNER: Final = 0


class PeerLinks:
    """The peers that a node keeps connected to, and for whom; and whose filters it has.

    Args:
        command: Hands a wish to the node.
    """

    def __init__(self, command: Callable[[inputs.Input], None]) -> None:
        self._command = command
        self._holders: defaultdict[PublicKey, set[int]] = defaultdict(set)
        self._filters: defaultdict[int, set[int]] = defaultdict(set)

    def add(self, holder: int, enode: Enode, *, trusted: bool = False) -> None:
        """Have a peer connected for somebody; what the owner said of it stays.

        Raises:
            SottovoceError: The node refuses it.
        """
        holders = self._holders.get(enode.public_key, set())
        if holder == OWNER or OWNER not in holders:
            self._command(inputs.AddPeer(enode, trusted))
        self._holders[enode.public_key].add(holder)

    def remove(self, holder: int, key: PublicKey) -> None:
        """Let go of a peer; it stays connected while others need it.

        Raises:
            SottovoceError: The node refuses it.
        """
        holders = self._holders.pop(key, set()) - {holder}
        if not holders:
            self._command(inputs.RemovePeer(key))
            return
        self._holders[key] = holders
        if holder == OWNER:
            self._command(inputs.TrustPeer(key, trusted=False))

    def wish(self, holder: int, wish: inputs.Input) -> None:
        """Do what a person wants of the node; a peer that others need as well is shared.

        Raises:
            SottovoceError: The node refuses the wish, or does not run.
        """
        match wish:
            case inputs.AddPeer(enode):
                self.add(holder, enode)
            case inputs.RemovePeer(key):
                self.remove(holder, key)
            case inputs.InstallFilter(number):
                self._command(wish)
                self._filters[holder].add(number)
            case inputs.RemoveFilter(number):
                self._command(wish)
                self._filters[holder].discard(number)
            case _:
                self._command(wish)

    def remove_all(self, holder: int) -> None:
        """Let go of all peers and filters of somebody.

        Raises:
            SottovoceError: The node refuses it.
        """
        for key in [key for key, holders in self._holders.items() if holder in holders]:
            self.remove(holder, key)
        for number in sorted(self._filters.pop(holder, ())):
            self._command(inputs.RemoveFilter(number))
