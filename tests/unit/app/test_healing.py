"""What a backup does to conversations, by use: two people talk, one loses a machine, both go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

from sottovoce.app.accounts import create_account
from sottovoce.app.backups import create_backup
from sottovoce.app.restoring import restore_backup
from sottovoce.chat.records import MessageState
from sottovoce.identity.account_list import AccountEntry
from sottovoce.node.person import Person
from sottovoce.runtime import person_lane
from sottovoce.sdk.client import Client
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.secure.facts import Secrecy, Unreadable
from sottovoce.stack.topics import key_of_name
from unit.app.saved import CHEAP, PASSWORD, quick_keys

pytestmark = pytest.mark.slow

# How many messages cannot be opened until a conversation is whole again; data sync repeats them.
OUT_OF_STEP_MAX = {"anna": 0, "bruno": 1}
OUT_OF_STEP = (Unreadable.NO_SESSION, Unreadable.BROKEN, Unreadable.DAMAGED)
# Envelopes of the time before are gone from the pools of all nodes.
QUIET_S = 60


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_keys(monkeypatch)
    monkeypatch.setattr(person_lane, "key_of_name", cache(key_of_name))


class Story:
    """Anna, who loses a machine, and Bruno, who does not know."""

    def __init__(
        self, place: Path, annas_node: Client, bruno: Messenger, entry: AccountEntry
    ) -> None:
        self.place = place
        self.annas_node = annas_node
        self.bruno = bruno
        self.entry = entry
        self.backup = place / "anna.backup"

    def anna(self, home: str, node: Client | None = None) -> Messenger:
        return Messenger.open(
            self.place / home, password=PASSWORD, client=node or self.annas_node, serves=False
        )

    def save(self) -> None:
        create_backup(self.place / "old", self.entry, PASSWORD, self.backup, cost=CHEAP)

    def restore(self, *, as_new_device: bool = False) -> None:
        restore_backup(self.place / "new", self.backup, PASSWORD, as_new_device=as_new_device)


@asynccontextmanager
async def story(network: MemoryNetwork, place: Path) -> AsyncIterator[Story]:
    """Give the two after some talk, Anna on the machine `old`, which is closed."""
    entry, _ = create_account(place / "old", "Anna", PASSWORD, cost=CHEAP)
    # Hers is a full node, for her other devices hear through it what is for all of them.
    async with network.relay() as annas_node, network.messenger() as bruno:
        begun = Story(place, annas_node, bruno, entry)
        async with begun.anna("old") as anna:
            await anna.connect(bruno.enode or "")
            await anna.add_contact(bruno.public_key, nickname="Bruno")
            await bruno.add_contact(anna.public_key, nickname="Anna")
            await asyncio.sleep(5)
            await talk(anna, bruno, "before")
        yield begun


async def talk(anna: Messenger, bruno: Messenger, what: str, *, rounds: int = 1) -> None:
    for number in range(rounds):
        await anna.send("Bruno", f"Anna {what} {number}")
        await asyncio.sleep(2)
        await bruno.send("Anna", f"Bruno {what} {number}")
        await asyncio.sleep(2)


async def pair(one: Messenger, other: Messenger) -> None:
    """Make two devices of Anna's known to each other."""
    await one.introduce_device("one")
    await other.introduce_device("other")
    await asyncio.sleep(5)
    for here, there in ((one, other), (other, one)):
        [wanted] = [it for it in await there.devices() if it.is_this]
        await here.enable_device(wanted.installation_id)
    await asyncio.sleep(QUIET_S)


async def heard(person: Messenger, name: str) -> set[str]:
    """Return what the other one said, all of it with forward secrecy."""
    messages = [message for message in await person.history(name) if not message.own]
    assert {message.secrecy for message in messages} <= {Secrecy.RATCHET}
    return {message.text for message in messages}


def unopened(person: Messenger) -> int:
    """Return how many messages to this person's device could not be opened so far."""
    running = person._person
    assert running is not None
    machine = running.lane._person
    assert isinstance(machine, Person)
    counted = machine._stack._channel.unopened
    return sum(counted[reason] for reason in OUT_OF_STEP)


@pytest.mark.parametrize("first", ["anna", "bruno"])
def test_conversation_goes_on_after_an_old_backup_was_restored(tmp_path: Path, first: str) -> None:
    async def scenario() -> None:
        async with story(network, tmp_path) as after:
            bruno = after.bruno
            async with after.anna("old") as anna:
                await anna.send("Bruno", "on its way")
                after.save()
                await talk(anna, bruno, "lost", rounds=2)
            await asyncio.sleep(QUIET_S)
            after.restore()
            async with after.anna("new") as anna:
                if first == "bruno":
                    await bruno.send("Anna", "Bruno at once")
                await talk(anna, bruno, "after")
                unopened_at_first = unopened(anna) + unopened(bruno)
                assert unopened_at_first <= OUT_OF_STEP_MAX[first]
                await talk(anna, bruno, "healed", rounds=2)
                assert unopened(anna) + unopened(bruno) == unopened_at_first
                await asyncio.sleep(300)  # for what data sync repeats
                texts = await heard(anna, "Bruno")
                assert {"Bruno after 0", *(f"Bruno healed {n}" for n in range(2))} <= texts
                assert ("Bruno at once" in texts) == (first == "bruno")
                # What was acknowledged after the backup is on the machine that was lost.
                assert not any("lost" in text for text in texts)
                texts = await heard(bruno, "Anna")
                for what, count in (("before", 1), ("lost", 2), ("after", 1), ("healed", 2)):
                    assert {f"Anna {what} {n}" for n in range(count)} <= texts
                assert [it.text for it in await bruno.history("Anna")].count("on its way") == 1
                for person, name in ((anna, "Bruno"), (bruno, "Anna")):
                    states = {it.state for it in await person.history(name) if it.own}
                    assert states == {MessageState.ACKNOWLEDGED}

    network = MemoryNetwork()
    network.run(scenario())


def test_what_was_not_acknowledged_yet_comes_to_the_new_machine(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with story(network, tmp_path) as after:
            after.save()
            await after.bruno.send("Anna", "are you there?")
            await asyncio.sleep(QUIET_S)
            after.restore()
            async with after.anna("new") as anna:
                await asyncio.sleep(300)
                assert "are you there?" in await heard(anna, "Bruno")

    network = MemoryNetwork()
    network.run(scenario())


def test_group_goes_on_with_its_history(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with story(network, tmp_path) as after:
            async with after.anna("old") as anna:
                group = await anna.create_group("climbing", "Bruno")
                await anna.send(group, "Anna before")
                await asyncio.sleep(5)
                await after.bruno.join_group(group)
                await asyncio.sleep(5)
                after.save()
                await anna.send(group, "Anna lost")
                await asyncio.sleep(QUIET_S)
            after.restore()
            async with after.anna("new") as anna:
                await after.bruno.send(group, "Bruno after")
                await asyncio.sleep(QUIET_S)
                await anna.send(group, "Anna after")
                await asyncio.sleep(QUIET_S)
                texts = [it.text for it in await anna.history(group) if it.secrecy]
                assert [text for text in texts if text.startswith(("Anna", "Bruno"))] == [
                    "Anna after", "Bruno after", "Anna before"
                ]  # fmt: skip
                texts = [it.text for it in await after.bruno.history(group)]
                assert {"Anna before", "Anna lost", "Bruno after", "Anna after"} <= set(texts)
                [known] = await anna.groups()
                assert (known.name, len(known.members)) == ("climbing", 2)

    network = MemoryNetwork()
    network.run(scenario())


def test_new_device_and_the_old_one_are_both_in_use(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with story(network, tmp_path) as after, network.client() as further:
            after.save()
            after.restore(as_new_device=True)
            async with after.anna("old") as old, after.anna("new", further) as new:
                await new.connect(after.annas_node.enode or "")
                await talk(new, after.bruno, "new")
                await talk(old, after.bruno, "old")
                await pair(old, new)
                await new.send("Bruno", "to him, and to my other device")
                await asyncio.sleep(300)
                told = {it.text for it in await old.history("Bruno") if it.own}
                assert "to him, and to my other device" in told
                wanted = {"Bruno new 0", "Bruno old 0"}
                assert wanted <= await heard(old, "Bruno")
                assert wanted <= await heard(new, "Bruno")
                texts = await heard(after.bruno, "Anna")
                assert {"Anna new 0", "Anna old 0"} <= texts

    network = MemoryNetwork()
    network.run(scenario())


def test_another_device_brings_what_came_after_the_backup(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with story(network, tmp_path) as after, network.client() as further:
            after.save()
            restore_backup(tmp_path / "phone", after.backup, PASSWORD, as_new_device=True)
            after.backup.unlink()
            async with after.anna("phone", further) as phone:
                await phone.connect(after.annas_node.enode or "")
                async with after.anna("old") as old:
                    await pair(old, phone)
                    after.save()
                    await talk(old, after.bruno, "lost")
                after.restore()
                async with after.anna("new") as new:
                    await asyncio.sleep(QUIET_S)
                    texts = {it.text for it in await new.history("Bruno")}
                    assert {"Anna lost 0", "Bruno lost 0"} <= texts

    network = MemoryNetwork()
    network.run(scenario())
