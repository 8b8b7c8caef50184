"""Bots: handlers for what people say, and a program around them.

bot = sottovoce.Bot(data_dir="bot", password_file="bot.password")


@bot.on_message(r"^hello")
async def greet(message: sottovoce.BotMessage) -> None:
    await message.reply("hello yourself")


bot.run(peers=["enode://..."])
"""

import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from traceback import format_tb
from typing import NamedTuple, TextIO, TypeAlias

from sottovoce.adapters.secret_file import read_password_file
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.records import Chat, ChatKind, Contact, Group, Message
from sottovoce.gossip.settings import Transport
from sottovoce.identity.alias import alias
from sottovoce.identity.qr_code import qr_code
from sottovoce.node.budget import notice_of
from sottovoce.runtime.loop import run as run_to_end
from sottovoce.sdk.client import Client
from sottovoce.sdk.events import (
    ContactRequested,
    DataBudgetChanged,
    EventsMissed,
    GroupInvited,
    MessageReceived,
    MessengerEvent,
)
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.recent import RecentTexts

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BotMessage:
    """A message, as a handler gets it.

    Attributes:
        message: All that is known of it.
        chat: Where it was said.
        match: What a pattern found in the text; None without a pattern.
        messenger: The bot's own, for everything else.
    """

    message: Message
    chat: Chat
    match: re.Match[str] | None
    messenger: Messenger
    _answers: RecentTexts

    @property
    def text(self) -> str:
        """What it says, by a stranger."""
        return self.message.text

    async def reply(self, text: str, *, image: bytes | None = None) -> Message:
        """Answer it in its chat.

        Raises:
            RefusedError: The answer was not taken; the text says why.
        """
        self._answers.add(self.chat.id, text)
        return await self.messenger.send(self.chat, text, reply_to=self.message, image=image)

    async def react(self, face: int) -> None:
        """Put a face (a `ReactionType`) under it.

        Raises:
            RefusedError: It was not taken; the text says why.
        """
        await self.messenger.react(self.message, face)


MessageHandler: TypeAlias = Callable[[BotMessage], Awaitable[None]]
ContactHandler: TypeAlias = Callable[[Contact, Messenger], Awaitable[None]]
InvitationHandler: TypeAlias = Callable[[Group, Messenger], Awaitable[None]]
Pattern: TypeAlias = str | re.Pattern[str] | Callable[[Message], bool]


class _Rule(NamedTuple):
    """Which messages a handler gets."""

    pattern: re.Pattern[str] | Callable[[Message], bool] | None
    kinds: frozenset[ChatKind]
    handler: MessageHandler

    def takes(self, message: Message, chat: Chat) -> tuple[bool, re.Match[str] | None]:
        """Tell whether it gets a message, and what its pattern found."""
        if chat.kind not in self.kinds:
            return False, None
        if self.pattern is None:
            return True, None
        if isinstance(self.pattern, re.Pattern):
            match = self.pattern.search(message.text)
            return match is not None, match
        return self.pattern(message), None


class Bot:
    """A messenger that answers.

    It hears what others say from its start on, in a group only once it has joined; its handlers get
    one message after another. It never hears itself, nor (unless `hears_copies`) what another
    program says in its own words: a text with which it answered lately in that chat, so that two
    copies of a bot do not talk to each other for ever.

    Args:
        data_dir: The directory with its account (`sottovoce account create` makes one), or None to
            keep nothing.
        password_file: A file for its owner alone with the account's password in one line; needed
            with `data_dir`.
        account: Which account of the directory; None for the only one.
        identity: Who it is without `data_dir`, or None for a fresh key.
        channels: Public chats that it joins at its start.
        accepts_strangers: Whether it answers people that it does not know.
        hears_copies: Whether its own words, said by others, are heard.
        transport: Which worlds a node of its own speaks.
        metered: Whether that names its topics to its peers, to pay for less data; see `Client`.
        day_bytes_max: Bytes that it may use between two midnights UTC; 0 is no limit.

    Attributes:
        failed_count: Exceptions of handlers, which were logged and stopped nothing.
        missed_count: Events that came faster than handlers were done, and were dropped.

    Raises:
        LocalProtocolError: Arguments that exclude each other.
    """

    def __init__(
        self,
        *,
        data_dir: str | Path | None = None,
        password_file: str | Path | None = None,
        account: str | None = None,
        identity: PrivateKey | None = None,
        channels: Iterable[str] = (),
        accepts_strangers: bool = True,
        hears_copies: bool = False,
        transport: Transport = Transport.EITHER,
        metered: bool = False,
        day_bytes_max: int = 0,
    ) -> None:
        if (data_dir is None) != (password_file is None):
            raise LocalProtocolError("a bot with data_dir needs password_file, and only such a one")
        if data_dir is not None and identity is not None:
            raise LocalProtocolError("a bot has the identity of its data_dir, or a given one")
        self._data_dir = data_dir
        self._password_file = None if password_file is None else Path(password_file).expanduser()
        self._account = account
        self._identity = identity
        self._channels = tuple(channels)
        self._accepts_strangers = accepts_strangers
        self._hears_copies = hears_copies
        self._transport = transport
        self._metered = metered
        self._day_bytes_max = day_bytes_max
        self._rules: list[_Rule] = []
        self._contact_handler: ContactHandler | None = None
        self._invitation_handler: InvitationHandler | None = None
        self._answers = RecentTexts()
        self.failed_count = 0
        self.missed_count = 0

    # ---- handlers

    def on_message(
        self, pattern: Pattern | None = None, *, chats: Iterable[ChatKind] = tuple(ChatKind)
    ) -> Callable[[MessageHandler], MessageHandler]:
        """Give messages to the decorated coroutine; the first handler that matches gets it.

        Args:
            pattern: A regular expression searched in the text, a function that says whether a
                message is wanted, or None for every message.
            chats: In which kinds of chats.
        """
        compiled = re.compile(pattern) if isinstance(pattern, str) else pattern

        def remember(handler: MessageHandler) -> MessageHandler:
            self._rules.append(_Rule(compiled, frozenset(chats), handler))
            return handler

        return remember

    def on_contact_request(self, handler: ContactHandler) -> ContactHandler:
        """Give contact requests to the decorated coroutine; without one they only wait."""
        self._contact_handler = handler
        return handler

    def on_group_invitation(self, handler: InvitationHandler) -> InvitationHandler:
        """Give invitations to groups to the decorated coroutine, which may join or leave them.

        Without one they only wait, and the bot hears nothing of what is said there.
        """
        self._invitation_handler = handler
        return handler

    # ---- running

    async def serve(
        self,
        *,
        peers: Iterable[str] | None = None,
        client: Client | None = None,
        messenger: Messenger | None = None,
        started: Callable[[Messenger], Awaitable[None]] | None = None,
    ) -> None:
        """Run until cancelled.

        Args:
            peers: Enode URLs of peers; None for those saved in the data directory.
            client: A running node to use instead of one of its own.
            messenger: A messenger to use that was not entered yet, instead of one of its own.
            started: Awaited once the bot hears.

        Raises:
            SottovoceError: The account cannot be used, or a channel cannot be joined.
        """
        if messenger is None:
            messenger = await self._messenger(peers, client)
        async with messenger, await messenger.events() as events:
            for name in self._channels:
                await messenger.join(name)
            if started is not None:
                await started(messenger)
            async for event in events:
                await self._take(event, messenger)

    def run(self, *, peers: Iterable[str] | None = None, output: TextIO | None = None) -> None:
        """Run as the whole program: print who the bot is, with a QR code, and serve until Ctrl-C.

        Args:
            peers: Enode URLs of peers; None for those saved in the data directory.
            output: Where that is printed; by default stdout.

        Raises:
            SottovoceError: The account cannot be used, or a channel cannot be joined.
        """
        stream = output or sys.stdout

        async def introduce(messenger: Messenger) -> None:
            stream.write(await introduction(messenger))
            stream.flush()

        try:
            run_to_end(self.serve(peers=peers, started=introduce))
        except KeyboardInterrupt:
            _log.info("the bot was interrupted")

    async def _messenger(self, peers: Iterable[str] | None, client: Client | None) -> Messenger:
        """Make the messenger.

        Raises:
            LocalProtocolError: The password cannot be read.
        """
        if self._data_dir is None or self._password_file is None:
            return Messenger.in_memory(
                self._identity,
                listen=None,
                peers=peers or (),
                client=client,
                transport=self._transport,
                metered=self._metered,
                day_bytes_max=self._day_bytes_max,
            )
        password = await asyncio.to_thread(read_password_file, self._password_file)
        return Messenger.open(
            self._data_dir,
            password=password,
            account=self._account,
            peers=peers,
            client=client,
            transport=self._transport,
            metered=self._metered,
            day_bytes_max=self._day_bytes_max,
        )

    # ---- what is heard

    async def _take(self, event: MessengerEvent, messenger: Messenger) -> None:
        match event:
            case MessageReceived(message):
                await self._guarded(self._heard(message, messenger))
            case ContactRequested(contact):
                if self._contact_handler is not None:
                    await self._guarded(self._contact_handler(contact, messenger))
            case GroupInvited(group):
                if self._invitation_handler is not None:
                    await self._guarded(self._invitation_handler(group, messenger))
            case EventsMissed(count):
                self.missed_count += count
                _log.warning("the bot is too slow: %d events were dropped", count)
            case DataBudgetChanged(budget):
                _log.warning("%s", notice_of(budget))
            case _:
                pass

    async def _heard(self, message: Message, messenger: Messenger) -> None:
        chat = await messenger.chat(message.chat_id)
        if chat is None or self._is_left_alone(message, chat):
            return
        if chat.kind is ChatKind.GROUP and not await self._has_joined(chat, messenger):
            return
        for rule in self._rules:
            wanted, match = rule.takes(message, chat)
            if wanted:
                if not chat.accepted:
                    await messenger.accept(chat)
                await rule.handler(BotMessage(message, chat, match, messenger, self._answers))
                return

    async def _has_joined(self, chat: Chat, messenger: Messenger) -> bool:
        group = next((it for it in await messenger.groups() if it.chat_id == chat.id), None)
        return group is not None and messenger.public_key in group.joined

    def _is_left_alone(self, message: Message, chat: Chat) -> bool:
        if not chat.accepted and not self._accepts_strangers:
            return True
        return not self._hears_copies and self._answers.holds(chat.id, message.text)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Let a handler work; what it raises is logged and counted."""
        try:
            await work
        except Exception as error:
            self.failed_count += 1
            # Where it was, and not what it says: that may quote a message.
            where = "".join(format_tb(error.__traceback__))
            _log.error("a handler of the bot raised %s\n%s", type(error).__name__, where)


async def introduction(messenger: Messenger) -> str:
    """Return what tells people how to reach somebody: names, link, and the link's QR code."""
    link = await messenger.link(with_bundle=False)
    code = qr_code(link).terminal_text()
    key = messenger.contact_id
    return f"{code}\nname  {alias(messenger.public_key)}\nkey   {key}\nlink  {link}\n"
