"""Devices as the stack sees them: our own others, and new ones of people we answer."""

from typing import TypeVar

import pytest

from sottovoce.crypto import secp256k1
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.payloads.devices import PairInstallation
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.bundle import SignedPrekey, sign_bundle
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.installations import INSTALLATIONS_REMEMBERED_MAX
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.wire import encode_message
from sottovoce.stack.composing import compose
from sottovoce.stack.destinations import Destination, EveryOwnDevice, OwnDevices, OwnDevicesOnce
from sottovoce.stack.events import (
    Acknowledged,
    DeviceEnabled,
    MessageSubmitted,
    OwnInstallation,
    OwnInstallations,
    PeerInstallationSeen,
    PostEnvelope,
    Sealed,
    SentToPeers,
    StackOutput,
    Undeliverable,
)
from sottovoce.stack.topics import partitioned
from unit.stack.post_office import Office, Person, arrived, talking

OutputT = TypeVar("OutputT")
to_enabled = pytest.mark.parametrize("destination", [OwnDevices(), OwnDevicesOnce()])


def only(kind: type[OutputT], outputs: list[StackOutput]) -> list[OutputT]:
    return [output for output in outputs if isinstance(output, kind)]


def introduce(person: Person) -> None:
    at_unix_ms = int(person.office.now.unix_s * 1000)
    payload = PairInstallation(at_unix_ms, person.installation_id, "phone", person.installation_id)
    said = compose(payload, person.private)
    person.tell(MessageSubmitted(said.message_id, said.raw, EveryOwnDevice()))
    person.office.settle()


def enable(person: Person, other: Person, *, on: bool = True) -> list[StackOutput]:
    return person.tell(DeviceEnabled(other.installation_id, on))


def two_devices(*, data_sync: bool = True) -> tuple[Office, Person, Person]:
    """Return two devices of Alice; the phone has enabled the desk."""
    office = Office()
    phone = office.add("alice", data_sync=data_sync)
    desk = office.add("alice", device="desk", data_sync=data_sync)
    introduce(desk)
    enable(phone, desk)
    for device in (phone, desk):
        device.heard.clear()
        device.devices.clear()
    office.sent.clear()
    return office, phone, desk


def note(person: Person, destination: Destination) -> tuple[MessageId, list[StackOutput]]:
    """Say something to our own devices."""
    said = person.write("note", person)
    outputs = person.tell(MessageSubmitted(said.message_id, said.raw, destination))
    person.office.settle()
    return said.message_id, outputs


def test_message_to_own_devices_reaches_another_device_of_ours() -> None:
    _, phone, desk = two_devices()
    said, _ = note(phone, OwnDevices())
    assert Acknowledged(said, OwnDevices()) in phone.heard
    assert arrived(phone) == []
    assert [(fact.author, fact.secrecy) for fact in arrived(desk)] == [(phone.key, Secrecy.RATCHET)]


def test_message_that_goes_once_is_done_when_a_peer_has_it() -> None:
    office, phone, desk = two_devices()
    said, _ = note(phone, OwnDevicesOnce())
    assert phone.heard == [
        Sealed(said, OwnDevicesOnce(), Secrecy.RATCHET),
        SentToPeers(said, OwnDevicesOnce(), 1),
    ]
    assert len(arrived(desk)) == 1
    assert len(office.sent) == 1  # Nobody acknowledges it.


def test_introduction_shows_the_device_to_all_others() -> None:
    office = Office()
    phone = office.add("alice")
    desk = office.add("alice", device="desk")
    phone.devices.clear()
    known_first: list[bool] = []
    office.told = lambda person: known_first.append(bool(phone.devices) >= bool(phone.heard))
    introduce(desk)
    assert all(known_first)
    assert phone.devices == [OwnInstallations((OwnInstallation(desk.installation_id, False),))]
    assert arrived(phone)[0].secrecy is Secrecy.DH_ONLY
    assert arrived(desk) == []


@pytest.mark.parametrize("data_sync", [True, False])
def test_introduction_goes_without_data_sync(data_sync: bool) -> None:
    office = Office()
    phone = office.add("alice", data_sync=data_sync)
    desk = office.add("alice", device="desk", data_sync=data_sync)
    introduce(desk)
    assert len(office.sent) == 1
    assert isinstance(arrived(phone)[0].payload, PairInstallation)


@to_enabled
def test_nothing_is_sealed_for_own_devices_while_none_is_enabled(destination: Destination) -> None:
    office = Office()
    phone, desk = office.add("alice"), office.add("alice", device="desk")
    introduce(desk)
    office.sent.clear()
    _, outputs = note(phone, destination)
    (undeliverable,) = only(Undeliverable, outputs)
    assert undeliverable.reason.startswith("no other device of yours is enabled")
    assert office.sent == []


@to_enabled
def test_what_waits_for_a_device_leaves_no_more_once_it_is_disabled(
    destination: Destination,
) -> None:
    office, phone, desk = two_devices()
    phone.connect(False)
    said, _ = note(phone, destination)
    outputs = enable(phone, desk, on=False)
    assert [it.message_id for it in only(Undeliverable, outputs)] == [said]
    phone.connect()
    office.pass_time(600)
    assert arrived(desk) == []


def test_what_waits_for_two_devices_still_goes_to_the_other_one() -> None:
    office, phone, desk = two_devices()
    tablet = office.add("alice", device="tablet")
    introduce(tablet)
    enable(phone, tablet)
    phone.connect(False)
    note(phone, OwnDevices())
    assert only(Undeliverable, enable(phone, desk, on=False)) == []
    phone.connect()
    office.pass_time(60)
    assert (desk.texts(), tablet.texts()) == ([], ["note"])


def test_introduction_that_waits_outlives_the_disabling() -> None:
    office, phone, desk = two_devices()
    phone.connect(False)
    introduce(phone)
    enable(phone, desk, on=False)
    phone.connect()
    office.pass_time(60)
    assert isinstance(arrived(desk)[0].payload, PairInstallation)


def test_enabling_an_unknown_device_tells_what_there_is() -> None:
    _, phone, desk = two_devices()
    known = OwnInstallations((OwnInstallation(desk.installation_id, True),))
    assert phone.tell(DeviceEnabled("no device", on=True)) == [known]


def test_devices_are_told_at_every_start() -> None:
    _, phone, desk = two_devices()
    phone.start()
    assert phone.devices == [OwnInstallations((OwnInstallation(desk.installation_id, True),))]


def crowd(person: Person, count: int, *, in_bundles_of: int) -> bytes:
    """Return a message with bundles of somebody's own that name so many devices."""
    key = secp256k1.compress(person.key)
    at_ns = int(person.office.now.unix_s * 1e9)
    names = [f"device {number:03}" for number in range(count)]
    bundles = tuple(
        sign_bundle(
            person.private,
            dict.fromkeys(names[start : start + in_bundles_of], SignedPrekey(key, 1, 1)),
            timestamp_ns=at_ns + start,
        )
        for start in range(0, count, in_bundles_of)
    )
    return encode_message(ProtocolMessage(names[0], bundles, {}))


def test_bundle_with_a_hundred_devices_is_no_bundle() -> None:
    office, phone, desk = two_devices()
    post_as(phone, crowd(phone, 100, in_bundles_of=100))
    office.settle()
    assert phone.devices == []
    assert OwnInstallation(desk.installation_id, True) in told_at_start(phone)


def test_hundred_devices_in_many_bundles_push_out_none_that_is_enabled() -> None:
    office, phone, desk = two_devices()
    for _ in range(3):
        post_as(phone, crowd(phone, 100, in_bundles_of=16))
        office.settle()
    assert len(phone.devices) <= 3  # At most once for each envelope.
    told = told_at_start(phone)
    assert len(told) == INSTALLATIONS_REMEMBERED_MAX
    assert OwnInstallation(desk.installation_id, True) in told


def told_at_start(person: Person) -> tuple[OwnInstallation, ...]:
    person.devices.clear()
    person.start()
    (told,) = person.devices
    assert isinstance(told, OwnInstallations)
    return told.installations


def post_as(person: Person, raw: bytes) -> None:
    """Carry an envelope to somebody that they have signed themselves, on another device."""
    mallory = person.office.add("mallory")
    route = EnvelopeRoute(partitioned(person.key).topic, person.key, person.private)
    person.office.post(mallory, PostEnvelope(1, route, raw, 15, 0.001, 1.0))


# ---- people whom we answer


def test_added_device_of_somebody_we_answer_is_told_once() -> None:
    office, alice, bob = talking()
    assert bob.devices == [OwnInstallations(())]
    desk = office.add("alice", device="desk")
    desk.knows(answered=[bob])
    desk.say("hello", bob)
    desk.say("again", bob)
    assert bob.devices[1:] == [PeerInstallationSeen(alice.key, desk.installation_id)]


def test_first_device_of_somebody_is_no_added_one() -> None:
    _, _, bob = talking()
    assert bob.devices == [OwnInstallations(())]


def test_strangers_device_is_not_told() -> None:
    office = Office()
    bob, alice = office.add("bob"), office.add("alice")
    desk = office.add("alice", device="desk")
    alice.say("hello", bob)
    desk.say("it is me", bob)
    assert bob.texts() == ["hello", "it is me"]
    assert bob.devices == [OwnInstallations(())]


def test_device_that_nothing_is_written_to_is_not_told() -> None:
    office, alice, bob = talking()
    old_ns = int(office.now.unix_s * 1e9) - 1
    key = secp256k1.compress(alice.key)
    for number in range(3):
        desk = office.add("alice", device=f"desk {number}")
        desk.knows(answered=[bob])
        desk.say("hello", bob)
    bob.devices.clear()
    bundle = sign_bundle(alice.private, {"lost": SignedPrekey(key, 1, 1)}, timestamp_ns=old_ns)
    route = EnvelopeRoute(partitioned(bob.key).topic, bob.key, alice.private)
    raw = encode_message(ProtocolMessage("lost", (bundle,), {}))
    office.post(alice, PostEnvelope(10_000, route, raw, 15, 0.001, 1.0))
    office.settle()
    assert bob.devices == []
