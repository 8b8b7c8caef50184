"""The store in memory; what the port promises stands in tests/contract."""

from pathlib import Path

import pytest

from contract.made import message, message_id
from sottovoce.adapters.memory.person_store import MemoryPersonStore


def test_stores_share_nothing_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = MemoryPersonStore(), MemoryPersonStore()
    one.begin()
    one.chat.save_message(message(1))
    one.commit()
    history = other.open_history()
    assert history.read_message(message_id(1)) is None
    for each in (history, one, other):
        each.close()
    assert list(tmp_path.iterdir()) == []
