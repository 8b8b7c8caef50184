from sottovoce.sync.received_memory import ReceivedMemory
from unit.sync.people import ANNA, BRUNO, id_of

ONE, TWO, THREE = (id_of(body) for body in (b"1", b"2", b"3"))


def test_what_was_added_is_there_and_what_was_forgotten_is_not() -> None:
    memory = ReceivedMemory()
    memory.add(ANNA, ONE, per_peer_max=9, total_max=9)
    memory.forget(ANNA, TWO)
    memory.forget(BRUNO, ONE)
    assert (ANNA, ONE) in memory
    assert (BRUNO, ONE) not in memory
    memory.forget(ANNA, ONE)
    assert (len(memory), memory.peer_count) == (0, 0)


def test_message_that_is_there_keeps_its_place() -> None:
    memory = ReceivedMemory()
    for id in (ONE, TWO, ONE, THREE):
        memory.add(ANNA, id, per_peer_max=2, total_max=9)
    assert memory.entries == ((ANNA, TWO), (ANNA, THREE))


def test_oldest_of_all_makes_room() -> None:
    memory = ReceivedMemory()
    for peer, id in ((ANNA, ONE), (BRUNO, ONE), (BRUNO, TWO)):
        memory.add(peer, id, per_peer_max=9, total_max=2)
    assert memory.entries == ((BRUNO, ONE), (BRUNO, TWO))
    assert memory.peer_count == 1
