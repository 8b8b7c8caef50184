"""One message under one key, and the steps of the chains."""

import pytest

from sottovoce.base.errors import DecryptionError
from sottovoce.secure.kdf_chain import (
    OVERHEAD_BYTES,
    chain_step,
    next_chain_key,
    open_message,
    root_step,
    seal_message,
)

KEY, OTHER = b"\x01" * 32, b"\x02" * 32


def test_message_opens_with_its_key_and_associated_data() -> None:
    sealed = seal_message(KEY, b"hello", b"data")
    assert len(sealed) == len(b"hello") + OVERHEAD_BYTES
    assert open_message(KEY, sealed, b"data") == b"hello"


@pytest.mark.parametrize(("key", "associated"), [(OTHER, b"data"), (KEY, b"date"), (KEY, b"")])
def test_another_key_or_other_data_do_not_open(key: bytes, associated: bytes) -> None:
    with pytest.raises(DecryptionError):
        open_message(key, seal_message(KEY, b"hello", b"data"), associated)


@pytest.mark.parametrize("size", [0, 31, 32, 47])
def test_message_without_room_for_iv_and_tag_is_refused(size: int) -> None:
    with pytest.raises(DecryptionError):
        open_message(KEY, bytes(size), b"")


def test_empty_message_has_only_iv_and_tag() -> None:
    assert open_message(KEY, seal_message(KEY, b"", b""), b"") == b""


def test_chain_key_and_message_key_differ() -> None:
    following, message_key = chain_step(KEY)
    assert following == next_chain_key(KEY)
    assert len({KEY, following, message_key}) == 3


def test_root_step_depends_on_both_inputs() -> None:
    assert len({root_step(KEY, OTHER), root_step(OTHER, KEY), root_step(KEY, KEY)}) == 3


def test_text_form_of_a_root_step_shows_no_key() -> None:
    step = root_step(b"r" * 32, b"d" * 32)
    assert repr(step) == "RootStep(…)"
