import pytest

from seeded import SeededEntropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.node.dialing import DialSchedule, is_local
from sottovoce.node.settings import NodeSettings
from unit.node.pump import key_number

LOCAL = "192.168.1.2"
PUBLIC = "51.15.0.1"
JITTER = 1.25


class NoEntropy:
    """Draws nothing but zeros, so that no wait is lengthened."""

    def take(self, size_bytes: int) -> bytes:
        return bytes(size_bytes)


def enode(number: int, host: str | None = LOCAL, port: int = 30303) -> Enode:
    return Enode(secp256k1.public_key(key_number(number)), host, port, port)


def exact(settings: NodeSettings | None = None) -> DialSchedule:
    return DialSchedule(settings or NodeSettings(), NoEntropy())


def fail_once(schedule: DialSchedule, key: PublicKey, now_s: float) -> float | None:
    [(attempt, wanted)] = schedule.due(now_s)
    assert schedule.finish_attempt(attempt) == wanted.public_key == key
    return schedule.lost(key, now_s)


def test_new_peer_is_dialled_at_once_and_only_once() -> None:
    schedule = exact()
    schedule.add(enode(1), 5.0)
    assert schedule.next_deadline() == 5.0
    assert schedule.due(4.9) == []
    assert schedule.due(5.0) == [(1, enode(1))]
    assert schedule.due(6.0) == []
    assert schedule.next_deadline() is None


@pytest.mark.parametrize("bad", [enode(1, None), enode(1, port=0)])
def test_enode_without_a_place_cannot_be_dialled(bad: Enode) -> None:
    with pytest.raises(LocalProtocolError, match="no address or no TCP port"):
        exact().add(bad, 0.0)


def test_wait_doubles_with_each_failure_up_to_the_longest() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    now_s, waits = 0.0, []
    for _ in range(9):
        wait_s = fail_once(schedule, enode(1).public_key, now_s)
        assert wait_s is not None
        waits.append(wait_s)
        now_s += wait_s
        assert schedule.next_deadline() == now_s
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_very_many_failures_leave_the_wait_at_its_longest() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    waits = [schedule.lost(enode(1).public_key, 0.0) for _ in range(2000)]
    assert waits[-1] == 60


def test_public_address_is_never_redialled_within_thirty_five_seconds() -> None:
    schedule = exact()
    schedule.add(enode(1, PUBLIC), 0.0)
    waits = [schedule.lost(enode(1).public_key, 0.0) for _ in range(8)]
    assert waits == [35, 35, 35, 35, 35, 35, 60, 60]


def test_jitter_lengthens_a_wait_by_up_to_a_quarter_and_varies() -> None:
    schedule = DialSchedule(NodeSettings(redial_max_s=1.0), SeededEntropy(3))
    schedule.add(enode(1), 0.0)
    waits = [schedule.lost(enode(1).public_key, 0.0) or 0.0 for _ in range(200)]
    assert min(waits) >= 1.0
    assert max(waits) < JITTER
    assert max(waits) - min(waits) > 0.2


def test_dials_in_progress_are_bounded() -> None:
    schedule = exact(NodeSettings(dials_in_progress_max=2))
    for number in range(1, 5):
        schedule.add(enode(number), 0.0)
    first = schedule.due(0.0)
    assert [wanted for _, wanted in first] == [enode(1), enode(2)]
    assert schedule.due(0.0) == []
    assert schedule.next_deadline() is None
    assert schedule.finish_attempt(first[0][0]) == enode(1).public_key
    assert [wanted for _, wanted in schedule.due(0.0)] == [enode(3)]


def test_greeting_makes_the_next_redial_a_first_one_again() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    key = enode(1).public_key
    for _ in range(4):
        schedule.lost(key, 0.0)
    schedule.greeted(key)
    assert schedule.lost(key, 0.0) == 1


def test_connected_peer_is_not_dialled_until_it_is_lost() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    schedule.connected(enode(1).public_key)
    assert schedule.due(100.0) == []
    assert schedule.next_deadline() is None
    schedule.lost(enode(1).public_key, 100.0)
    assert schedule.next_deadline() == 101.0


def test_adding_a_peer_again_takes_its_new_address_and_forgives_its_failures() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    for _ in range(5):
        schedule.lost(enode(1).public_key, 0.0)
    moved = enode(1, "192.168.1.77")
    schedule.add(moved, 2.0)
    assert schedule.due(2.0) == [(1, moved)]
    assert schedule.lost(moved.public_key, 2.0) == 1


def test_removed_peer_is_dialled_no_more() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    assert schedule.is_static(enode(1).public_key)
    schedule.remove(enode(1).public_key)
    assert not schedule.is_static(enode(1).public_key)
    assert schedule.due(100.0) == []
    assert schedule.lost(enode(1).public_key, 0.0) is None


def test_cleared_schedule_dials_nobody() -> None:
    schedule = exact()
    schedule.add(enode(1), 0.0)
    schedule.clear()
    assert schedule.due(100.0) == []


def test_strangers_leave_no_trace_in_the_schedule() -> None:
    schedule = exact()
    stranger = enode(1).public_key
    schedule.connected(stranger)
    schedule.greeted(stranger)
    assert schedule.lost(stranger, 0.0) is None
    assert schedule.finish_attempt(17) is None
    assert schedule.next_deadline() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.1.1", "::1"])
def test_address_of_one_house_is_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", [PUBLIC, "2a01:4f8::1", "localhost", "node.example", "", None])
def test_public_address_and_unresolved_name_are_not_local(host: str | None) -> None:
    assert not is_local(host)
