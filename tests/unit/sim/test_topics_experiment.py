import pytest

from sottovoce.sim.light_network import LIGHT_KINDS
from sottovoce.sim.topics_bandwidth import BandwidthSettings, Scheme
from sottovoce.sim.topics_experiment import FootprintSettings, TopicsSettings, run_topics

SMALL = TopicsSettings(
    bandwidth=BandwidthSettings(people=3, contacts=2, chats=0, messages=1, duration_s=2.0),
    footprint=FootprintSettings(contacts=(1,), chats=0, keys=20, topics=50, additions=1),
)


@pytest.mark.slow
def test_every_case_has_a_line_and_equal_seeds_equal_ones() -> None:
    told: list[float] = []
    result = run_topics(SMALL, lambda done, _: told.append(done))
    cases = [(line.scheme, line.announces) for line in result.bandwidth]
    assert cases == [(scheme.value, kind.announces) for scheme in Scheme for kind in LIGHT_KINDS]
    assert [line.announces for line in result.footprint] == ["bloom", "topics"]
    assert told == sorted(told)
    assert run_topics(SMALL, lambda *_: None) == result
