"""A store in memory, in a transaction."""

from collections.abc import Iterator

import pytest

from sottovoce.adapters.memory.person_store import MemoryPersonStore


@pytest.fixture
def store() -> Iterator[MemoryPersonStore]:
    store = MemoryPersonStore()
    store.begin()
    yield store
    store.close()
