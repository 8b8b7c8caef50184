"""Settings refuse what makes no sense."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.secure.settings import SecureSettings


def test_defaults_are_those_of_the_deployed_clients() -> None:
    settings = SecureSettings()
    assert (settings.skip_max, settings.message_keys_max, settings.keys_back_max) == (
        1000,
        2000,
        3000,
    )
    assert (settings.installations_max, settings.prekey_use_s) == (3, 86_400)


@pytest.mark.parametrize("name", SecureSettings.__slots__)
def test_value_that_is_not_positive_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError):
        SecureSettings(**{name: 0})
