"""Which session a message goes on, who gets it, and how large it becomes."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.secure.facts import BundleWanted, Opened, Secrecy, SecretAgreed
from sottovoce.secure.records import Records
from sottovoce.secure.sealing import overhead_bytes
from unit.secure.people import DAY_S, START, Device, after, entry_for, parts, talking


def test_stranger_gets_a_message_that_every_device_can_read() -> None:
    alice, bob = Device("alice"), Device("bob")
    sealed = alice.send(bob, b"hello")
    assert (sealed.secrecy, sealed.targets, sealed.agreed_secret) == (Secrecy.DH_ONLY, (), None)
    assert list(parts(sealed).direct) == ["none"]
    opened = bob.open(alice, sealed)
    assert isinstance(opened, Opened)
    assert (opened.content, opened.secrecy, opened.receipt) == (b"hello", Secrecy.DH_ONLY, None)


def test_own_bundle_comes_with_every_message() -> None:
    alice, bob = talking()
    assert list(parts(alice.send(bob, b"")).bundles[0].prekeys) == ["alice's phone"]


def test_header_is_repeated_until_the_first_answer() -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    first, second = alice.send(bob, b"1"), alice.send(bob, b"2")
    assert entry_for(first, bob).x3dh == entry_for(second, bob).x3dh
    assert entry_for(first, bob).x3dh is not None
    assert bob.read(alice, second) == b"2"
    assert alice.read(bob, bob.send(alice, b"3")) == b"3"
    assert entry_for(alice.send(bob, b"4"), bob).x3dh is None
    assert bob.read(alice, first) == b"1"


def test_every_device_gets_an_entry_of_its_own() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    alice.hear_of(tablet, after(1))
    sealed = alice.send(phone, b"both")
    assert [target.installation_id for target in sealed.targets] == ["tablet", "bob's phone"]
    assert phone.read(alice, sealed) == tablet.read(alice, sealed) == b"both"


def test_three_newest_devices_get_it() -> None:
    alice = Device("alice")
    for number in range(5):
        alice.hear_of(Device("bob", f"device {number}"), after(number))
    sealed = alice.send(Device("bob"), b"")
    assert [target.installation_id for target in sealed.targets] == [
        "device 4", "device 3", "device 2",
    ]  # fmt: skip


def test_our_own_installation_id_is_never_written_to() -> None:
    alice, bob = Device("alice", "same"), Device("bob", "same")
    alice.hear_of(bob)
    assert list(parts(alice.send(bob, b"")).direct) == ["none"]


def test_secret_counts_as_agreed_when_every_device_has_written() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"")
    assert sealed.agreed_secret is not None
    assert sealed.facts == (SecretAgreed(bob.public, sealed.agreed_secret),)
    alice.hear_of(Device("bob", "tablet"), after(1))
    assert alice.send(bob, b"").agreed_secret is None


def test_prekey_that_was_replaced_starts_a_new_session() -> None:
    alice, bob = talking()
    later = after(2 * DAY_S)
    alice.hear_of(bob, later)
    sealed = alice.send(bob, b"new", later)
    assert entry_for(sealed, bob).x3dh is not None
    assert bob.read(alice, sealed, later) == b"new"


def test_message_of_the_old_session_still_opens() -> None:
    alice, bob = talking()
    late = alice.send(bob, b"late")
    alice.hear_of(bob, after(2 * DAY_S))
    assert bob.read(alice, alice.send(bob, b"new", after(2 * DAY_S)), after(2 * DAY_S)) == b"new"
    assert bob.read(alice, late, after(2 * DAY_S)) == b"late"


def test_both_start_at_once_and_end_on_one_session() -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    bob.hear_of(alice)
    from_alice, from_bob = alice.send(bob, b"a"), bob.send(alice, b"b")
    assert alice.read(bob, from_bob) == b"b"
    assert bob.read(alice, from_alice) == b"a"
    sessions = set()
    for number in range(4):
        sender, receiver = (alice, bob) if number % 2 else (bob, alice)
        sealed = sender.send(receiver, b"turn")
        assert receiver.read(sender, sealed) == b"turn"
        header = entry_for(sealed, receiver).session
        assert header is not None
        sessions.add(header.prekey)
    assert len(sessions) == 1


def test_conversation_without_forward_secrecy_still_goes_through_this_layer() -> None:
    alice, bob = talking()
    alice.channel.set_forward_secrecy(bob.public, on=False)
    sealed = alice.send(bob, b"readable by all devices")
    assert sealed.secrecy is Secrecy.DH_ONLY
    opened = bob.open(alice, sealed)
    assert isinstance(opened, Opened)
    assert opened.secrecy is Secrecy.DH_ONLY
    alice.channel.set_forward_secrecy(bob.public, on=True)
    assert alice.send(bob, b"").secrecy is Secrecy.RATCHET


def test_answer_starts_a_new_session_with_the_device_that_is_out_of_step() -> None:
    alice, bob = talking()
    backup = bob.store.copy()
    assert bob.read(alice, alice.send(bob, b"1")) == b"1"
    assert alice.read(bob, bob.send(alice, b"2")) == b"2"
    assert bob.read(alice, alice.send(bob, b"3")) == b"3"
    assert alice.read(bob, bob.send(alice, b"4")) == b"4"
    bob.opened_on(backup)  # and nobody told it that this is an old state
    opened = bob.open(alice, alice.send(bob, b"5", after(1)), after(1))
    [wanted] = [fact for fact in opened.facts if isinstance(fact, BundleWanted)]
    answer = bob.channel.seal_answer(wanted, after(2))
    assert set(parts(answer).direct) == {"alice's phone", "none"}
    opened = alice.open(bob, answer, after(2))
    assert isinstance(opened, Opened)
    assert (opened.content, opened.secrecy) == (b"", Secrecy.RATCHET)
    assert bob.read(alice, alice.send(bob, b"6", after(3)), after(3)) == b"6"
    assert alice.read(bob, bob.send(alice, b"7", after(4)), after(4)) == b"7"


def test_answer_respects_a_conversation_without_sessions() -> None:
    alice, bob = talking()
    alice.channel.set_forward_secrecy(bob.public, on=False)
    answer = alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), START)
    assert list(parts(answer).direct) == ["none"]


def test_recipient_off_the_curve_is_refused_and_changes_nothing() -> None:
    alice, _ = talking()
    before = alice.snapshot()
    for seal in (alice.channel.seal, alice.channel.seal_to_any_device):
        with pytest.raises(InvalidKeyError):
            seal(PublicKey(b"\x01" * 64), b"", START)
    assert alice.snapshot() == before


@pytest.mark.parametrize("size", [0, 100, 5000])
@pytest.mark.parametrize("devices", [1, 3])
def test_overhead_is_never_exceeded(size: int, devices: int) -> None:
    alice = Device("alice", "a" * 36)
    for number in range(2):
        alice.hear_of(Device("alice", str(number).rjust(36)), after(number))
        alice.channel.set_enabled(alice.public, str(number).rjust(36), enabled=True)
    for number in range(devices):
        alice.hear_of(Device("bob", str(number).rjust(36)), after(number))
    sealed = alice.send(Device("bob"), bytes(size))
    assert len(sealed.targets) == devices
    assert len(sealed.content) - size <= overhead_bytes(size)
    assert overhead_bytes(size) - (len(sealed.content) - size) < (3 - devices) * (size + 400) + 100


def test_stored_prekey_that_is_no_point_is_a_damaged_record() -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    peer = Records(alice.store).peer(bob.identity)
    [(name, known)] = peer.installations.items()
    prekeys = (replace(known.prekeys[0], key=b"\x02" + b"\xff" * 32),)
    damaged = peer.with_installation(name, replace(known, prekeys=prekeys))
    Records(alice.store).save_peer(bob.identity, damaged)
    with pytest.raises(LocalProtocolError):
        alice.send(bob, b"text")
    with pytest.raises(LocalProtocolError):
        alice.channel.seal_answer(BundleWanted(bob.public, name), START)
