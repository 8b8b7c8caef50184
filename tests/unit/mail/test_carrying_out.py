from collections.abc import Sequence

import pytest
from typing_extensions import override

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.errors import StorageError, UnstorableError
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import ArchiveSize
from sottovoce.mail.carrying_out import carried_out
from sottovoce.mail.server_events import (
    ArchiveWish,
    CleanArchive,
    Cleaned,
    StoreBatch,
    Stored,
    StoreFailed,
)
from unit.node.mail_scene import TO_UNIX_S, old


class _Full(MemoryArchive):
    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        raise StorageError("the disk is full")


class _Picky(MemoryArchive):
    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        raise UnstorableError("it is too big")


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        (CleanArchive(None, None, None), 3),
        (CleanArchive(TO_UNIX_S - 20, None, None), 2),
        (CleanArchive(TO_UNIX_S - 20, 1, None), 1),
        (CleanArchive(None, None, 1), 0),
    ],
)
def test_cleaning_deletes_what_is_too_old_then_what_is_too_much(
    wish: ArchiveWish, left: int
) -> None:
    archive = MemoryArchive()
    batch = tuple(old(b"%d" % ago, sent_unix_s=TO_UNIX_S - ago) for ago in (10, 20, 30))
    assert carried_out(archive, StoreBatch(batch)) == Stored(3)
    cleaned = carried_out(archive, wish)
    assert isinstance(cleaned, Cleaned)
    assert (cleaned.deleted, cleaned.size.envelopes) == (3 - left, left)


def test_engine_that_cannot_says_why() -> None:
    wish = StoreBatch((old(b"one"),))
    assert carried_out(_Full(), wish) == StoreFailed("the disk is full")
    assert carried_out(_Picky(), wish) == StoreFailed("it is too big", is_in_vain=True)
    assert _Full().size() == ArchiveSize(0, 0, None)
