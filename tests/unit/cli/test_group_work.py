import asyncio
import json

import pytest

from sottovoce.chat.records import Group
from sottovoce.cli.chat_reading import ReadOptions, run_read
from sottovoce.cli.chat_reading import run_list as run_chats
from sottovoce.cli.chat_work import SendOptions, run_accept, run_send
from sottovoce.cli.group_work import (
    run_add,
    run_create,
    run_join,
    run_leave,
    run_list,
    run_promote,
    run_remove,
    run_rename,
    run_resign,
)
from sottovoce.cli.options import Wait
from sottovoce.cli.output import CommandError
from sottovoce.identity.alias import alias
from sottovoce.sdk.errors import RefusedError
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BRUNO
from unit.cli.stage import alone, connected, do, run


async def invite(anna: Messenger, bruno: Messenger, name: str = "walk") -> Group:
    """Let Anna make a group and wait until Bruno knows that he is invited."""
    group = await anna.create_group(name, bruno.public_key)
    await asyncio.sleep(5)
    assert await bruno.groups()
    return group


@pytest.mark.slow
def test_group_is_made_joined_and_talked_in(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, bruno):
            await do(anna, run_create, "walk", ("Bruno",))
            await asyncio.sleep(5)
            await do(bruno, run_list)
            await do(bruno, run_chats)
            await do(bruno, run_join, "WALK")
            await asyncio.sleep(5)
            await do(anna, run_send, SendOptions("where to?", Wait.ACKNOWLEDGED, chat="walk"))
            await do(anna, run_read, ReadOptions("walk", 20))
            await do(bruno, run_chats)

    run(scenario)
    said = capsys.readouterr()
    lines = said.out.splitlines()
    short = lines[3].rpartition("(")[2].rstrip(")")
    assert len(short) == 8
    assert lines[:3] == ["created walk", "    you (admin)", "    Bruno (invited)"]
    assert lines[3:8] == [
        f"walk  ({short})",
        f"    you are invited; to accept: sottovoce group join {short}",
        f"    to decline: sottovoce group leave {short}",
        "    Anna (admin)",
        "    you (invited)",
    ]
    assert lines[8] == "walk  (group, you are invited)"
    assert lines[9].endswith("  -- Anna invited you")
    assert lines[10:13] == ["joined walk", "    Anna (admin)", "    you"]
    assert lines[13].startswith("acknowledged by 1 of 1: message ")
    assert [line.partition("  ")[2].partition("  ")[2] for line in lines[14:18]] == [
        "-- you created the group “walk”",
        "-- you invited Bruno",
        "-- Bruno joined the group",
        "you: where to?  [acknowledged by 1 of 1, forward secrecy]",
    ]
    assert lines[18] == "walk  (group, 2 members, 1 unread)"
    assert "sottovoce group join" in said.err


@pytest.mark.slow
def test_admins_change_a_group_and_others_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, bruno), network.messenger() as carla:
            await anna.add_contact(carla.public_key, nickname="Carla")
            await invite(anna, bruno)
            with pytest.raises(RefusedError, match="only an admin"):
                await do(bruno, run_rename, "walk", "run")
            await do(anna, run_add, "walk", ("Carla",), as_json=True)
            await do(anna, run_promote, "walk", ("Bruno",))
            await do(anna, run_rename, "walk", "run")
            await do(anna, run_remove, "run", "Carla")
            await do(anna, run_resign, "run")
            await asyncio.sleep(5)
            await do(bruno, run_leave, "run")
            await do(bruno, run_list)

    run(scenario)
    said = capsys.readouterr()
    added, *lines = said.out.splitlines()
    fields = json.loads(added)
    assert (fields["event"], fields["name"], len(fields["members"])) == ("added", "walk", 3)
    assert (fields["is_member"], fields["has_joined"], fields["unread"]) == (True, True, 0)
    assert fields["admins"] == fields["joined"] == [ANNA.hex_key]
    assert lines == [
        "made Bruno admin of walk", "    you (admin)", "    Bruno (admin, invited)",
        "    Carla (invited)",
        "the group is now called run", "    you (admin)", "    Bruno (admin, invited)",
        "    Carla (invited)",
        "removed Carla from run", "    you (admin)", "    Bruno (admin, invited)",
        "you are no longer an admin of run", "    you", "    Bruno (admin, invited)",
        "left run",
    ]  # fmt: skip
    assert "there are no groups" in said.err


@pytest.mark.slow
def test_member_of_a_group_is_named_by_three_words() -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with connected(network) as (anna, bruno), network.messenger() as carla:
            await anna.create_group("walk", bruno.public_key, carla.public_key)
            group = await anna.group("walk")
            await anna.promote(group, bruno.public_key)
            await asyncio.sleep(5)
            await do(bruno, run_remove, "walk", alias(carla.public_key))
            assert carla.public_key not in (await bruno.group("walk")).members

    run(scenario)


def test_group_that_is_not_here_or_not_the_only_one_is_told() -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            with pytest.raises(CommandError, match="no group here is called 'walk'"):
                await do(anna, run_join, "walk")
            groups = [await anna.create_group("walk") for _ in range(2)]
            with pytest.raises(CommandError, match=r"several fit: walk \(.*give more of the id"):
                await do(anna, run_rename, "walk", "run")
            await do(anna, run_leave, groups[0].chat_id[:8])
            await do(anna, run_rename, "walk", "run")  # The one that was left is not meant.
            assert (await anna.group(groups[1])).name == "run"
            with pytest.raises(CommandError, match="nobody here is called so"):
                await do(anna, run_add, "run", ("Dora",))

    run(scenario)


def test_name_that_cannot_be_is_refused_before_anybody_waits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            for name in ("", "a\x1b[2Jb", "x" * 1000):
                with pytest.raises(RefusedError):
                    await do(anna, run_create, name, (), peers=("nobody",))

    run(scenario)
    assert capsys.readouterr().err == ""


def test_invitation_by_a_stranger_waits_apart(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna, network.messenger(identity=BRUNO.private) as bruno:
            await bruno.connect(anna.enode or "")
            await invite(anna, bruno)
            await do(bruno, run_list)
            await do(bruno, run_chats)
            with pytest.raises(CommandError, match="join it first: sottovoce group join"):
                await do(bruno, run_send, SendOptions("hi", Wait.QUEUED, chat="walk"))
            await do(bruno, run_accept, "walk")

    run(scenario)
    said = capsys.readouterr()
    assert "you are invited by somebody who is no contact of yours" in said.out
    assert "requests of strangers" in said.err
    assert "sottovoce group join" in said.err


def test_empty_group_says_how_to_invite(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await do(anna, run_create, "walk", ())

    run(scenario)
    assert (
        "nobody else is in it yet; invite people: sottovoce group add " in capsys.readouterr().err
    )
