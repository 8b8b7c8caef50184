"""Kill who stores, again and again, and look what is there."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from contract.archive_contract import EVERYTHING, pages
from crash.archiver import BATCH, EXPIRED_AFTER, batch, open_archive, start_of
from sottovoce.mail.archive import Archive

ROOT: Final = Path(__file__).parent.parent.parent
ANSWERS_MAX: Final = 60
# The process goes on for as long as these take, up to some milliseconds.
TURNS_MAX: Final = 20_000


def killed_while_storing(engine: str, address: str, kills: int, seed: int) -> list[float]:
    """Kill so many processes one after the other, and check the archive after each.

    Returns:
        How many seconds each opening took afterwards.
    """
    draws, first, opened_s = random.Random(seed), 0, []
    for _ in range(kills):
        confirmed = _store_until_killed(engine, address, first, draws)
        started_s = time.monotonic()
        archive = open_archive(engine, address)
        opened_s.append(time.monotonic() - started_s)
        check(archive, first, confirmed)
        first = confirmed + 2  # Whether the one between was stored is known to the archive alone.
        archive.expire(start_of(first))
        archive.close()
    return opened_s


def _store_until_killed(engine: str, address: str, first: int, draws: random.Random) -> int:
    """Return the number of the last batch that was confirmed before the kill."""
    with subprocess.Popen(
        [sys.executable, "-m", "crash.archiver", engine, address, str(first)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(draws.randrange(1, ANSWERS_MAX))]
        for _ in range(draws.randrange(TURNS_MAX)):
            os.sched_getaffinity(0)
        process.kill()
        said += [line for line in process.stdout if line.endswith(b"\n")]
    return int(said[-1])


def check(archive: Archive, first: int, confirmed: int) -> None:
    """Check that all batches that were confirmed are there, and the next one as a whole or not."""
    found = {raw for page in pages(archive, EVERYTHING) for raw in page.envelopes}
    size = archive.size()
    assert (size.envelopes, size.bytes) == (len(found), sum(map(len, found)))
    for number in range(first, confirmed + 2):
        there = sum(each.raw in found for each in batch(number))
        if number > confirmed:
            assert there in (0, BATCH)
        elif number > confirmed + 1 - EXPIRED_AFTER:
            assert there == BATCH, f"batch {number} of {first} to {confirmed}"
