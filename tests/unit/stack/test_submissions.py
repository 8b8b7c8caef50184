import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack import submissions
from sottovoce.stack.destinations import Contact, PublicChat
from sottovoce.stack.memory_store import MemoryStackStore
from sottovoce.stack.receipts import Leg
from sottovoce.stack.stores import Submission
from sottovoce.stack.submissions import Submissions
from sottovoce.sync.records import MessageId as SyncId

ANNA = PublicKey(b"a" * 64)
NOW = Moment(1000.0, 1_590_000_000.0)
DIRECT = Submission(MessageId(b"m1"), PublicChat("lobby"), NOW.unix_whole_s, b"raw", None)
SYNCED = Submission(MessageId(b"m2"), Contact(ANNA), NOW.unix_whole_s, b"", b"s" * 32)
DIRECT_LEG = Leg(DIRECT.message_id, DIRECT.destination)
SYNCED_LEG = Leg(SYNCED.message_id, SYNCED.destination)


def both() -> tuple[Submissions, MemoryStackStore]:
    store = MemoryStackStore()
    kept = Submissions(store, give_up_s=100)
    kept.save(DIRECT, None, NOW)
    kept.save(SYNCED, ANNA, NOW)
    return kept, store


def test_what_goes_without_data_sync_waits_and_the_rest_does_not() -> None:
    kept, store = both()
    assert list(store.submissions()) == [DIRECT, SYNCED]
    assert kept.waiting() == (DIRECT_LEG,)
    kept.let_wait(DIRECT_LEG, False)
    assert kept.waiting() == ()


def test_submission_is_found_by_its_message_and_by_its_name_in_data_sync() -> None:
    kept, _ = both()
    assert kept.legs_of(DIRECT.message_id) == (DIRECT_LEG,)
    assert kept.legs_of_synced(ANNA, (SyncId(b"s" * 32),)) == (SYNCED_LEG,)
    assert kept.legs_of_synced(ANNA, (SyncId(b"x" * 32),)) == ()


def test_removed_submission_is_nowhere() -> None:
    kept, store = both()
    for leg in (DIRECT_LEG, SYNCED_LEG):
        assert kept.remove(leg) is not None
        assert kept.remove(leg) is None
    assert (len(kept), list(store.submissions()), kept.waiting()) == (0, [], ())
    assert kept.legs_of(DIRECT.message_id) == ()
    assert kept.legs_of_synced(ANNA, (SyncId(b"s" * 32),)) == ()
    kept.let_wait(DIRECT_LEG)
    assert kept.waiting() == ()


def test_submission_grows_old_across_restarts() -> None:
    kept = Submissions(MemoryStackStore(), give_up_s=100)
    kept.restore(DIRECT, None, Moment(5.0, NOW.unix_s + 40))
    assert kept.next_deadline() == 65.0
    assert kept.too_old(64.9) == ()
    assert kept.too_old(65.0) == (DIRECT_LEG,)


def test_submission_of_the_future_is_as_old_as_one_of_now() -> None:
    kept = Submissions(MemoryStackStore(), give_up_s=100)
    kept.restore(DIRECT, None, Moment(5.0, NOW.unix_s - 10_000))
    assert kept.next_deadline() == 105.0


@pytest.mark.parametrize(("name", "bound"), [("DIRECT_MAX", 1), ("DIRECT_BYTES_MAX", 5)])
def test_so_much_waits_without_data_sync_and_no_more(
    name: str, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = both()
    assert kept.has_room(3)
    monkeypatch.setattr(submissions, name, bound)
    assert not kept.has_room(3)
    kept.remove(DIRECT_LEG)
    assert kept.has_room(3)
