"""How history is read; what the port promises stands in tests/contract."""

from functools import partial

from contract.made import message, message_id
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.records import ChatId, Place
from unit.adapters.sqlite.plan import steps

LOBBY = ChatId("lobby")


def test_page_is_read_along_the_index_without_sorting(store: MemoryPersonStore) -> None:
    store.chat.save_message(message(1))
    store.commit()
    store.begin()
    history = store.open_history()
    for before in (None, Place(5, message_id(5))):
        found = steps(history._db, partial(history.page, LOBBY, before=before, limit=9))
        assert set(found) <= {"SCALAR SUBQUERY 1", "REUSE SUBQUERY 1"}
    history.close()


def test_message_is_found_by_an_index(store: MemoryPersonStore) -> None:
    history = store.open_history()
    assert steps(history._db, lambda: history.read_message(message_id(1))) == []
    assert steps(history._db, lambda: history.find_messages("ab")) == []
    assert steps(history._db, lambda: history.reactions([message_id(1)])) == []
    history.close()


def test_place_above_every_clock_has_all_behind_it(store: MemoryPersonStore) -> None:
    store.chat.save_message(message(1))
    store.commit()
    store.begin()
    history = store.open_history()
    newest = history.page(LOBBY, before=None, limit=2)
    assert len(newest) == 1
    assert history.page(LOBBY, before=Place(2**64 - 1, message_id(1)), limit=2) == newest
    history.close()
