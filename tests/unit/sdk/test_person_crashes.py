"""A person dies before or after any commit, and comes back on the same store."""

import asyncio
from functools import cache

import pytest
from typing_extensions import override

from sottovoce.crypto import secp256k1
from sottovoce.runtime import person_lane
from sottovoce.sdk.client import Client
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.topics import key_of_name
from unit.sdk.people import LastingStore, messenger_on

ANNA = secp256k1.generate_private_key(SeededEntropy("anna", 1))
BRUNO = secp256k1.generate_private_key(SeededEntropy("bruno", 1))
TO_ANNA, TO_BRUNO = secp256k1.public_key(ANNA), secp256k1.public_key(BRUNO)
TEXTS = ("one", "two")
# What Anna commits in this story, at the least.
COMMITS = 13
# Time for data sync to send again what was lost with a crash.
ROUNDS, ROUND_S = 20, 30.0


@pytest.fixture(autouse=True)
def derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive each key of a name once: it takes most of the time, and has no part in the story."""
    monkeypatch.setattr(person_lane, "key_of_name", cache(key_of_name))


class Mortal:
    """Anna on a store that outlives her, and on a node that does not die with her."""

    def __init__(self, store: LastingStore, node: Client) -> None:
        self._store = store
        self._node = node
        self.deaths = 0
        self.now = messenger_on(store, node, ANNA, "one")

    def is_dead(self) -> bool:
        person = self.now._person
        assert person is not None
        task = person.lane._task
        return task is not None and task.done()

    async def begin_anew(self) -> None:
        self.deaths += 1
        person = self.now._person
        assert person is not None
        await person.abandon()
        await self.now.close()
        self.now = messenger_on(self._store, self._node, ANNA, "one")
        await self.now.__aenter__()

    async def until_true(self, wish: "Wish") -> None:
        """Wish something, again after each death, until it is there."""
        while not await wish.is_true(self.now):
            asking = asyncio.ensure_future(wish.ask(self.now))
            await asyncio.wait([asking], timeout=1)
            if self.is_dead():
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                await self.begin_anew()
            else:
                await asking


class Wish:
    """Something that Anna does once."""

    async def ask(self, anna: Messenger) -> None:
        await anna.add_contact(TO_BRUNO)

    async def is_true(self, anna: Messenger) -> bool:
        return any(contact.added for contact in await anna.contacts())


class Say(Wish):
    def __init__(self, text: str) -> None:
        self._text = text

    @override
    async def ask(self, anna: Messenger) -> None:
        await anna.send(TO_BRUNO, self._text)

    @override
    async def is_true(self, anna: Messenger) -> bool:
        return self._text in await texts_of(anna, TO_BRUNO.uncompressed.hex())


async def texts_of(person: Messenger, partner: str) -> list[str]:
    return [message.text for message in await person.history("0x" + partner)]


async def tell(network: MemoryNetwork, store: LastingStore) -> int:
    """Let both say two things, and return how often Anna died."""
    async with network.client() as node, network.messenger(identity=BRUNO) as bruno:
        await node.connect(bruno.enode or "")
        await bruno.add_contact(TO_ANNA)
        anna = Mortal(store, node)
        await anna.now.__aenter__()
        await anna.until_true(Wish())
        for text in TEXTS:
            await anna.until_true(Say(text))
            await bruno.send(TO_ANNA, f"re: {text}")
            await asyncio.sleep(3)
        for _ in range(ROUNDS):
            await asyncio.sleep(ROUND_S)
            if anna.is_dead():
                await anna.begin_anew()
        everything = sorted(f"{start}{text}" for start in ("", "re: ") for text in TEXTS)
        assert sorted(await texts_of(bruno, TO_ANNA.uncompressed.hex())) == everything
        assert sorted(await texts_of(anna.now, TO_BRUNO.uncompressed.hex())) == everything
        await anna.now.close()
    return anna.deaths


@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_crash_around_any_commit_loses_and_doubles_nothing(before: bool) -> None:
    deaths = 0
    for crash_at in range(1, COMMITS + 1):
        store = LastingStore()
        store.crash_at, store.before = crash_at, before
        network = MemoryNetwork(crash_at)
        deaths += network.run(tell(network, store))
        store.throw_away()
    assert deaths == COMMITS
