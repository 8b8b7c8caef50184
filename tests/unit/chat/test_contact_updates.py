import base64

import pytest

from sottovoce.chat.commands import (
    AddContact,
    BlockContact,
    OpenOneToOne,
    RemoveContact,
    SetProfile,
)
from sottovoce.chat.events import ContactChanged, Unshown
from sottovoce.chat.records import Profile
from sottovoce.chat.settings import TOLD_AT_ONCE_MAX, UPDATE_EVERY_S
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.metadata import unwrap
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import Contact
from sottovoce.stack.events import MessageSubmitted, MessageWithdrawn, TimePassed
from unit.chat.people import DAY_S, LOBBY, NOW_MS, Person, carry, ms, one, only, private, update

PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9)).decode()
LARGE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(30_000)).decode()


def told(outputs: list[object]) -> list[ContactUpdate]:
    updates = [unwrap(it.raw).payload for it in only(MessageSubmitted, outputs)]
    return only(ContactUpdate, updates)


# ---- theirs


def test_contact_request_is_told(anna: Person, bruno: Person) -> None:
    added = anna.add(bruno)
    changed = one(ContactChanged, carry(added, anna, bruno))
    assert changed.request_received
    assert changed.contact == bruno.contact(anna)
    assert (changed.contact.requested, changed.contact.added) == (True, False)


def test_two_people_become_contacts_of_each_other(anna: Person, bruno: Person) -> None:
    carry(anna.add(bruno), anna, bruno)
    carry(bruno.add(anna), bruno, anna)
    for person, other in ((anna, bruno), (bruno, anna)):
        assert person.contact(other).added
        assert person.contact(other).requested


def test_newest_word_counts(anna: Person, bruno: Person) -> None:
    bruno.arrives(update(clock=NOW_MS + 5, ens_name="anna.eth", picture=PICTURE), anna)
    assert bruno.drops(update(clock=NOW_MS + 5), anna) is Unshown.STALE
    assert bruno.drops(update(clock=NOW_MS + 4, ens_name="old.eth"), anna) is Unshown.STALE
    contact = bruno.contact(anna)
    assert (contact.ens_name, contact.picture, contact.updated_clock) == (
        "anna.eth",
        PICTURE,
        NOW_MS + 5,
    )


def test_name_that_changes_is_told_with_the_old_one(anna: Person, bruno: Person) -> None:
    bruno.arrives(update(ens_name="anna.eth"), anna)
    changed = one(ContactChanged, bruno.arrives(update(clock=NOW_MS + 1, ens_name="eve.eth"), anna))
    assert (changed.contact.ens_name, changed.previous_ens_name) == ("eve.eth", "anna.eth")
    changed = one(ContactChanged, bruno.arrives(update(clock=NOW_MS + 2), anna))
    assert (changed.contact.ens_name, changed.previous_ens_name) == ("", "eve.eth")


def test_same_word_again_is_not_told(anna: Person, bruno: Person) -> None:
    bruno.arrives(update(), anna)
    assert bruno.arrives(update(clock=NOW_MS + 1), anna) == []
    assert bruno.contact(anna).updated_clock == NOW_MS + 1


@pytest.mark.parametrize(
    "picture", ["nonsense", "data:text/html;base64,AAAA", "data:image/png;base64,AAAA"]
)
def test_picture_that_is_none_is_left_out(anna: Person, bruno: Person, picture: str) -> None:
    bruno.arrives(update(ens_name="anna.eth", picture=picture), anna)
    assert (bruno.contact(anna).ens_name, bruno.contact(anna).picture) == ("anna.eth", "")


def test_large_picture_is_taken_of_contacts_only(anna: Person, bruno: Person) -> None:
    bruno.do(OpenOneToOne(anna.key))
    bruno.arrives(update(picture=LARGE), anna)
    assert bruno.contact(anna).picture == ""
    bruno.add(anna)
    bruno.arrives(update(clock=NOW_MS + 1, picture=LARGE), anna)
    assert bruno.contact(anna).picture == LARGE


def test_update_moves_the_clock_of_the_chat(anna: Person, bruno: Person) -> None:
    bruno.hears(anna)
    bruno.arrives(update(clock=NOW_MS + 50), anna)
    assert bruno.chat(anna.id).last_clock == NOW_MS + 50
    bruno.hears(anna, clock=NOW_MS + 90)
    bruno.arrives(update(clock=NOW_MS + 80), anna)
    assert bruno.chat(anna.id).last_clock == NOW_MS + 90


def test_chat_that_is_made_later_knows_the_clock(anna: Person, bruno: Person) -> None:
    bruno.arrives(update(clock=NOW_MS + 50), anna)
    assert bruno.say("Ciao", anna.id).clock == NOW_MS + 51


def test_update_in_public_is_dropped(anna: Person, bruno: Person) -> None:
    assert bruno.drops(update(), anna, public_chats=(LOBBY,)) is Unshown.UNPROTECTED
    assert bruno.drops(update(), anna, secrecy=Secrecy.PUBLIC) is Unshown.UNPROTECTED


def test_newest_profile_of_our_own_devices_counts(anna: Person) -> None:
    assert anna.arrives(update(clock=NOW_MS, ens_name="anna.eth", picture="no uri"), anna) == []
    assert anna.store.load_profile() == Profile("anna.eth", "", NOW_MS)
    assert anna.drops(update(clock=NOW_MS, ens_name="late.eth"), anna) is Unshown.STALE
    assert anna.drops(update(clock=NOW_MS - 1, ens_name="old.eth"), anna) is Unshown.STALE
    assert list(anna.store.contacts()) == []


def test_update_of_somebody_blocked_is_dropped(anna: Person, bruno: Person) -> None:
    bruno.do(BlockContact(anna.key))
    assert bruno.drops(update(), anna) is Unshown.BLOCKED


def test_newest_message_of_a_contact_claims_a_name(anna: Person, bruno: Person) -> None:
    bruno.add(anna)

    def claim(name: str, clock: int) -> str:
        message = private(bruno, f"{clock}", clock=clock)
        object.__setattr__(message, "ens_name", name)
        bruno.arrives(message, anna)
        return bruno.contact(anna).ens_name

    assert claim("anna.eth", NOW_MS + 10) == "anna.eth"
    assert claim("old.eth", NOW_MS + 5) == "anna.eth"
    assert claim("no name", NOW_MS + 11) == "anna.eth"
    assert claim("", NOW_MS + 12) == "anna.eth"
    assert claim("new.eth", NOW_MS + 13) == "new.eth"


def test_stranger_s_message_claims_no_name(anna: Person, bruno: Person) -> None:
    message = private(bruno)
    object.__setattr__(message, "ens_name", "anna.eth")
    bruno.arrives(message, anna)
    assert list(bruno.store.contacts()) == []


# ---- ours


def test_added_contact_is_told_name_and_picture(anna: Person, bruno: Person) -> None:
    anna.do(SetProfile("anna.eth", PICTURE))
    outputs = anna.add(bruno)
    (submitted,) = only(MessageSubmitted, outputs)
    assert submitted.destination == Contact(bruno.key)
    assert told(list(outputs)) == [ContactUpdate(NOW_MS, "anna.eth", PICTURE)]
    assert anna.contact(bruno).told_clock == anna.chat(bruno.id).last_clock == NOW_MS


def test_change_of_the_profile_is_told_to_all_contacts_at_once(anna: Person) -> None:
    people = [Person(number) for number in (2, 3, 4)]
    for person in people:
        anna.add(person)
    anna.hears(people[1], clock=NOW_MS + 500)
    anna.do(BlockContact(people[2].key))
    outputs = anna.do(SetProfile("anna.eth"))
    submitted = only(MessageSubmitted, outputs)
    assert [it.destination for it in submitted] == [Contact(it.key) for it in people[:2]]
    assert told(list(outputs)) == [ContactUpdate(NOW_MS + 501, "anna.eth")] * 2
    assert len({it.message_id for it in submitted}) == 1
    assert {anna.chat(it.id).last_clock for it in people[:2]} == {NOW_MS + 501}


def test_profile_that_stays_the_same_is_not_told(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    assert len(anna.do(SetProfile())) == 1


def test_superseded_update_is_withdrawn(anna: Person, bruno: Person) -> None:
    first = one(MessageSubmitted, anna.add(bruno)).message_id
    outputs = anna.do(SetProfile("anna.eth"))
    assert one(MessageWithdrawn, outputs).message_id == first
    second = one(MessageSubmitted, outputs).message_id
    assert one(MessageWithdrawn, anna.do(RemoveContact(bruno.key))).message_id == second


def test_contacts_are_told_again_every_two_days(anna: Person, bruno: Person) -> None:
    first = one(MessageSubmitted, anna.add(bruno)).message_id
    assert anna.wait(2 * DAY_S - 1) == []
    outputs = anna.wait(2)
    assert one(MessageWithdrawn, outputs).message_id == first
    (again,) = told(list(outputs))
    assert again.clock == NOW_MS + ms(2 * DAY_S) + 1
    assert len(told(list(anna.wait(2 * DAY_S)))) == 1
    assert only(ContactChanged, outputs) == []


def test_restart_changes_nothing_about_when_contacts_are_told(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    deadline_s = anna.chats.next_deadline()
    anna.start()
    assert anna.chats.next_deadline() == deadline_s
    assert deadline_s == pytest.approx(anna.now_s + UPDATE_EVERY_S, abs=0.01)


def test_nobody_is_told_without_contacts(anna: Person, bruno: Person) -> None:
    assert anna.chats.next_deadline() is None
    anna.add(bruno)
    anna.do(RemoveContact(bruno.key))
    assert anna.chats.next_deadline() is None
    anna.add(bruno)
    anna.do(BlockContact(bruno.key))
    assert anna.chats.next_deadline() is None


def test_many_contacts_are_told_in_turns(anna: Person) -> None:
    count = TOLD_AT_ONCE_MAX + 5
    for number in range(count):
        anna.do(AddContact(Person(100 + number).key))
    anna.now_s += 3 * DAY_S
    anna.unix_s += 3 * DAY_S
    sizes = []
    while (deadline_s := anna.chats.next_deadline()) is not None and deadline_s <= anna.now_s:
        sizes.append(len(told(list(anna.handle(TimePassed())))))
    assert sizes == [TOLD_AT_ONCE_MAX, 5]


def test_clock_that_was_set_back_makes_no_storm(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    anna.unix_s -= 400 * DAY_S
    assert told(list(anna.wait(3 * DAY_S))) == []
    anna.do(SetProfile("anna.eth"))
    assert anna.contact(bruno).told_clock == NOW_MS + 1
