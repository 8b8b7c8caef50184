"""Which way a page is read: by topic or by time, and always by an index."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.archive_contract import EVERYTHING, TOPICS, envelope, expected, pages, raws, some
from sottovoce.adapters.sqlite import archive_pages
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.mail.archive import Selection
from unit.adapters.sqlite.plan import steps

ENVELOPES = some(60, step_s=20_000)
NAMED = dataclasses.replace(EVERYTHING, topics=frozenset(TOPICS[:4]))
HALF = dataclasses.replace(EVERYTHING, bloom=(1 << 300) - 1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    archive = SqliteArchive(tmp_path / "archive.db")
    archive.store(ENVELOPES)
    yield archive
    archive.close()


@pytest.mark.parametrize("merged_max", [0, 3, 128])
@pytest.mark.parametrize("listed_max", [1, 20_000])
@pytest.mark.parametrize("selection", [EVERYTHING, NAMED, HALF], ids=["all", "named", "half"])
def test_both_ways_find_the_same_by_an_index(
    archive: SqliteArchive,
    monkeypatch: pytest.MonkeyPatch,
    selection: Selection,
    merged_max: int,
    listed_max: int,
) -> None:
    monkeypatch.setattr(archive_pages, "MERGED_TOPICS_MAX", merged_max)
    monkeypatch.setattr(archive_pages, "LISTED_TOPICS_MAX", listed_max)
    small = dataclasses.replace(selection, limit=7)
    found = [raw for page in pages(archive, small) for raw in page.envelopes]
    assert tuple(found) == raws(expected(ENVELOPES, selection))
    assert steps(archive._reading, lambda: archive.query(selection)) == []


def test_large_envelopes_are_read_when_their_turn_comes(archive: SqliteArchive) -> None:
    large = [envelope(5 + at, at, data=bytes(archive_pages.READ_AHEAD_BYTES_MAX)) for at in (1, 2)]
    archive.store(large)
    named = dataclasses.replace(NAMED, limit=2)
    assert archive.query(named).envelopes == raws(large)
