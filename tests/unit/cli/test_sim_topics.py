import json
from dataclasses import replace

import pytest

from sottovoce.cli.sim_topics import print_topics, topics_tables
from sottovoce.sim.topics_bandwidth import BandwidthLine, BandwidthSettings
from sottovoce.sim.topics_experiment import FootprintSettings, TopicsResult, TopicsSettings
from sottovoce.sim.topics_footprint import FootprintLine

BANDWIDTH = BandwidthLine("one topic", "Whisper bloom", 16.0, 450, 15.0, 435.0, 392_159.0)
BLOOM = FootprintLine(
    contacts=5,
    announces="bloom",
    topics=16,
    fill=0.09,
    fill_expected=0.088,
    share=0.0011,
    share_expected=0.001,
    own_announced=False,
    own_found=False,
    discovery_found=False,
    found=5,
    false_found=15,
    false_expected=9.7,
    candidates=1,
    candidates_expected=1.0,
    partition_class=12,
    partition_expected=13.0,
)
TOPICS = replace(BLOOM, announces="topics", fill=None, fill_expected=None, false_found=0)
RESULT = TopicsResult(TopicsSettings(), (BANDWIDTH,), (BLOOM, TOPICS))
SMALL = TopicsSettings(
    bandwidth=BandwidthSettings(people=3, contacts=2, chats=0, messages=1, duration_s=2.0),
    footprint=FootprintSettings(contacts=(1,), chats=0, keys=20, topics=50, additions=1),
)


def row(result: TopicsResult, beginning: str) -> list[str]:
    """Return what follows the beginning of lines in the tables."""
    lines = (line.strip() for line in topics_tables(result))
    return [line.removeprefix(beginning).strip() for line in lines if line.startswith(beginning)]


def test_bandwidth_says_what_came_of_that_was_meant_for_others() -> None:
    [said] = row(RESULT, "one topic ")
    assert said.split() == ["Whisper", "bloom", "16", "15", "435.0", "100.00%", "392,159"]


def test_footprint_has_what_arithmetic_expects_in_brackets() -> None:
    assert row(RESULT, "others found with them") == ["15 (10)", "0 (10)"]
    assert row(RESULT, "bits that are set") == ["0.090 (0.088)", "-"]
    assert row(RESULT, "contacts among the found") == ["0.25", "1.00"]
    assert row(RESULT, "own key found by it") == ["no", "no"]


def test_tables_fit_a_terminal() -> None:
    wide = replace(BLOOM, share=0.10651, share_expected=0.1017, fill=0.467)
    result = replace(RESULT, footprint=(wide,) * 3)
    assert max(map(len, topics_tables(result))) < 80


def test_own_key_that_only_chance_lets_pass_is_not_called_found() -> None:
    by_chance = replace(BLOOM, own_found=True)
    announced = replace(by_chance, own_announced=True)
    result = replace(RESULT, footprint=(by_chance, announced))
    assert row(result, "own key found by it")[0].startswith("no, by chance ")
    assert row(result, "own key found by it")[0].endswith("yes")


@pytest.mark.slow
def test_json_has_a_line_for_each_case_of_both_parts(capsys: pytest.CaptureFixture[str]) -> None:
    print_topics(SMALL, None, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["part"] for line in lines] == ["bandwidth"] * 9 + ["footprint"] * 2
    assert lines[0].keys() >= {"scheme", "announces", "topics", "received", "others_share", "bytes"}
    assert lines[-1]["recall"] == lines[-1]["precision"] == 1.0
    assert lines[-1]["own_announced"] is False
