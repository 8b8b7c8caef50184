import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from patience import run, turns
from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat.records import ChatKind, Contact, Group
from sottovoce.crypto import secp256k1
from sottovoce.identity.alias import alias
from sottovoce.node.budget import Budget, notice_of
from sottovoce.sdk.bot import Bot, BotMessage, introduction
from sottovoce.sdk.events import DataBudgetChanged, MessageReceived
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.sim.entropy import SeededEntropy
from unit.sdk.people import heard

BOT = secp256k1.generate_private_key(SeededEntropy("bot", 1))
TO_BOT = secp256k1.public_key(BOT)


@asynccontextmanager
async def serving(network: MemoryNetwork, bot: Bot) -> AsyncIterator[Messenger]:
    """Somebody who is connected to a running bot, and a contact of nobody."""
    started = asyncio.Event()

    async def ready(_: Messenger) -> None:
        started.set()

    messenger = network.messenger(identity=BOT)
    work = asyncio.ensure_future(bot.serve(messenger=messenger, started=ready))
    await started.wait()
    try:
        async with network.messenger() as person:
            await person.connect(messenger.enode or "")
            yield person
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def answer(person: Messenger, text: str, chat: str = TO_BOT.uncompressed.hex()) -> str:
    ear = await person.events()
    await person.send("0x" + chat if len(chat) > 100 else chat, text)
    event = await heard(ear, MessageReceived)
    ear.close()
    assert isinstance(event, MessageReceived)
    return event.message.text


def test_first_handler_that_matches_answers() -> None:
    network = MemoryNetwork()
    bot = Bot()

    @bot.on_message(r"^add (\d+) (\d+)$")
    async def add(message: BotMessage) -> None:
        assert message.match is not None
        await message.reply(str(sum(map(int, message.match.groups()))))

    @bot.on_message(lambda message: len(message.text) > 20)
    async def long(message: BotMessage) -> None:
        await message.reply("too long")

    @bot.on_message()
    async def echo(message: BotMessage) -> None:
        await message.reply(f"You said: {message.text}")

    async def main() -> None:
        async with serving(network, bot) as person:
            await person.add_contact(TO_BOT)
            assert await answer(person, "add 2 3") == "5"
            assert await answer(person, "x" * 21) == "too long"
            assert await answer(person, "hello") == "You said: hello"

    network.run(main())


def test_handler_of_one_kind_of_chat_hears_no_other() -> None:
    network = MemoryNetwork()
    bot = Bot(channels=["lobby"])

    @bot.on_message(re.compile("hello"), chats=[ChatKind.PUBLIC])
    async def public(message: BotMessage) -> None:
        await message.reply("in public")

    @bot.on_message(chats=[ChatKind.ONE_TO_ONE])
    async def private(message: BotMessage) -> None:
        await message.react(1)
        await message.reply("among us")

    async def main() -> None:
        async with serving(network, bot) as person:
            await person.join("lobby")
            await asyncio.sleep(1)
            assert await answer(person, "hello", "#lobby") == "in public"
            assert await answer(person, "hello") == "among us"

    network.run(main())


def test_handler_that_raises_is_counted_and_the_bot_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = MemoryNetwork()
    bot = Bot()

    @bot.on_message("boom")
    async def fail(message: BotMessage) -> None:
        raise RuntimeError(message.text)

    @bot.on_message()
    async def echo(message: BotMessage) -> None:
        await message.reply("still here")

    async def main() -> None:
        async with serving(network, bot) as person:
            await person.send(TO_BOT, "boom and my secret")
            assert await answer(person, "hello") == "still here"
            assert bot.failed_count == 1

    network.run(main())
    assert "raised RuntimeError" in caplog.text
    assert "my secret" not in caplog.text


def test_two_copies_of_a_bot_do_not_talk_to_each_other_for_ever() -> None:
    network = MemoryNetwork()

    def copy() -> Bot:
        bot = Bot(channels=["lobby"])

        @bot.on_message()
        async def same(message: BotMessage) -> None:
            await message.reply("I heard something")

        return bot

    async def main() -> None:
        async with serving(network, copy()) as person:
            other = network.messenger()
            second = asyncio.ensure_future(copy().serve(messenger=other))
            await asyncio.sleep(1)
            await other.connect(person.enode or "")
            await person.join("lobby")
            await asyncio.sleep(2)
            await person.send("#lobby", "hello")
            await asyncio.sleep(60)
            texts = [message.text for message in await person.history("#lobby")]
            assert sorted(texts) == ["I heard something", "I heard something", "hello"]
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)

    network.run(main())


def test_bot_that_accepts_no_strangers_leaves_them_alone() -> None:
    network = MemoryNetwork()
    bot = Bot(accepts_strangers=False)
    got: list[str] = []

    @bot.on_message()
    async def note(message: BotMessage) -> None:
        got.append(message.text)

    async def main() -> None:
        async with serving(network, bot) as person:
            await person.send(TO_BOT, "hello")
            await asyncio.sleep(30)

    network.run(main())
    assert got == []


def test_contact_request_reaches_its_handler() -> None:
    network = MemoryNetwork()
    bot = Bot()
    asked: list[Contact] = []

    @bot.on_contact_request
    async def befriend(contact: Contact, messenger: Messenger) -> None:
        asked.append(contact)
        await messenger.add_contact(contact)

    async def main() -> None:
        async with serving(network, bot) as person:
            await person.add_contact(TO_BOT)
            await asyncio.sleep(60)
            [contact] = await person.contacts()
            assert (contact.added, contact.requested) == (True, True)
            assert [each.key for each in asked] == [person.public_key]

    network.run(main())


def test_bot_that_joins_a_group_hears_what_is_said_there() -> None:
    network = MemoryNetwork()
    bot = Bot(accepts_strangers=False)
    heard_texts: list[str] = []

    @bot.on_group_invitation
    async def join(group: Group, messenger: Messenger) -> None:
        if group.name == "walk":
            await messenger.join_group(group)

    @bot.on_message()
    async def hear(message: BotMessage) -> None:
        heard_texts.append(message.text)
        await message.reply("I come, too")

    async def main() -> None:
        async with serving(network, bot) as person:
            for name in ("walk", "spam"):
                await person.create_group(name, TO_BOT)
            await asyncio.sleep(30)
            assert len((await person.group("walk")).joined) == 2
            await person.send("spam", "buy this")
            assert await answer(person, "who comes?", "walk") == "I come, too"
            assert heard_texts == ["who comes?"]  # and no note on who joined
            assert (await person.group("spam")).joined == (person.public_key,)

    network.run(main())


def test_bot_without_a_handler_of_invitations_does_not_join() -> None:
    network = MemoryNetwork()
    bot = Bot()
    heard_texts: list[str] = []

    @bot.on_message()
    async def hear(message: BotMessage) -> None:
        heard_texts.append(message.text)

    async def main() -> None:
        async with serving(network, bot) as person:
            group = await person.create_group("walk", TO_BOT)
            await asyncio.sleep(30)
            await person.send(group, "who comes?")
            await asyncio.sleep(30)
            assert (await person.group("walk")).joined == (person.public_key,)
            assert (heard_texts, bot.failed_count) == ([], 0)

    network.run(main())


def test_bot_that_pays_for_data_has_a_budget() -> None:
    seen: list[int] = []

    async def ready(messenger: Messenger) -> None:
        budget = messenger.budget()
        assert budget is not None
        seen.append(budget.limit_bytes)

    async def main() -> None:
        bot = Bot(identity=BOT, day_bytes_max=1_000_000)
        work = asyncio.ensure_future(bot.serve(started=ready))
        while not seen and not work.done():
            await turns(1)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    run(main())
    assert seen == [1_000_000]


def test_program_of_a_bot_says_that_its_budget_is_used_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    budget = Budget(1_000_000, 1_000_000, is_bound=True, resumes_unix_s=86_400)

    async def main() -> None:
        async with Messenger.in_memory(BOT, listen=None) as messenger:
            await Bot(identity=BOT)._take(DataBudgetChanged(budget), messenger)

    run(main())
    assert [it for it in caplog.messages if "is used up" in it] == [notice_of(budget)]


def test_introduction_says_how_to_reach_it() -> None:
    network = MemoryNetwork()

    async def main() -> str:
        async with network.messenger(identity=BOT) as messenger:
            return await introduction(messenger)

    said = network.run(main())
    key = "0x" + TO_BOT.uncompressed.hex()
    for part in (alias(TO_BOT), key, f"status-im://u/{key}", "█"):
        assert part in said


def test_program_prints_who_it_is_until_it_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = io.StringIO()
    bot = Bot(identity=BOT, channels=["x" * 2000])
    with pytest.raises(Exception, match="name"):
        bot.run(output=printed)
    assert printed.getvalue() == ""
    monkeypatch.setattr("sottovoce.sdk.bot.run_to_end", interrupted)
    Bot(identity=BOT).run(output=printed)


def interrupted(work: object) -> None:
    getattr(work, "close")()  # noqa: B009
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "arguments",
    [{"data_dir": "x"}, {"password_file": "x"}],
    ids=["no password", "no directory"],
)
def test_directory_and_password_belong_together(arguments: dict[str, str]) -> None:
    with pytest.raises(LocalProtocolError, match="password_file"):
        Bot(data_dir=arguments.get("data_dir"), password_file=arguments.get("password_file"))


def test_identity_comes_from_one_place() -> None:
    with pytest.raises(LocalProtocolError, match="given one"):
        Bot(data_dir="x", password_file="y", identity=BOT)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot read"),
        (b"", "holds no password"),
        (b"\xff", "not UTF-8"),
        (b"one\ntwo\n", "more than one line"),
    ],
    ids=["missing", "empty", "binary", "two lines"],
)
def test_password_file_without_password_is_said(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(LocalProtocolError, match=reason):
        asyncio.run(Bot(data_dir=tmp_path, password_file=file).serve())


def test_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse")
    file.chmod(0o640)
    with pytest.raises(LocalProtocolError, match="run: chmod 600"):
        asyncio.run(Bot(data_dir=tmp_path, password_file=file).serve())
