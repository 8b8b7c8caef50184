import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import Message, MessageState
from sottovoce.chat.stores import HistoryReader
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.errors import ClientClosedError, NotDeliveredError, UnknownNameError
from sottovoce.sdk.state_watch import StateWatch
from unit.sdk.test_json_form import ID, MESSAGE

ReadT = TypeVar("ReadT")

QUEUED = replace(MESSAGE, state=MessageState.QUEUED)
DONE = (MessageState.ACKNOWLEDGED,)


async def wait(message: Message, *changes: Message | None) -> Message:
    """Wait for a message that is stored as given, while it changes."""
    store = MemoryChatStore()
    store.save_message(message)

    async def read(how: Callable[[HistoryReader], ReadT]) -> ReadT:
        return how(store)

    watch = StateWatch()
    waiting = asyncio.ensure_future(watch.until(ID, DONE, read))
    await asyncio.sleep(0)
    for change in changes:
        if change is None:
            watch.end()
        else:
            watch.note(change)
    try:
        return await waiting
    finally:
        assert watch._watchers == {}


def test_message_that_is_there_already_is_not_waited_for() -> None:
    arrived = replace(QUEUED, state=MessageState.ACKNOWLEDGED)
    assert asyncio.run(wait(arrived)) == arrived


def test_changes_of_it_are_followed_and_those_of_others_are_not() -> None:
    sent = replace(QUEUED, state=MessageState.SENT)
    other = replace(QUEUED, id=MessageId(bytes(32)), state=MessageState.FAILED)
    arrived = replace(QUEUED, state=MessageState.ACKNOWLEDGED)
    assert asyncio.run(wait(QUEUED, sent, other, arrived)) == arrived


@pytest.mark.parametrize(("reason", "said"), [("nobody came", "nobody came"), ("", "failed")])
def test_failure_says_why(reason: str, said: str) -> None:
    failed = replace(QUEUED, state=MessageState.FAILED, reason=reason)
    with pytest.raises(NotDeliveredError, match=said):
        asyncio.run(wait(QUEUED, failed))


def test_end_of_the_messenger_ends_the_wait() -> None:
    with pytest.raises(ClientClosedError):
        asyncio.run(wait(QUEUED, None))


def test_message_that_is_not_here_is_said() -> None:
    with pytest.raises(UnknownNameError, match="not here"):
        asyncio.run(wait(replace(QUEUED, id=MessageId(bytes(32)))))
