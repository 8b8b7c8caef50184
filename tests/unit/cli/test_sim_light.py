import json
from pathlib import Path

import pytest

from sottovoce.cli.output import CommandError
from sottovoce.cli.sim_light import light_table, print_light
from sottovoce.sim.light_experiment import LightLine, LightResult, LightSettings

FULL = LightLine("star", "master node", 8, 101, 0, 101, 0, 30_000, 7, 10_001, 0)
WHISPER = LightLine("full_mesh", "Whisper bloom light node", 2, 9, 9, 1, 8, 5_400, None, None, None)


def test_table_has_ours_and_the_published_figures_side_by_side() -> None:
    lines = light_table(LightResult(LightSettings(count=100), 9, (FULL, WHISPER)))
    assert "100 on" in lines[0]
    assert "lets 9 of all pass" in lines[1]
    [full] = [line for line in lines if line.startswith("master ")]
    assert full.split() == [
        *("master", "8", "(7)", "101", "0", "101", "0", "30.0", "kB", "|", "10001", "0")
    ]
    [whisper] = [line for line in lines if "Whisper" in line]
    assert whisper.endswith(" 5.4 kB |")
    assert max(map(len, lines)) < 80


@pytest.mark.slow
def test_json_has_a_line_for_each_node(capsys: pytest.CaptureFixture[str]) -> None:
    print_light(LightSettings(count=3), None, as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 18
    assert set(lines[0]) == {
        *("topology", "node", "peers", "valid", "duplicates", "useful", "unwanted", "bytes"),
        *("published_peers", "published_valid", "published_invalid"),
    }
    assert {line["topology"] for line in lines} == {"star", "full_mesh"}
    [star, mesh] = [line for line in lines if line["node"] == "topic-interest light node"]
    assert star["valid"] == mesh["valid"] == star["published_valid"] == 1


def test_plot_of_an_unknown_kind_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"\.png or an \.svg"):
        print_light(LightSettings(), tmp_path / "plot.doc", as_json=False)
