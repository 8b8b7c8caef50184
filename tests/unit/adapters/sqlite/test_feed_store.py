"""The tables of feeds; what every such store promises stands in `tests/contract`."""

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.payloads.feed import RecordKind


def test_numbers_and_lists_come_back_as_they_were_before_a_rollback() -> None:
    store = MemoryPersonStore()
    store.begin()
    store.feed.put_change(RecordKind.CHAT, b"a", (1, 2))
    store.commit()
    store.begin()
    store.feed.put_change(RecordKind.CHAT, b"a", (3, 4))
    store.feed.note_known("phone", RecordKind.CHAT, b"a")
    store.rollback()
    assert [it.stamps for it in store.feed.changes_for("phone", after=0, limit=9)] == [(1, 2)]
    assert store.feed.last_number() == 1
    store.close()
