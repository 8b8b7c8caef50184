import asyncio

import pytest

from sottovoce.chat.device_code import device_code
from sottovoce.crypto import secp256k1
from sottovoce.identity.alias import alias
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sdk import naming
from sottovoce.sdk.errors import UnknownNameError
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.sim.entropy import SeededEntropy

BRUNO, CARLA = (
    secp256k1.public_key(secp256k1.generate_private_key(SeededEntropy(name, 1)))
    for name in ("bruno", "carla")
)


def test_chats_and_people_have_many_names() -> None:
    async def look(anna: Messenger) -> None:
        chat = await anna.join("lobby")
        friend = await anna.add_contact(BRUNO, nickname="Bruno")
        for name in (chat, "lobby", "#lobby", "status-im://lobby"):
            assert await naming.chat_id_of(anna, name) == "lobby"
        link = f"status-im://u/{contact_id(BRUNO)}"
        for one in (BRUNO, contact_id(BRUNO), link, "Bruno", " bruno ", alias(BRUNO)):
            assert await naming.chat_id_of(anna, one) == contact_id(BRUNO)
            assert await naming.key_of(anna, one) == BRUNO
        assert await naming.key_of(anna, friend) == BRUNO

    in_memory(look)


def test_name_that_means_nobody_or_several_is_refused() -> None:
    async def look(anna: Messenger) -> None:
        await anna.add_contact(BRUNO, nickname="twin")
        await anna.add_contact(CARLA, nickname="Twin")
        for name, reason in (
            ("twin", "more than one person"),
            ("nobody", "no chat and no contact"),
            ("", "no chat and no contact"),
            ("status-im://u/anna.eth", "ENS"),
            ("status-im://b/example.org", "web site"),
        ):
            with pytest.raises(UnknownNameError, match=reason):
                await naming.chat_id_of(anna, name)
        with pytest.raises(UnknownNameError, match="nobody here has that name"):
            await naming.key_of(anna, "nobody")
        with pytest.raises(UnknownNameError, match="nobody here has that name"):
            await naming.key_of(anna, "#lobby")

    in_memory(look)


def test_messages_are_named_by_the_beginning_of_their_ids() -> None:
    async def look(anna: Messenger) -> None:
        await anna.join("lobby")
        said = [await anna.send("lobby", f"{number}") for number in range(17)]
        first = said[0]
        for name in (first, first.id, first.id.hex(), f"0x{first.id.hex().upper()[:12]}"):
            assert await naming.message_id_of(anna, name) == first.id
        for name, reason in (
            ("", "hexadecimal digits"),
            ("0xzz", "hexadecimal digits"),
            ("0" * 64, "no message"),
            (first.id.hex()[0], "more than one|no message"),
        ):
            if reason.startswith("more") and sum(it.id.hex()[0] == name for it in said) < 2:
                continue
            with pytest.raises(UnknownNameError, match=reason):
                await naming.message_of(anna, name)

    in_memory(look)


def test_groups_and_their_members_have_names() -> None:
    async def look(anna: Messenger) -> None:
        walk = await anna.create_group("Walk", CARLA)
        [chat] = await anna.chats()
        for name in (walk, chat, walk.chat_id, " walk "):
            assert await naming.group_of(anna, name) == walk
            assert await naming.group_id_of(anna, name) == walk.chat_id
        for name in (walk, "walk", walk.chat_id):
            assert await naming.chat_id_of(anna, name) == walk.chat_id
        assert await naming.key_of(anna, alias(CARLA)) == CARLA
        with pytest.raises(UnknownNameError, match="no group here has that name or id"):
            await naming.group_of(anna, "run")

    in_memory(look)


def test_of_groups_with_one_name_those_that_were_left_are_not_meant() -> None:
    async def look(anna: Messenger) -> None:
        left, here = [await anna.create_group("walk") for _ in range(2)]
        for find in (naming.group_of, naming.chat_id_of):
            with pytest.raises(UnknownNameError, match="more than one group"):
                await find(anna, "walk")
        await anna.leave(left)
        assert await naming.group_of(anna, "walk") == here
        await anna.leave(here)
        await anna.add_contact(BRUNO, nickname="run")
        await anna.create_group("run")
        with pytest.raises(UnknownNameError, match="group or person"):
            await naming.chat_id_of(anna, "run")

    in_memory(look)


def test_group_of_a_stranger_takes_no_name_that_is_in_use() -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna, network.messenger() as mallory:
            await anna.connect(mallory.enode or "")
            await anna.add_contact(BRUNO, nickname="Bruno")
            walk = await anna.create_group("walk")
            made = [await mallory.create_group(it, anna.public_key) for it in ("Bruno", "walk")]
            await asyncio.sleep(60)
            assert len(await anna.groups()) == 1 + len(made)
            assert await naming.chat_id_of(anna, "Bruno") == contact_id(BRUNO)
            assert await naming.chat_id_of(anna, "walk") == walk.chat_id
            assert await naming.group_of(anna, "walk") == walk
            assert await naming.chat_id_of(anna, made[1].chat_id) == made[1].chat_id

    network.run(main())


def test_devices_have_names() -> None:
    async def look(anna: Messenger) -> None:
        this = await anna.introduce_device("Desk")
        code = device_code(anna.public_key, this.installation_id)
        for name in (this, this.installation_id, code, code.lower().replace("-", " "), " desk "):
            assert await naming.device_of(anna, name) == this
        for name in ("", "phone", "AAAA-AAAA"):
            with pytest.raises(UnknownNameError, match="no device of yours"):
                await naming.device_of(anna, name)

    in_memory(look)


def in_memory(look: object) -> None:
    network = MemoryNetwork()

    async def main() -> None:
        async with network.messenger() as anna:
            await look(anna)  # type: ignore[operator]

    network.run(main())
