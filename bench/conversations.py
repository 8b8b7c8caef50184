"""How two people talk in row 12, whoever they are: with nodes, without, or a peer's program."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bench.people import Counting

UNDER_WAY: Final = 20

People: TypeAlias = tuple[Counting, Counting]
Talk: TypeAlias = Callable[[People, int], Awaitable[None]]


async def one_by_one(people: People, count: int) -> None:
    """One speaks, and waits for each acknowledgement."""
    anna, _ = people
    for _ in range(count):
        acknowledged = anna.acknowledged
        await anna.say()
        await anna.until(acknowledged=acknowledged + 1)


async def in_turns(people: People, count: int) -> None:
    """Both answer each other, so that every message turns the ratchet."""
    before = [person.acknowledged for person in people]
    for number in range(count):
        speaker, listener = people if number % 2 == 0 else people[::-1]
        heard = listener.heard
        await speaker.say()
        await listener.until(heard=heard + 1)
    for person, acknowledged in zip(people, before, strict=True):
        await person.until(acknowledged=acknowledged + count // 2)


async def under_way(people: People, count: int) -> None:
    """One speaks without waiting, with a few messages under way."""
    anna, _ = people
    before = anna.acknowledged
    for number in range(1, count + 1):
        await anna.say()
        await anna.until(acknowledged=before + number - UNDER_WAY)
    await anna.until(acknowledged=before + count)


TALKS: Final[dict[str, Talk]] = {
    "each acknowledged before the next": one_by_one,
    "in turns": in_turns,
    f"{UNDER_WAY} under way": under_way,
}
