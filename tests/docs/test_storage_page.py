"""The page on storage names what is in the file."""

from docs.snippets import ROOT
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.adapters.postgres import link, tables
from sottovoce.adapters.sqlite import archive_file, database, key
from sottovoce.adapters.sqlite.migration import APPLICATION_ID

PAGE = (ROOT / "docs" / "reference" / "storage.md").read_text(encoding="utf-8")


def test_page_names_every_table() -> None:
    store = MemoryPersonStore()
    rows = store._db.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'message_words_*'"
    )
    store.close()
    assert [name for (name,) in rows if f"`{name}`" not in PAGE] == []


def test_page_has_the_numbers_of_the_code() -> None:
    assert f"{key.KDF_ITERATIONS:,} rounds" in PAGE
    assert f"0x{APPLICATION_ID:X}" in PAGE
    assert f"{database.LOG_BYTES_MAX // 2**20} MiB" in PAGE
    assert f"| busy timeout | {database.BUSY_TIMEOUT_MS // 1000} s |" in PAGE


def test_page_has_the_marks_and_bounds_of_archives() -> None:
    assert f"`application_id` 0x{archive_file.APPLICATION_ID:X}" in PAGE
    assert f"number 0x{tables.LOCK:X}" in PAGE
    assert f"at most {tables.DAY_TABLES_MAX} of them" in PAGE
    assert f"wait for a lock for {link.LOCK_TIMEOUT_MS // 1000} s" in PAGE
    assert f"does not answer for {link.PATIENCE_S:.0f} s" in PAGE
