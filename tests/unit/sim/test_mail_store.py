"""What a simulated client keeps."""

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.mail.stores import Resume
from sottovoce.sim.mail_store import CommittedStore

SERVER = PublicKey(b"a".ljust(64, b"."))
TOPIC = Topic(b"aaaa")
MESSAGE, OTHER = EnvelopeHash(bytes(32)), EnvelopeHash(bytes([1] * 32))


def filled() -> CommittedStore:
    store = CommittedStore()
    store.mail.save_server(SERVER, 5)
    store.mail.save_topic(TOPIC, 7)
    store.mail.replace_covered(SERVER, TOPIC, [(10, 20), (30, 40)])
    store.mail.save_resume(Resume(SERVER, frozenset({TOPIC}), 41, 50, bytes(36)))
    store.show(MESSAGE)
    return store


def test_what_was_not_committed_is_gone_after_a_rollback() -> None:
    store = filled()
    store.rollback()
    assert store.mail.load_topics() == {}
    assert not list(store.mail.load_covered())
    assert store.shown == set()


def test_what_was_committed_comes_back() -> None:
    store = filled()
    store.commit()
    store.show(OTHER)
    store.mail.remove_topic(TOPIC)
    store.mail.remove_resume(SERVER)
    store.mail.remove_server(SERVER)
    store.rollback()
    assert store.mail.load_servers() == {SERVER: 5}
    assert store.mail.load_topics() == {TOPIC: 7}
    assert [(row.from_unix_s, row.to_unix_s) for row in store.mail.load_covered()] == [
        (10, 20),
        (30, 40),
    ]
    assert len(list(store.mail.load_resumes())) == 1
    assert store.shown == {MESSAGE}
    assert store.sizes() == {"intervals": 2, "resumes": 1}


def test_commit_of_messages_alone_keeps_what_was_kept() -> None:
    store = filled()
    store.commit()
    kept = store.kept
    store.show(OTHER)
    store.commit()
    assert store.kept is kept
    assert store.shown == {MESSAGE, OTHER}
