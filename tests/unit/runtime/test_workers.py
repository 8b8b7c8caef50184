import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

import patience
from patience import PATIENCE_S, until
from sottovoce.gossip.proof_of_work import search
from sottovoce.runtime import workers as module
from sottovoce.runtime.workers import MiningWorkers

PREFIX: Final = b"an envelope without its nonce"
BITS: Final = 11  # about 2,000 tries
HOPELESS: Final = 200  # nobody finds that


@asynccontextmanager
async def running(processes_max: int = 1) -> AsyncIterator[MiningWorkers]:
    workers = MiningWorkers(processes_max)
    try:
        yield workers
    finally:
        await workers.close()


def run(work: Callable[[MiningWorkers], Coroutine[None, None, None]], count: int = 1) -> None:
    async def main() -> None:
        async with running(count) as workers:
            await work(workers)

    patience.run(main())


def processes(workers: MiningWorkers) -> list[asyncio.subprocess.Process]:
    return list(workers._all)


def test_no_process_runs_before_the_first_need() -> None:
    async def work(workers: MiningWorkers) -> None:
        assert workers.process_count == 0

    run(work)


@pytest.mark.parametrize("processes_max", [1, 3])
def test_nonce_is_the_lowest_one_however_many_processes_search(
    processes_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So small chunks that several are under way when the nonce is found.
    monkeypatch.setattr(module, "CHUNK_NONCES", 300)

    async def work(workers: MiningWorkers) -> None:
        assert await workers.search(PREFIX, BITS, PATIENCE_S) == search(PREFIX, BITS, 0, 1 << 20)
        assert workers.process_count == processes_max

    run(work, processes_max)


def test_processes_are_kept_for_the_next_search() -> None:
    async def work(workers: MiningWorkers) -> None:
        first = await workers.search(PREFIX, 4, PATIENCE_S)
        [process] = processes(workers)
        assert await workers.search(PREFIX, 4, PATIENCE_S) == first
        assert processes(workers) == [process]

    run(work)


def test_more_searches_than_processes_wait_for_each_other() -> None:
    async def work(workers: MiningWorkers) -> None:
        prefixes = [PREFIX + bytes([number]) for number in range(6)]
        found = await asyncio.gather(*(workers.search(each, 8, PATIENCE_S) for each in prefixes))
        assert found == [search(each, 8, 0, 1 << 20) for each in prefixes]
        assert workers.process_count == 2

    run(work, 2)


def test_search_ends_when_its_time_is_over() -> None:
    async def work(workers: MiningWorkers) -> None:
        assert await workers.search(PREFIX, HOPELESS, 0.01) is None

    run(work)


def test_search_after_one_that_ran_out_of_time_succeeds() -> None:
    async def work(workers: MiningWorkers) -> None:
        assert await workers.search(PREFIX, HOPELESS, 0.01) is None
        assert await workers.search(PREFIX, 4, PATIENCE_S) == search(PREFIX, 4, 0, 1000)

    run(work)


def test_cancelled_search_gives_its_process_back() -> None:
    async def work(workers: MiningWorkers) -> None:
        hopeless = asyncio.create_task(workers.search(PREFIX, HOPELESS, PATIENCE_S))
        await until(lambda: workers.process_count == 1)
        hopeless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hopeless
        assert await workers.search(PREFIX, 4, PATIENCE_S) == search(PREFIX, 4, 0, 1000)
        assert workers.process_count == 1

    run(work)


def test_close_ends_the_processes_even_in_the_middle_of_a_search() -> None:
    async def work(workers: MiningWorkers) -> None:
        hopeless = asyncio.create_task(workers.search(PREFIX, HOPELESS, PATIENCE_S))
        await until(lambda: workers.process_count == 1)
        [process] = processes(workers)
        await workers.close()
        assert process.returncode == -signal.SIGKILL
        assert workers.process_count == 0
        with pytest.raises(asyncio.CancelledError):
            await hopeless

    run(work)


def test_process_that_is_killed_in_the_middle_of_a_search_is_replaced() -> None:
    async def work(workers: MiningWorkers) -> None:
        found = asyncio.create_task(workers.search(PREFIX, BITS, PATIENCE_S))
        await until(lambda: workers.process_count == 1)
        [victim] = processes(workers)
        victim.kill()
        assert await found == search(PREFIX, BITS, 0, 1 << 20)
        assert processes(workers) != [victim]

    run(work)


def test_idle_process_that_was_killed_is_replaced() -> None:
    async def work(workers: MiningWorkers) -> None:
        first = await workers.search(PREFIX, 4, PATIENCE_S)
        for _ in range(3):
            [victim] = processes(workers)
            os.kill(victim.pid, signal.SIGKILL)
            assert await workers.search(PREFIX, 4, PATIENCE_S) == first

    run(work)


def test_idle_process_that_is_known_to_be_dead_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_ATTEMPTS", 1)

    async def work(workers: MiningWorkers) -> None:
        first = await workers.search(PREFIX, 4, PATIENCE_S)
        [victim] = processes(workers)
        victim.kill()
        await victim.wait()
        assert await workers.search(PREFIX, 4, PATIENCE_S) == first
        assert workers.process_count == 1

    run(work)


def test_process_that_is_gone_answers_nothing() -> None:
    async def work(workers: MiningWorkers) -> None:
        await workers.search(PREFIX, 4, PATIENCE_S)
        [victim] = processes(workers)
        victim.kill()
        await victim.wait()
        assert await module._ask(victim, b"0 10 4 00\n") == b""

    run(work)


def test_processes_that_always_die_fail_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MODULE", "sottovoce.no_such_module")
    monkeypatch.setattr(module, "_ATTEMPTS", 1)

    async def work(workers: MiningWorkers) -> None:
        with pytest.raises(ConnectionError, match="end in the middle of a search"):
            await workers.search(PREFIX, 4, PATIENCE_S)
        assert workers.process_count == 0

    run(work)


def test_process_that_cannot_be_started_fails_the_search_and_not_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(workers: MiningWorkers) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("sys.executable", "/nowhere/python")
            with pytest.raises(FileNotFoundError):
                await workers.search(PREFIX, 4, PATIENCE_S)
        assert await workers.search(PREFIX, 4, PATIENCE_S) == search(PREFIX, 4, 0, 1000)

    run(work)


def test_files_in_the_working_directory_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hashlib.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)

    async def work(workers: MiningWorkers) -> None:
        assert await workers.search(PREFIX, 4, PATIENCE_S) == search(PREFIX, 4, 0, 1000)

    run(work)


def test_processes_are_not_interrupted_together_with_the_program() -> None:
    async def work(workers: MiningWorkers) -> None:
        await workers.search(PREFIX, 4, PATIENCE_S)
        [process] = processes(workers)
        assert os.getpgid(process.pid) != os.getpgid(os.getpid())

    run(work)
