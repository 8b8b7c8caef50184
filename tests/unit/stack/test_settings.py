import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.secure.settings import SecureSettings
from sottovoce.stack.settings import StackSettings


def test_defaults_are_those_of_the_deployed_clients() -> None:
    settings = StackSettings()
    assert (settings.ttl_s, settings.pow_target, settings.work_time_s) == (15, None, 5.0)
    assert (settings.contact_code_first_s, settings.contact_code_every_s) == (120.0, 21_600.0)
    assert settings.data_sync


@pytest.mark.parametrize("name", ["ttl_s", "contact_code_every_s", "give_up_s"])
def test_times_are_positive(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="positive"):
        StackSettings(**{name: 0})  # type: ignore[arg-type]


def test_message_goes_to_as_many_devices_as_copies_fit_into_an_envelope() -> None:
    assert StackSettings(secure=SecureSettings(installations_max=3)).secure.installations_max == 3
    with pytest.raises(LocalProtocolError, match="at most 3 devices"):
        StackSettings(secure=SecureSettings(installations_max=4))
