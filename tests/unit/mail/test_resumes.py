"""Where to go on."""

from sottovoce.mail.memory_store import MemoryMailStore
from sottovoce.mail.resumes import Resumes
from sottovoce.mail.stores import Resume
from unit.mail.history import OTHER, TOPIC, key


def filled() -> tuple[MemoryMailStore, Resumes]:
    store = MemoryMailStore()
    store.save_resume(Resume(key(1), frozenset({TOPIC}), 1, 2, bytes(36)))
    resumes = Resumes(store)
    resumes.save(Resume(key(2), frozenset({TOPIC, OTHER}), 3, 4, bytes(36)))
    return store, resumes


def test_what_was_saved_in_an_earlier_life_is_known() -> None:
    store, resumes = filled()
    assert resumes.of(key(1)) == Resume(key(1), frozenset({TOPIC}), 1, 2, bytes(36))
    assert resumes.of(key(3)) is None
    resumes.drop(key(1))
    assert [resume.server for resume in store.load_resumes()] == [key(2)]


def test_topic_that_is_heard_no_more_takes_its_place_along() -> None:
    store, resumes = filled()
    resumes.forget_topics(frozenset({OTHER}))
    assert [resume.server for resume in store.load_resumes()] == [key(1)]


def test_servers_that_are_trusted_no_more_are_forgotten() -> None:
    store, resumes = filled()
    resumes.forget_others([key(2)])
    assert [resume.server for resume in store.load_resumes()] == [key(2)]
