"""Words of servers that refuse."""

import pytest

from sottovoce.mail.refusals import is_limited, pause_s, shown


@pytest.mark.parametrize(
    "words",
    [
        "rate limit exceeded",
        "requests per seconds limit exceeded",
        "Rate limit exceeded: envelopes of this hour; ask again in 61 s",
    ],
)
def test_server_that_only_wants_to_be_asked_later_is_known(words: str) -> None:
    assert is_limited(words)


@pytest.mark.parametrize(
    "words",
    [
        "request is invalid: limit exceeds the maximum allowed value",
        "failed to decrypt p2p request",
        "PoW too low",
    ],
)
def test_other_refusals_are_no_limits(words: str) -> None:
    assert not is_limited(words)


def test_stated_pause_is_read() -> None:
    assert pause_s("rate limit exceeded: rows; ask again in 61 s") == 61
    assert pause_s("rate limit exceeded") is None
    assert pause_s("ask again in 99999999999999 s") is None


def test_words_of_strangers_are_short_and_printable() -> None:
    assert shown("a\x1b[31m\nb") == "a[31mb"
    assert len(shown("x" * 999)) == 120
