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
        {"rate_limits": (0, -1, 0)},
        {"byte_limits": (0, 0, 1 << 64)},
        {"limit_tolerance": -1},
    ],
)
def test_value_out_of_range_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        GossipSettings(**values)


def test_defaults_are_those_of_the_network() -> None:
    settings = GossipSettings()
    assert (settings.minimum_pow, settings.message_bytes_max) == (0.001, 1024 * 1024)


@pytest.mark.parametrize("limits", [(1024 * 1024 - 1, 0, 0), (0, 1, 0)])
def test_limit_of_bytes_below_the_largest_message_is_refused_with_the_reason(
    limits: tuple[int, int, int],
) -> None:
    with pytest.raises(LocalProtocolError, match="at least the largest message, 1048576 bytes"):
        GossipSettings(byte_limits=limits)


def test_limit_of_bytes_on_a_topic_may_be_small() -> None:
    assert GossipSettings(byte_limits=(0, 1024 * 1024, 1)).byte_limits[2] == 1
