"""The records of our own devices: what changes them, and what does not."""

from dataclasses import replace

import pytest

from sottovoce.chat.commands import EnableDevice, IntroduceDevice, SyncDevices
from sottovoce.chat.events import ContactDeviceAdded, DeviceChanged, Unshown
from sottovoce.chat.records import Device
from sottovoce.payloads.devices import PairInstallation
from sottovoce.payloads.limits import SHORT_TEXT_BYTES_MAX
from sottovoce.payloads.metadata import unwrap
from sottovoce.secure.facts import Secrecy
from sottovoce.stack.destinations import EveryOwnDevice
from sottovoce.stack.events import (
    DeviceEnabled,
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallation,
    OwnInstallations,
    PeerInstallationSeen,
)
from unit.chat.people import NOW_MS, Person, one, only

DESK = "device-2"
INTRODUCTION = PairInstallation(NOW_MS, DESK, "desktop", "Anna's desk")


def own(*names: str, enabled: str = "") -> OwnInstallations:
    return OwnInstallations(tuple(OwnInstallation(name, name == enabled) for name in names))


def known(person: Person) -> list[Device]:
    return list(person.store.list_devices())


@pytest.fixture
def anna() -> Person:
    """Anna, whose desk showed its bundle."""
    anna = Person(1)
    anna.handle(own(DESK))
    return anna


def test_this_device_is_listed_from_the_start_and_nobody_is_told() -> None:
    anna = Person(1)
    assert anna.handle(own()) == []
    assert known(anna) == [Device("device-1", enabled=True, is_this=True)]


def test_device_is_told_when_it_is_seen_first(anna: Person) -> None:
    changed = one(DeviceChanged, anna.handle(own(DESK, "device-3")))
    assert changed.device == Device("device-3")
    assert [it.installation_id for it in known(anna)] == ["device-1", DESK, "device-3"]


def test_same_devices_again_change_nothing(anna: Person) -> None:
    assert anna.handle(own(DESK)) == []


def test_device_that_was_pushed_out_is_forgotten(anna: Person) -> None:
    anna.arrives(INTRODUCTION, anna)
    changed = one(DeviceChanged, anna.handle(own()))
    assert (changed.device.installation_id, changed.device.enabled) == (DESK, False)
    assert [it.installation_id for it in known(anna)] == ["device-1"]


def test_device_of_a_restored_backup_is_another_one(anna: Person) -> None:
    anna.do(IntroduceDevice("Old phone", "phone"))
    anna.device = "restored"
    anna.start()
    assert "enable one first" in anna.refused(SyncDevices())
    anna.handle(own(DESK))
    assert known(anna) == [Device("restored", enabled=True, is_this=True), Device(DESK)]
    anna.handle(own(DESK, "device-1"))
    assert Device("device-1") in known(anna)


# ---- introductions


def test_introduction_names_this_device_to_every_device(anna: Person) -> None:
    outputs = anna.do(IntroduceDevice("Phone", "phone"))
    submitted = one(MessageSubmitted, outputs)
    assert submitted.destination == EveryOwnDevice()
    assert unwrap(submitted.raw).payload == PairInstallation(NOW_MS, "device-1", "phone", "Phone")
    assert only(MessageWithdrawn, outputs) == []
    this = known(anna)[0]
    assert (this.name, this.type, this.clock) == ("Phone", "phone", NOW_MS)


def test_introduction_again_takes_the_place_of_the_one_before(anna: Person) -> None:
    first = one(MessageSubmitted, anna.do(IntroduceDevice("Phone", "phone")))
    outputs = anna.do(IntroduceDevice("", ""))
    assert one(MessageWithdrawn, outputs).message_id == first.message_id
    again = unwrap(one(MessageSubmitted, outputs).raw).payload
    assert again == PairInstallation(NOW_MS + 1, "device-1", "phone", "Phone")
    assert only(DeviceChanged, outputs) == []


@pytest.mark.parametrize("name", ["", " ", "x" * (SHORT_TEXT_BYTES_MAX + 1), "\ud800"])
def test_device_without_a_name_that_can_be_sent_is_refused(anna: Person, name: str) -> None:
    assert "device" in anna.refused(IntroduceDevice(name, "phone"))
    assert "device" in anna.refused(IntroduceDevice("Phone", name))


def test_introduction_of_another_device_gives_it_name_and_kind(anna: Person) -> None:
    changed = one(DeviceChanged, anna.arrives(INTRODUCTION, anna, secrecy=Secrecy.DH_ONLY))
    assert changed.device == Device(DESK, "Anna's desk", "desktop", clock=NOW_MS)
    assert changed.device in known(anna)


def test_late_introduction_changes_nothing(anna: Person) -> None:
    anna.arrives(INTRODUCTION, anna)
    assert anna.drops(INTRODUCTION, anna) is Unshown.STALE
    old = replace(INTRODUCTION, clock=NOW_MS - 1, name="before")
    assert anna.drops(old, anna) is Unshown.STALE


def test_introduction_that_says_the_same_later_is_not_told(anna: Person) -> None:
    anna.arrives(INTRODUCTION, anna)
    assert anna.arrives(replace(INTRODUCTION, clock=NOW_MS + 5), anna) == []
    assert known(anna)[1].clock == NOW_MS + 5


def test_our_own_introduction_that_comes_back_changes_nothing(anna: Person) -> None:
    anna.do(IntroduceDevice("Phone", "phone"))
    own_words = replace(INTRODUCTION, installation_id="device-1", clock=NOW_MS + 9)
    assert anna.drops(own_words, anna) is Unshown.STALE


def test_introduction_of_a_device_without_a_bundle_is_refused(anna: Person) -> None:
    unknown = replace(INTRODUCTION, installation_id="device-9")
    assert anna.drops(unknown, anna) is Unshown.UNKNOWN_DEVICE


def test_introduction_by_somebody_else_is_not_ours(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    assert anna.drops(INTRODUCTION, bruno) is Unshown.NOT_OURS


def test_introduction_in_public_is_refused(anna: Person) -> None:
    dropped = anna.drops(INTRODUCTION, anna, secrecy=Secrecy.PUBLIC, public_chats=("lobby",))
    assert dropped is Unshown.UNPROTECTED


# ---- enabling


def test_enabling_is_told_before_anything_is_sent_there(anna: Person) -> None:
    anna.join()
    outputs = anna.do(EnableDevice(DESK))
    assert outputs[0] == DeviceEnabled(DESK, on=True)
    assert len(only(MessageSubmitted, outputs)) == 1
    assert Device(DESK, enabled=True) in known(anna)
    assert anna.handle(own(DESK, enabled=DESK)) == []


def test_enabling_twice_and_disabling_twice_change_nothing(anna: Person) -> None:
    anna.do(EnableDevice(DESK))
    assert len(anna.do(EnableDevice(DESK))) == 1
    assert DeviceEnabled(DESK, on=False) in anna.do(EnableDevice(DESK, enabled=False))
    assert len(anna.do(EnableDevice(DESK, enabled=False))) == 1


def test_two_others_can_be_enabled_and_a_third_only_in_the_place_of_one(anna: Person) -> None:
    anna.handle(own(DESK, "device-3", "device-4"))
    anna.do(EnableDevice(DESK))
    anna.do(EnableDevice("device-3"))
    assert "disable one of them first" in anna.refused(EnableDevice("device-4"))
    anna.do(EnableDevice(DESK, enabled=False))
    anna.do(EnableDevice("device-4"))
    assert [it.installation_id for it in known(anna) if it.enabled][1:] == ["device-3", "device-4"]


def test_unknown_device_is_refused(anna: Person) -> None:
    assert "no such device" in anna.refused(EnableDevice("device-9"))
    assert "no such device" in anna.refused(EnableDevice("device-9", enabled=False))


def test_this_device_cannot_be_disabled(anna: Person) -> None:
    assert "very device" in anna.refused(EnableDevice("device-1", enabled=False))


def test_enabled_device_is_known_after_a_restart(anna: Person) -> None:
    anna.do(EnableDevice(DESK))
    anna.start()
    anna.do(SyncDevices())
    anna.do(EnableDevice(DESK, enabled=False))
    anna.start()
    assert "enable one first" in anna.refused(SyncDevices())


# ---- devices of others


def test_added_device_of_a_contact_is_told(anna: Person, bruno: Person) -> None:
    anna.add(bruno)
    seen = PeerInstallationSeen(bruno.key, "tablet")
    assert anna.handle(seen) == [ContactDeviceAdded(anna.contact(bruno), "tablet")]
