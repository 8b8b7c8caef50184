"""Settings of history that make no sense are refused where they are made."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.mail.settings import ClientSettings, ServerSettings

SERVER = ServerSettings(password_key=SymmetricKey(b"\x07" * 32))


def test_mailserver_without_any_key_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="password or a key"):
        ServerSettings()


@pytest.mark.parametrize(
    "changes",
    [
        {"pause_s": -1.0},
        {"minimum_pow": -1.0},
        {"requests_per_hour": 0},
        {"packet_bytes_max": 0},
        {"buffer_envelopes_max": -5},
    ],
)
def test_bounds_of_a_mailserver_are_positive(changes: dict[str, int]) -> None:
    with pytest.raises(LocalProtocolError):
        replace(SERVER, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"witnesses": 0}, {"history_s": -1}, {"refresh_s": -1.0}])
def test_settings_of_whoever_asks_are_positive(changes: dict[str, int]) -> None:
    with pytest.raises(LocalProtocolError):
        ClientSettings(**changes)  # type: ignore[arg-type]


def test_keys_are_in_no_text() -> None:
    assert "x07" not in repr(SERVER)
