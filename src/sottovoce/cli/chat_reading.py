"""What the verbs of ``sottovoce chat`` do that only read: list, read, follow, search."""

import asyncio
import sys
from dataclasses import dataclass
from typing import TypeAlias

from sottovoce.chat.records import Chat, ChatId, Message
from sottovoce.cli.chat_lines import Lines, chat_fields, message_fields
from sottovoce.cli.chat_printer import ChatPrinter
from sottovoce.cli.naming import AddressBook, address_book, chat_like, find_chat, is_public
from sottovoce.cli.output import CommandError, ExitCode, is_coloured, printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.cli.stopping import Termination, first_of
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.events import (
    EventSubscription,
    GroupNoteAdded,
    MessageReceived,
    MessageWritten,
)

_Added: TypeAlias = MessageReceived | MessageWritten | GroupNoteAdded


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of ``chat read``; `cli.chat` explains each."""

    chat: str
    limit: int
    before: str | None = None
    mark_read: bool = False
    follow: bool = False
    count: int | None = None


def run_list(options: PersonOptions) -> None:
    """Print the chats, and apart from them those of strangers."""

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        lines = Lines(book, is_coloured=is_coloured(sys.stdout))
        shown = [chat for chat in book.chats if chat.active]
        for chat in (chat for chat in shown if chat.accepted):
            await _print_chat(session, book, lines, chat)
        strangers = [chat for chat in shown if not chat.accepted]
        if strangers:
            session.output.talk(
                "\nrequests of strangers; take one with: sottovoce chat accept CHAT"
            )
        for chat in strangers:
            await _print_chat(session, book, lines, chat)
        if not shown:
            session.output.talk(
                'there are no chats; begin with: sottovoce chat join "#lobby", '
                "or sottovoce contact add KEY"
            )

    run_as_person(options, work)


def run_read(options: PersonOptions, what: ReadOptions) -> None:
    """Print a chat, and stay if that is wanted."""

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        chat_id = find_chat(book, what.chat)
        if is_public(book, chat_id) and all(chat.id != chat_id for chat in book.chats):
            name = printable(chat_id)
            raise CommandError(
                f'there is no chat #{name} here; join it with: sottovoce chat join "#{name}"',
                ExitCode.USAGE,
            )
        printer = ChatPrinter(session, book)
        if not what.follow:
            await _print_page(session, printer, what, chat_id)
            return
        with Termination() as termination:
            stay = _stay(session, printer, what, chat_id, printable(book.chat_name(chat_id)))
            await first_of(termination.wait(), stay)

    run_as_person(options, work)


def run_search(options: PersonOptions, words: str, chat: str | None, limit: int) -> None:
    """Print the messages that contain words."""

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        where = None if chat is None else chat_like(find_chat(book, chat))
        found = await session.port.search(words, chat=where, limit=limit)
        await ChatPrinter(session, book).messages(found, with_chat=True)
        if not found:
            session.output.talk("no message contains all of these words")

    run_as_person(options, work)


async def _print_page(
    session: Session, printer: ChatPrinter, what: ReadOptions, chat_id: ChatId
) -> tuple[Message, ...]:
    chat = chat_like(chat_id)
    before = None if what.before is None else await session.port.message(what.before)
    page = await session.port.history(chat, before=before, limit=what.limit)
    await printer.messages(page)
    if not page:
        session.output.talk("there are no messages")
    elif what.mark_read:
        await session.port.mark_read(chat, up_to_clock=page[0].clock)
    return page


async def _stay(
    session: Session, printer: ChatPrinter, what: ReadOptions, chat_id: ChatId, name: str
) -> None:
    """Print a chat and what comes."""
    # Before the page is read, so that nothing falls between the two.
    async with await session.port.events() as events:
        known = {message.id for message in await _print_page(session, printer, what, chat_id)}
        session.output.talk(f"listening in {name}; stop with Ctrl-C")
        connecting = asyncio.ensure_future(_connect(session))
        try:
            await _follow(session, printer, what, chat_id, events, known)
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)


async def _follow(
    session: Session,
    printer: ChatPrinter,
    what: ReadOptions,
    chat_id: ChatId,
    events: EventSubscription,
    known: set[MessageId],
) -> None:
    """Print what happens until enough has come.

    Raises:
        CommandError: Whoever told of it has stopped.
    """
    left = what.count
    async for event in events:
        if isinstance(event, _Added) and event.message.id in known:
            continue  # It came between the subscription and the page.
        message = await printer.event(event, chat_id)
        if message is None:
            continue
        if what.mark_read:
            await session.port.mark_read(chat_like(chat_id), up_to_clock=message.clock)
        left = None if left is None else left - 1
        if left == 0:
            return
    raise CommandError(
        "the running node that holds the account has stopped; nothing more is heard",
        ExitCode.NETWORK,
    )


async def _connect(session: Session) -> None:
    if not await session.wait_for_peer("to hear what is said"):
        session.output.talk(f"{session.nobody_reached} yet; it is tried again and again")


async def _print_chat(session: Session, book: AddressBook, lines: Lines, chat: Chat) -> None:
    last = next(iter(await session.port.history(chat, limit=1)), None)
    session.output.result(
        lines.chat(chat, last),
        event="chat",
        **chat_fields(book, chat),
        last_message=None if last is None else message_fields(book, last),
    )
