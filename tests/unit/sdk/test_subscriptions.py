import asyncio

import pytest

from patience import run, turns
from sottovoce.sdk.subscriptions import Subscription


class Counted:
    """Counts how often a subscription said that it was closed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def make(queue_max: int = 3, closed: Counted | None = None) -> Subscription[int]:
    return Subscription(queue_max=queue_max, on_close=closed or Counted())


async def drain(subscription: Subscription[int]) -> list[int]:
    return [message async for message in subscription]


def test_messages_are_read_in_their_order() -> None:
    async def main() -> None:
        subscription = make()
        for message in (1, 2, 3):
            subscription.put(message)
        assert [await anext(subscription) for _ in range(3)] == [1, 2, 3]

    run(main())


def test_reader_waits_for_the_next_message() -> None:
    async def main() -> None:
        subscription = make()
        reader = asyncio.ensure_future(anext(subscription))
        await turns(3)
        assert not reader.done()
        subscription.put(1)
        assert await reader == 1

    run(main())


def test_full_queue_drops_the_oldest_and_counts_it() -> None:
    async def main() -> None:
        subscription = make(queue_max=2)
        for message in (1, 2, 3, 4):
            subscription.put(message)
        assert subscription.dropped_count == 2
        subscription.close()
        assert await drain(subscription) == [3, 4]

    run(main())


def test_closed_subscription_ends_after_what_it_had() -> None:
    async def main() -> None:
        subscription = make()
        subscription.put(1)
        subscription.close()
        subscription.put(2)
        assert await drain(subscription) == [1]
        assert await drain(subscription) == []

    run(main())


def test_waiting_reader_ends_when_it_is_closed() -> None:
    async def main() -> None:
        subscription = make()
        reader = asyncio.ensure_future(drain(subscription))
        await turns(2)
        subscription.close()
        assert await reader == []

    run(main())


def test_every_waiting_reader_ends_when_it_is_closed() -> None:
    async def main() -> None:
        subscription = make()
        readers = [asyncio.ensure_future(drain(subscription)) for _ in range(3)]
        await turns(2)
        subscription.close()
        assert await asyncio.gather(*readers) == [[], [], []]

    run(main())


def test_leaving_the_block_closes_once() -> None:
    async def main() -> None:
        closed = Counted()
        subscription = make(closed=closed)
        async with subscription as same:
            assert same is subscription
        subscription.close()
        assert closed.count == 1

    run(main())


def test_queue_without_room_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="at least 1"):
            make(queue_max=0)

    run(main())
