"""What the archive in memory keeps of what it gave; its contract stands in `tests/contract`."""

from contract.archive_contract import EVERYTHING, MIDNIGHT, some
from sottovoce.adapters.memory.archive import MemoryArchive


def test_nothing_is_left_of_what_was_deleted() -> None:
    archive = MemoryArchive()
    archive.store(some(30))
    archive.expire(MIDNIGHT + 5)
    archive.trim(envelopes_max=0, bytes_max=None)
    assert not archive._by_topic
    assert not archive._hashes
    assert archive.size().bytes == 0


def test_closing_forgets_nothing() -> None:
    archive = MemoryArchive()
    archive.store(some(4))
    archive.close()
    assert len(archive.query(EVERYTHING).envelopes) == 4
