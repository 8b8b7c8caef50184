"""Two devices of Anna, and Bruno: conversations over whole stacks."""

from itertools import permutations

import pytest

from sottovoce.chat.commands import (
    AddContact,
    CreateGroup,
    EnableDevice,
    IntroduceDevice,
    JoinGroup,
    JoinPublicChat,
    LeaveChat,
    React,
    SendMessage,
    SetProfile,
    SyncDevices,
)
from sottovoce.chat.events import ContactDeviceAdded, DeviceChanged, MessageAdded, Unshown
from sottovoce.chat.records import ChatId, Device, Group, MessageState
from sottovoce.payloads.devices import PairInstallation, SyncInstallationPublicChat
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.composing import compose
from sottovoce.stack.destinations import Contact
from sottovoce.stack.events import Dropped, MessageSubmitted
from unit.chat.talkers import Talker, enable, family, pair, two_people
from unit.stack.post_office import Office

LOBBY = ChatId("lobby")
both_ways = pytest.mark.parametrize("data_sync", [True, False])


# ---- pairing


def test_introduced_device_is_known_by_name_and_waits_to_be_enabled() -> None:
    office = Office()
    phone, desk = Talker("anna", office), Talker("anna", office, device="desk")
    phone.told.clear()
    desk.do(IntroduceDevice("Anna's desk", "desktop"))
    known = phone.device(desk)
    assert (known.name, known.type, known.enabled, known.is_this) == (
        "Anna's desk",
        "desktop",
        False,
        False,
    )
    assert [it.device.name for it in phone.take_told(DeviceChanged)] == ["", "Anna's desk"]
    assert [it.installation_id for it in desk.chat_store.devices()] == [desk.installation_id]


def test_each_device_lists_itself() -> None:
    office = Office()
    phone = Talker("anna", office)
    (this,) = phone.chat_store.devices()
    assert this == Device(phone.installation_id, enabled=True, is_this=True)


def test_pairing_message_of_somebody_else_is_none_of_ours() -> None:
    _, anna, bruno = two_people()
    bruno.do(IntroduceDevice("Bruno's phone", "phone"))
    assert len(list(anna.chat_store.devices())) == 1


@both_ways
def test_words_of_our_devices_that_somebody_else_repeats_are_dropped(data_sync: bool) -> None:
    office, phone, _, bruno = family(data_sync=data_sync)
    at_unix_ms = int(office.now.unix_s * 1000)
    for payload in (
        SyncInstallationPublicChat(at_unix_ms, "trap"),
        PairInstallation(at_unix_ms, "anna's desk", "desktop", "Mallory"),
    ):
        for author in (phone.private, bruno.private):
            said = compose(payload, author)
            bruno.tell(MessageSubmitted(said.message_id, said.raw, Contact(phone.key)))
    office.pass_time(10)
    assert phone.stack.statistics.dropped[Dropped.IMPOSTOR] == 2
    assert phone.chats.statistics[Unshown.NOT_OURS] == 2
    assert "trap" not in [chat.id for chat in phone.chat_store.chats()]
    assert "Mallory" not in [device.name for device in phone.chat_store.devices()]


def test_device_that_was_off_learns_of_the_other_when_it_introduces_itself_again() -> None:
    office = Office()
    phone, desk = Talker("anna", office), Talker("anna", office, device="desk")
    phone.connect(False)
    desk.do(IntroduceDevice("Desk", "desktop"))
    phone.connect()
    office.pass_time(60)
    assert len(list(phone.chat_store.devices())) == 1
    desk.do(IntroduceDevice("", ""))
    assert phone.device(desk).name == "Desk"


@both_ways
def test_enabled_devices_have_contacts_channels_and_the_profile(data_sync: bool) -> None:
    office = Office()
    phone = Talker("anna", office, data_sync=data_sync)
    bruno = Talker("bruno", office, data_sync=data_sync)
    phone.do(AddContact(bruno.key))
    phone.do(JoinPublicChat(LOBBY))
    phone.do(SetProfile("anna.eth"))
    bruno.do(SetProfile("bruno.eth"))
    bruno.do(AddContact(phone.key))
    desk = Talker("anna", office, device="desk", data_sync=data_sync)
    pair(phone, desk)
    assert desk.contact(bruno).added
    assert desk.contact(bruno).ens_name == "bruno.eth"
    assert [chat.id for chat in desk.chat_store.list_chats() if chat.active] == [LOBBY]
    assert desk.chat_store.load_profile() == phone.chat_store.load_profile()
    bruno.do(JoinPublicChat(LOBBY))
    bruno.do(SendMessage(LOBBY, "Ciao"))
    assert desk.history(LOBBY) == phone.history(LOBBY) == ["Ciao"]


def test_what_was_told_goes_back_and_forth_no_further() -> None:
    office, phone, desk, _ = family()
    office.pass_time(600)
    office.sent.clear()
    phone.do(JoinPublicChat(LOBBY))
    office.pass_time(600)
    # The channel, and what acknowledges it.
    assert len(office.sent) == 2
    assert [it.id for it in desk.chat_store.chats() if it.active] == [LOBBY]


# ---- copies


@both_ways
def test_what_one_device_says_appears_as_ours_on_the_other(data_sync: bool) -> None:
    _, phone, desk, bruno = family(data_sync=data_sync)
    message = phone.says("from the phone", bruno)
    copied = desk.kept(message)
    assert (copied.own, copied.state, copied.author) == (True, MessageState.SENT, phone.key)
    assert copied.secrecy is Secrecy.RATCHET
    desk.says("from the desk", bruno)
    for device in (phone, desk):
        assert device.history(bruno.id) == ["from the phone", "from the desk"]
    assert bruno.history(phone.id) == ["from the phone", "from the desk"]
    assert len(desk.take_told(MessageAdded)) == 2


@both_ways
def test_what_a_contact_says_comes_to_both_devices(data_sync: bool) -> None:
    _, phone, desk, bruno = family(data_sync=data_sync)
    phone.says("I have two", bruno)
    said = bruno.says("good", phone)
    assert phone.history(bruno.id) == desk.history(bruno.id) == ["I have two", "good"]
    expected = MessageState.ACKNOWLEDGED if data_sync else MessageState.SENT
    assert bruno.kept(said).state is expected


@both_ways
def test_reaction_appears_on_the_other_device(data_sync: bool) -> None:
    _, phone, desk, bruno = family(data_sync=data_sync)
    message = phone.says("Ciao", bruno)
    desk.do(React(message.id, ReactionType.LOVE))
    for someone in (phone, desk, bruno):
        (reaction,) = someone.chat_store.reactions([message.id])
        assert reaction.author == phone.key


def test_public_messages_are_not_copied() -> None:
    office, phone, desk, _ = family()
    phone.do(JoinPublicChat(LOBBY))
    office.sent.clear()
    phone.do(SendMessage(LOBBY, "Ciao"))
    assert len(office.sent) == 1
    assert desk.history(LOBBY) == ["Ciao"]


def test_new_contact_is_a_contact_on_the_other_device_and_hears_from_it_only_in_two_days() -> None:
    office, phone, desk, _ = family()
    clara = Talker("clara", office)
    phone.do(AddContact(clara.key))
    assert desk.contact(clara).added
    assert desk.contact(clara).told_clock > 0
    clara.do(AddContact(phone.key))
    clara.says("Ciao", phone)
    assert desk.history(clara.id) == phone.history(clara.id) == ["Ciao"]


def test_profile_of_one_device_is_that_of_the_other() -> None:
    _, phone, desk, bruno = family()
    phone.do(SetProfile("anna.eth"))
    assert desk.chat_store.load_profile().ens_name == "anna.eth"
    desk.do(SetProfile("anna.stateofus.eth"))
    assert phone.chat_store.load_profile() == desk.chat_store.load_profile()
    assert bruno.contact(phone).ens_name == "anna.stateofus.eth"


def test_device_without_a_profile_takes_away_that_of_no_other() -> None:
    office = Office()
    phone = Talker("anna", office)
    phone.do(SetProfile("anna.eth"))
    desk = Talker("anna", office, device="desk")
    pair(desk, phone)
    assert phone.chat_store.load_profile().ens_name == "anna.eth"
    assert desk.chat_store.load_profile().ens_name == "anna.eth"


def test_what_is_told_once_more_is_not_taken_twice() -> None:
    _, phone, desk, _ = family()
    phone.do(JoinPublicChat(LOBBY))
    desk.do(LeaveChat(LOBBY))
    before = desk.chats.statistics.copy()
    phone.do(SyncDevices())
    assert desk.chats.statistics - before == {Unshown.DUPLICATE: 2}
    assert [chat.id for chat in desk.chat_store.chats() if chat.active] == []


# ---- groups


@both_ways
def test_group_and_what_is_said_in_it_are_on_both_devices(data_sync: bool) -> None:
    _, phone, desk, bruno = family(data_sync=data_sync)
    group = phone.do(CreateGroup("Trip", (bruno.key,))).result
    assert isinstance(group, Group)
    bruno.do(JoinGroup(group.chat_id))
    phone.do(SendMessage(group.chat_id, "from the phone"))
    desk.do(SendMessage(group.chat_id, "from the desk"))
    bruno.do(SendMessage(group.chat_id, "from Bruno"))
    for someone in (phone, desk, bruno):
        texts = someone.history(group.chat_id)
        assert texts[-3:] == ["from the phone", "from the desk", "from Bruno"]


def test_group_of_before_is_told_to_a_device_that_is_enabled() -> None:
    office, phone, bruno = two_people()
    phone.do(AddContact(bruno.key))
    bruno.do(AddContact(phone.key))
    group = phone.do(CreateGroup("Trip", (bruno.key,))).result
    desk = Talker("anna", office, device="desk")
    pair(phone, desk)
    assert group in desk.chat_store.list_groups()


def test_telling_everything_again_takes_nothing_from_others() -> None:
    office, phone, _, bruno = family()
    bruno.connect(False)
    group = phone.do(CreateGroup("Trip", (bruno.key,))).result
    phone.do(SyncDevices())
    phone.do(SyncDevices())
    bruno.connect()
    office.pass_time(600)
    assert group in bruno.chat_store.list_groups()


# ---- order, absence, restart


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_devices_agree_whatever_is_said_and_done_first(order: tuple[int, ...]) -> None:
    office = Office()
    phone, desk = Talker("anna", office), Talker("anna", office, device="desk")
    bruno = Talker("bruno", office)
    for step in order:
        match step:
            case 0:
                pair(phone, desk)
            case 1:
                bruno.do(AddContact(phone.key))
            case _:
                phone.do(AddContact(bruno.key))
                desk.do(JoinPublicChat(LOBBY))
    phone.says("one", bruno)
    bruno.says("two", phone)
    desk.says("three", bruno)
    office.pass_time(60)
    for device in (phone, desk):
        assert device.history(bruno.id) == ["one", "two", "three"]
        assert device.contact(bruno).added
        assert {chat.id for chat in device.chat_store.chats() if chat.active} == {LOBBY, bruno.id}
    assert bruno.history(phone.id) == ["one", "two", "three"]


def test_device_that_was_off_has_everything_when_it_is_back() -> None:
    office, phone, desk, bruno = family()
    phone.says("before", bruno)
    desk.connect(False)
    phone.says("while you were off", bruno)
    bruno.says("yes", phone)
    phone.do(JoinPublicChat(LOBBY))
    desk.connect()
    office.pass_time(600)
    # What Bruno said is done when one device of Anna's has it (protocol: acknowledged by anyone).
    assert "while you were off" in desk.history(bruno.id)
    assert LOBBY in [chat.id for chat in desk.chat_store.chats() if chat.active]


def test_restart_in_the_middle_loses_no_copy_and_no_device() -> None:
    office, phone, desk, bruno = family()
    desk.connect(False)
    message = phone.says("kept", bruno)
    phone.run()
    assert phone.device(desk).enabled
    desk.connect()
    office.pass_time(600)
    assert desk.kept(message).own
    desk.run()
    phone.says("after", bruno)
    assert desk.history(bruno.id) == ["kept", "after"]


def test_restarts_while_devices_are_paired_change_nothing() -> None:
    office = Office()
    phone, desk = Talker("anna", office), Talker("anna", office, device="desk")
    bruno = Talker("bruno", office)
    phone.do(AddContact(bruno.key))
    phone.do(JoinPublicChat(LOBBY))
    desk.do(IntroduceDevice("Desk", "desktop"))
    phone.run()
    desk.run()
    phone.connect(False)
    phone.do(EnableDevice(desk.installation_id))
    phone.run()
    phone.connect()
    office.pass_time(60)
    assert desk.contact(bruno).added
    assert [chat.id for chat in desk.chat_store.chats() if chat.active] == [LOBBY]
    assert phone.device(desk) == Device(
        desk.installation_id, "Desk", "desktop", enabled=True, clock=phone.device(desk).clock
    )


def test_envelopes_that_come_late_and_twice_bring_nothing_twice() -> None:
    office, phone, desk, bruno = family(data_sync=False)
    office.loses = lambda envelope: True
    already = len(office.sent)
    texts = [f"number {number}" for number in range(4)]
    for text in texts:
        phone.says(text, bruno)
    phone.do(JoinPublicChat(LOBBY))
    office.loses = lambda envelope: False
    held = office.sent[already:]
    for envelope in (*reversed(held), *held):
        office.carry(envelope)
        office.settle()
    assert desk.history(bruno.id) == bruno.history(phone.id) == texts
    assert len([chat for chat in desk.chat_store.chats() if chat.id == LOBBY]) == 1


# ---- a device that is lost


@both_ways
def test_nothing_goes_to_a_device_that_was_disabled(data_sync: bool) -> None:
    office, phone, desk, bruno = family(data_sync=data_sync)
    desk.connect(False)
    phone.says("waits for the desk", bruno)
    phone.do(EnableDevice(desk.installation_id, enabled=False))
    assert not phone.device(desk).enabled
    desk.connect()
    office.pass_time(600)
    phone.says("not for the desk", bruno)
    phone.do(JoinPublicChat(LOBBY))
    office.pass_time(600)
    assert "not for the desk" not in desk.history(bruno.id)
    assert LOBBY not in [chat.id for chat in desk.chat_store.chats()]
    if data_sync:
        assert "waits for the desk" not in desk.history(bruno.id)


def test_contacts_go_on_writing_to_a_disabled_device_that_they_know() -> None:
    _, phone, desk, bruno = family()
    desk.says("I am here", bruno)
    phone.do(EnableDevice(desk.installation_id, enabled=False))
    phone.says("the desk is lost", bruno)
    bruno.says("oh", phone)
    assert desk.history(bruno.id)[-1] == "oh"


def test_device_that_is_enabled_again_gets_all_again() -> None:
    _, phone, desk, _ = family()
    phone.do(EnableDevice(desk.installation_id, enabled=False))
    phone.do(JoinPublicChat(LOBBY))
    assert LOBBY not in [chat.id for chat in desk.chat_store.chats()]
    phone.do(EnableDevice(desk.installation_id))
    assert LOBBY in [chat.id for chat in desk.chat_store.chats() if chat.active]


def test_third_device_gets_everything_and_a_fourth_is_refused() -> None:
    office, phone, desk, bruno = family()
    tablet = Talker("anna", office, device="tablet")
    pair(phone, desk, tablet)
    watch = Talker("anna", office, device="watch")
    watch.do(IntroduceDevice("Watch", "watch"))
    reason = phone.refused(EnableDevice(watch.installation_id))
    assert reason.startswith("2 other devices are enabled")
    message = phone.says("Ciao", bruno)
    assert desk.kept(message).own
    assert tablet.kept(message).own
    assert watch.history(bruno.id) == []


# ---- what contacts see


def test_contact_is_told_once_of_a_device_that_was_added() -> None:
    office, anna, bruno = two_people()
    anna.do(AddContact(bruno.key))
    bruno.do(AddContact(anna.key))
    anna.says("Ciao", bruno)
    assert bruno.take_told(ContactDeviceAdded) == []  # The first device is no new one.
    desk = Talker("anna", office, device="desk")
    pair(anna, desk)
    anna.says("I have a second one", bruno)
    (told,) = bruno.take_told(ContactDeviceAdded)
    assert told.installation_id == desk.installation_id
    assert told.contact.key == anna.key
    bruno.says("it gets this", anna)
    assert desk.history(bruno.id)[-1] == "it gets this"
    desk.says("it does", bruno)
    assert bruno.take_told(ContactDeviceAdded) == []


def test_nobody_is_told_of_a_strangers_devices() -> None:
    office, anna, bruno = two_people()
    desk = Talker("anna", office, device="desk")
    pair(anna, desk)
    anna.says("psst", bruno)
    desk.says("psst", bruno)
    assert bruno.take_told(ContactDeviceAdded) == []


def test_refusals_say_what_to_do() -> None:
    office = Office()
    phone, desk = Talker("anna", office), Talker("anna", office, device="desk")
    assert "introduce it on the device itself" in phone.refused(EnableDevice(desk.installation_id))
    assert "enable one first" in phone.refused(SyncDevices())
    assert "from another one" in phone.refused(EnableDevice(phone.installation_id, enabled=False))
    enabled = phone.do(EnableDevice(phone.installation_id)).result
    assert enabled == phone.device(phone)
    desk.do(IntroduceDevice("Desk", "desktop"))
    enable(phone, [desk])
    assert phone.device(desk).enabled
