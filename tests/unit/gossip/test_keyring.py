"""Keys and ids that come from text."""

import hashlib

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.keyring import key_pair_id, symmetric_key_from_password


def test_password_goes_through_65356_rounds_without_salt() -> None:
    expected = hashlib.pbkdf2_hmac("sha256", "пароль".encode(), b"", 65356)
    assert symmetric_key_from_password("пароль").raw == expected


def test_empty_password_is_a_password() -> None:
    assert symmetric_key_from_password("").raw.hex().startswith("ffe46925")


def test_id_of_64_characters_stays_as_it_is() -> None:
    assert key_pair_id("ab" * 32) == "ab" * 32


@pytest.mark.parametrize("text", ["", "a" * 63, "a" * 65, "0x04" + "ab" * 64, "é" * 64])
def test_any_other_text_is_derived_in_4096_rounds(text: str) -> None:
    expected = hashlib.pbkdf2_hmac("sha256", text.encode(), b"", 4096).hex()
    assert key_pair_id(text) == expected


def test_text_without_utf8_form_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        symmetric_key_from_password("\ud800")
    with pytest.raises(LocalProtocolError):
        key_pair_id("\ud800")
