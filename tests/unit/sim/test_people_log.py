from sottovoce.chat.events import MessageChanged
from sottovoce.chat.records import ChatId, MessageState
from sottovoce.payloads.message_id import MessageId
from sottovoce.sim.people_log import PeopleLog, Said
from unit.sim.test_people_checkers import message

ONE, TWO, THREE = (MessageId(bytes([n]) * 32) for n in (1, 2, 3))


def test_first_acknowledgement_counts() -> None:
    log = PeopleLog()
    for at_s, state in ((1.0, MessageState.SENT), (2.0, MessageState.ACKNOWLEDGED)):
        for later_s in (0.0, 10.0):
            fact = MessageChanged(message(1, own=True, chat_id=ChatId("anna"), state=state))
            log.heard(0, fact, at_s + later_s)
    assert list(log.acknowledged_s.values()) == [2.0]


def test_what_a_copy_lacks_is_forgotten_and_what_it_has_was_told_once() -> None:
    log = PeopleLog()
    log.went_back(0, before=frozenset({ONE, TWO}), after=frozenset({ONE}))
    assert log.of(0).forgotten == {TWO}
    assert log.of(0).added == {ONE: 1}
    log.went_back(0, before=frozenset({ONE, THREE}), after=frozenset())
    assert log.of(0).forgotten == {ONE, TWO, THREE}
    assert log.of(1).forgotten == set()


def test_message_is_from_the_device_on_which_it_was_said_until_that_forgets_it() -> None:
    log = PeopleLog()
    own = message(1, own=True, chat_id=ChatId("anna"))
    log.said[own.text] = Said(0, own.chat_id, own.id, 1.0)
    assert log.is_from(0, own)
    assert not log.is_from(1, own)
    assert not log.is_from(0, message(2, own=True, chat_id=ChatId("anna")))
    log.went_back(0, before=frozenset({own.id}), after=frozenset())
    assert not log.is_from(0, own)
