"""The life of our own prekeys, and their stored form."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.own_prekeys import (
    NANOSECONDS,
    OwnPrekey,
    OwnPrekeys,
    decode_own_prekeys,
    encode_own_prekeys,
)
from sottovoce.secure.settings import SecureSettings
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy

DAY_NS = 86_400 * NANOSECONDS
SETTINGS = SecureSettings()
START_NS = 1_590_000_000 * NANOSECONDS
FIRST = OwnPrekeys().refreshed(START_NS, SETTINGS, entropy=SeededEntropy())


def test_first_prekey_has_version_1() -> None:
    assert [(prekey.version, prekey.expired) for prekey in FIRST.prekeys] == [(1, False)]


@pytest.mark.parametrize("offset_ns", [0, DAY_NS, -DAY_NS])
def test_prekey_is_used_for_a_day(offset_ns: int) -> None:
    again = FIRST.refreshed(START_NS + offset_ns, SETTINGS, entropy=ScriptedEntropy([]))
    assert again is FIRST


@pytest.mark.parametrize("offset_ns", [DAY_NS + 1, -DAY_NS - 1])
def test_after_a_day_or_a_wrong_clock_there_is_a_new_one(offset_ns: int) -> None:
    second = FIRST.refreshed(START_NS + offset_ns, SETTINGS, entropy=SeededEntropy(b"2"))
    versions = [(prekey.version, prekey.expired) for prekey in second.prekeys]
    assert versions == [(1, True), (2, False)]
    assert second.current == second.prekeys[1]
    assert second.find(FIRST.prekeys[0].public) is not None


def test_expired_prekey_is_destroyed_thirty_days_later() -> None:
    second = FIRST.refreshed(START_NS + 2 * DAY_NS, SETTINGS, entropy=SeededEntropy(b"2"))
    assert len(second.without_old(START_NS + 32 * DAY_NS, SETTINGS).prekeys) == 2
    later = second.without_old(START_NS + 32 * DAY_NS + 1, SETTINGS)
    assert [prekey.version for prekey in later.prekeys] == [2]


@pytest.mark.parametrize("away_days", [40, -365])
def test_prekey_that_was_replaced_late_or_by_a_wrong_clock_is_kept_thirty_days(
    away_days: int,
) -> None:
    back_ns = START_NS + away_days * DAY_NS
    second = FIRST.refreshed(back_ns, SETTINGS, entropy=SeededEntropy(b"2"))
    assert len(second.without_old(back_ns + 30 * DAY_NS, SETTINGS).prekeys) == 2
    assert len(second.without_old(back_ns + 30 * DAY_NS + 1, SETTINGS).prekeys) == 1


def test_current_prekey_is_never_destroyed() -> None:
    assert FIRST.without_old(START_NS + 1000 * DAY_NS, SETTINGS) == FIRST


def test_higher_version_seen_elsewhere_replaces_ours() -> None:
    seen = FIRST.seen(5)
    assert seen.current is None
    again = seen.refreshed(START_NS, SETTINGS, entropy=SeededEntropy(b"2"))
    assert again.current is not None
    assert again.current.version == 6
    assert FIRST.seen(1) is FIRST


OWN = OwnPrekeys(
    (
        OwnPrekey(PrivateKey(b"\x01" * 32), b"\x02" * 33, 1, 5, expired=True),
        OwnPrekey(PrivateKey(b"\x03" * 32), b"\x03" + b"\x04" * 32, 2, 6),
    ),
    9,
)
# Bytes of version 1 as the first program with this layer wrote them.
VERSION_1 = bytes.fromhex(
    "01" + "0900000000000000" + "0200000000000000"
    + "20000000" + "01" * 32 + "21000000" + "02" * 33
    + "0100000000000000" + "0500000000000000" + "0100000000000000"
    + "20000000" + "03" * 32 + "21000000" + "03" + "04" * 32
    + "0200000000000000" + "0600000000000000" + "0000000000000000"
)  # fmt: skip


def test_bytes_of_version_1_are_read_and_written() -> None:
    assert decode_own_prekeys(VERSION_1) == OWN
    assert encode_own_prekeys(OWN) == VERSION_1


def test_nothing_stored_is_no_prekey() -> None:
    assert decode_own_prekeys(None) == OwnPrekeys()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02" + VERSION_1[1:],
        VERSION_1[:-1],
        VERSION_1.replace(b"\x01" * 32, bytes(32)),
        VERSION_1.replace(b"\x01" * 32, b"\xff" * 32),
        VERSION_1.replace(b"\x02" * 33, b"\x04" + b"\x02" * 32),
        VERSION_1[:6] + b"\x01" + VERSION_1[7:],
        VERSION_1[:8] + b"\xff" + VERSION_1[9:],
    ],
    ids=["empty", "newer", "cut", "no private key", "private key beyond the order",
         "no public key", "version beyond the wire", "version below nothing"],
)  # fmt: skip
def test_damaged_or_newer_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_own_prekeys(raw)


def test_text_form_shows_no_key() -> None:
    assert repr(OWN.prekeys[1]) == "OwnPrekey(version=2, issued_ns=6, expired=False)"


def test_version_at_the_end_of_the_wire_is_not_believed() -> None:
    own = OwnPrekeys()
    assert own.seen((1 << 32) - 1) == own
