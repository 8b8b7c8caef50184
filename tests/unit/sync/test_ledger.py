"""The records of all peers and their bounds."""

from sottovoce.sync.ledger import Ledger
from sottovoce.sync.records import RecordType
from sottovoce.sync.settings import REQUESTED_MAX, REQUESTED_PER_PEER_MAX
from unit.sync.people import ANNA, BRUNO, CARLA, id_of


def add(ledger: Ledger, type: RecordType = RecordType.MESSAGE, epoch: int = 1) -> None:
    ledger.add(BRUNO, type, id_of(), due_epoch=epoch, leaves_epoch=epoch)


def test_due_records_come_by_peer() -> None:
    ledger = Ledger()
    add(ledger)
    add(ledger, RecordType.ACK, 2)
    ledger.add(ANNA, RecordType.ACK, id_of(), due_epoch=1, leaves_epoch=1)
    due = ledger.take_due(1)
    assert {peer: [line.type for line in lines] for peer, lines in due.items()} == {
        BRUNO: [RecordType.MESSAGE],
        ANNA: [RecordType.ACK],
    }
    assert ledger.next_epoch() == 2


def test_body_that_waits_no_more_takes_its_records_with_it() -> None:
    ledger = Ledger()
    ledger.add_waiting(BRUNO, id_of(), 4)
    add(ledger, RecordType.OFFER)
    add(ledger, RecordType.MESSAGE)
    assert ledger.waits(BRUNO, id_of())
    ledger.remove_waiting(BRUNO, id_of())
    assert not ledger.waits(BRUNO, id_of())
    assert (len(ledger), ledger.waiting_count, ledger.next_epoch()) == (0, 0, None)


def test_peer_who_is_owed_nothing_leaves_no_trace() -> None:
    ledger = Ledger()
    ledger.request(BRUNO, id_of(), 1)
    line = ledger.line(BRUNO, RecordType.REQUEST, id_of())
    assert line is not None
    ledger.remove(line)
    assert ledger.state(BRUNO) is None
    assert ledger._requests == {}


def test_oldest_request_of_a_peer_makes_room() -> None:
    ledger = Ledger()
    ids = [id_of(str(n).encode()) for n in range(REQUESTED_PER_PEER_MAX + 1)]
    assert [ledger.request(BRUNO, id, 1) for id in ids] == [0] * REQUESTED_PER_PEER_MAX + [1]
    assert ledger.line(BRUNO, RecordType.REQUEST, ids[0]) is None
    assert len(ledger) == REQUESTED_PER_PEER_MAX


def test_oldest_request_of_all_makes_room() -> None:
    ledger = Ledger()
    for n in range(REQUESTED_MAX):
        line = ledger.add(
            BRUNO, RecordType.REQUEST, id_of(str(n).encode()), due_epoch=1, leaves_epoch=1
        )
        ledger._requests[line] = None
    assert ledger.request(CARLA, id_of(), 1) == 1
    assert ledger.line(BRUNO, RecordType.REQUEST, id_of(b"0")) is None
    assert ledger.line(CARLA, RecordType.REQUEST, id_of()) is not None


def test_held_record_leaves_with_another_one_for_the_same_peer() -> None:
    ledger = Ledger()
    held = ledger.add(BRUNO, RecordType.MESSAGE, id_of(), due_epoch=2, leaves_epoch=2)
    ledger.hold(held)
    ledger.add(CARLA, RecordType.ACK, id_of(), due_epoch=1, leaves_epoch=1)
    assert list(ledger.take_due(1)) == [CARLA]
    add(ledger, RecordType.ACK)
    due = ledger.take_due(1)
    assert [line.type for line in due[BRUNO]] == [RecordType.ACK, RecordType.MESSAGE]
    assert ledger.next_epoch() is None


def test_held_record_leaves_in_its_epoch_once() -> None:
    ledger = Ledger()
    held = ledger.add(BRUNO, RecordType.MESSAGE, id_of(), due_epoch=2, leaves_epoch=2)
    ledger.hold(held)
    assert ledger.take_due(2) == {BRUNO: [held]}


def test_answer_releases_what_is_held_for_its_author_alone() -> None:
    ledger = Ledger()
    for peer in (BRUNO, CARLA):
        ledger.hold(ledger.add(peer, RecordType.MESSAGE, id_of(), due_epoch=2, leaves_epoch=2))
        ledger.note_body(peer, 1)
    ledger.release(BRUNO, 1)
    ledger.release(ANNA, 1)
    assert list(ledger.take_due(1)) == [BRUNO]
    epochs = [state.body_epoch for state in map(ledger.state, (BRUNO, CARLA)) if state is not None]
    assert epochs == [None, 1]


def test_held_record_that_is_removed_is_released_no_more() -> None:
    ledger = Ledger()
    add(ledger, RecordType.ACK, 9)
    held = ledger.add(BRUNO, RecordType.MESSAGE, id_of(), due_epoch=2, leaves_epoch=2)
    ledger.hold(held)
    ledger.remove(held)
    ledger.release(BRUNO, 1)
    assert ledger.next_epoch() == 9
