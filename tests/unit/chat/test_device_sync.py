"""What devices of one person tell each other as the deployed clients do, and what they take."""

import base64
from dataclasses import replace

import pytest

from sottovoce.chat import device_sync
from sottovoce.chat.commands import (
    AddContact,
    BlockContact,
    EnableDevice,
    LeaveChat,
    RemoveContact,
    SendMessage,
    SetProfile,
    SyncDevices,
)
from sottovoce.chat.events import ChatChanged, ChatOutput, ContactChanged, Unshown
from sottovoce.chat.records import Chat, ChatKind
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.devices import SyncInstallationContact, SyncInstallationPublicChat
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.registry import Payload
from sottovoce.stack.destinations import Contact, OwnDevices, PublicChat
from sottovoce.stack.events import (
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallation,
    OwnInstallations,
    PeopleChanged,
)
from unit.chat.people import LOBBY, NOW_MS, Person, one, only, private, update

DESK = "device-2"
PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9)).decode()
CHANNEL = SyncInstallationPublicChat(NOW_MS, LOBBY)


def paired(number: int = 1, *, settings: ChatSettings | None = None) -> Person:
    """Return somebody with an enabled second device."""
    person = Person(number, settings=settings)
    person.handle(OwnInstallations((OwnInstallation(DESK, False),)))
    person.do(EnableDevice(DESK))
    return person


def told(outputs: list[ChatOutput]) -> list[Payload]:
    """Return what was told our own devices."""
    submitted = only(MessageSubmitted, outputs)
    return [unwrap(it.raw).payload for it in submitted if it.destination == OwnDevices()]


def contact(other: Person, *, clock: int = NOW_MS, **fields: str | int) -> SyncInstallationContact:
    return replace(SyncInstallationContact(clock, other.id), **fields)  # type: ignore[arg-type]


# ---- ours


def test_new_contact_and_channel_are_told_only_when_paired(anna: Person, bruno: Person) -> None:
    assert told(anna.add(bruno)) + told(anna.join()) == []
    anna = paired()
    assert told(anna.add(bruno)) == [SyncInstallationContact(NOW_MS, bruno.id)]
    assert told(anna.join()) == [CHANNEL]


def test_contact_and_channel_that_are_here_already_are_not_told(bruno: Person) -> None:
    anna = paired()
    anna.add(bruno)
    anna.join()
    assert told(anna.do(AddContact(bruno.key, nickname="B"))) == []
    assert told(anna.join()) == []


def test_channel_that_is_joined_again_is_told() -> None:
    anna = paired()
    anna.join()
    anna.do(LeaveChat(LOBBY))
    assert told(anna.join()) == [CHANNEL]


def test_private_words_are_copied_and_public_ones_are_not(bruno: Person) -> None:
    anna = paired()
    anna.join()
    private_words = only(MessageSubmitted, anna.do(SendMessage(bruno.id, "Ciao")))
    assert [it.destination for it in private_words] == [Contact(bruno.key), OwnDevices()]
    assert len({(it.message_id, it.raw) for it in private_words}) == 1
    public_words = only(MessageSubmitted, anna.do(SendMessage(LOBBY, "Ciao")))
    assert [it.destination for it in public_words] == [PublicChat(LOBBY)]


def test_everything_is_told_when_a_device_is_enabled(bruno: Person, carla: Person) -> None:
    anna = Person(1)
    anna.handle(OwnInstallations((OwnInstallation(DESK, False),)))
    anna.add(bruno)
    anna.add(carla)
    anna.do(RemoveContact(carla.key))
    anna.join("lobby")
    anna.join("left")
    anna.do(LeaveChat(anna.chat("left").id))
    anna.do(SetProfile("anna.eth", PICTURE))
    anna.arrives(update(clock=NOW_MS - 5, ens_name="bruno.eth", picture=PICTURE), bruno)
    assert told(anna.do(EnableDevice(DESK))) == [
        ContactUpdate(NOW_MS, "anna.eth", PICTURE),
        SyncInstallationContact(NOW_MS, bruno.id, PICTURE, "bruno.eth", NOW_MS - 5),
        CHANNEL,
    ]


def test_profile_that_was_never_chosen_is_not_told() -> None:
    anna = paired()
    assert told(anna.do(SyncDevices())) == []


def test_profile_is_told_as_of_when_it_was_chosen(bruno: Person) -> None:
    anna = paired()
    assert told(anna.do(SetProfile("anna.eth"))) == [ContactUpdate(NOW_MS, "anna.eth")]
    anna.wait(60)
    assert told(anna.do(SyncDevices())) == [ContactUpdate(NOW_MS, "anna.eth")]


def test_everything_once_more_takes_the_place_of_what_was_told_before(bruno: Person) -> None:
    anna = paired()
    anna.add(bruno)
    anna.join()
    first = anna.do(SyncDevices())
    anna.wait(60)
    withdrawn = only(MessageWithdrawn, anna.do(SyncDevices()))
    assert {it.message_id for it in withdrawn} == {
        it.message_id for it in only(MessageSubmitted, first)
    }


def test_so_much_is_told_at_once_that_room_is_left(
    bruno: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_sync, "SYNCED_AT_ONCE_MAX", 5)
    anna = paired()
    for number in range(5):
        anna.join(f"chat-{number}")
    anna.add(bruno)
    payloads = told(anna.do(SyncDevices()))
    assert len(payloads) == 5
    assert isinstance(payloads[0], SyncInstallationContact)


def test_large_pictures_leave_room_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_sync, "SYNCED_BYTES_AT_ONCE_MAX", 200_000)
    anna = paired()
    for number in range(2, 9):
        bruno = Person(number)
        anna.add(bruno)
        anna.arrives(update(clock=NOW_MS + number, picture=PICTURE + "A" * 60_000), bruno)
    assert len(told(anna.do(SyncDevices()))) == 3


# ---- theirs


def test_contact_of_another_device_is_ours_and_hears_nothing_from_here(
    anna: Person, bruno: Person
) -> None:
    outputs = anna.arrives(contact(bruno, ens_name="b.eth", profile_image=PICTURE), anna)
    assert only(MessageSubmitted, outputs) == []
    added = one(ContactChanged, outputs).contact
    assert (added.added, added.ens_name, added.picture) == (True, "b.eth", PICTURE)
    assert bruno.key in one(PeopleChanged, outputs).answered
    assert not anna.chat(bruno.id).active
    assert anna.wait(60) == []


def test_contact_that_waits_in_the_inbox_is_accepted(anna: Person, bruno: Person) -> None:
    anna.hears(bruno)
    anna.arrives(contact(bruno), anna)
    chat = anna.chat(bruno.id)
    assert (chat.accepted, chat.active, chat.held_bytes) == (True, True, 0)


def test_contact_who_is_ours_already_changes_nothing(anna: Person, bruno: Person) -> None:
    anna.arrives(contact(bruno), anna)
    assert anna.drops(contact(bruno), anna) is Unshown.DUPLICATE
    assert anna.drops(contact(bruno, clock=NOW_MS + 1), anna) is Unshown.DUPLICATE


def test_what_a_contact_said_here_counts_more_than_what_a_device_heard(
    anna: Person, bruno: Person
) -> None:
    anna.add(bruno)
    anna.arrives(update(clock=NOW_MS - 9, ens_name="new.eth"), bruno)
    told_later = contact(bruno, ens_name="old.eth")
    assert anna.drops(told_later, anna) is Unshown.DUPLICATE
    older = contact(bruno, ens_name="old.eth", last_updated=NOW_MS - 10)
    assert anna.drops(older, anna) is Unshown.DUPLICATE
    anna.arrives(contact(bruno, ens_name="newest.eth", last_updated=NOW_MS - 8), anna)
    assert anna.contact(bruno).ens_name == "newest.eth"
    assert anna.contact(bruno).updated_clock == NOW_MS - 8


def test_contact_is_heard_although_a_device_told_of_them_later(anna: Person, bruno: Person) -> None:
    anna.arrives(contact(bruno, ens_name="old.eth"), anna)
    anna.arrives(update(clock=NOW_MS - 9, ens_name="new.eth"), bruno)
    assert anna.contact(bruno).ens_name == "new.eth"


def test_clock_of_a_contact_is_never_beyond_that_of_who_told_it(
    anna: Person, bruno: Person
) -> None:
    anna.arrives(contact(bruno, ens_name="b.eth", last_updated=(1 << 64) - 1), anna)
    assert anna.contact(bruno).updated_clock == NOW_MS


def test_blocked_person_stays_blocked(anna: Person, bruno: Person) -> None:
    anna.do(BlockContact(bruno.key))
    assert anna.drops(contact(bruno), anna) is Unshown.BLOCKED


def test_we_are_no_contact_of_ours(anna: Person) -> None:
    assert anna.drops(contact(anna), anna) is Unshown.UNKNOWN_KIND


def test_channel_of_another_device_is_joined_and_nothing_is_sent(anna: Person) -> None:
    outputs = anna.arrives(CHANNEL, anna)
    assert one(ChatChanged, outputs).chat == Chat(LOBBY, ChatKind.PUBLIC)
    assert LOBBY in one(PeopleChanged, outputs).public_chats
    assert only(MessageSubmitted, outputs) == []
    assert anna.drops(CHANNEL, anna) is Unshown.DUPLICATE


def test_channel_that_was_left_here_stays_so(anna: Person) -> None:
    anna.join()
    anna.do(LeaveChat(LOBBY))
    assert anna.drops(CHANNEL, anna) is Unshown.DUPLICATE


@pytest.mark.parametrize("name", ["two words", "contact-discovery", Person(2).id])
def test_name_that_is_no_channels_is_not_joined(anna: Person, name: str) -> None:
    payload = SyncInstallationPublicChat(NOW_MS, name)
    assert anna.drops(payload, anna) is Unshown.UNKNOWN_KIND


def test_no_more_is_taken_than_there_can_be(bruno: Person, carla: Person) -> None:
    anna = Person(1, settings=ChatSettings(contacts_max=1, public_chats_max=1))
    anna.arrives(contact(bruno), anna)
    anna.arrives(CHANNEL, anna)
    assert anna.drops(contact(carla), anna) is Unshown.TOO_MANY
    other = SyncInstallationPublicChat(NOW_MS, "other")
    assert anna.drops(other, anna) is Unshown.TOO_MANY


@pytest.mark.parametrize("payload", [contact(Person(3)), CHANNEL])
def test_what_a_contact_says_in_our_name_is_refused(
    anna: Person, bruno: Person, payload: Payload
) -> None:
    anna.add(bruno)
    assert anna.drops(payload, bruno) is Unshown.NOT_OURS


def test_copy_of_a_message_is_ours_and_was_sent(anna: Person, bruno: Person) -> None:
    anna.arrives(private(bruno, "from the desk"), anna)
    assert anna.texts(bruno.id) == ["from the desk"]
    assert anna.drops(private(bruno, "from the desk"), anna) is Unshown.DUPLICATE
