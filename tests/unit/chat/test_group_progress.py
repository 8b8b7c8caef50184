"""How far messages in groups have come, person by person and together."""

from dataclasses import dataclass

import pytest

from sottovoce.chat.commands import (
    BlockContact,
    LeaveChat,
    RemoveMember,
    ResendMessage,
    SendMessage,
)
from sottovoce.chat.events import MessageChanged
from sottovoce.chat.group_progress import GONE
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Contact, OwnDevices
from sottovoce.stack.events import (
    Acknowledged,
    MessageSubmitted,
    MessageWithdrawn,
    Sealed,
    SentToPeers,
    Stored,
    Undeliverable,
)
from unit.chat.group_post import Circle, make_group
from unit.chat.people import Person, one, only

REASON = "nobody answered for thirty days"


@dataclass
class Sent:
    """A message of Anna's to Bruno and Carla, and what becomes of it."""

    circle: Circle
    chat_id: ChatId
    id: bytes

    @property
    def anna(self) -> Person:
        return self.circle.people[0]

    @property
    def message(self) -> Message:
        (found,) = (it for it in self.anna.store.find_messages(self.id.hex()))
        return found

    def acknowledged(self, by: Person) -> list[MessageChanged]:
        return only(
            MessageChanged, self.anna.handle(Acknowledged(self.message.id, Contact(by.key)))
        )

    def stored(self, to: Person) -> list[MessageChanged]:
        return only(MessageChanged, self.anna.handle(Stored(self.message.id, Contact(to.key))))

    def given_up(self, to: Person) -> list[MessageChanged]:
        event = Undeliverable(self.message.id, Contact(to.key), REASON)
        return only(MessageChanged, self.anna.handle(event))

    def recipients(self) -> list[tuple[bytes, bool, str]]:
        rows = self.anna.store.list_recipients(self.message.id)
        return [(row.key.raw, row.acknowledged, row.reason) for row in rows]


@pytest.fixture
def sent() -> Sent:
    circle = Circle(1, 2, 3)
    chat_id = make_group(circle)
    message = circle.says(circle.people[0], "Ciao", chat_id)
    circle.hold()
    return Sent(circle, chat_id, message.id)


def counts(message: Message) -> tuple[MessageState, int, int]:
    return message.state, message.acknowledged_count, message.recipient_count


def test_message_is_acknowledged_when_all_members_have_it(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    assert counts(sent.message) == (MessageState.QUEUED, 0, 2)
    sent.anna.handle(Sealed(sent.message.id, Contact(bruno.key), Secrecy.RATCHET))
    sent.anna.handle(Sealed(sent.message.id, Contact(carla.key), Secrecy.DH_ONLY))
    sent.anna.handle(SentToPeers(sent.message.id, Contact(bruno.key), 3))
    assert (sent.message.secrecy, sent.message.state) == (Secrecy.DH_ONLY, MessageState.SENT)
    assert counts(one(MessageChanged, sent.acknowledged(bruno)).message) == (
        MessageState.SENT, 1, 2,
    )  # fmt: skip
    sent.acknowledged(carla)
    assert counts(sent.message) == (MessageState.ACKNOWLEDGED, 2, 2)
    assert sent.message.raw == b""
    assert sent.recipients() == [(bruno.key.raw, True, ""), (carla.key.raw, True, "")]
    assert sent.acknowledged(carla) == []


def test_message_is_stored_once_a_mailserver_has_what_goes_to_each_member(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    assert sent.stored(bruno) == sent.stored(bruno) == []
    assert sent.message.state is MessageState.QUEUED
    one(MessageChanged, sent.stored(carla))
    assert counts(sent.message) == (MessageState.STORED, 0, 2)
    sent.acknowledged(bruno)
    assert counts(sent.message) == (MessageState.STORED, 1, 2)
    sent.acknowledged(carla)
    assert counts(sent.message) == (MessageState.ACKNOWLEDGED, 2, 2)
    assert sent.stored(bruno) == []


def test_member_who_has_a_message_needs_no_mailserver(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    sent.acknowledged(bruno)
    assert counts(sent.message) == (MessageState.SENT, 1, 2)
    sent.stored(carla)
    assert counts(sent.message) == (MessageState.STORED, 1, 2)


def test_copy_for_a_device_of_ours_says_nothing_of_a_message(sent: Sent) -> None:
    outputs = sent.anna.handle(Stored(sent.message.id, OwnDevices()))
    assert only(MessageChanged, outputs) == []


def test_message_fails_only_if_nobody_could_get_it(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    sent.given_up(bruno)
    assert sent.message.state is MessageState.QUEUED
    sent.given_up(carla)
    assert (sent.message.state, sent.message.reason) == (MessageState.FAILED, REASON)


def test_message_is_sent_again_to_those_who_do_not_have_it(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    assert "that failed" in sent.anna.refused(ResendMessage(sent.message.id))
    sent.acknowledged(bruno)
    sent.given_up(carla)
    assert counts(sent.message) == (MessageState.SENT, 1, 2)
    outputs = sent.circle.do(sent.anna, ResendMessage(sent.message.id))
    assert one(MessageSubmitted, outputs).destination == Contact(carla.key)
    assert counts(sent.message) == (MessageState.SENT, 1, 2)
    sent.circle.settle()
    assert counts(sent.message) == (MessageState.ACKNOWLEDGED, 2, 2)


def test_what_waits_for_somebody_removed_is_withdrawn_from_them_alone(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    sent.acknowledged(bruno)
    outputs = sent.circle.do(sent.anna, RemoveMember(sent.chat_id, carla.key))
    assert only(MessageWithdrawn, outputs) == [
        MessageWithdrawn(sent.message.id, Contact(carla.key))
    ]
    assert counts(sent.message) == (MessageState.ACKNOWLEDGED, 1, 1)
    assert sent.recipients()[1] == (carla.key.raw, False, GONE)


def test_nobody_is_left_whom_it_was_for(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    for person in (bruno, carla):
        sent.circle.do(sent.anna, RemoveMember(sent.chat_id, person.key))
    assert counts(sent.message) == (MessageState.FAILED, 0, 0)
    assert "still in the group" in sent.message.reason
    assert "still in the group" in sent.anna.refused(ResendMessage(sent.message.id))


def test_what_waits_when_we_are_taken_out_is_withdrawn_and_has_failed() -> None:
    circle = Circle(1, 2, 3)
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    removal = circle.hold()
    message = circle.says(carla, "wait", chat_id)
    assert len(circle.waiting) == 2
    circle.carry_all(removal)
    assert circle.waiting == []
    failed = carla.store.load_message(message.id)
    assert failed is not None
    assert failed.state is MessageState.FAILED
    assert "taken out" in failed.reason
    assert "not in this group" in carla.refused(ResendMessage(message.id))
    del bruno


def test_last_words_before_leaving_are_still_sent(sent: Sent) -> None:
    outputs = sent.circle.do(sent.anna, LeaveChat(sent.chat_id))
    assert only(MessageWithdrawn, outputs) == []


def test_blocked_members_get_nothing_but_their_removal(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    sent.circle.do(sent.anna, BlockContact(carla.key))
    outputs = sent.circle.do(sent.anna, SendMessage(sent.chat_id, "Ciao"))
    assert one(MessageSubmitted, outputs).destination == Contact(bruno.key)
    outputs = sent.circle.do(sent.anna, RemoveMember(sent.chat_id, carla.key))
    to = [it.destination for it in only(MessageSubmitted, outputs)]
    assert to == [Contact(bruno.key), Contact(carla.key)]


def test_what_becomes_of_copies_for_our_devices_does_not_count(sent: Sent) -> None:
    assert sent.anna.handle(Acknowledged(sent.message.id, OwnDevices())) == []
    assert sent.anna.handle(SentToPeers(sent.message.id, OwnDevices(), 1)) == []


def test_who_waits_for_what_is_known_after_a_restart(sent: Sent) -> None:
    _, bruno, carla = sent.circle.people
    sent.anna.start()
    sent.acknowledged(bruno)
    outputs = sent.circle.do(sent.anna, RemoveMember(sent.chat_id, carla.key))
    assert len(only(MessageWithdrawn, outputs)) == 1
    assert sent.message.state is MessageState.ACKNOWLEDGED
