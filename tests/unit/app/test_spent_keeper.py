import logging
from pathlib import Path

import pytest

from patience import run, until
from sottovoce.adapters.spent_file import SPENT_FILE_NAME, read_spent, write_spent
from sottovoce.app import spent_keeper as module
from sottovoce.app.application import Application, ApplicationSettings
from sottovoce.app.spent_keeper import SpentKeeper
from sottovoce.node.budget import DAY_S, Spent
from sottovoce.node.effects import BudgetChanged, Fact
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.system_clock import read_clock


def test_what_is_used_is_kept_meanwhile_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_EVERY_S", 0.0)
    now = [Spent(1, 10)]

    async def main() -> None:
        keeper = SpentKeeper(tmp_path, lambda: now[0])
        await until(lambda: read_spent(tmp_path) == Spent(1, 10))
        monkeypatch.setattr(module, "KEEP_EVERY_S", 1000.0)
        await until(lambda: True)
        now[0] = Spent(1, 20)
        await keeper.stop()

    run(main())
    assert read_spent(tmp_path) == Spent(1, 20)


def test_nothing_new_is_not_written_again(tmp_path: Path) -> None:
    async def main() -> None:
        keeper = SpentKeeper(tmp_path, lambda: Spent(1, 10))
        await keeper._keep()
        (tmp_path / SPENT_FILE_NAME).unlink()
        await keeper.stop()

    run(main())
    assert read_spent(tmp_path) is None


def test_full_disk_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        await SpentKeeper(tmp_path / "nowhere", lambda: Spent(1, 10)).stop()

    with caplog.at_level(logging.WARNING):
        run(main())
    assert "is not kept" in caplog.text


def test_application_goes_on_with_what_was_used_today(tmp_path: Path) -> None:
    today = read_clock().unix_whole_s // DAY_S
    write_spent(tmp_path, Spent(today, 900))
    facts: list[Fact] = []
    settings = ApplicationSettings(node=NodeSettings(day_bytes_max=1000), data_dir=tmp_path)

    async def main() -> tuple[str, ...]:
        application = Application(settings, facts.append)
        await application.start()
        try:
            await until(lambda: facts)
            return application.readiness()
        finally:
            await application.stop()

    assert run(main()) == ()
    [warned] = facts
    assert isinstance(warned, BudgetChanged)
    assert (warned.budget.used_bytes, warned.budget.is_bound) == (900, False)
    kept = read_spent(tmp_path)
    assert kept is not None
    assert kept.bytes == 900


def test_node_whose_budget_is_used_up_is_not_ready(tmp_path: Path) -> None:
    today = read_clock().unix_whole_s // DAY_S
    write_spent(tmp_path, Spent(today, 1000))
    settings = ApplicationSettings(node=NodeSettings(day_bytes_max=1000), data_dir=tmp_path)
    facts: list[Fact] = []

    async def main() -> tuple[str, ...]:
        application = Application(settings, facts.append)
        await application.start()
        try:
            await until(lambda: facts)
            return application.readiness()
        finally:
            await application.stop()

    [trouble] = run(main())
    assert "used up" in trouble
