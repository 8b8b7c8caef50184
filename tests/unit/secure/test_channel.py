"""The channel as its neighbours see it."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.secure.answer_rate import ANSWERS_AT_ONCE_MAX
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import (
    PUBLIC,
    BundleWanted,
    Opened,
    Sealed,
    Secrecy,
    SecretAgreed,
    Unopened,
    Unreadable,
)
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import DirectMessage
from sottovoce.secure.wire import encode_message
from unit.secure.people import (
    DAY_S,
    START,
    Device,
    after,
    entry_for,
    parts,
    reason,
    talking,
    with_entry,
)


@pytest.mark.parametrize("text", ["", "none", "x" * 129, "\ud800"])
def test_text_that_cannot_be_an_installation_id_is_refused(text: str) -> None:
    alice = Device("alice")
    with pytest.raises(LocalProtocolError):
        Channel(alice.private, text, MemoryStore(), alice.entropy)


def test_whoever_can_read_on_any_device_may_answer_on_the_negotiated_topic() -> None:
    alice, desk = Device("alice"), Device("alice", "desk")
    sealed = alice.channel.seal_to_any_device(alice.public, b"pairing", START)
    (agreed,) = sealed.facts
    assert isinstance(agreed, SecretAgreed)
    assert sealed.agreed_secret is None
    assert alice.channel.agreed_secrets() == [agreed]
    assert agreed in desk.open(alice, sealed).facts


def test_public_content_leaves_as_it_is() -> None:
    alice, bob = Device("alice"), Device("bob")
    sealed = alice.channel.seal(PUBLIC, b"\xff to all", START)
    assert sealed == Sealed(b"\xff to all", Secrecy.PUBLIC)
    assert bob.open(alice, sealed) == Opened(b"\xff to all", Secrecy.PUBLIC)


def test_unopened_messages_are_counted_by_reason() -> None:
    alice, bob = talking()
    bob.open(alice, alice.channel.seal_bundle(START))
    sealed = alice.send(bob, b"")
    bob.read(alice, sealed)
    bob.open(alice, sealed)
    assert bob.channel.unopened == {Unreadable.NO_CONTENT: 1, Unreadable.KEY_GONE: 1}


def test_confirmed_message_never_opens_again_and_an_unconfirmed_one_does() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"text")
    first, second = bob.open(alice, sealed), bob.open(alice, sealed)
    assert isinstance(first, Opened)
    assert first == second
    assert first.receipt is not None
    bob.channel.confirm(first.receipt)
    bob.channel.confirm(first.receipt)
    assert reason(bob.open(alice, sealed)) is Unreadable.KEY_GONE


def wanted(opened: Opened | Unopened) -> list[BundleWanted]:
    return [fact for fact in opened.facts if isinstance(fact, BundleWanted)]


def test_answer_is_wanted_once_in_each_pause() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    told = []
    for s in (0, 1, 7199, 7200):
        facts = wanted(tablet.open(alice, alice.send(phone, b""), after(s)))
        told.append(bool(facts))
        for fact in facts:
            tablet.channel.seal_answer(fact, after(s))
    assert told == [True, False, False, True]


def test_answer_to_somebody_we_know_is_wanted_again_soon_for_it_may_be_lost() -> None:
    """Found among simulated people: who had lost a session stayed deaf to a contact for hours."""
    alice, bob = talking()
    bob.lose_everything()
    bob.channel.remember(alice.public)
    told = []
    for s in (1, 60, 61, 180, 181):
        facts = wanted(bob.open(alice, alice.send(bob, b"", after(s)), after(s)))
        told.append(bool(facts))
        for fact in facts:
            bob.channel.seal_answer(fact, after(s))  # Nothing of it arrives.
    assert told == [True, False, True, False, True]


def test_answer_that_was_never_sealed_is_wanted_again() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    for s in range(50):
        assert wanted(tablet.open(alice, alice.send(phone, b""), after(s)))


def test_answer_for_another_device_does_not_delay_the_repair_of_a_session() -> None:
    alice, bob, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(bob)
    [fact] = wanted(tablet.open(alice, alice.send(bob, b"", after(1)), after(1)))
    assert alice.read(tablet, tablet.channel.seal_answer(fact, after(2)), after(2)) == b""
    assert tablet.read(alice, alice.send(bob, b"both", after(3)), after(3)) == b"both"
    assert alice.read(tablet, tablet.send(alice, b"hi", after(4)), after(4)) == b"hi"
    for name in tablet.store.sessions():
        tablet.store.delete_session(name)
    opened = tablet.open(alice, alice.send(bob, b"", after(5)), after(5))
    assert wanted(opened) == [BundleWanted(alice.public, "alice's phone")]


@pytest.mark.parametrize("is_answered", [False, True])
def test_flood_of_strangers_does_not_stop_the_repair_of_a_known_session(is_answered: bool) -> None:
    """Even if somebody answers them all."""
    alice, bob = talking()
    bob.lose_everything()
    bob.channel.remember(alice.public)
    for number in range(2 * ANSWERS_AT_ONCE_MAX):
        stranger = Device(f"stranger {number}")
        message = parts(stranger.channel.seal_bundle(START))
        content = encode_message(replace(message, direct={"nobody": DirectMessage(b"")}))
        for fact in wanted(bob.channel.open(stranger.public, content, START)):
            if is_answered:
                bob.channel.seal_answer(fact, START)
    opened = bob.open(alice, alice.send(bob, b"can you read this?"))
    assert wanted(opened) == [BundleWanted(alice.public, "alice's phone")]


def test_answer_to_a_message_for_another_device_makes_this_one_known() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    opened = tablet.open(alice, alice.send(phone, b""))
    [fact] = wanted(opened)
    answer = tablet.channel.seal_answer(fact, after(1))
    assert alice.read(tablet, answer, after(1)) == b""
    assert tablet.read(alice, alice.send(phone, b"now both", after(2)), after(2)) == b"now both"


def test_our_own_device_that_is_out_of_step_is_not_answered() -> None:
    phone, tablet = Device("alice"), Device("alice", "tablet")
    for one, other in ((phone, tablet), (tablet, phone)):
        one.hear_of(other)
        one.channel.set_enabled(other.public, other.installation_id, enabled=True)
    sealed = phone.send(tablet, b"copy")
    entry = entry_for(sealed, tablet)
    damaged = with_entry(sealed, tablet, replace(entry, payload=bytes(len(entry.payload))))
    opened = tablet.open(phone, damaged)
    assert reason(opened) is Unreadable.BROKEN
    assert opened.facts == ()
    assert tablet.read(phone, sealed) == b"copy"


def test_device_that_is_switched_off_gets_nothing() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    alice.hear_of(tablet, after(1))
    alice.channel.set_enabled(phone.public, "tablet", enabled=False)
    assert reason(tablet.open(alice, alice.send(phone, b""))) is Unreadable.OTHER_DEVICE
    assert set(alice.channel.installations(phone.public)) == {"bob's phone", "tablet"}
    assert alice.channel.written_to(phone.public) == ["bob's phone"]


def test_unknown_device_cannot_be_switched() -> None:
    with pytest.raises(LocalProtocolError):
        Device("alice").channel.set_enabled(Device("bob").public, "phone", enabled=True)


def test_after_a_restored_backup_no_key_is_used_twice() -> None:
    alice, bob = talking()
    backup = alice.store.copy()
    lost = alice.send(bob, b"after the backup")
    assert bob.read(alice, lost) == b"after the backup"
    alice.opened_on(backup).start_anew()
    sealed = alice.send(bob, b"anew", after(1))
    assert entry_for(sealed, bob).x3dh is not None
    assert bob.read(alice, sealed, after(1)) == b"anew"
    assert alice.read(bob, bob.send(alice, b"back", after(2)), after(2)) == b"back"


def test_old_sessions_and_prekeys_are_destroyed() -> None:
    alice, bob = talking()
    first = bob.store.load_own()
    assert first is not None
    for day in (2, 40):
        now = after(day * DAY_S)
        bob.hear_of(alice, now)
        alice.hear_of(bob, now)
        assert bob.read(alice, alice.send(bob, b"daily", now), now) == b"daily"
    alice.channel.expire(after(71 * DAY_S))
    bob.channel.expire(after(71 * DAY_S))
    assert len(bob.store.sessions()) == len(alice.store.sessions()) == 1
    own = bob.store.load_own()
    assert own is not None
    assert first[20:60] not in own


def test_session_in_use_is_never_expired() -> None:
    alice, bob = talking()
    alice.channel.expire(after(20 * DAY_S))
    bob.channel.expire(after(1000 * DAY_S))  # the prekey is still the current one
    assert bob.read(alice, alice.send(bob, b"still")) == b"still"


def test_store_of_a_newer_program_is_refused_in_plain_words() -> None:
    alice = Device("alice")
    alice.store.save_own(b"\x63")
    with pytest.raises(LocalProtocolError, match="form that this program does not know"):
        alice.channel.seal_bundle(START)


def test_nothing_secret_is_logged_or_shown_by_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    alice, bob = talking()
    canary = b"canary in the text"
    sealed = alice.send(bob, canary)
    shown = [repr(bob.open(alice, sealed)), repr(bob.open(bob, sealed)), repr(bob.channel)]
    for action in (
        lambda: bob.channel.set_enabled(alice.public, "canary in an id", enabled=True),
        lambda: Channel(alice.private, "canary" * 50, alice.store, alice.entropy),
    ):
        with pytest.raises(LocalProtocolError) as raised:
            action()
        shown.append(repr(raised.value))
    hidden = ["canary", alice.private.raw.hex(), alice.identity.hex(), repr(alice.private.raw)]
    assert not [text for text in shown for secret in hidden if secret in text]
    assert not caplog.records


def test_who_was_away_for_weeks_reads_what_was_written_meanwhile() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"while you were away", after(39 * DAY_S))
    back = after(40 * DAY_S)
    bob.channel.seal_bundle(back)
    bob.channel.expire(back)
    assert bob.read(alice, sealed, back) == b"while you were away"
