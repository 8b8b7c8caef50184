"""What one peer is owed."""

from sottovoce.sync.peer_state import Line, PeerState
from sottovoce.sync.records import RecordType
from unit.sync.people import BRUNO, id_of


def test_new_record_was_never_sent() -> None:
    line = Line(BRUNO, RecordType.MESSAGE, id_of(), serial=1, due=5)
    assert (line.due_epoch, line.send_count, line.sent_epoch) == (5, 0, None)
    assert not line.stored
    assert not line.repeated


def test_peer_is_owed_something_while_a_record_or_a_body_is_there() -> None:
    assert PeerState().is_empty
    state = PeerState()
    state.lines[RecordType.ACK][id_of()] = Line(BRUNO, RecordType.ACK, id_of(), serial=1, due=1)
    assert not state.is_empty
    waiting = PeerState()
    waiting.waiting[id_of()] = 4
    assert not waiting.is_empty


def test_record_is_found_by_type_and_message() -> None:
    state = PeerState()
    line = Line(BRUNO, RecordType.OFFER, id_of(), serial=1, due=1)
    state.lines[RecordType.OFFER][id_of()] = line
    assert state.line(RecordType.OFFER, id_of()) is line
    assert state.line(RecordType.MESSAGE, id_of()) is None
