import pytest

from sottovoce.chat.commands import React, ResendMessage, SendMessage
from sottovoce.chat.events import MessageChanged
from sottovoce.chat.records import Message, MessageState
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Contact, OwnDevices, PublicChat
from sottovoce.stack.events import (
    Acknowledged,
    MessageSubmitted,
    Sealed,
    SentToPeers,
    Stored,
    Undeliverable,
)
from unit.chat.people import LOBBY, Person, one, only, public

REASON = "nobody answered for thirty days"


class Sent:
    """A message of Anna's to Bruno, and what becomes of it."""

    def __init__(self, chat_id: str | None = None) -> None:
        self.anna, self.bruno = Person(1), Person(2)
        self.anna.join()
        message = self.anna.say("Ciao", chat_id or self.bruno.id)
        self.id = message.id
        self.to = PublicChat(LOBBY) if chat_id else Contact(self.bruno.key)

    @property
    def message(self) -> Message:
        message = self.anna.store.load_message(self.id)
        assert message is not None
        return message

    def sealed(self, secrecy: Secrecy) -> list[MessageChanged]:
        return only(MessageChanged, self.anna.handle(Sealed(self.id, self.to, secrecy)))

    def taken(self, peer_count: int = 2) -> list[MessageChanged]:
        event = SentToPeers(self.id, self.to, peer_count)
        return only(MessageChanged, self.anna.handle(event))

    def acknowledged(self) -> list[MessageChanged]:
        return only(MessageChanged, self.anna.handle(Acknowledged(self.id, self.to)))

    def stored(self) -> list[MessageChanged]:
        return only(MessageChanged, self.anna.handle(Stored(self.id, self.to)))

    def given_up(self) -> list[MessageChanged]:
        event = Undeliverable(self.id, self.to, REASON)
        return only(MessageChanged, self.anna.handle(event))


def test_message_comes_from_queued_to_acknowledged() -> None:
    sent = Sent()
    assert (sent.message.state, sent.message.secrecy) == (MessageState.QUEUED, None)
    assert sent.sealed(Secrecy.RATCHET)[0].message == sent.message
    assert (sent.message.state, sent.message.secrecy) == (MessageState.QUEUED, Secrecy.RATCHET)
    assert sent.taken(1)[0].message == sent.message
    assert (sent.message.state, sent.message.peer_count) == (MessageState.SENT, 1)
    assert len(sent.taken(3)) == 1
    assert sent.taken(3) == []
    assert sent.message.peer_count == 3
    assert len(sent.acknowledged()) == 1
    assert (sent.message.state, sent.message.raw) == (MessageState.ACKNOWLEDGED, b"")


@pytest.mark.parametrize("chat_id", [None, LOBBY])
def test_message_that_a_mailserver_has_is_stored_and_never_only_sent_again(
    chat_id: str | None,
) -> None:
    sent = Sent(chat_id)
    sent.taken(1)
    assert one(MessageChanged, sent.stored()).message == sent.message
    assert sent.message.state is MessageState.STORED
    assert sent.stored() == []
    sent.taken(2)
    assert (sent.message.state, sent.message.peer_count) == (MessageState.STORED, 2)


def test_stored_message_is_acknowledged_or_fails_like_any_other() -> None:
    arrived, lost = Sent(), Sent()
    for sent in (arrived, lost):
        sent.taken()
        sent.stored()
    arrived.acknowledged()
    lost.given_up()
    assert (arrived.message.state, lost.message.state) == (
        MessageState.ACKNOWLEDGED,
        MessageState.FAILED,
    )
    assert arrived.stored() == lost.stored() == []


def test_acknowledged_message_stays_so() -> None:
    sent = Sent()
    sent.acknowledged()
    assert sent.taken() == sent.stored() == sent.given_up() == sent.acknowledged() == []
    assert sent.message.state is MessageState.ACKNOWLEDGED


def test_message_that_is_given_up_fails_with_the_reason() -> None:
    sent = Sent()
    sent.taken()
    assert len(sent.given_up()) == 1
    assert (sent.message.state, sent.message.reason) == (MessageState.FAILED, REASON)
    assert sent.taken() == sent.given_up() == []


def test_late_acknowledgement_of_a_failed_message_counts() -> None:
    sent = Sent()
    sent.given_up()
    sent.acknowledged()
    assert (sent.message.state, sent.message.reason) == (MessageState.ACKNOWLEDGED, "")


def test_failed_message_is_sent_again_under_its_id() -> None:
    sent = Sent()
    raw = sent.message.raw
    sent.given_up()
    outputs = sent.anna.do(ResendMessage(sent.id))
    submitted = one(MessageSubmitted, outputs)
    assert (submitted.message_id, submitted.raw) == (sent.id, raw)
    assert submitted.destination == sent.to
    assert one(MessageChanged, outputs).message == sent.message
    assert (sent.message.state, sent.message.reason) == (MessageState.QUEUED, "")
    assert len(sent.taken()) == 1


def test_public_message_ends_as_sent() -> None:
    sent = Sent(LOBBY)
    sent.taken()
    assert sent.acknowledged() == sent.given_up() == []
    assert sent.message.state is MessageState.SENT


def test_public_message_that_never_left_fails() -> None:
    sent = Sent(LOBBY)
    sent.given_up()
    assert sent.message.state is MessageState.FAILED


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (Secrecy.RATCHET, Secrecy.DH_ONLY, Secrecy.DH_ONLY),
        (Secrecy.DH_ONLY, Secrecy.RATCHET, Secrecy.DH_ONLY),
        (Secrecy.RATCHET, Secrecy.RATCHET, Secrecy.RATCHET),
    ],
)
def test_weakest_protection_is_shown(first: Secrecy, second: Secrecy, shown: Secrecy) -> None:
    sent = Sent()
    sent.sealed(first)
    sent.sealed(second)
    assert sent.message.secrecy is shown


def test_word_about_another_destination_changes_nothing() -> None:
    sent = Sent()
    for other in (OwnDevices(), Contact(sent.anna.key), PublicChat(LOBBY)):
        assert sent.anna.handle(Acknowledged(sent.id, other)) == []
        assert sent.anna.handle(Sealed(sent.id, other, Secrecy.PUBLIC)) == []
    assert sent.message.state is MessageState.QUEUED


def test_word_about_what_is_not_shown_is_passed_over() -> None:
    anna, bruno = Person(1), Person(2)
    anna.join()
    outputs = anna.add(bruno)
    message = anna.say()
    outputs += anna.do(React(message.id, ReactionType.LOVE))
    for submitted in only(MessageSubmitted, outputs):
        id, to = submitted.message_id, submitted.destination
        assert anna.handle(Sealed(id, to, Secrecy.RATCHET)) == []
        assert anna.handle(SentToPeers(id, to, 1)) == []
        assert anna.handle(Acknowledged(id, to)) == []
        assert anna.handle(Undeliverable(id, to, REASON)) == []
    assert anna.handle(SentToPeers(MessageId(bytes(32)), PublicChat(LOBBY), 1)) == []


def test_word_about_somebody_else_s_message_changes_nothing() -> None:
    anna, bruno = Person(1), Person(2)
    bruno.join()
    bruno.arrives(public(), anna)
    (message,) = bruno.store.page(LOBBY, before=None, limit=1)
    assert bruno.handle(SentToPeers(message.id, PublicChat(LOBBY), 1)) == []
    message = bruno.hears(anna)
    assert bruno.handle(Acknowledged(message.id, Contact(anna.key))) == []


def test_only_what_failed_is_sent_again() -> None:
    sent = Sent()
    assert "failed" in sent.anna.refused(ResendMessage(sent.id))
    assert "no such message" in sent.anna.refused(ResendMessage(MessageId(bytes(32))))
    outputs = sent.anna.do(SendMessage(LOBBY, "x"))
    assert "failed" in sent.anna.refused(ResendMessage(one(MessageSubmitted, outputs).message_id))
