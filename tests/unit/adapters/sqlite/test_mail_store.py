"""The tables of history from mailservers; what every such store promises is in `tests/contract`."""

from contract.made import person
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.quantities import topic
from sottovoce.mail.stores import Covered, MailStore, Resume
from unit.adapters.sqlite.plan import steps

A = topic(b"aaaa")


def work(store: MailStore) -> None:
    store.save_topic(A, 1)
    store.replace_covered(person(1), A, [(1, 2), (4, 5)])
    store.save_resume(Resume(person(1), frozenset({A}), 1, 2, bytes(36)))
    store.remove_resume(person(1))
    store.remove_topic(A)
    store.remove_server(person(1))


def test_every_row_is_found_by_an_index(store: MemoryPersonStore) -> None:
    assert steps(store, lambda: work(store.mail)) == []


def test_intervals_come_back_as_they_were_before_a_rollback(store: MemoryPersonStore) -> None:
    store.mail.replace_covered(person(1), A, [(1, 2)])
    store.commit()
    store.begin()
    store.mail.replace_covered(person(1), A, [(1, 9)])
    store.rollback()
    assert list(store.mail.load_covered()) == [Covered(person(1), A, 1, 2)]
