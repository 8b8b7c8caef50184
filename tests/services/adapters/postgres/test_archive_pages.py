"""Which way a page is read from PostgreSQL."""

import pytest

from contract.archive_contract import DAY, expected, pages, raws, some
from sottovoce.adapters.postgres import archive_pages
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.gossip.envelope import SECONDS_MAX
from sottovoce.mail.archive import Selection


def test_a_day_flooded_with_topics_is_searched_by_time(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_pages, "_TOPICS", archive_pages._TOPICS.replace("20001", "3"))
    monkeypatch.setattr(archive_pages, "LISTED_TOPICS_MAX", 2)
    monkeypatch.setattr(archive_pages, "_PLACES", archive_pages._PLACES.replace("10000", "4"))
    archive = PostgresArchive(database)
    envelopes = some(40, step_s=DAY // 8)
    archive.store(envelopes)
    selection = Selection(0, SECONDS_MAX, frozenset(), (1 << 511) - 1, None, 7, 1 << 20)
    found = [raw for page in pages(archive, selection) for raw in page.envelopes]
    assert tuple(found) == raws(expected(envelopes, selection))
    archive.close()
