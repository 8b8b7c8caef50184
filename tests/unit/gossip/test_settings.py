"""Settings: values out of range are refused where they are made."""

import math
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.settings import GossipSettings


@pytest.mark.parametrize(
    "values",
    [
        {"minimum_pow": -0.1},
        {"minimum_pow": math.nan},
        {"own_delay_s_max": math.inf},
        {"message_bytes_max": 0},
        {"message_bytes_max": 10 * 1024 * 1024 + 1},
        {"pool_bytes_max": 0},
        {"packet_bytes_target": -1},
        {"bloom": bytes(63)},
    ],
)
def test_value_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        GossipSettings(**values)


def test_defaults_are_those_of_the_network() -> None:
    settings = GossipSettings()
    assert (settings.minimum_pow, settings.message_bytes_max) == (0.001, 1024 * 1024)
