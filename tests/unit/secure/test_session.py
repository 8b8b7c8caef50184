"""A session's stored form: today's bytes load tomorrow, damaged ones are refused."""

from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.double_ratchet import COUNTER_MAX, RatchetState
from sottovoce.secure.session import (
    FOUNDERS_MAX,
    KEPT_RATCHETS_MAX,
    KeptRatchet,
    Session,
    decode_session,
    encode_session,
)

KEYS = [bytes([n]) * 32 for n in range(1, 6)]
SESSION = Session(
    ratchet=RatchetState(
        their_key=b"\x02" + KEYS[0],
        own_private=PrivateKey(KEYS[1]),
        own_public=b"\x03" + KEYS[1],
        root_key=KEYS[2],
        sending_key=KEYS[3],
        sending_count=7,
        receiving_key=KEYS[4],
        receiving_count=8,
        previous_count=9,
        keys_count=10,
    ),
    ephemeral=b"\x02" + KEYS[4],
    founders=(b"\x02" + KEYS[0], b"\x03" + KEYS[2]),
    used_unix_s=1_590_000_000,
)
KEPT = SESSION._replace(
    kept=(
        KeptRatchet(SESSION.ratchet._replace(their_key=b""), 1, sendable=False),
        KeptRatchet(SESSION.ratchet, 2, sendable=True),
    )
)
RATCHET_BYTES = (
    "01" * 32 + "02" * 32 + "03" + "02" * 32 + "03" * 32 + "04" * 32 + "0700000000000000"
    + "05" * 32 + "0800000000000000" + "0900000000000000" + "0a00000000000000"
)  # fmt: skip
# Bytes of version 2 as the first program with it wrote them.
VERSION_2 = bytes.fromhex(
    "0201" + "8079c55e00000000" + "02" + "05" * 32 + "02" + RATCHET_BYTES
    + "02" + "02" + "01" * 32 + "03" + "03" * 32
    + "00" + "0100000000000000" + "00" + "00" * 32 + RATCHET_BYTES[64:]
    + "01" + "0200000000000000" + "02" + RATCHET_BYTES
)  # fmt: skip
# Bytes of version 1 as the first program with this layer wrote them.
VERSION_1 = bytes.fromhex(
    "0101" + "8079c55e00000000" + "02" + "05" * 32 + "02" + "01" * 32 + "02" * 32 + "03" + "02" * 32
    + "03" * 32 + "04" * 32 + "0700000000000000" + "05" * 32 + "0800000000000000"
    + "0900000000000000" + "0a00000000000000" + "02" + "01" * 32 + "03" + "03" * 32
)  # fmt: skip


def test_bytes_of_version_2_are_read_and_written() -> None:
    assert decode_session(VERSION_2) == KEPT
    assert encode_session(KEPT) == VERSION_2


def test_bytes_of_version_1_are_read() -> None:
    assert decode_session(VERSION_1) == SESSION
    assert decode_session(encode_session(SESSION)) == SESSION


def test_session_before_its_first_answer_is_read_as_it_was_written() -> None:
    young = Session(SESSION.ratchet._replace(their_key=b""), b"", (), 0, sendable=False)
    assert decode_session(encode_session(young)) == young


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x03" + VERSION_2[1:], VERSION_1[:-1], VERSION_1[:200], VERSION_1[:1], VERSION_2[:-1],
     VERSION_2[:320], VERSION_2[:300], VERSION_2[:287]],
    ids=["empty", "newer", "founder cut", "fields cut", "version alone", "kept cut",
         "founder cut after the count", "founder missing", "count missing"],
)  # fmt: skip
def test_damaged_or_newer_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_session(raw)


def test_private_key_of_zeros_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        decode_session(VERSION_1[:76] + bytes(32) + VERSION_1[108:])


@pytest.mark.parametrize(
    "fields",
    [
        {"own_private": PrivateKey(b"\xff" * 32)},
        {"own_public": b"\x04" * 33},
        {"their_key": b"\x04" * 33},
        {"sending_count": COUNTER_MAX + 1},
        {"previous_count": COUNTER_MAX + 1},
        {"receiving_count": COUNTER_MAX + 2},
        {"keys_count": (1 << 63) - 1},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_ratchet_that_no_message_could_have_left_is_refused(fields: dict[str, Any]) -> None:
    damaged = SESSION.ratchet._replace(**fields)
    for session in (
        SESSION._replace(ratchet=damaged),
        KEPT._replace(kept=(KEPT.kept[0], KeptRatchet(damaged, 2, sendable=True))),
    ):
        with pytest.raises(LocalProtocolError):
            decode_session(encode_session(session))


def test_ratchet_at_the_end_of_its_counters_is_read() -> None:
    full = SESSION.ratchet._replace(
        sending_count=COUNTER_MAX, previous_count=COUNTER_MAX, receiving_count=COUNTER_MAX + 1
    )
    assert decode_session(encode_session(SESSION._replace(ratchet=full))).ratchet == full


def test_other_keys_that_are_none_are_refused() -> None:
    many = (b"\x02" + KEYS[0],) * (FOUNDERS_MAX + 1)
    for session in (SESSION._replace(ephemeral=b"\x04" * 33), SESSION._replace(founders=many)):
        with pytest.raises(LocalProtocolError):
            decode_session(encode_session(session))


def test_text_form_shows_no_key() -> None:
    assert repr(SESSION) == "Session(RatchetState(sent 7 and 9, received 8, keys 10))"


def test_session_that_starts_anew_keeps_a_few_of_what_it_had_and_counts_keys_on() -> None:
    session = SESSION
    for number in range(KEPT_RATCHETS_MAX + 2):
        fresh = SESSION.ratchet._replace(sending_count=100 + number, keys_count=0)
        session = session.started_anew(fresh, b"", number)
    kept = [(before.ratchet.sending_count, before.used_unix_s) for before in session.kept]
    assert kept == [(101, 2), (102, 3), (103, 4), (104, 5)]
    assert session.ratchet.keys_count == SESSION.ratchet.keys_count
    assert session.founders == SESSION.founders


def test_text_form_of_a_kept_ratchet_shows_no_key() -> None:
    assert repr(KEPT.kept[1]) == "KeptRatchet(RatchetState(sent 7 and 9, received 8, keys 10))"


@pytest.mark.parametrize(
    ("sendable", "is_late", "present"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_kept_ratchet_becomes_the_present_one_if_the_other_side_uses_it_now(
    sendable: bool, is_late: bool, present: bool
) -> None:
    kept = KeptRatchet(SESSION.ratchet._replace(sending_count=50), 1, sendable)
    session = SESSION._replace(kept=(kept,), sendable=False)
    used = kept.ratchet._replace(sending_count=51, keys_count=90)
    following = session.turned(1, used, 5, is_late=is_late)
    assert following.sendable is present
    assert following.ratchet.sending_count == (51 if present else SESSION.ratchet.sending_count)
    assert following.ratchet.keys_count == 90
    assert following.ephemeral == (b"" if present else SESSION.ephemeral)
    [other] = following.kept
    assert other.sendable is (False if present else sendable)
    assert (other.ratchet.sending_count, other.used_unix_s) == (7 if present else 51, 5)


def test_ratchets_that_late_messages_start_are_kept_beside_the_present_one_and_bounded() -> None:
    session = SESSION
    for number in range(KEPT_RATCHETS_MAX + 2):
        late = SESSION.ratchet._replace(sending_count=100 + number, keys_count=20 + number)
        session = session.started_late(late, number)
    assert session.ratchet == SESSION.ratchet._replace(keys_count=25)
    kept = [(one.ratchet.sending_count, one.used_unix_s, one.sendable) for one in session.kept]
    assert kept == [(102, 2, True), (103, 3, True), (104, 4, True), (105, 5, True)]


def test_what_we_put_aside_ourselves_is_never_sent_on_again() -> None:
    theirs = SESSION.started_anew(SESSION.ratchet, b"", 1)
    assert [one.sendable for one in theirs.kept] == [True]
    ours = theirs.started_anew(SESSION.ratchet, b"\x02" * 33, 2)
    assert [one.sendable for one in ours.kept] == [False, False]
    unsendable = theirs.unsendable()
    assert (unsendable.sendable, [one.sendable for one in unsendable.kept]) == (False, [False])
