"""Carrying out a mailserver's wish on an engine, and what is answered when the engine cannot.

Calls block for as long as the engine does; which thread they block is for others to arrange.

Spec: none; an engine of our own is no business of the network.
"""

from typing import assert_never

from sottovoce.base.errors import StorageError, UnstorableError
from sottovoce.mail.archive import Archive
from sottovoce.mail.server_events import (
    ArchiveAnswer,
    ArchiveWish,
    CleanArchive,
    Cleaned,
    CleaningFailed,
    PageFound,
    QueryArchive,
    QueryFailed,
    StoreBatch,
    Stored,
    StoreFailed,
)


def carried_out(archive: Archive, wish: ArchiveWish) -> ArchiveAnswer:
    """Let an engine carry out a wish, and return what is to be answered."""
    try:
        match wish:
            case StoreBatch(envelopes):
                return Stored(archive.store(envelopes))
            case QueryArchive(job, selection):
                return PageFound(job, archive.query(selection))
            case CleanArchive():
                return Cleaned(clean(archive, wish), archive.size())
            case _:
                assert_never(wish)
    except StorageError as error:
        return failure_of(wish, str(error), is_in_vain=isinstance(error, UnstorableError))


def clean(archive: Archive, wish: CleanArchive) -> int:
    """Delete what is too old, then what is too much; returns how many were deleted.

    Raises:
        StorageError: The engine cannot.
    """
    deleted = 0
    if wish.before_unix_s is not None:
        deleted += archive.expire(wish.before_unix_s)
    if wish.envelopes_max is not None or wish.bytes_max is not None:
        deleted += archive.trim(envelopes_max=wish.envelopes_max, bytes_max=wish.bytes_max)
    return deleted


def failure_of(
    wish: ArchiveWish, detail: str, *, is_in_vain: bool = False
) -> StoreFailed | QueryFailed | CleaningFailed:
    """Return the answer that a wish came to nothing.

    Args:
        wish: What was wished.
        detail: Why, one sentence for people.
        is_in_vain: Whether the same would fail again.
    """
    match wish:
        case StoreBatch():
            return StoreFailed(detail, is_in_vain)
        case QueryArchive(job):
            return QueryFailed(job, detail)
        case CleanArchive():
            return CleaningFailed(detail)
        case _:
            assert_never(wish)
