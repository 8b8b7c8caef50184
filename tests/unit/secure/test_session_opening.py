"""Each attack on the agreement and on the ratchet that applies here, by name."""

from dataclasses import replace

import pytest

from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.secure.double_ratchet import (
    COUNTER_MAX,
    RatchetHeader,
    encrypt,
    start_as_initiator,
)
from sottovoce.secure.facts import BundleWanted, Opened, Sealed, Unreadable
from sottovoce.secure.forgetting import SESSIONS_PER_PEER_MAX
from sottovoce.secure.message import DirectMessage, SessionHeader, X3dhHeader
from sottovoce.secure.records import Records
from sottovoce.secure.session import FOUNDERS_MAX
from sottovoce.secure.session_opening import Sender
from sottovoce.secure.wire import encode_message
from sottovoce.secure.x3dh import agree_as_initiator
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


def changed(sealed: Sealed, device: Device, **header: object) -> Sealed:
    """Change a field of the ratchet header."""
    entry = entry_for(sealed, device)
    assert entry.session is not None
    ratchet = entry.session.ratchet._replace(**header)  # type: ignore[arg-type]
    return with_entry(
        sealed, device, replace(entry, session=SessionHeader(entry.session.prekey, ratchet))
    )


def first_message() -> tuple[Device, Device, Sealed]:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    return alice, bob, alice.send(bob, b"hello")


@pytest.mark.parametrize("days", [0, 1, 29])
def test_first_message_that_is_replayed_is_never_shown_twice(days: int) -> None:
    alice, bob, sealed = first_message()
    assert bob.read(alice, sealed) == b"hello"
    now = after(days * DAY_S)
    bob.channel.expire(now)
    before = bob.snapshot()
    for _ in range(100):
        assert reason(bob.open(alice, sealed, now)) is Unreadable.KEY_GONE
    assert bob.snapshot() == before


def test_first_message_that_is_replayed_after_its_prekey_s_end_is_unknown() -> None:
    alice, bob, sealed = first_message()
    assert bob.read(alice, sealed) == b"hello"
    bob.channel.seal_bundle(after(2 * DAY_S))
    bob.channel.expire(after(40 * DAY_S))
    assert reason(bob.open(alice, sealed, after(40 * DAY_S))) is Unreadable.NO_SESSION


def test_replayed_first_message_does_not_turn_a_running_session_back() -> None:
    alice, bob, sealed = first_message()
    assert bob.read(alice, sealed) == b"hello"
    for _ in range(3):
        assert alice.read(bob, bob.send(alice, b"b")) == b"b"
        assert bob.read(alice, alice.send(bob, b"a")) == b"a"
    before = bob.snapshot()
    assert reason(bob.open(alice, sealed)) is Unreadable.KEY_GONE
    assert bob.snapshot() == before


def test_message_of_an_old_chain_that_is_replayed_is_known_as_such() -> None:
    alice, bob = talking()
    old = alice.send(bob, b"old")
    assert bob.read(alice, old) == b"old"
    for _ in range(3):
        assert alice.read(bob, bob.send(alice, b"b")) == b"b"
        assert bob.read(alice, alice.send(bob, b"a")) == b"a"
    opened = bob.open(alice, old)
    assert reason(opened) is Unreadable.KEY_GONE
    assert not [fact for fact in opened.facts if isinstance(fact, BundleWanted)]


def test_key_compromise_impersonation_needs_the_signature_of_the_envelope() -> None:
    """Who has Bob's keys can compute what Alice would; the envelope names the one who signed it."""
    alice, bob, sealed = first_message()
    prekey = Records(bob.store).own().current
    assert prekey is not None
    ephemeral = PrivateKey(b"\x07" * 32)
    # All three results come from Bob's keys alone.
    forged = keccak256(
        secp256k1.shared_x(prekey.private, alice.public)
        + secp256k1.shared_x(bob.private, secp256k1.public_key(ephemeral))
        + secp256k1.shared_x(prekey.private, secp256k1.public_key(ephemeral))
    )
    ratchet = start_as_initiator(SymmetricKey(forged), prekey.public, entropy=alice.entropy)
    _, header, payload = encrypt(ratchet, b"I am Alice")
    entry = DirectMessage(
        payload,
        X3dhHeader(secp256k1.compress(secp256k1.public_key(ephemeral)), prekey.public),
        SessionHeader(prekey.public, header),
    )
    content = with_entry(sealed, bob, entry).content
    eve = Device("eve")
    assert reason(bob.channel.open(eve.public, content, START)) is Unreadable.BROKEN
    opened = bob.channel.open(alice.public, content, START)
    assert isinstance(opened, Opened), "the forgery is good, so that the signature alone stops it"


def test_unknown_key_share_is_excluded_by_both_identities() -> None:
    alice, bob, sealed = first_message()
    carol = Device("carol", bob.installation_id)
    own = bob.store.load_own()
    assert own is not None
    carol.store.save_own(own)
    assert reason(carol.open(alice, sealed)) is Unreadable.BROKEN
    assert carol.store.sessions() == []
    eve = Device("eve", alice.installation_id)
    assert reason(bob.open(eve, sealed)) is Unreadable.BROKEN
    assert bob.store.sessions() == []
    assert bob.read(alice, sealed) == b"hello"


def test_header_far_ahead_is_refused_and_changes_nothing() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"text")
    before = bob.snapshot()
    for n in (1 << 31, COUNTER_MAX, 1002):
        with no_chain_steps():
            assert reason(bob.open(alice, changed(sealed, bob, n=n))) is Unreadable.BROKEN
        assert reason(bob.open(alice, changed(sealed, bob, pn=n))) is Unreadable.BROKEN
    assert bob.snapshot() == before
    assert bob.read(alice, sealed) == b"text"


@pytest.mark.parametrize(("lost", "opens"), [(7, True), (8, False)])
def test_limit_of_lost_messages_is_exact(lost: int, opens: bool) -> None:
    alice, bob = talking(skip_max=7)
    assert bob.read(alice, alice.send(bob, b"first")) == b"first"
    for _ in range(lost):
        alice.send(bob, b"lost")
    opened = bob.open(alice, alice.send(bob, b"last"))
    assert isinstance(opened, Opened) is opens


def test_limit_of_stored_keys_is_exact_and_the_oldest_go() -> None:
    alice, bob = talking(skip_max=100, message_keys_max=10)
    late = [alice.send(bob, b"%d" % number) for number in range(20)]
    assert bob.read(alice, alice.send(bob, b"last")) == b"last"
    opened = [isinstance(bob.open(alice, sealed), Opened) for sealed in late]
    assert opened == [False] * 11 + [True] * 9


@pytest.mark.parametrize("key", [b"", bytes(33), b"\x02" * 32, b"\x05" + b"\x01" * 32])
def test_invalid_points_and_lengths_are_outcomes_and_change_nothing(key: bytes) -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"text")
    entry = entry_for(sealed, bob)
    assert entry.session is not None
    before = bob.snapshot()
    for bad in (
        replace(entry, session=SessionHeader(key, entry.session.ratchet)),
        replace(entry, session=SessionHeader(entry.session.prekey, RatchetHeader(key, 0, 0))),
        replace(entry, x3dh=X3dhHeader(key, entry.session.prekey), payload=bytes(100)),
        replace(entry, x3dh=X3dhHeader(entry.session.prekey, key), payload=b""),
        DirectMessage(entry.payload, ephemeral=key),
    ):
        opened = bob.open(alice, with_entry(sealed, bob, bad))
        assert reason(opened) in {
            Unreadable.BROKEN, Unreadable.NO_SESSION, Unreadable.DAMAGED, Unreadable.KEY_GONE,
        }  # fmt: skip
    assert bob.snapshot() == before


def test_ephemeral_key_that_is_no_point_starts_no_session() -> None:
    alice, bob, sealed = first_message()
    entry = entry_for(sealed, bob)
    assert entry.x3dh is not None
    bad = replace(entry, x3dh=X3dhHeader(bytes(33), entry.x3dh.prekey))
    assert reason(bob.open(alice, with_entry(sealed, bob, bad))) is Unreadable.NO_SESSION
    assert bob.store.sessions() == []


def test_x3dh_header_for_another_prekey_than_the_session_s_starts_nothing() -> None:
    alice, bob, sealed = first_message()
    entry = entry_for(sealed, bob)
    assert entry.x3dh is not None
    assert entry.session is not None
    bob.channel.seal_bundle(after(2 * DAY_S))
    newest = Records(bob.store).own().current
    assert newest is not None
    bad = replace(entry, session=SessionHeader(newest.public, entry.session.ratchet))
    assert reason(bob.open(alice, with_entry(sealed, bob, bad))) is Unreadable.NO_SESSION
    assert bob.store.sessions() == []
    assert bob.read(alice, sealed) == b"hello"


def test_forged_first_message_does_not_end_the_repetition_of_the_header() -> None:
    alice, bob, sealed = first_message()
    assert bob.read(alice, sealed) == b"hello"
    answer = bob.send(alice, b"answer")
    entry = entry_for(answer, alice)
    damaged = with_entry(answer, alice, replace(entry, payload=entry.payload[:-1] + b"\x00"))
    assert reason(alice.open(bob, damaged)) is Unreadable.BROKEN
    assert entry_for(alice.send(bob, b""), bob).x3dh is not None
    assert alice.read(bob, answer) == b"answer"
    assert entry_for(alice.send(bob, b""), bob).x3dh is None


def test_damaged_copy_of_an_unconfirmed_message_keeps_its_key() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"text")
    assert isinstance(bob.open(alice, sealed), Opened)
    entry = entry_for(sealed, bob)
    damaged = with_entry(sealed, bob, replace(entry, payload=bytes(len(entry.payload))))
    assert reason(bob.open(alice, damaged)) is Unreadable.BROKEN
    assert bob.read(alice, sealed) == b"text"


def test_rotation_of_the_prekey_does_not_end_a_running_session() -> None:
    alice, bob = talking()
    bob.channel.seal_bundle(after(2 * DAY_S))
    assert bob.read(alice, alice.send(bob, b"text"), after(2 * DAY_S)) == b"text"


def test_sender_that_lost_its_state_starts_the_session_anew() -> None:
    alice, bob = talking()
    alice.lose_everything()
    alice.hear_of(bob, after(1))
    assert bob.read(alice, alice.send(bob, b"anew", after(2)), after(2)) == b"anew"
    assert alice.read(bob, bob.send(alice, b"back", after(3)), after(3)) == b"back"


def test_keys_are_counted_on_when_a_session_starts_anew() -> None:
    alice, bob = talking()
    late = alice.send(bob, b"late")
    assert bob.read(alice, alice.send(bob, b"in time")) == b"in time"
    alice.lose_everything()
    alice.hear_of(bob, after(1))
    opened = bob.open(alice, alice.send(bob, b"anew", after(2)), after(2))
    assert isinstance(opened, Opened)
    assert opened.receipt is not None
    sequences = [key.sequence for key in bob.store.message_keys(opened.receipt.session)]
    assert sequences == sorted(set(sequences))
    assert bob.read(alice, late, after(3)) == b"late"


def test_message_from_before_the_session_started_anew_is_known_as_such() -> None:
    alice, bob = talking()
    old = alice.send(bob, b"old")
    assert bob.read(alice, old) == b"old"
    alice.lose_everything()
    alice.hear_of(bob, after(1))
    assert bob.read(alice, alice.send(bob, b"anew", after(2)), after(2)) == b"anew"
    assert reason(bob.open(alice, old, after(3))) is Unreadable.KEY_GONE


def test_session_can_be_started_anew_so_often_and_no_more() -> None:
    alice, bob = Device("alice"), Device("bob")
    for number in range(FOUNDERS_MAX + 1):
        alice.lose_everything()
        alice.hear_of(bob)
        opened = bob.open(alice, alice.send(bob, b"anew", after(number)), after(number))
        assert isinstance(opened, Opened) is (number < FOUNDERS_MAX)


def test_one_person_cannot_fill_the_store_with_sessions() -> None:
    alice, bob = Device("alice"), Device("bob")
    alice.hear_of(bob)
    bob.channel.remember(alice.public)
    message = parts(alice.send(bob, b"hello"))
    for number in range(SESSIONS_PER_PEER_MAX + 10):
        named = replace(message, installation_id=f"device {number}")
        bob.channel.open(alice.public, encode_message(named), after(number))
    names = {name.installation_id for name in bob.store.sessions()}
    assert len(names) == SESSIONS_PER_PEER_MAX
    assert "device 9" not in names
    assert "device 10" in names


def test_prekey_alone_does_not_give_the_first_messages_secret() -> None:
    """Without the recipient's identity key a stolen prekey reaches another secret."""
    keys = [PrivateKey(bytes([number]) * 32) for number in range(1, 6)]
    alice, ephemeral, bob, prekey, _ = keys
    secrets = {
        agree_as_initiator(
            identity=identity,
            ephemeral=ephemeral,
            their_identity=secp256k1.public_key(theirs),
            their_prekey=secp256k1.public_key(prekey),
        ).raw
        for identity in (alice, prekey)
        for theirs in (bob, prekey)
    }
    assert len(secrets) == 4


def test_text_form_of_a_sender_names_nobody() -> None:
    alice = Device("alice")
    sender = Sender(alice.public, alice.identity, "phone", is_late=True, is_stranger=False)
    assert repr(sender) == "Sender(is_late=True, is_stranger=False)"
