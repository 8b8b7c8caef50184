"""Our own bundle: refreshed at every use, with the newest of our other devices."""

from sottovoce.secure.bundle import verify_bundle
from sottovoce.secure.device import unix_ns
from unit.secure.people import DAY_S, START, Device, after, parts


def test_every_use_refreshes_time_and_signature() -> None:
    alice = Device("alice")
    first = parts(alice.channel.seal_bundle(START)).bundles[0]
    second = parts(alice.channel.seal_bundle(after(60))).bundles[0]
    assert second.timestamp_ns - first.timestamp_ns == 60 * 10**9
    assert second.prekeys == first.prekeys
    assert verify_bundle(first) == verify_bundle(second) == alice.public


def test_prekey_changes_after_a_day() -> None:
    alice = Device("alice")
    first = parts(alice.channel.seal_bundle(START)).bundles[0].prekeys["alice's phone"]
    second = parts(alice.channel.seal_bundle(after(DAY_S + 1))).bundles[0].prekeys["alice's phone"]
    assert (first.version, second.version) == (1, 2)
    assert first.key != second.key


def test_bundle_names_two_other_devices_that_are_enabled_the_newest_ones() -> None:
    phone = Device("alice")
    for number, name in enumerate(("tablet", "laptop", "watch", "fridge")):
        phone.hear_of(Device("alice", name), after(number))
        if name != "fridge":
            phone.channel.set_enabled(phone.public, name, enabled=True)
    named = parts(phone.channel.seal_bundle(after(10))).bundles[0].prekeys
    assert set(named) == {"alice's phone", "laptop", "watch"}


def test_newer_prekey_of_ours_in_another_device_s_bundle_is_outdone() -> None:
    phone, tablet = Device("alice"), Device("alice", "tablet")
    for day in range(3):
        tablet.hear_of(phone, after(day * (DAY_S + 1)))
    tablet.channel.set_enabled(phone.public, "alice's phone", enabled=True)
    phone.lose_everything()
    phone.hear_of(tablet, after(3 * DAY_S))
    named = parts(phone.channel.seal_bundle(after(3 * DAY_S + 1))).bundles[0].prekeys
    assert named["alice's phone"].version == 4


def test_nanoseconds_are_those_of_the_wall_clock() -> None:
    assert unix_ns(START) == 1_590_000_000 * 10**9
