"""What is forgotten, for whom, and who stays."""

from dataclasses import replace

import pytest

from sottovoce.secure.facts import BundleWanted, Opened, Secrecy, Unreadable
from sottovoce.secure.settings import SecureSettings
from sottovoce.secure.wire import encode_message
from unit.secure.people import DAY_S, START, Device, after, parts, reason, talking

FEW = replace(
    SecureSettings(), strangers_max=3, sessions_per_stranger_max=2, keys_per_stranger_session_max=5
)


def strangers(count: int) -> list[Device]:
    return [Device(f"stranger {number}") for number in range(count)]


def write_all(bob: Device, people: list[Device]) -> None:
    """Let everybody write to Bob."""
    for number, person in enumerate(people):
        person.hear_of(bob)
        assert isinstance(bob.open(person, person.send(bob, b"hello"), after(number)), Opened)


def test_strangers_in_total_are_bounded_with_their_sessions_and_the_first_go() -> None:
    bob = Device("bob", settings=FEW)
    people = strangers(8)
    write_all(bob, people)
    assert set(bob.store.peers()) == {person.identity for person in people[5:]}
    assert {name.peer for name in bob.store.sessions()} == set(bob.store.peers())


def test_stranger_who_is_heard_of_again_stays_longer() -> None:
    bob = Device("bob", settings=FEW)
    people = strangers(4)
    write_all(bob, people[:3])
    bob.hear_of(people[0], after(10))
    bob.hear_of(people[3], after(11))
    assert people[0].identity in bob.store.peers()
    assert people[1].identity not in bob.store.peers()


def test_relayed_bundles_count_for_those_whom_they_name() -> None:
    bob, people = Device("bob", settings=FEW), strangers(8)
    bundles = tuple(parts(person.channel.seal_bundle(START)).bundles[0] for person in people)
    content = encode_message(replace(parts(people[0].channel.seal_bundle(START)), bundles=bundles))
    bob.channel.open(people[0].public, content, START)
    assert bob.store.peers() == [person.identity for person in people[5:]]


def test_message_without_a_bundle_counts_as_well() -> None:
    bob, people = Device("bob", settings=FEW), strangers(8)
    for person in people:
        person.hear_of(bob)
        content = encode_message(replace(parts(person.send(bob, b"hello")), bundles=()))
        assert isinstance(bob.channel.open(person.public, content, START), Opened)
    assert len(bob.store.peers()) == len(bob.store.sessions()) == 3


def test_strangers_never_drive_out_whom_we_wrote_to_or_decided_about() -> None:
    alice, bob = talking(strangers_max=3)
    carol, dora, emil = Device("carol"), Device("dora"), Device("emil")
    for person in (carol, dora, emil):
        bob.hear_of(person)
    bob.channel.remember(carol.public)
    bob.channel.set_forward_secrecy(dora.public, on=False)
    bob.channel.set_enabled(emil.public, emil.installation_id, enabled=False)
    own = Device("bob", "tablet")
    bob.hear_of(own)
    under_way = alice.send(bob, b"under way")
    write_all(bob, strangers(20))
    known = {person.identity for person in (alice, carol, dora, emil, own)}
    assert known < set(bob.store.peers())
    assert len(bob.store.peers()) == len(known) + 3
    assert bob.read(alice, under_way) == b"under way"


def test_sessions_of_a_stranger_are_fewer_and_what_was_never_answered_opens_again() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    alice.hear_of(bob)
    message = parts(alice.send(bob, b"hello"))
    for number in range(5):
        named = replace(message, installation_id=f"device {number}")
        bob.channel.open(alice.public, encode_message(named), after(number))
    assert [name.installation_id for name in bob.store.sessions()] == ["device 3", "device 4"]
    assert bob.read(alice, alice.send(bob, b"again", after(9)), after(9)) == b"again"


def test_session_that_was_not_used_for_longest_makes_room() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    alice.hear_of(bob)
    for number, name in enumerate(("a", "b", "a", "c")):
        named = replace(parts(alice.send(bob, b"hello")), installation_id=name)
        bob.channel.open(alice.public, encode_message(named), after(number))
    assert [name.installation_id for name in bob.store.sessions()] == ["a", "c"]


def test_sessions_with_whom_we_write_to_are_not_bounded_like_a_stranger_s() -> None:
    alice, bob = talking(sessions_per_stranger_max=2)
    for day in range(1, 6):
        now = after(2 * day * DAY_S)
        bob.hear_of(alice, now)
        assert alice.read(bob, bob.send(alice, b"daily", now), now) == b"daily"
    assert len(bob.store.sessions()) == len(alice.store.sessions()) == 5


def test_answers_to_a_stranger_make_no_more_sessions_either() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    for day in range(5):
        now = after(2 * day * DAY_S)
        bob.hear_of(alice, now)
        bob.channel.seal_answer(BundleWanted(alice.public, alice.installation_id), now)
    assert len(bob.store.sessions()) == 2


def test_keys_of_a_stranger_s_session_are_fewer() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    alice.hear_of(bob)
    last = [alice.send(bob, b"") for _ in range(20)][-1]
    assert isinstance(bob.open(alice, last), Opened)
    [name] = bob.store.sessions()
    assert [key.n for key in bob.store.message_keys(name)] == [15, 16, 17, 18, 19]


def test_writing_to_a_stranger_lifts_the_bounds() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    alice.hear_of(bob)
    assert bob.read(alice, alice.send(bob, b"hello")) == b"hello"
    assert bob.store.strangers() == [alice.identity]
    assert alice.read(bob, bob.send(alice, b"hi")) == b"hi"
    assert bob.store.strangers() == []
    last = [alice.send(bob, b"") for _ in range(20)][-1]
    assert isinstance(bob.open(alice, last), Opened)
    assert sum(len(bob.store.message_keys(name)) for name in bob.store.sessions()) == 20


def test_answer_that_the_channel_asks_for_makes_nobody_known() -> None:
    alice, bob = Device("alice"), Device("bob")
    bob.hear_of(alice)
    bob.channel.seal_answer(BundleWanted(alice.public, alice.installation_id), START)
    assert bob.store.strangers() == [alice.identity]


@pytest.mark.parametrize(("days", "stays"), [(30, True), (32, False)])
def test_stranger_without_a_session_is_forgotten_after_a_month(days: int, stays: bool) -> None:
    alice, bob = Device("alice"), Device("bob")
    bob.hear_of(alice)
    bob.channel.expire(after(days * DAY_S))
    assert bob.store.peers() == ([alice.identity] if stays else [])


def test_whom_we_wrote_to_is_never_forgotten() -> None:
    alice, bob = talking()
    bob.channel.expire(after(1000 * DAY_S))
    assert bob.store.peers() == [alice.identity]


def test_stranger_with_a_session_stays_until_the_session_goes() -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    assert bob.read(alice, alice.send(bob, b"hello")) == b"hello"
    bob.channel.expire(after(100 * DAY_S))  # the prekey of the session is still the current one
    assert bob.store.peers() == [alice.identity]
    bob.channel.seal_bundle(after(100 * DAY_S))
    bob.channel.expire(after(140 * DAY_S))
    assert bob.store.sessions() == []
    assert bob.store.peers() == []


def test_person_who_is_forgotten_is_a_stranger_again() -> None:
    alice, bob = talking()
    bob.channel.forget(alice.public)
    bob.channel.forget(Device("carol").public)
    assert bob.store.sessions() == []
    assert bob.store.peers() == []
    bob.hear_of(alice)
    assert bob.store.strangers() == [alice.identity]


def test_person_who_was_remembered_before_anything_was_heard_is_kept() -> None:
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    bob.channel.remember(alice.public)
    before = bob.snapshot()
    bob.channel.remember(alice.public)
    assert bob.snapshot() == before
    bob.hear_of(alice)
    write_all(bob, strangers(5))
    assert bob.send(alice, b"first").secrecy is Secrecy.RATCHET


def test_first_message_of_a_session_that_made_room_opens_once_more_and_then_no_more() -> None:
    """Its repetition is stopped by the layers above (docs/spec-deviations.md, "Strangers")."""
    alice, bob = Device("alice"), Device("bob", settings=FEW)
    alice.hear_of(bob)
    sealed = alice.send(bob, b"hello")
    assert bob.read(alice, sealed) == b"hello"
    assert reason(bob.open(alice, sealed)) is Unreadable.KEY_GONE
    write_all(bob, strangers(3))
    assert bob.read(alice, sealed, after(2)) == b"hello"
    assert reason(bob.open(alice, sealed, after(3))) is Unreadable.KEY_GONE
