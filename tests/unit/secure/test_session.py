"""A session's stored form: today's bytes load tomorrow, damaged ones are refused."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.double_ratchet import RatchetState
from sottovoce.secure.session import Session, decode_session, encode_session

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
# Bytes of version 1 as the first program with this layer wrote them.
VERSION_1 = bytes.fromhex(
    "0101" + "8079c55e00000000" + "02" + "05" * 32 + "02" + "01" * 32 + "02" * 32 + "03" + "02" * 32
    + "03" * 32 + "04" * 32 + "0700000000000000" + "05" * 32 + "0800000000000000"
    + "0900000000000000" + "0a00000000000000" + "02" + "01" * 32 + "03" + "03" * 32
)  # fmt: skip


def test_bytes_of_version_1_are_read_and_written() -> None:
    assert decode_session(VERSION_1) == SESSION
    assert encode_session(SESSION) == VERSION_1


def test_session_before_its_first_answer_is_read_as_it_was_written() -> None:
    young = Session(SESSION.ratchet._replace(their_key=b""), b"", (), 0, sendable=False)
    assert decode_session(encode_session(young)) == young


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x02" + VERSION_1[1:], VERSION_1[:-1], VERSION_1[:200], VERSION_1[:1]],
    ids=["empty", "newer", "founder cut", "fields cut", "version alone"],
)
def test_damaged_or_newer_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        decode_session(raw)


def test_private_key_of_zeros_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        decode_session(VERSION_1[:76] + bytes(32) + VERSION_1[108:])


def test_text_form_shows_no_key() -> None:
    assert repr(SESSION) == "Session(RatchetState(sent 7 and 9, received 8, keys 10))"
