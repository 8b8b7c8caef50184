import asyncio
import json
import os
import signal
from typing import Any

import pytest

from sottovoce.chat.records import MessageState
from sottovoce.cli.chat_reading import ReadOptions, run_list, run_read, run_search
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, BRUNO
from unit.cli.stage import alone, connected, do, run


def texts(out: str) -> list[str]:
    return [json.loads(line)["text"] for line in out.splitlines()]


def test_chats_are_listed_with_requests_of_strangers_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna, network.messenger() as carla:
            assert anna.enode is not None
            await carla.connect(anna.enode)
            await anna.join("lobby")
            await anna.send("#lobby", "first")
            await carla.send(ANNA.public, "do you know me?")
            heard = await anna.events()
            while len(await anna.chats()) < 2:
                await anext(heard)
            await do(anna, run_list)

    run(scenario)
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "#lobby  (public)"
    assert "you: first" in out.splitlines()[1]
    assert "(one-to-one" in out.splitlines()[2]
    assert "do you know me?" in out.splitlines()[3]
    assert "requests of strangers" in err


def test_nobody_with_chats_is_told_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await do(anna, run_list)

    run(scenario)
    assert capsys.readouterr() == ("", (
        'there are no chats; begin with: sottovoce chat join "#lobby", '
        "or sottovoce contact add KEY\n"
    ))  # fmt: skip


def test_programs_get_each_chat_with_its_last_message(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            await anna.open_chat(BRUNO.public)
            await anna.send(BRUNO.public, "ciao")
            await do(anna, run_list, as_json=True)

    run(scenario)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["kind"], first["last_message"]["text"]) == ("one-to-one", "ciao")
    assert first["last_message"]["secrecy"] is None
    assert (second["name"], second["last_message"]) == ("#lobby", None)


def test_chat_is_read_with_the_newest_at_the_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            for text in ("one", "two"):
                await anna.send("#lobby", text)
            message = await anna.send("#lobby", "three")
            await do(anna, run_read, ReadOptions("lobby", 2), as_json=True)
            before = ReadOptions("lobby", 20, before=message.id.hex())
            await do(anna, run_read, before, as_json=True)

    run(scenario)
    assert texts(capsys.readouterr().out) == ["two", "three", "one", "two"]


def test_answer_quotes_a_message_that_is_not_on_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            first = await anna.send("#lobby", "one")
            await anna.send("#lobby", "two", reply_to=first)
            await do(anna, run_read, ReadOptions("lobby", 1))

    run(scenario)
    assert capsys.readouterr().out.splitlines()[1] == "    > you: one"


def test_reading_marks_as_read_only_if_that_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> list[int]:
        async with connected(network) as (anna, bruno):
            message = await bruno.send("Anna", "ciao")
            await bruno.wait_for_state(message, MessageState.ACKNOWLEDGED)
            counts = []
            for mark_read in (False, True):
                await do(anna, run_read, ReadOptions("Bruno", 20, mark_read=mark_read))
                counts += [chat.unread_count for chat in await anna.chats()]
            return counts

    assert run(scenario) == [1, 0]
    assert capsys.readouterr().out.count("Bruno: ciao") == 2


def test_empty_chat_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            await do(anna, run_read, ReadOptions("lobby", 20))

    run(scenario)
    assert capsys.readouterr() == ("", "there are no messages\n")


def test_public_chat_that_is_not_here_is_a_mistake_of_use() -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await do(anna, run_read, ReadOptions("#lobby", 20))

    with pytest.raises(CommandError, match='join it with: sottovoce chat join "#lobby"') as caught:
        run(scenario)
    assert caught.value.code is ExitCode.USAGE


def test_follower_prints_what_comes_and_ends_after_so_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> list[int]:
        async with connected(network) as (anna, bruno):
            await anna.join("lobby")
            await anna.send("#lobby", "elsewhere")
            await bruno.send("Anna", "before")
            what = ReadOptions("Bruno", 20, mark_read=True, follow=True, count=2)
            following = asyncio.ensure_future(do(anna, run_read, what, as_json=True))
            await asyncio.sleep(5)
            await anna.send("#lobby", "elsewhere again")
            await bruno.send("Anna", "during")
            await following
            return [chat.unread_count for chat in await anna.chats()]

    assert run(scenario) == [0, 0]
    out, err = capsys.readouterr()
    assert texts(out) == ["before", "during"]
    assert "listening in Bruno; stop with Ctrl-C" in err


def test_follower_without_a_peer_says_that_it_tries_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            what = ReadOptions("lobby", 20, follow=True, count=1)
            following: Any = asyncio.ensure_future(do(anna, run_read, what))
            await asyncio.sleep(1)
            await anna.send("#lobby", "to myself")
            await following

    run(scenario)
    out, err = capsys.readouterr()
    assert "you: to myself" in out
    assert "no peer was reached yet; it is tried again and again" in err


def test_search_finds_words_in_one_chat_or_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            await anna.join("other")
            await anna.send("#lobby", "the train to Milan")
            await anna.send("#other", "a training in Milan")
            await do(anna, run_search, "trai mil", None, 20)
            await do(anna, run_search, "trai mil", "other", 20)
            await do(anna, run_search, "nothing", None, 20)

    run(scenario)
    out, err = capsys.readouterr()
    chats = [line.split()[3] for line in out.splitlines()]
    assert chats == ["#lobby", "#other", "#other"]
    assert err == "no message contains all of these words\n"


def test_follower_is_told_when_the_node_stops() -> None:
    async def scenario(network: MemoryNetwork) -> CommandError:
        async with alone(network) as anna:
            await anna.join("lobby")
            what = ReadOptions("lobby", 20, follow=True)
            following = asyncio.ensure_future(do(anna, run_read, what, is_forwarded=True))
            await asyncio.sleep(1)
        with pytest.raises(CommandError, match="has stopped; nothing more is heard") as caught:
            await following
        return caught.value

    assert run(scenario).code is ExitCode.NETWORK


def test_follower_that_is_terminated_ends_cleanly(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with alone(network) as anna:
            await anna.join("lobby")
            what = ReadOptions("lobby", 20, follow=True)
            following = asyncio.ensure_future(do(anna, run_read, what))
            await asyncio.sleep(1)
            os.kill(os.getpid(), signal.SIGTERM)
            await following
            assert await anna.history("lobby") == ()

    run(scenario)
    assert "listening in #lobby" in capsys.readouterr().err
