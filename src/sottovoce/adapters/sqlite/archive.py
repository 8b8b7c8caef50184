"""The archive of a mailserver in one SQLite file of its own.

One connection writes and another one reads, so that who stores and who asks do not wait for each
other.

Spec: docs/reference/storage.md, "Archives".
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from sottovoce.adapters.sqlite.archive_batch import ADD, ADD_TOPICS, KNOWN, batch_of
from sottovoce.adapters.sqlite.archive_file import archive_error, connect_archive
from sottovoce.adapters.sqlite.archive_pages import read_page
from sottovoce.adapters.sqlite.connection import Reading, Row, Writing
from sottovoce.adapters.sqlite.file import take_lock
from sottovoce.base.errors import StorageError
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import ArchiveSize, Page, Selection

# So many of the oldest are deleted in one transaction, which takes a tenth of a second and some
# megabytes of log, whatever there is to delete.
DELETED_MAX: Final = 10_000

# So much of the disk is left free: deleting writes to the log first, up to 32 MiB, and what is in
# the log is carried into the file. A disk without it could never be given room by deleting.
RESERVE_BYTES: Final = 64 * 1024 * 1024
# With so much inside the file that deleting left, the largest batch does not make it grow.
SPARE_BYTES: Final = 16 * 1024 * 1024

_SPARE: Final = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"
_COUNT: Final = "UPDATE total SET envelopes = envelopes + ?, bytes = bytes + ?"
_SIZE: Final = """
SELECT envelopes, bytes, (SELECT min(sent) FROM envelope INDEXED BY in_order) FROM total
"""
_OLDEST: Final = f"""
SELECT sent, hash, length(raw), day, topic FROM envelope INDEXED BY in_order
ORDER BY sent, hash LIMIT {DELETED_MAX}
"""
_DELETE: Final = "DELETE FROM envelope INDEXED BY in_order WHERE (sent, hash) <= (?, ?)"
_DELETE_TOPIC: Final = """
DELETE FROM topic_of_day WHERE day = ?1 AND topic = ?2
AND NOT EXISTS (SELECT 1 FROM envelope WHERE day = ?1 AND topic = ?2)
"""


class SqliteArchive:
    """An open archive.

    Args:
        path: The file; it is made if there is none.
        vfs: SQLite's name of the file system to use; empty for its own.

    Raises:
        StorageError: Another process has the file open, it is damaged or none of ours, or cannot be
            read or made.
    """

    def __init__(self, path: Path, vfs: str = "") -> None:
        self._path: Final = path
        with ExitStack() as opened:
            self._lock: int | None = take_lock(path)
            opened.callback(self._let_go)
            writer = connect_archive(path, is_writer=True, vfs=vfs)
            opened.callback(writer.close)
            reader = connect_archive(path, is_writer=False, vfs=vfs)
            opened.pop_all()
        self._writing: Final = Writing(writer, str(path), archive_error)
        self._reading: Final = Reading(reader, str(path), archive_error)

    def store(self, batch: Sequence[Envelope]) -> int:
        """Keep envelopes, on disk when this returns; those that are there already change nothing.

        Raises:
            StorageError: They cannot be written; none of them is kept.
        """
        if not batch:
            return 0
        self._require_room()
        given = batch_of(batch)
        with self._transaction():
            row = self._writing.row(KNOWN, (given.values[0], None, given.envelopes))
            assert row is not None, "an aggregate has a row"
            known, known_bytes = row
            added: int = given.envelopes - known
            if added:
                self._writing.write(ADD, given.values)
                self._writing.write(ADD_TOPICS, (given.values[0], None, given.envelopes))
                self._writing.write(_COUNT, (added, given.bytes - known_bytes))
        return added

    def query(self, selection: Selection) -> Page:
        """Return one page of a selection.

        Raises:
            StorageError: The archive cannot be read.
        """
        return read_page(self._reading, selection)

    def expire(self, before_unix_s: int) -> int:
        """Delete what was sent before a second; returns how many were deleted.

        Raises:
            StorageError: The archive cannot be written.
        """
        return self._delete(lambda size: (size.oldest_unix_s or 0) < before_unix_s)

    def trim(self, *, envelopes_max: int | None, bytes_max: int | None) -> int:
        """Delete the oldest until the rest is within bounds; returns how many were deleted.

        Raises:
            StorageError: The archive cannot be written.
        """

        def is_too_much(size: ArchiveSize) -> bool:
            return (envelopes_max is not None and size.envelopes > envelopes_max) or (
                bytes_max is not None and size.bytes > bytes_max
            )

        return self._delete(is_too_much)

    def size(self) -> ArchiveSize:
        """Return how much is kept.

        Raises:
            StorageError: The archive cannot be read.
        """
        return _size(self._reading)

    def close(self) -> None:
        """Let go of the file, when no other call runs.

        Raises:
            StorageError: The log could not be carried into the file; it is there at the next start.
        """
        try:
            self._reading.close()
            self._writing.close()
        finally:
            self._let_go()

    def _require_room(self) -> None:
        """Check that there will still be room to delete.

        Raises:
            StorageError: There is not.
        """
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return  # writing will tell what is wrong
        if disk.f_bavail * disk.f_frsize >= RESERVE_BYTES:
            return
        row = self._writing.row(_SPARE)
        assert row is not None, "settings have a row"
        if row[0] < SPARE_BYTES:
            raise StorageError(
                f"the archive {self._path} cannot grow, for the disk is full up to "
                f"{RESERVE_BYTES // 1_000_000} MB, which deleting needs; make room, or keep less"
            )

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write all of a block or, after an error, nothing.

        Raises:
            StorageError: It cannot be written.
        """
        self._writing.begin()
        try:
            yield
            self._writing.commit()
        except StorageError:
            with suppress(StorageError):  # the next transaction rolls back what is left
                self._writing.rollback()
            raise

    def _delete(self, is_to_go: Callable[[ArchiveSize], bool]) -> int:
        """Delete the oldest while it is to go by what is left, itself the oldest of it."""
        deleted = 0
        while True:
            size = _size(self._writing)
            if not size.envelopes or not is_to_go(size):
                return deleted
            oldest = self._writing.rows(_OLDEST)
            count = _count_to_go(oldest, size, is_to_go)
            self._delete_these(oldest[:count])
            deleted += count
            if count < len(oldest):
                return deleted

    def _delete_these(self, oldest: Sequence[Row]) -> None:
        """Delete the oldest rows, which there are."""
        sent_unix_s, hash, *_ = oldest[-1]
        topics = {(day, topic): None for _, _, _, day, topic in oldest}
        with self._transaction():
            self._writing.write(_DELETE, (sent_unix_s, hash))
            self._writing.write_each(_DELETE_TOPIC, topics)
            self._writing.write(_COUNT, (-len(oldest), -sum(row[2] for row in oldest)))


def _size(reading: Reading) -> ArchiveSize:
    row = reading.row(_SIZE)
    assert row is not None, "the totals are one row"
    return ArchiveSize(*row)


def _count_to_go(
    oldest: Sequence[Row], size: ArchiveSize, is_to_go: Callable[[ArchiveSize], bool]
) -> int:
    left_envelopes, left_bytes = size.envelopes, size.bytes
    for count, (sent_unix_s, _, size_bytes, *_) in enumerate(oldest):
        if not is_to_go(ArchiveSize(left_envelopes, left_bytes, sent_unix_s)):
            return count
        left_envelopes -= 1
        left_bytes -= size_bytes
    return len(oldest)
