from dataclasses import replace

import pytest

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.base.secret import SymmetricKey
from sottovoce.mail.client_events import FetchAsked, PageEnd
from sottovoce.node import effects
from sottovoce.node.person_events import PersonInput
from sottovoce.runtime import person_inbox
from sottovoce.runtime.person_inbox import PersonInbox
from sottovoce.stack.events import KeyDerived, PeersChanged
from unit.runtime.lane_scene import KEY, asked
from unit.runtime.test_person_lane import message

POSTED = effects.PostSucceeded(1, EnvelopeHash(bytes(32)), 1, 1, 1.0)


def taken(inbox: PersonInbox) -> list[object]:
    out: list[object] = []
    while inbox:
        out.append(inbox.take())
    return out


def hurries(inbox: PersonInbox) -> bool:
    return inbox.hurries


def test_inputs_come_out_in_order() -> None:
    inbox = PersonInbox()
    for each in (asked(1), message(), POSTED):
        assert inbox.put(each)
    assert taken(inbox) == [asked(1), message(), POSTED]


def test_only_the_latest_count_of_peers_waits() -> None:
    inbox = PersonInbox()
    for count in range(10):
        inbox.put(PeersChanged(count))
    assert taken(inbox) == [PeersChanged(9)]


def test_messages_above_their_number_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(person_inbox, "MESSAGES_MAX", 2)
    inbox = PersonInbox()
    assert [inbox.put(message()) for _ in range(3)] == [True, True, False]
    assert inbox.dropped_messages == 1
    assert inbox.put(asked(1))
    inbox.take()
    assert inbox.put(message())


def test_messages_above_their_bytes_are_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(person_inbox, "MESSAGES_BYTES_MAX", 100)
    inbox = PersonInbox()
    assert [inbox.put(message(size_bytes=60)) for _ in range(2)] == [True, False]
    inbox.take()
    assert inbox.put(message(size_bytes=100))


def test_commands_above_their_number_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_inbox, "COMMANDS_MAX", 1)
    inbox = PersonInbox()
    assert [inbox.put(asked(number)) for number in (1, 2)] == [True, False]
    inbox.take()
    assert inbox.put(asked(3))


def test_what_says_only_that_something_is_on_its_way_does_not_hurry() -> None:
    inbox = PersonInbox()
    inbox.put(POSTED)
    inbox.put(effects.SentToPeer(KEY, ()))
    inbox.put(effects.ConfirmedByPeer(KEY, EnvelopeHash(bytes(32)), ()))
    assert not hurries(inbox)
    inbox.put(asked(1))
    assert hurries(inbox)
    taken(inbox)
    assert not hurries(inbox)


@pytest.mark.parametrize(
    "event",
    [PeersChanged(1), effects.PostFailed(1, "the message is too large"), message()],
)
def test_everything_else_hurries(event: PersonInput) -> None:
    inbox = PersonInbox()
    inbox.put(event)
    assert hurries(inbox)


def test_own_envelope_that_comes_back_does_not_hurry() -> None:
    inbox = PersonInbox()
    inbox.put(POSTED)
    inbox.put(message())
    assert not hurries(inbox)
    taken(inbox)
    inbox.put(message())
    assert hurries(inbox)


def test_what_is_left_when_commands_or_a_life_are_taken_out_hurries_as_before() -> None:
    inbox = PersonInbox()
    for each in (POSTED, asked(1), effects.SentToPeer(KEY, ())):
        inbox.put(each)
    assert inbox.take_commands() == [asked(1)]
    assert not hurries(inbox)
    inbox.forget_life()
    assert not inbox
    inbox.put(message())
    assert hurries(inbox)


def test_what_concerns_a_life_that_is_over_is_forgotten() -> None:
    derived = KeyDerived("name", SymmetricKey(b"k" * 32))
    inbox = PersonInbox()
    for each in (POSTED, asked(1), effects.SentToPeer(KEY, ()), derived, message()):
        inbox.put(each)
    inbox.forget_life()
    assert taken(inbox) == [asked(1), derived, message()]


# ---- history


def from_archive(size_bytes: int = 1) -> effects.MessageArrived:
    return replace(message(size_bytes=size_bytes), direct=True)


def test_history_takes_no_place_from_what_is_said_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(person_inbox, "HISTORY_MAX", 2)
    monkeypatch.setattr(person_inbox, "HISTORY_BYTES_MAX", 100)
    inbox = PersonInbox()
    assert [inbox.put(from_archive()) for _ in range(3)] == [True, True, False]
    assert inbox.put(message())
    assert inbox.dropped_messages == 1
    inbox.take()
    assert not inbox.put(from_archive(size_bytes=100))
    assert inbox.put(from_archive(size_bytes=99))


def test_signs_of_one_page_are_added_up_while_they_wait() -> None:
    inbox = PersonInbox()
    for request in (1, 2, 1, 1):
        assert inbox.put(effects.HistoryArriving(request, 3, 2, 100))
    assert taken(inbox) == [
        effects.HistoryArriving(1, 9, 6, 300),
        effects.HistoryArriving(2, 3, 2, 100),
    ]
    inbox.put(effects.HistoryArriving(1, 3, 2, 100))
    assert taken(inbox) == [effects.HistoryArriving(1, 3, 2, 100)]


def test_only_the_last_word_on_a_mailserver_waits_and_it_keeps_its_place() -> None:
    inbox = PersonInbox()
    done = effects.HistoryDone(1, PageEnd.DISCONNECTED)
    connected = effects.PeerConnected(KEY, "geth", "192.0.2.7", inbound=False)
    for event in (connected, done, effects.PeerDisconnected(KEY, "bye"), connected):
        assert inbox.put(event)
    assert taken(inbox) == [done, connected]


def test_wishes_for_history_are_commands_and_pages_are_of_one_life() -> None:
    inbox = PersonInbox()
    page = effects.HistoryArriving(1, 3, 2, 100)
    for event in (FetchAsked(7), page, effects.HistoryDone(1, PageEnd.ANSWERED), from_archive()):
        inbox.put(event)
    assert inbox.take_commands() == [FetchAsked(7)]
    inbox.forget_life()
    assert taken(inbox) == [from_archive()]
    inbox.put(page)
    assert taken(inbox) == [page]
