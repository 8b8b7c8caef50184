import json
from pathlib import Path

import pytest

from patience import run, turns
from sottovoce.adapters.spent_file import write_spent
from sottovoce.app.application import ApplicationSettings
from sottovoce.cli.budget_text import tell_budget, telling_of_budget
from sottovoce.cli.output import Output
from sottovoce.node.budget import DAY_S, Budget, Spent
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.system_clock import read_clock
from sottovoce.sdk.client import Client

BOUND = Budget(20_000_001, 20_000_000, is_bound=True, resumes_unix_s=1_600_000_000)


def test_people_read_a_sentence_and_programs_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    tell_budget(Output(as_json=False), BOUND)
    tell_budget(Output(as_json=True), BOUND)
    out, err = capsys.readouterr()
    assert err.startswith("today's budget of 20 MB is used up: nothing more is received until")
    assert json.loads(out) == {
        "event": "budget",
        "used_bytes": 20_000_001,
        "limit_bytes": 20_000_000,
        "is_bound": True,
        "resumes_unix_s": 1_600_000_000,
    }


def test_notice_is_told_while_a_node_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_spent(tmp_path, Spent(read_clock().unix_whole_s // DAY_S, 1000))
    settings = ApplicationSettings(
        listen=None, node=NodeSettings(day_bytes_max=1000), data_dir=tmp_path
    )

    async def main() -> str:
        said = ""
        async with (
            Client(settings=settings) as client,
            telling_of_budget(client, Output(as_json=False)),
        ):
            while not said:
                await turns(1)
                said += capsys.readouterr().err
        return said

    assert "is used up" in run(main())
