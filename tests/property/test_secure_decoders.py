"""Decoders under truncation, garbage and changed bytes; whatever comes, opening is an outcome."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.bundle import Bundle, SignedPrekey, verify_bundle
from sottovoce.secure.dh_only import open_dh_only
from sottovoce.secure.double_ratchet import COUNTER_MAX, RatchetHeader
from sottovoce.secure.facts import BundleWanted, Opened, Secrecy, Unopened
from sottovoce.secure.installations import decode_peer
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import DirectMessage, ProtocolMessage, SessionHeader, X3dhHeader
from sottovoce.secure.own_prekeys import decode_own_prekeys
from sottovoce.secure.session import decode_session
from sottovoce.secure.wire import decode_bundle, decode_message, encode_bundle, encode_message
from unit.secure.people import DAY_S, START, Device, after, parts, talking
from unit.secure.test_installations import VERSION_1 as OLD_PEER_BYTES
from unit.secure.test_installations import VERSION_2 as PEER_BYTES
from unit.secure.test_own_prekeys import VERSION_1 as OWN_BYTES
from unit.secure.test_session import VERSION_1 as OLD_SESSION_BYTES
from unit.secure.test_session import VERSION_2 as SESSION_BYTES

NUMBERS = st.integers(0, COUNTER_MAX)
KEYS = st.one_of(st.binary(max_size=40), st.just(secp256k1.compress(secp256k1.GENERATOR)))
IDS = st.text(max_size=20)
BUNDLES = st.builds(
    Bundle,
    KEYS,
    st.dictionaries(IDS, st.builds(SignedPrekey, KEYS, NUMBERS, NUMBERS), max_size=4),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.binary(max_size=70),
)
SESSIONS = st.builds(SessionHeader, KEYS, st.builds(RatchetHeader, KEYS, NUMBERS, NUMBERS))
ENTRIES = st.builds(
    DirectMessage,
    st.binary(max_size=100),
    st.none() | st.builds(X3dhHeader, KEYS, KEYS),
    st.none() | SESSIONS,
    st.none() | KEYS,
)
MESSAGES = st.builds(
    ProtocolMessage,
    IDS,
    st.lists(BUNDLES, max_size=3).map(tuple),
    st.dictionaries(IDS, ENTRIES, max_size=4),
    st.none() | st.binary(max_size=50),
)
ALICE, BOB = talking()
SEALED = ALICE.send(BOB, b"hello")
BUNDLE = encode_bundle(parts(SEALED).bundles[0])


@pytest.mark.slow
@given(MESSAGES)
def test_message_is_read_as_it_was_written(message: ProtocolMessage) -> None:
    assert decode_message(encode_message(message)) == message


@given(BUNDLES)
def test_bundle_is_read_as_it_was_written(bundle: Bundle) -> None:
    assert decode_bundle(encode_bundle(bundle)) == bundle


@given(st.binary(max_size=300))
def test_garbage_raises_only_the_remote_error(raw: bytes) -> None:
    for decode in (decode_message, decode_bundle):
        with contextlib.suppress(RemoteProtocolError):
            decode(raw)


@given(st.data())
def test_truncated_and_changed_bytes_raise_only_the_remote_error(data: st.DataObject) -> None:
    for decode, raw in ((decode_message, SEALED.content), (decode_bundle, BUNDLE)):
        with contextlib.suppress(RemoteProtocolError):
            decode(raw[: data.draw(st.integers(0, len(raw) - 1))])
        changed = bytearray(raw)
        changed[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        with contextlib.suppress(RemoteProtocolError):
            decode(bytes(changed))


@given(st.integers(0, len(BUNDLE) - 1), st.integers(1, 255))
def test_changed_bundle_never_verifies_as_another(position: int, change: int) -> None:
    changed = bytearray(BUNDLE)
    changed[position] ^= change
    good = decode_bundle(BUNDLE)
    with contextlib.suppress(RemoteProtocolError):
        read = decode_bundle(bytes(changed))
        assert verify_bundle(read) == ALICE.public
        # The protocol version is not signed, and what is unknown is skipped; nothing else can
        # differ.
        same = {
            name: replace(prekey, protocol_version=good.prekeys[name].protocol_version)
            for name, prekey in read.prekeys.items()
        }
        assert replace(read, prekeys=same) == good


@given(st.integers(0, len(BUNDLE) - 1), st.integers(1, 255))
def test_mutated_bundles_are_never_stored(position: int, change: int) -> None:
    changed = bytearray(BUNDLE)
    changed[position] ^= change
    bob = Device("bob")
    try:
        bundle = decode_bundle(bytes(changed))
        verify_bundle(bundle)
    except RemoteProtocolError:
        size = bytes((len(changed) & 127 | 128, len(changed) >> 7))
        content = b"\x12\x05phone\x1a" + size + bytes(changed)
        bob.channel.open(ALICE.public, content, START)
        assert bob.store.peers() == []


@pytest.mark.slow
@given(MESSAGES)
def test_whatever_a_message_says_opening_is_an_outcome(message: ProtocolMessage) -> None:
    bob = Device("bob")
    bob.hear_of(ALICE)
    before = bob.snapshot()
    for names in ({}, {"bob's phone": next(iter(message.direct.values()), DirectMessage(b""))}):
        hostile = replace(message, direct={**message.direct, **names})
        opened = bob.channel.open(ALICE.public, encode_message(hostile), START)
        if isinstance(opened, Opened):
            assert opened.secrecy is Secrecy.PUBLIC
    assert bob.snapshot() == before


@given(st.binary(max_size=400))
def test_whatever_bytes_come_opening_is_an_outcome(content: bytes) -> None:
    opened = BOB.channel.open(ALICE.public, content, START)
    assert isinstance(opened, Opened | Unopened)


@pytest.mark.slow
@given(st.integers(0, len(SEALED.content) - 1), st.integers(1, 255))
def test_changed_message_never_gives_other_content(position: int, change: int) -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"hello")
    changed = bytearray(sealed.content)
    changed[position % len(changed)] ^= change
    opened = bob.channel.open(alice.public, bytes(changed), START)
    if isinstance(opened, Opened) and opened.secrecy is not Secrecy.PUBLIC:
        assert opened.content == b"hello"


@given(KEYS, st.binary(max_size=80))
def test_messages_without_a_session_raise_only_the_remote_error(key: bytes, sealed: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        open_dh_only(PrivateKey(b"\x01" * 32), key, sealed)


@given(st.data())
def test_damaged_records_raise_only_the_local_error(data: st.DataObject) -> None:
    for decode, raw in (
        (decode_session, SESSION_BYTES),
        (decode_session, OLD_SESSION_BYTES),
        (decode_peer, PEER_BYTES),
        (decode_peer, OLD_PEER_BYTES),
        (decode_own_prekeys, OWN_BYTES),
    ):
        changed = bytearray(raw)
        changed[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        for damaged in (
            raw[: data.draw(st.integers(0, len(raw) - 1))],
            bytes(changed),
            data.draw(st.binary(max_size=100)),
        ):
            with contextlib.suppress(LocalProtocolError):
                decode(damaged)


DAMAGE = st.tuples(
    st.sampled_from(["session", "session", "peer", "own"]),
    st.floats(0, 1, exclude_max=True),  # where in the record
    st.integers(1, 8),  # so many bytes, as many as a number has
    st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]) | st.integers(0, 255),
)


def damaged_store(store: MemoryStore, record: str, place: float, size: int, byte: int) -> None:
    """Overwrite a few bytes of one of the three kinds of records."""
    [name] = store.sessions()
    loaded = {
        "own": store.load_own(),
        "peer": store.load_peer(name.peer),
        "session": store.load_session(name),
    }
    raw = loaded[record]
    assert raw is not None
    at = int(place * len(raw))
    changed = (raw[:at] + bytes([byte]) * size + raw[at + size :])[: len(raw)]
    match record:
        case "own":
            store.save_own(changed)
        case "peer":
            store.save_peer(name.peer, changed, stranger=False)
        case _:
            store.save_session(name, changed)


@pytest.mark.slow
@given(st.lists(DAMAGE, min_size=1, max_size=2))
def test_use_of_damaged_records_raises_only_the_local_error(
    damages: list[tuple[str, float, int, int]],
) -> None:
    bob = Device("bob")
    alice = Device("alice")
    alice.opened_on(ALICE.store.copy())
    bob.opened_on(BOB.store.copy())
    for damage in damages:
        damaged_store(bob.store, *damage)
    sealed = [alice.send(bob, b"1", after(1)), alice.channel.seal_bundle(after(2))]
    wanted = BundleWanted(alice.public, alice.installation_id)
    uses = (
        lambda: bob.send(alice, b"2", after(3)),
        lambda: bob.open(alice, sealed[0], after(4)),
        lambda: bob.open(alice, sealed[1], after(4)),
        lambda: bob.send(alice, b"3", after(5)),
        lambda: bob.channel.seal_answer(wanted, after(6)),
        lambda: bob.channel.seal_bundle(after(3 * DAY_S)),
        bob.channel.agreed_secrets,
        bob.channel.start_anew,
        lambda: bob.send(alice, b"4", after(3 * DAY_S)),
        lambda: bob.channel.expire(after(40 * DAY_S)),
    )
    for use in uses:
        with contextlib.suppress(LocalProtocolError):
            use()
