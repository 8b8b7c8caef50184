"""Attacks on the agreement and on bundles, repeated: a few hundred times, or in full.

The full counts are what we promise, and `make test-long` runs them. The fast suite repeats each
attack less often, and says so in the test's name.
"""

import os
import random
from typing import Final

import pytest

from sottovoce.secure.double_ratchet import COUNTER_MAX, encrypt
from sottovoce.secure.facts import BundleWanted, Opened, Sealed, Unreadable
from sottovoce.secure.message import DirectMessage, SessionHeader, X3dhHeader
from sottovoce.secure.records import Records
from sottovoce.secure.wire import encode_bundle
from unit.secure.people import (
    DAY_S,
    START,
    Device,
    after,
    entry_for,
    no_chain_steps,
    parts,
    reason,
    talking,
    with_entry,
)

IS_FULL: Final = "SOTTOVOCE_EXAMPLES" in os.environ
LENGTH_BITS: Final = 7  # in each byte of a length on the wire


def repeated(*, quick: int, full: int) -> pytest.MarkDecorator:
    """Give a test its count, and its name the form that runs."""
    count, form = (full, "full") if IS_FULL else (quick, "quick")
    return pytest.mark.parametrize("count", [pytest.param(count, id=f"{form}-{count}")])


def talk() -> tuple[Device, Device, list[tuple[Device, Device, Sealed]]]:
    """Let two people exchange ten messages; return these as well, each with its two devices."""
    alice, bob = talking()
    flights = []
    for number in range(10):
        sender, receiver = (alice, bob) if number % 3 else (bob, alice)
        sealed = sender.send(receiver, b"text", after(number))
        assert receiver.read(sender, sealed, after(number)) == b"text"
        flights.append((sender, receiver, sealed))
    return alice, bob, flights


@repeated(quick=1_000, full=10_000)
def test_replayed_first_message_is_shown_once_in_30_days(count: int) -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    sealed = alice.send(bob, b"hello")
    assert bob.read(alice, sealed) == b"hello"
    before = bob.snapshot()
    for number in range(count):
        now = after(30 * DAY_S * number / count)
        assert reason(bob.open(alice, sealed, now)) is Unreadable.KEY_GONE
    assert bob.snapshot() == before


@repeated(quick=1_000, full=10_000)
def test_replays_of_a_whole_talk_change_nothing(count: int) -> None:
    alice, bob, flights = talk()
    before = alice.snapshot(), bob.snapshot()
    for number in range(count):
        sender, receiver, sealed = flights[number % len(flights)]
        opened = receiver.open(sender, sealed, after(20 + number))
        assert reason(opened) is Unreadable.KEY_GONE
    assert (alice.snapshot(), bob.snapshot()) == before


@repeated(quick=1_000, full=10_000)
def test_nobody_is_answered_for_replays_of_a_talk_whose_sessions_are_gone(count: int) -> None:
    alice, bob, flights = talk()
    for one, other in ((alice, bob), (bob, alice)):
        one.hear_of(other, after(15))
        for name in one.store.sessions():
            one.store.delete_session(name)
    before = alice.snapshot(), bob.snapshot()
    for number in range(count):
        sender, receiver, sealed = flights[number % len(flights)]
        opened = receiver.open(sender, sealed, after(20 + number))
        assert reason(opened) is Unreadable.NO_SESSION
        assert not [fact for fact in opened.facts if isinstance(fact, BundleWanted)]
    assert (alice.snapshot(), bob.snapshot()) == before


@pytest.mark.slow
@repeated(quick=300, full=3_000)
def test_first_messages_deplete_no_prekey(count: int) -> None:
    """There are no prekeys for one use: the same one starts every session."""
    bob = Device("bob")
    own = parts(bob.channel.seal_bundle(START)).bundles[0]
    before = bob.store.load_own()
    for number in range(count):
        stranger = Device(f"stranger {number}")
        stranger.hear_of(bob)
        assert isinstance(bob.open(stranger, stranger.send(bob, b"hello")), Opened)
    assert bob.store.load_own() == before
    assert parts(bob.channel.seal_bundle(START)).bundles[0].prekeys == own.prekeys


@pytest.mark.slow
@repeated(quick=10_000, full=100_000)
def test_mutated_bundle_is_never_stored(count: int) -> None:
    alice, bob = Device("alice"), Device("bob")
    draw = random.Random(count)
    raw = encode_bundle(parts(alice.channel.seal_bundle(START)).bundles[0])
    bob.hear_of(alice)
    genuine = Records(bob.store).peer(alice.identity).installations[alice.installation_id]
    bob.lose_everything()
    refused = 0
    for _ in range(count):
        changed = bytearray(raw)
        for _ in range(draw.randrange(1, 4)):
            changed[draw.randrange(len(raw))] ^= draw.randrange(1, 256)
        size = bytes((len(changed) % (1 << LENGTH_BITS) | 1 << LENGTH_BITS, len(changed) >> 7))
        bob.channel.open(alice.public, b"\x12\x01x\x1a" + size + bytes(changed), START)
        if not bob.store.peers():
            refused += 1
            continue
        # The protocol version is not signed, and what is unknown is skipped.
        [stored] = Records(bob.store).peer(alice.identity).installations.values()
        assert (stored.prekeys, stored.timestamp_ns) == (genuine.prekeys, genuine.timestamp_ns)
        bob.lose_everything()
    assert refused > count * 0.9


@repeated(quick=1_000, full=100_000)
def test_keys_of_any_bytes_are_refused_on_or_off_the_curve(count: int) -> None:
    alice, bob = talking()
    draw = random.Random(count)
    sealed = alice.send(bob, b"text")
    entry = entry_for(sealed, bob)
    assert entry.session is not None
    before = bob.snapshot()
    for _ in range(count):
        key = draw.choice((b"\x02", b"\x03", b"\x04")) + draw.randbytes(32)
        ratchet = entry.session.ratchet._replace(key=key)
        bad = DirectMessage(
            entry.payload,
            x3dh=X3dhHeader(key, entry.session.prekey),
            session=SessionHeader(entry.session.prekey, ratchet),
        )
        assert reason(bob.open(alice, with_entry(sealed, bob, bad))) is Unreadable.BROKEN
    assert bob.snapshot() == before
    assert bob.read(alice, sealed) == b"text"


def far_away(draw: random.Random) -> int:
    """Draw a number beyond the limit of skipped messages, of any size that a header can say."""
    return min(draw.randrange(1 << draw.randrange(11, 33)) | 1 << 10, COUNTER_MAX - 1)


@repeated(quick=300, full=10_000)
@pytest.mark.parametrize("turned", [False, True], ids=["same chain", "new chain"])
def test_header_of_any_size_is_refused_and_changes_nothing(count: int, turned: bool) -> None:
    """Its sender, who has the keys, made it: the tag fits."""
    alice, bob = talking()
    if turned:
        assert bob.read(alice, alice.send(bob, b"before")) == b"before"
        assert alice.read(bob, bob.send(alice, b"turn")) == b"turn"
    draw = random.Random(count)
    [name] = alice.store.sessions()
    session = Records(alice.store).session(name)
    assert session is not None
    sealed = alice.send(bob, b"text")
    hostile = []
    for _ in range(count):
        ratchet = session.ratchet._replace(sending_count=far_away(draw))
        if turned and draw.random() < 0.5:
            ratchet = session.ratchet._replace(previous_count=far_away(draw))
        _, header, payload = encrypt(ratchet, b"far")
        entry = DirectMessage(payload, session=SessionHeader(name.prekey, header))
        hostile.append(with_entry(sealed, bob, entry))
    before = bob.snapshot()
    with no_chain_steps():
        for bad in hostile:
            assert reason(bob.open(alice, bad)) is Unreadable.BROKEN
    assert bob.snapshot() == before
    assert bob.read(alice, sealed) == b"text"
