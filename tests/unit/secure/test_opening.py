"""What a message can turn out to be: public, for others, bad, or content."""

from dataclasses import replace

import pytest

from sottovoce.secure.bundle import Bundle, SignedPrekey, sign_bundle
from sottovoce.secure.facts import (
    BundleWanted,
    InstallationSeen,
    Opened,
    Secrecy,
    SecretAgreed,
    Unopened,
    Unreadable,
)
from sottovoce.secure.message import DirectMessage, ProtocolMessage
from sottovoce.secure.wire import encode_message
from unit.secure.people import (
    START,
    Device,
    after,
    entry_for,
    parts,
    reason,
    talking,
    with_entry,
)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xff\xff", b"\x0a\x02ab\x12\x02cd\x18\x01", b"\x12\x02\xff\xfe", bytes(100)],
    ids=["nothing", "garbage", "wrapper of a public message", "text that is none", "zeros"],
)
def test_bytes_that_are_no_message_of_this_layer_are_public_content(content: bytes) -> None:
    opened = Device("bob").channel.open(Device("alice").public, content, START)
    assert opened == Opened(content, Secrecy.PUBLIC)


def test_public_content_in_a_message_is_public() -> None:
    alice, bob = Device("alice"), Device("bob")
    bundles = parts(alice.channel.seal_bundle(START)).bundles
    content = encode_message(ProtocolMessage("alice's phone", bundles, public=b"to all"))
    opened = bob.channel.open(alice.public, content, START)
    assert isinstance(opened, Opened)
    assert (opened.content, opened.secrecy) == (b"to all", Secrecy.PUBLIC)
    assert opened.facts == (InstallationSeen(alice.public, "alice's phone", enabled=True),)


def test_bundle_alone_has_no_content_and_is_learned() -> None:
    alice, bob = Device("alice"), Device("bob")
    opened = bob.open(alice, alice.channel.seal_bundle(START))
    seen = InstallationSeen(alice.public, "alice's phone", enabled=True)
    assert opened == Unopened(Unreadable.NO_CONTENT, (seen,))
    assert bob.send(alice, b"").secrecy is Secrecy.RATCHET


def test_bundle_of_a_third_person_is_learned() -> None:
    alice, bob, carol = Device("alice"), Device("bob"), Device("carol")
    sealed = carol.channel.seal_bundle(START)
    bob.channel.open(alice.public, sealed.content, START)
    assert bob.send(carol, b"").secrecy is Secrecy.RATCHET


@pytest.mark.parametrize("field", ["signature", "identity", "prekey"])
def test_bad_bundle_refuses_the_message_and_stores_nothing(field: str) -> None:
    alice, bob = Device("alice"), Device("bob")
    good = parts(alice.channel.seal_bundle(START)).bundles[0]
    bad = {
        "signature": replace(good, signature=bytes(65)),
        "identity": replace(good, identity=bytes(33)),
        "prekey": sign_bundle(alice.private, {"x": SignedPrekey(b"x", 1, 1)}, timestamp_ns=1),
    }[field]
    bob.send(alice, b"")
    before = bob.snapshot()
    content = encode_message(ProtocolMessage("alice's phone", (good, bad), public=b"text"))
    assert bob.channel.open(alice.public, content, START) == Unopened(Unreadable.BAD_BUNDLE)
    assert bob.snapshot() == before


def test_message_for_another_device_asks_for_our_bundle() -> None:
    alice, phone, tablet = Device("alice"), Device("bob"), Device("bob", "tablet")
    alice.hear_of(phone)
    opened = tablet.open(alice, alice.send(phone, b""))
    assert reason(opened) is Unreadable.OTHER_DEVICE
    assert opened.facts[-1] == BundleWanted(alice.public)


def test_own_message_that_comes_back_is_nothing() -> None:
    alice, bob = talking()
    opened = alice.open(alice, alice.send(bob, b""))
    assert reason(opened) is Unreadable.NOT_PAIRED


def test_entry_for_our_device_goes_before_that_for_every_device() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"session")
    any_device = parts(alice.channel.seal_to_any_device(bob.public, b"any", START)).direct
    direct = {**parts(sealed).direct, **any_device}
    content = encode_message(replace(parts(sealed), direct=direct))
    opened = bob.channel.open(alice.public, content, START)
    assert isinstance(opened, Opened)
    assert (opened.content, opened.secrecy) == (b"session", Secrecy.RATCHET)


def test_entry_without_any_header_is_malformed() -> None:
    alice, bob = talking()
    sealed = with_entry(alice.send(bob, b""), bob, DirectMessage(b"payload"))
    assert reason(bob.open(alice, sealed)) is Unreadable.MALFORMED


def test_damaged_message_without_a_session_is_counted() -> None:
    alice, bob = Device("alice"), Device("bob")
    sealed = alice.channel.seal_to_any_device(bob.public, b"hello", START)
    entry = parts(sealed).direct["none"]
    for bad in (replace(entry, payload=b""), replace(entry, ephemeral=bytes(33))):
        content = encode_message(replace(parts(sealed), direct={"none": bad}))
        assert reason(bob.channel.open(alice.public, content, START)) is Unreadable.DAMAGED
    assert bob.channel.unopened == {Unreadable.DAMAGED: 2}


def test_empty_content_is_content() -> None:
    alice, bob = talking()
    assert bob.read(alice, alice.send(bob, b"")) == b""


def test_sender_whose_bundle_does_not_name_it_negotiates_nothing() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"text")
    content = encode_message(replace(parts(sealed), bundles=()))
    opened = bob.channel.open(alice.public, content, START)
    assert isinstance(opened, Opened)
    assert opened.facts == ()


def test_secret_is_told_with_every_message_and_listed_after_a_start() -> None:
    alice, bob = talking()
    opened = bob.open(alice, alice.send(bob, b""))
    [fact] = opened.facts
    assert isinstance(fact, SecretAgreed)
    assert bob.opened_on(bob.store).agreed_secrets() == [fact]
    assert fact.secret == alice.send(bob, b"").agreed_secret


def test_own_bundle_with_a_known_prekey_changes_nothing_of_ours() -> None:
    phone, tablet = Device("alice"), Device("alice", "tablet")
    tablet.hear_of(phone)
    tablet.channel.set_enabled(phone.public, "alice's phone", enabled=True)
    phone.hear_of(tablet, after(1))
    own = phone.store.load_own()
    phone.hear_of(tablet, after(2))
    assert phone.store.load_own() == own


def test_bundle_without_prekeys_is_learned_as_nothing() -> None:
    alice, bob = Device("alice"), Device("bob")
    empty: Bundle = sign_bundle(alice.private, {}, timestamp_ns=1)
    content = encode_message(ProtocolMessage("alice's phone", (empty,)))
    assert bob.channel.open(alice.public, content, START) == Unopened(Unreadable.NO_CONTENT)
    assert bob.store.peers() == []


def test_text_forms_show_neither_text_nor_people() -> None:
    alice, bob = talking()
    sealed = alice.send(bob, b"very secret text")
    opened = bob.open(alice, sealed)
    shown = repr((sealed, opened, entry_for(sealed, bob), parts(sealed), alice.channel))
    for hidden in ("very secret", "phone", alice.identity.hex()[2:10], repr(bob.public)[10:18]):
        assert hidden not in shown
