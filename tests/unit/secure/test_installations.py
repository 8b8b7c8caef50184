"""What is known about somebody's devices, and its stored form."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.installations import (
    AGREED_MAX,
    INSTALLATIONS_REMEMBERED_MAX,
    PREKEYS_REMEMBERED_MAX,
    Installation,
    KnownPrekey,
    Peer,
    decode_peer,
    encode_peer,
)

NOW_NS = 1000


def key(number: int) -> bytes:
    return b"\x02" + number.to_bytes(32, "big")


def bundle(timestamp_ns: int, **versions: int) -> Bundle:
    prekeys = {name: SignedPrekey(key(number), number, 1) for name, number in versions.items()}
    return Bundle(b"", prekeys, timestamp_ns, b"")


def learned(peer: Peer, news: Bundle, announced_by: str | None = None) -> Peer:
    return peer.learned(news, ours=None, announced_by=announced_by, now_ns=NOW_NS)[0]


def expired(peer: Peer, name: str) -> dict[int, bool]:
    return {prekey.version: prekey.expired for prekey in peer.installations[name].prekeys}


def test_device_of_somebody_else_is_enabled_on_sight_and_told_once() -> None:
    peer, new = Peer().learned(bundle(5, phone=1), ours=None, announced_by=None, now_ns=NOW_NS)
    assert new == ["phone"]
    assert peer.installations["phone"].enabled
    assert peer.learned(bundle(6, phone=1), ours=None, announced_by=None, now_ns=NOW_NS)[1] == []


def test_device_of_our_own_waits_and_this_one_is_none_of_them() -> None:
    peer, new = Peer().learned(
        bundle(5, phone=1, this=2), ours="this", announced_by=None, now_ns=NOW_NS
    )
    assert new == ["phone"]
    assert not peer.installations["phone"].enabled


@pytest.mark.parametrize("name", ["none", ""])
def test_entry_that_names_no_device_is_ignored(name: str) -> None:
    peer, new = Peer().learned(bundle(5, **{name: 1}), ours=None, announced_by=None, now_ns=NOW_NS)
    assert (peer, new) == (Peer(), [])


def test_higher_version_replaces_lower_ones() -> None:
    peer = learned(learned(Peer(), bundle(5, phone=1)), bundle(6, phone=2))
    assert expired(peer, "phone") == {1: True, 2: False}
    assert peer.installations["phone"].is_usable(key(2))
    assert not peer.installations["phone"].is_usable(key(1))


def test_lower_version_that_comes_late_replaces_nothing() -> None:
    peer = learned(learned(Peer(), bundle(6, phone=2)), bundle(5, phone=1), "phone")
    assert expired(peer, "phone") == {2: False, 1: True}
    current = peer.installations["phone"].current
    assert current is not None
    assert current.version == 2


def test_own_word_of_a_device_that_lost_its_memory_counts() -> None:
    peer = learned(learned(Peer(), bundle(5, phone=7), "phone"), bundle(6, phone=1), "phone")
    assert expired(peer, "phone") == {7: True, 1: False}


def test_word_of_another_device_does_not_bring_an_old_prekey_back() -> None:
    peer = learned(learned(Peer(), bundle(5, phone=7), "phone"), bundle(6, phone=1), "tablet")
    current = peer.installations["phone"].current
    assert current is not None
    assert current.version == 7


def test_old_bundle_does_not_bring_back_what_a_device_said_that_it_lost() -> None:
    """Whoever kept the bundle passes it on; its prekey was never seen here."""
    peer = learned(learned(Peer(), bundle(5, phone=3), "phone"), bundle(8, phone=1), "phone")
    peer = learned(learned(peer, bundle(7, phone=4)), bundle(4, phone=2), "phone")
    assert expired(peer, "phone") == {3: True, 1: False, 4: True, 2: True}


def current_version(*told: tuple[int, int, str | None]) -> int | None:
    """Return the current version after bundles: when signed, which version, announced by whom."""
    peer = Peer()
    for timestamp_ns, version, announced_by in told:
        peer = learned(peer, bundle(timestamp_ns, phone=version), announced_by)
    current = peer.installations["phone"].current
    return None if current is None else current.version


LINK = (6, 1, None)  # made by a device that lost its memory after version 5


@pytest.mark.parametrize(
    "told",
    [
        (LINK, (4, 5, None)),
        ((4, 5, None), LINK),
        ((4, 5, None), LINK, (4, 5, None)),
        (LINK, (4, 5, "phone")),
        (LINK, (4, 5, "phone"), (5, 6, None)),
        (LINK, (4, 5, None), (3, 4, "tablet")),
        (LINK, (8, 1, None), (7, 5, None)),
    ],
    ids=["relayed", "known before", "known before and relayed", "replayed", "replayed and relayed",
         "relayed twice", "between two links"],
)  # fmt: skip
def test_old_bundle_does_not_override_a_newer_one_while_the_device_itself_said_nothing(
    told: tuple[tuple[int, int, str | None], ...],
) -> None:
    assert current_version(*told) == 1


def test_link_of_a_device_whose_clock_ran_ahead_gives_way_to_its_own_word() -> None:
    ahead = (NOW_NS * 100, 1, None)
    assert current_version(ahead) == 1
    assert current_version(ahead, (NOW_NS + 1, 2, "phone")) == 2


def test_newer_bundle_overrides_a_link() -> None:
    assert current_version(LINK, (7, 2, None)) == 2
    assert current_version((6, 5, None), (7, 1, None)) == 1
    assert current_version(LINK, (7, 2, "phone"), (5, 9, None)) == 2


def test_prekey_that_becomes_the_current_one_is_not_the_one_that_makes_room() -> None:
    peer = learned(Peer(), bundle(1, phone=100), "phone")
    for number in range(1, 30):  # of another device, each lower than the one before
        peer = learned(peer, bundle(1 + number, phone=100 - number), "tablet")
    peer = learned(peer, bundle(50, phone=3), "phone")
    current = peer.installations["phone"].current
    assert current is not None
    assert current.version == 3
    assert len(peer.installations["phone"].prekeys) == PREKEYS_REMEMBERED_MAX


def test_newer_bundle_of_another_device_is_believed_after_a_device_s_own_word() -> None:
    peer = learned(learned(Peer(), bundle(5, phone=1), "phone"), bundle(6, phone=2), "tablet")
    assert expired(peer, "phone") == {1: True, 2: False}


def test_device_whose_clock_ran_ahead_once_is_heard_afterwards() -> None:
    peer = learned(Peer(), bundle(NOW_NS * 100, phone=1), "phone")
    assert not peer.has_newer_word(bundle(NOW_NS + 1, phone=1), "phone")
    assert expired(learned(peer, bundle(NOW_NS + 1, phone=2), "phone"), "phone") == {
        1: True,
        2: False,
    }


def test_device_has_a_newer_word_than_an_old_bundle() -> None:
    peer = learned(Peer(), bundle(6, phone=1), "phone")
    assert [peer.has_newer_word(bundle(time, phone=1), "phone") for time in (5, 6)] == [True, False]
    assert not learned(Peer(), bundle(6, phone=1)).has_newer_word(bundle(5, phone=1), "phone")


def test_device_that_was_restored_brings_its_old_prekey_back() -> None:
    peer = learned(learned(Peer(), bundle(5, phone=1), "phone"), bundle(6, phone=2), "phone")
    peer = learned(peer, bundle(7, phone=1), "phone")
    assert expired(peer, "phone") == {1: False, 2: True}


def test_older_bundle_changes_neither_time_nor_protocol_version() -> None:
    peer = learned(Peer(), bundle(6, phone=2))
    older = Bundle(b"", {"phone": SignedPrekey(key(2), 2, 9)}, 5, b"")
    assert learned(peer, older) == peer


def test_protocol_version_never_goes_down() -> None:
    peer = learned(Peer(), bundle(5, phone=1))
    lower = Bundle(b"", {"phone": SignedPrekey(key(1), 1, 0)}, 6, b"")
    assert learned(peer, lower).installations["phone"].protocol_version == 1


def test_newest_enabled_devices_are_active() -> None:
    peer = Peer({name: Installation(n, n != 3, 1) for n, name in enumerate("abcde")})
    assert peer.active(3) == ["e", "c", "b"]


def test_devices_that_are_remembered_are_bounded_and_the_oldest_goes() -> None:
    peer = Peer()
    for number in range(INSTALLATIONS_REMEMBERED_MAX + 5):
        peer = learned(peer, bundle(number + 1, **{f"device {number}": 1}))
    assert len(peer.installations) == INSTALLATIONS_REMEMBERED_MAX
    assert "device 4" not in peer.installations


def test_device_of_our_own_that_is_enabled_stays_whatever_comes() -> None:
    peer = Peer({"desk": Installation(0, True, 1)})
    for number in range(INSTALLATIONS_REMEMBERED_MAX + 5):
        news = bundle(number + 1, **{f"device {number}": 1})
        peer = peer.learned(news, ours="this", announced_by=None, now_ns=NOW_NS)[0]
    assert len(peer.installations) == INSTALLATIONS_REMEMBERED_MAX
    assert "desk" in peer.installations


def test_prekeys_that_are_remembered_are_bounded_and_the_current_one_stays() -> None:
    peer = Peer()
    for number in range(1, 50):
        peer = learned(peer, bundle(number, phone=number))
    versions = expired(peer, "phone")
    assert len(versions) == PREKEYS_REMEMBERED_MAX
    assert versions[49] is False
    for number in range(100, 50, -1):  # each lower than the one before, none of them expired
        peer = learned(peer, bundle(number, phone=number))
    assert len(expired(peer, "phone")) == PREKEYS_REMEMBERED_MAX
    assert 100 in expired(peer, "phone")


def test_installations_with_the_secret_are_bounded() -> None:
    peer, secret = Peer(), SymmetricKey(b"\x01" * 32)
    for number in range(AGREED_MAX + 1):
        peer = peer.with_secret(secret, str(number))
    assert len(peer.agreed) == AGREED_MAX
    assert peer.with_secret(secret, "5") is peer


PEER = Peer(
    {"p": Installation(5, True, 1, (KnownPrekey(key(1), 1, 4, expired=True),), key(2), 3)},
    SymmetricKey(b"\x07" * 32),
    ("p",),
    forward_secret=False,
    known=True,
    heard_unix_s=6,
)
# Bytes of version 2 as the first program with it wrote them.
VERSION_2 = bytes.fromhex(
    "02" + "0200000000000000" + "0600000000000000" + "20000000" + "07" * 32
    + "0100000000000000" + "0100000070" + "0100000000000000" + "0100000070"
    + "0500000000000000" + "0300000000000000" + "0100000000000000" + "0100000000000000"
    + "21000000" + "02" + "00" * 31 + "02" + "0100000000000000"
    + "21000000" + "02" + "00" * 31 + "01"
    + "0100000000000000" + "0400000000000000" + "0100000000000000"
)  # fmt: skip
# Bytes of version 1 as the first program with this layer wrote them.
VERSION_1 = bytes.fromhex(
    "01" + "0000000000000000" + "20000000" + "07" * 32 + "0100000000000000" + "0100000070"
    + "0100000000000000" + "0100000070" + "0500000000000000" + "0100000000000000"
    + "0100000000000000" + "21000000" + "02" + "00" * 31 + "02" + "0100000000000000"
    + "21000000" + "02" + "00" * 31 + "01"
    + "0100000000000000" + "0400000000000000" + "0100000000000000"
)  # fmt: skip


def test_bytes_of_version_2_are_read_and_written() -> None:
    assert decode_peer(VERSION_2) == PEER
    assert encode_peer(PEER) == VERSION_2


def test_bytes_of_version_1_are_read_as_those_of_somebody_known() -> None:
    installation = replace(PEER.installations["p"], announced_ns=0)
    assert decode_peer(VERSION_1) == replace(
        PEER, installations={"p": installation}, heard_unix_s=0
    )


def test_nothing_stored_is_a_stranger() -> None:
    assert decode_peer(None) == Peer()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x03" + VERSION_2[1:], VERSION_2[:-1], VERSION_2.replace(b"\x07" * 32, bytes(32)),
     VERSION_2.replace(key(1), b"\x04" + key(1)[1:]),
     VERSION_2.replace(key(2), b"\x04" + key(2)[1:]),
     VERSION_1[:-1]],
)  # fmt: skip
def test_damaged_or_newer_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_peer(raw)


def test_text_form_names_nobody() -> None:
    assert repr(PEER) == "Peer(secret=SymmetricKey(), forward_secret=False, known=True)"
