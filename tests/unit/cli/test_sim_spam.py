import json

import pytest

from sottovoce.cli import sim_spam as module
from sottovoce.cli.sim_spam import measured_hashes_per_s, print_spam, spam_table
from sottovoce.sim.spam_experiment import Limits, SpamLine, SpamResult, SpamSettings

LINE = SpamLine(
    pow_target=0.002,
    limits="none",
    sent=4677,
    delivered=4003,
    cpu_s_per_delivered=0.0000263,
    bytes_per_delivered=621.4,
    victim_envelopes_per_s=201.7,
    victim_bytes_per_s=106_981.0,
    bloom_envelopes_per_s=201.7,
    bloom_bytes_per_s=106_980.0,
    honest_share=0.925,
    other_share=1.0,
    pool_bytes=1_048_549,
    connections_ended=1,
)
NOTHING = SpamLine(0.0002, "10, then out", 5, 0, None, None, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0, 0)


def test_json_has_a_line_for_each_attack(capsys: pytest.CaptureFixture[str]) -> None:
    settings = SpamSettings(
        hashes_per_s=20_000.0,
        pow_targets=(0.002,),
        limits=(Limits("none"),),
        attack_s=1.0,
        line_bytes_per_s=10_000.0,
    )
    print_spam(settings, None, as_json=True)
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["hashes_per_s"] == 20_000.0
    assert set(line) == {"hashes_per_s", *SpamLine.__dataclass_fields__}
    assert line["delivered"] == line["sent"] > 0


def test_tables_have_a_row_for_each_attack_and_say_what_is_missing() -> None:
    table = spam_table(SpamResult(SpamSettings(421_678.0), (LINE, NOTHING)))
    assert table[0] == "One attacker for 20 s: 421,678 hashes/s, a line of 125 kB/s."
    attacker, victims = (line.split() for line in table if line.startswith("0.002 "))
    assert attacker == ["0.002", "none", "4677", "4003", "0.026", "621", "1"]
    assert victims == ["0.002", "none", "201.7", "107.0", "201.7", "107.0", "92%", "100%", "1049"]
    nothing, _ = (line.split() for line in table if line.startswith("0.0002 "))
    assert nothing[4:] == ["5", "0", "-", "-", "0"]
    assert any(line.startswith("Not modelled:") for line in table)
    assert max(map(len, table)) < 80


def test_processor_is_measured_by_the_search_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MEASURED_TRIES", 1000)
    assert measured_hashes_per_s() > 1000
