"""A session that starts anew: what is under way opens, and what is replayed decides nothing."""

from dataclasses import replace

import pytest

from sottovoce.secure.facts import BundleWanted, Opened, Sealed, Unreadable
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.records import Records
from sottovoce.secure.session import KEPT_RATCHETS_MAX
from sottovoce.secure.wire import encode_message
from unit.secure.people import DAY_S, START, Device, after, entry_for, parts, reason, talking


def first_message() -> tuple[Device, Device, Sealed]:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    return alice, bob, alice.send(bob, b"hello")


def test_message_under_way_opens_after_we_answered_with_a_new_session() -> None:
    alice, bob = talking()
    late = bob.send(alice, b"late")
    alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), after(1))
    assert alice.read(bob, late, after(2)) == b"late"


def test_message_under_way_opens_after_the_other_side_started_anew() -> None:
    alice, bob = talking()
    late = alice.send(bob, b"late")
    answer = alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), after(1))
    assert bob.read(alice, answer, after(1)) == b""
    assert bob.read(alice, late, after(2)) == b"late"
    assert alice.read(bob, bob.send(alice, b"on the new one", after(3)), after(3)) != b""
    assert entry_for(alice.send(bob, b"", after(4)), bob).x3dh is None


def test_message_under_way_opens_after_a_backup_was_restored() -> None:
    alice, bob = talking()
    late = bob.send(alice, b"late")
    alice.channel.start_anew()
    sealed = alice.send(bob, b"anew", after(1))
    assert entry_for(sealed, bob).x3dh is not None
    assert alice.read(bob, late, after(2)) == b"late"
    assert bob.read(alice, sealed, after(2)) == b"anew"


def test_message_on_a_replaced_ratchet_does_not_end_the_repetition_of_the_header() -> None:
    alice, bob = talking()
    late = bob.send(alice, b"late")
    alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), after(1))
    assert alice.read(bob, late, after(2)) == b"late"
    sealed = alice.send(bob, b"new", after(3))
    assert entry_for(sealed, bob).x3dh is not None
    assert bob.read(alice, sealed, after(3)) == b"new"


def test_talk_on_a_replaced_ratchet_goes_on_in_both_directions_of_its_chains() -> None:
    """The other side never got the answer, and goes on where it was."""
    alice, bob = talking()
    under_way = alice.send(bob, b"before")
    alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), after(1))
    assert bob.read(alice, under_way, after(1)) == b"before"
    for number in range(3):
        now = after(2 + number)
        assert alice.read(bob, bob.send(alice, b"still the old one", now), now) != b""
    assert entry_for(alice.send(bob, b"", after(9)), bob).x3dh is not None


def test_ratchets_that_were_replaced_are_bounded_and_what_came_on_the_first_is_known() -> None:
    alice, bob = talking()
    opened, late = bob.send(alice, b"opened"), bob.send(alice, b"late")
    assert alice.read(bob, opened) == b"opened"
    for number in range(KEPT_RATCHETS_MAX + 1):
        alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), after(1 + number))
    for sealed in (opened, late):
        assert reason(alice.open(bob, sealed, after(9))) is Unreadable.KEY_GONE


def test_replaced_ratchet_is_destroyed_when_nothing_can_be_under_way_any_more() -> None:
    alice, bob = talking()
    late = bob.send(alice, b"late")
    alice.channel.seal_answer(BundleWanted(bob.public, "bob's phone"), START)
    alice.channel.expire(after(30 * DAY_S))
    [name] = alice.store.sessions()
    assert Records(alice.store).session(name).kept != ()  # type: ignore[union-attr]
    alice.channel.expire(after(32 * DAY_S))
    assert Records(alice.store).session(name).kept == ()  # type: ignore[union-attr]
    assert reason(alice.open(bob, late, after(32 * DAY_S))) is Unreadable.KEY_GONE


def test_keys_are_counted_on_when_we_start_a_session_anew() -> None:
    alice, bob = talking()
    late = [bob.send(alice, b"%d" % number) for number in range(4)]
    assert alice.read(bob, late[1]) == b"1"
    alice.channel.start_anew()
    answer = alice.send(bob, b"anew", after(1))
    assert alice.read(bob, late[3], after(2)) == b"3"
    assert bob.read(alice, answer, after(2)) == b"anew"
    assert isinstance(alice.open(bob, bob.send(alice, b"new", after(3)), after(3)), Opened)
    [name] = alice.store.sessions()
    sequences = [key.sequence for key in alice.store.message_keys(name)]
    assert sequences == sorted(set(sequences)) == [1, 3, 5]


def test_keys_of_all_ratchets_of_a_session_are_counted_together() -> None:
    alice, bob = talking()
    late = alice.send(bob, b"late")
    alice.channel.start_anew()
    for _ in range(3):
        assert isinstance(bob.open(alice, alice.send(bob, b"anew", after(1)), after(1)), Opened)
    assert isinstance(bob.open(alice, late, after(2)), Opened)
    [name] = bob.store.sessions()
    sequences = [key.sequence for key in bob.store.message_keys(name)]
    assert sequences == [1, 2, 3, 4]


def test_message_from_long_before_the_session_started_anew_is_known_as_such() -> None:
    alice, bob = talking()
    old = alice.send(bob, b"old")
    assert bob.read(alice, old) == b"old"
    for number in range(KEPT_RATCHETS_MAX + 1):
        alice.lose_everything()
        alice.hear_of(bob, after(1))
        now = after(2 + number)
        assert bob.read(alice, alice.send(bob, b"anew", now), now) == b"anew"
    assert reason(bob.open(alice, old, after(9))) is Unreadable.KEY_GONE


def test_replayed_first_message_of_a_session_that_was_deleted_replaces_no_running_one() -> None:
    alice, bob, replayed = first_message()
    assert bob.read(alice, replayed) == b"hello"
    assert alice.read(bob, bob.send(alice, b"hi")) == b"hi"
    [name] = bob.store.sessions()
    bob.store.delete_session(name)
    alice.lose_everything()
    alice.hear_of(bob, after(1))
    assert bob.read(alice, alice.send(bob, b"anew", after(2)), after(2)) == b"anew"
    under_way = alice.send(bob, b"under way", after(3))
    assert bob.read(alice, replayed, after(4)) == b"hello"  # its key is known no more
    assert reason(bob.open(alice, replayed, after(4))) is Unreadable.KEY_GONE
    assert alice.read(bob, bob.send(alice, b"back", after(5)), after(5)) == b"back"
    assert bob.read(alice, under_way, after(6)) == b"under way"


def test_first_message_that_others_overtook_opens_and_its_session_is_used_afterwards() -> None:
    alice, bob = talking()
    alice.channel.start_anew()
    overtaken = alice.send(bob, b"overtaken", after(2))
    bob.hear_of(alice, after(3))
    assert bob.read(alice, overtaken, after(4)) == b"overtaken"
    assert bob.read(alice, alice.send(bob, b"next", after(5)), after(5)) == b"next"
    assert alice.read(bob, bob.send(alice, b"back", after(6)), after(6)) == b"back"
    assert entry_for(alice.send(bob, b"", after(7)), bob).x3dh is None


def test_late_first_message_is_known_as_such_when_its_ratchet_is_kept_no_more() -> None:
    alice, bob = talking()
    alice.channel.start_anew()
    overtaken = alice.send(bob, b"overtaken", after(2))
    bob.hear_of(alice, after(3))
    assert bob.read(alice, overtaken, after(4)) == b"overtaken"
    for number in range(KEPT_RATCHETS_MAX + 1):
        alice.channel.start_anew()
        now = after(5 + number)
        assert bob.read(alice, alice.send(bob, b"anew", now), now) == b"anew"
    assert reason(bob.open(alice, overtaken, after(20))) is Unreadable.KEY_GONE


def test_replayed_first_message_does_not_decide_which_session_we_send_on() -> None:
    alice, bob, replayed = first_message()
    assert bob.read(alice, replayed) == b"hello"
    [name] = bob.store.sessions()
    bob.store.delete_session(name)
    bob.hear_of(alice, after(1))
    assert alice.read(bob, bob.send(alice, b"1", after(2)), after(2)) == b"1"
    assert bob.read(alice, alice.send(bob, b"2", after(3)), after(3)) == b"2"
    running = entry_for(bob.send(alice, b"", after(4)), alice).session
    assert isinstance(bob.open(alice, replayed, after(5)), Opened)  # its key is known no more
    following = entry_for(bob.send(alice, b"", after(6)), alice).session
    assert running is not None
    assert following is not None
    assert following.prekey == running.prekey != name.prekey


def test_old_bundle_that_somebody_passes_on_does_not_override_a_link() -> None:
    alice, bob, mallory = Device("alice"), Device("bob"), Device("mallory")
    old = [alice.channel.seal_bundle(after(day * DAY_S)) for day in range(5)][-1]
    alice.lose_everything()
    now = after(6 * DAY_S)
    link = ProtocolMessage("", parts(alice.channel.seal_bundle(now)).bundles, {})
    bob.channel.open(alice.public, encode_message(link), now)
    bob.channel.open(mallory.public, old.content, now)
    assert alice.read(bob, bob.send(alice, b"may I?", now), now) == b"may I?"


def test_late_message_that_does_not_open_is_not_answered() -> None:
    alice, bob = talking()
    late = alice.send(bob, b"late", after(1))
    bob.hear_of(alice, after(2))
    [name] = bob.store.sessions()
    bob.store.delete_session(name)
    opened = bob.open(alice, late, after(3))
    assert reason(opened) is Unreadable.NO_SESSION
    assert opened.facts == ()
    fresh = bob.open(alice, alice.send(bob, b"fresh", after(4)), after(4))
    assert fresh.facts == (BundleWanted(alice.public, "alice's phone"),)


@pytest.mark.parametrize(
    "device",
    [Device("carol"), Device("carol", "alice's phone"), Device("alice", "tablet")],
    ids=["somebody else", "somebody else with the same id", "another device"],
)
def test_message_without_a_bundle_of_its_sender_is_not_answered(device: Device) -> None:
    alice, bob = talking()
    [name] = bob.store.sessions()
    bob.store.delete_session(name)
    message = parts(alice.send(bob, b"", after(1)))
    others = parts(device.channel.seal_bundle(after(1))).bundles
    content = encode_message(replace(message, bundles=others))
    opened = bob.channel.open(alice.public, content, after(1))
    assert not [fact for fact in opened.facts if isinstance(fact, BundleWanted)]
