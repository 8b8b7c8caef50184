"""What every store of those who ask for history promises."""

from contract.made import person
from sottovoce.base.quantities import topic
from sottovoce.mail.stores import Covered, MailStore, Resume

ONE, TWO = sorted((person(1), person(2)), key=lambda key: key.raw)
A, B = topic(b"aaaa"), topic(b"bbbb")
RESUME = Resume(ONE, frozenset({A, B}), 5, 9, bytes(36))


def fill(store: MailStore) -> None:
    for server in (TWO, ONE):
        store.replace_covered(server, B, [(7, 9)])
        store.replace_covered(server, A, [(5, 6), (1, 3)])


def test_topics_and_servers_are_empty_at_first_and_replaced(mail_store: MailStore) -> None:
    assert (mail_store.load_topics(), mail_store.load_servers()) == ({}, {})
    for since in (7, 5):
        mail_store.save_topic(A, since)
        mail_store.save_server(ONE, since)
    mail_store.save_topic(B, 2**32)
    mail_store.save_server(TWO, 0)
    assert mail_store.load_topics() == {A: 5, B: 2**32}
    assert mail_store.load_servers() == {ONE: 5, TWO: 0}


def test_intervals_are_in_order_of_server_topic_and_time(mail_store: MailStore) -> None:
    assert list(mail_store.load_covered()) == []
    fill(mail_store)
    of_each = [(A, 1, 3), (A, 5, 6), (B, 7, 9)]
    assert list(mail_store.load_covered()) == [
        Covered(server, *row) for server in (ONE, TWO) for row in of_each
    ]


def test_intervals_take_the_place_of_those_of_one_server_and_topic(mail_store: MailStore) -> None:
    fill(mail_store)
    mail_store.replace_covered(ONE, A, [(1, 6)])
    mail_store.replace_covered(TWO, A, [])
    assert list(mail_store.load_covered()) == [
        Covered(ONE, A, 1, 6),
        Covered(ONE, B, 7, 9),
        Covered(TWO, B, 7, 9),
    ]


def test_topic_leaves_with_what_was_fetched_of_it(mail_store: MailStore) -> None:
    fill(mail_store)
    mail_store.save_topic(A, 1)
    mail_store.save_topic(B, 1)
    mail_store.remove_topic(A)
    mail_store.remove_topic(topic(b"none"))
    assert mail_store.load_topics() == {B: 1}
    assert {row.topic for row in mail_store.load_covered()} == {B}


def test_server_leaves_with_all_that_is_kept_of_it(mail_store: MailStore) -> None:
    fill(mail_store)
    mail_store.save_server(ONE, 1)
    mail_store.save_server(TWO, 1)
    mail_store.save_resume(RESUME)
    mail_store.remove_server(ONE)
    mail_store.remove_server(person(3))
    assert mail_store.load_servers() == {TWO: 1}
    assert {row.server for row in mail_store.load_covered()} == {TWO}
    assert list(mail_store.load_resumes()) == []


def test_each_server_has_one_place_to_go_on(mail_store: MailStore) -> None:
    other = Resume(TWO, frozenset({B}), 0, 2**32 - 1, b"\xff" * 36)
    mail_store.save_resume(Resume(ONE, frozenset(), 1, 2, b"c" * 36))
    mail_store.save_resume(other)
    mail_store.save_resume(RESUME)
    assert sorted(mail_store.load_resumes(), key=lambda it: it.server.raw) == [RESUME, other]
    mail_store.remove_resume(ONE)
    mail_store.remove_resume(ONE)
    assert list(mail_store.load_resumes()) == [other]
