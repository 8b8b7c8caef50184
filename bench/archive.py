"""Row 11 without a network: how fast archives store a month and find a day's page.

What is stored is on the disk of the folder for temporary files, or of the database, when the time
ends. Making the envelopes and their hashes is not counted.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from bench.archived import DAYS, ENVELOPE_BYTES, TOPICS, Month, topic_of
from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.base.errors import StorageError
from sottovoce.gossip.bloom import FULL_BLOOM
from sottovoce.mail.archive import Archive, Selection
from sottovoce.mail.request import REQUEST_LIMIT_MAX

ROW: Final = 11
NAME: Final = "archive"

_COUNT: Final = 100_000
_TOPICS_ASKED: Final = (1, 10, 100)
_PAGES: Final = 60  # two of each day
_PAGE_BYTES_MAX: Final = 16 << 20  # far more than a thousand of these envelopes
_MS: Final = 1e3
# What a relay of ours passes on at best: the archive is to keep up.
_RELAYED_PER_S: Final = 50_000


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    month = Month(options.scaled(_COUNT))
    with _sqlite() as (archive, folder):
        yield from _measured("SQLite", archive, month)
        ratio = sum(file.stat().st_size for file in folder.iterdir()) / archive.size().bytes
        yield Figure(ROW, NAME, _workload("SQLite", month), "file bytes / envelope bytes", ratio)
    if options.postgres:
        with _postgres(options.postgres) as archive:
            yield from _measured("PostgreSQL", archive, month)


@contextmanager
def _sqlite() -> Iterator[tuple[Archive, Path]]:
    with tempfile.TemporaryDirectory(prefix="sottovoce-bench-") as folder:
        archive = SqliteArchive(Path(folder) / "archive.db")
        try:
            yield archive, Path(folder)
        finally:
            archive.close()


@contextmanager
def _postgres(conninfo: str) -> Iterator[Archive]:
    """Open an archive in a database that has none, and leave it empty.

    Raises:
        BenchmarkError: It cannot be used, or somebody keeps something there.
    """
    try:
        archive = PostgresArchive(conninfo)
        try:
            if archive.size().envelopes:
                raise BenchmarkError("the archive in PostgreSQL is in use; name an empty database")
            yield archive
            archive.trim(envelopes_max=0, bytes_max=None)
        finally:
            archive.close()
    except StorageError as error:
        reason = str(error)
    else:
        return
    raise BenchmarkError(reason)


def _measured(engine: str, archive: Archive, month: Month) -> Iterator[Figure]:
    workload = _workload(engine, month)
    spent_s = []
    for batch in month.batches():
        for envelope in batch:
            _ = envelope.hash  # A relay has computed it before.
        spent_s.append(_seconds(partial(archive.store, batch)))
    rate = month.count / sum(spent_s)
    yield Figure(ROW, NAME, workload, "stored/s", rate, higher_is_better=True, bound=_RELAYED_PER_S)
    yield Figure(ROW, NAME, workload, "ms for the slowest batch", max(spent_s) * _MS)
    for count in _TOPICS_ASKED:
        yield Figure(
            ROW, NAME, workload, f"ms for a day of {count} topics", _page_ms(archive, month, count)
        )
    yield Figure(ROW, NAME, workload, "ms for a page of all topics", _page_ms(archive, month, 0))


def _workload(engine: str, month: Month) -> str:
    return f"{engine}, {month.count:,} of {ENVELOPE_BYTES} B, {TOPICS} topics, {DAYS} days"


def _page_ms(archive: Archive, month: Month, topics: int) -> float:
    """Return how long one page takes in the median; without topics, one of everything."""
    selections = [_selection(month, number, topics) for number in range(_PAGES)]
    return median(_seconds(partial(archive.query, each)) for each in selections) * _MS


def _selection(month: Month, number: int, topics: int) -> Selection:
    from_unix_s, to_unix_s = month.day_unix_s(number % DAYS)
    named = frozenset(topic_of((number * topics + at) % TOPICS) for at in range(topics))
    return Selection(
        from_unix_s, to_unix_s, named, FULL_BLOOM, None, REQUEST_LIMIT_MAX, _PAGE_BYTES_MAX
    )


def _seconds(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s
