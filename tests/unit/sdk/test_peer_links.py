from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.filters import Filter
from sottovoce.node import inputs
from sottovoce.sdk.peer_links import OWNER, PeerLinks
from unit.node.pump import key_number

KEY = secp256k1.public_key(key_number(1))
PEER = Enode(KEY, "192.0.2.7", 30303, 30303)
ANNA, BRUNO = 1 << 60, 2 << 60


def links() -> tuple[PeerLinks, list[inputs.Input]]:
    wishes: list[inputs.Input] = []
    return PeerLinks(wishes.append), wishes


def test_peer_is_let_go_of_when_nobody_needs_it() -> None:
    peers, wishes = links()
    peers.wish(ANNA, inputs.AddPeer(PEER))
    peers.add(BRUNO, PEER)
    peers.wish(ANNA, inputs.RemovePeer(KEY))
    assert wishes == [inputs.AddPeer(PEER), inputs.AddPeer(PEER)]
    peers.remove(BRUNO, KEY)
    assert wishes[2:] == [inputs.RemovePeer(KEY)]


def test_person_takes_no_peer_from_the_owner_and_no_trust_away() -> None:
    peers, wishes = links()
    peers.add(OWNER, PEER, trusted=True)
    peers.add(ANNA, PEER)
    peers.remove(ANNA, KEY)
    assert wishes == [inputs.AddPeer(PEER, trusted=True)]


def test_owner_who_lets_go_leaves_a_persons_mailserver_without_trust() -> None:
    peers, wishes = links()
    peers.add(OWNER, PEER, trusted=True)
    peers.add(ANNA, PEER)
    peers.remove(OWNER, KEY)
    assert wishes[1:] == [inputs.TrustPeer(KEY, trusted=False)]
    peers.wish(ANNA, inputs.ShutDown())
    assert wishes.pop() == inputs.ShutDown()
    peers.remove_all(ANNA)
    assert wishes[2:] == [inputs.RemovePeer(KEY)]


def test_filters_of_a_person_who_goes_are_removed_and_of_nobody_else() -> None:
    peers, wishes = links()
    for holder in (ANNA, BRUNO):
        for number in range(holder, holder + 3):
            peers.wish(holder, inputs.InstallFilter(number, Filter(SymmetricKey(b"\x07" * 32))))
    peers.wish(ANNA, inputs.RemoveFilter(ANNA))
    del wishes[:]
    peers.remove_all(ANNA)
    peers.remove_all(ANNA)
    assert wishes == [inputs.RemoveFilter(ANNA + 1), inputs.RemoveFilter(ANNA + 2)]


def test_owner_may_let_go_of_a_peer_that_connected_by_itself() -> None:
    peers, wishes = links()
    peers.remove(OWNER, KEY)
    assert wishes == [inputs.RemovePeer(KEY)]
