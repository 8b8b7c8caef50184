import pytest

from sottovoce.crypto import secp256k1
from sottovoce.devp2p.events import DisconnectReason
from sottovoce.node.peer_admission import Candidate, PeerAdmission
from sottovoce.node.settings import PEERS_MAX, THROTTLED_ADDRESSES_MAX, NodeSettings
from unit.node.pump import key_number

OWN, FIRST, SECOND, THIRD = (secp256k1.public_key(key_number(number)) for number in range(1, 5))
PUBLIC = "51.15.0.1"


def admission(peers_max: int = PEERS_MAX) -> PeerAdmission:
    return PeerAdmission(NodeSettings(peers_max=peers_max), OWN)


def public_address(number: int) -> str:
    return f"51.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def test_stranger_is_let_in_while_there_is_room() -> None:
    candidate = Candidate(SECOND, privileged=False)
    assert admission(peers_max=2).refuse_peer(candidate, {FIRST}, 1) is None


def test_stranger_is_refused_when_all_places_are_taken() -> None:
    candidate = Candidate(THIRD, privileged=False)
    refusal = admission(peers_max=2).refuse_peer(candidate, {FIRST, SECOND}, 2)
    assert refusal is DisconnectReason.TOO_MANY_PEERS


def test_privileged_peer_is_let_in_when_all_places_are_taken() -> None:
    candidate = Candidate(THIRD, privileged=True)
    assert admission(peers_max=2).refuse_peer(candidate, {FIRST, SECOND}, 2) is None


def test_places_of_privileged_peers_come_on_top() -> None:
    candidate = Candidate(THIRD, privileged=False)
    assert admission(peers_max=1).refuse_peer(candidate, {FIRST, SECOND}, 0) is None


@pytest.mark.parametrize("privileged", [False, True])
def test_second_connection_of_a_peer_is_refused(privileged: bool) -> None:
    candidate = Candidate(FIRST, privileged=privileged)
    refusal = admission(peers_max=2).refuse_peer(candidate, {FIRST}, 1)
    assert refusal is DisconnectReason.ALREADY_CONNECTED


def test_count_is_judged_before_duplicates_as_go_nodes_do() -> None:
    candidate = Candidate(FIRST, privileged=False)
    refusal = admission(peers_max=1).refuse_peer(candidate, {FIRST}, 1)
    assert refusal is DisconnectReason.TOO_MANY_PEERS


def test_our_own_key_is_refused() -> None:
    candidate = Candidate(OWN, privileged=False)
    assert admission().refuse_peer(candidate, (), 0) is DisconnectReason.CONNECTED_TO_SELF


def test_public_address_may_connect_once_in_thirty_seconds() -> None:
    judge = admission()
    assert not judge.refuses_address(PUBLIC, 0.0)
    assert judge.refuses_address(PUBLIC, 29.9)
    assert not judge.refuses_address(PUBLIC, 30.0)


def test_refused_try_does_not_lengthen_the_wait() -> None:
    judge = admission()
    judge.refuses_address(PUBLIC, 0.0)
    judge.refuses_address(PUBLIC, 20.0)
    assert not judge.refuses_address(PUBLIC, 31.0)


def test_local_address_is_not_throttled() -> None:
    judge = admission()
    assert not any(judge.refuses_address("10.0.0.1", 0.0) for _ in range(5))


def test_remembered_addresses_are_bounded_and_forgotten() -> None:
    judge = admission()
    for number in range(THROTTLED_ADDRESSES_MAX):
        assert not judge.refuses_address(public_address(number), 0.0)
    late = public_address(THROTTLED_ADDRESSES_MAX)
    assert not judge.refuses_address(late, 1.0)
    assert judge.refuses_address(late, 1.0)
    assert len(judge._last_inbound) == THROTTLED_ADDRESSES_MAX
    assert not judge.refuses_address(late, 31.0)
    assert len(judge._last_inbound) == 1


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    judge = admission()
    assert not judge.refuses_address("2001:41d0:1:2::1", 0.0)
    assert judge.refuses_address("2001:41d0:1:2:ffff::9", 1.0)
    assert not judge.refuses_address("2001:41d0:1:3::1", 1.0)
