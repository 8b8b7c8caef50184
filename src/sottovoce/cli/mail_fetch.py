"""``sottovoce mail fetch``: what was missed comes from the mailservers, now or again and again."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sottovoce.adapters.mailserver_file import SavedMailserver, read_mailservers
from sottovoce.adapters.peer_file import read_peers
from sottovoce.cli.mail_servers import place_text
from sottovoce.cli.mail_text import duration_text, size_text
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.cli.progress import ProgressBar
from sottovoce.cli.stopping import Termination, first_of
from sottovoce.mail.client_events import FetchDone, ServerStatus
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.duty_cycle import DutyCycle
from sottovoce.sdk.events import (
    EventsMissed,
    EventSubscription,
    HistoryFetched,
    HistoryProgress,
    MessageReceived,
    MessengerEvent,
)
from sottovoce.sdk.mail_probe import is_wrong_password

_NO_SERVER: Final = (
    "no mailserver is trusted, so nobody can be asked; add one with: sottovoce mail add URL"
)
_EVERY_IS_ALL: Final = (
    "--every fetches what is missing of all chats; leave out the chat and --days, or fetch them "
    "once without --every"
)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """The options of ``mail fetch``; `cli.mail` explains each.

    Attributes:
        chat: Only what may belong to this chat; None for all.
        days: How far back; None for what is missing.
        every_s: The seconds from one time to the next; None for once.
    """

    chat: str | None = None
    days: int | None = None
    every_s: int | None = None


def run_fetch(options: PersonOptions, fetching: FetchOptions) -> None:
    """Fetch what was missed, once or until it is stopped.

    Raises:
        CommandError: Nobody is trusted, not everything came, or options do not go together.
    """
    saved = read_mailservers(options.data_dir)
    if not saved:
        raise CommandError(_NO_SERVER, ExitCode.USAGE)
    if fetching.every_s is not None:
        if fetching.chat is not None or fetching.days is not None:
            raise CommandError(_EVERY_IS_ALL, ExitCode.USAGE)
        cycle = _duty_cycle(fetching.every_s, options.timeout_s)
        run_as_person(replace(options, duty_cycle=cycle), lambda session: _again(session, cycle))
        return
    run_as_person(_with_peers(options, saved), lambda session: fetch(session, fetching))


def _with_peers(options: PersonOptions, saved: Sequence[SavedMailserver]) -> PersonOptions:
    """Let the mailservers be the peers of somebody who has no others.

    They are dialled in any case, but some seconds later, for other peers to be there first.
    """
    if options.peers or read_peers(options.data_dir) or ControlClient.is_served(options.data_dir):
        return options
    asked = [each for each in saved if each.pinned] or saved
    return replace(options, peers=tuple(str(each.enode) for each in asked))


def _duty_cycle(every_s: float, online_s: float) -> DutyCycle:
    """Return when to be connected: as long as fetching may take, and half of the time at most."""
    longest_s = min(online_s, every_s / 2)
    return DutyCycle(timedelta(seconds=every_s), timedelta(seconds=longest_s))


async def _again(session: Session, cycle: DutyCycle) -> None:
    """Tell what each window of a duty cycle brings, until it is stopped.

    Raises:
        CommandError: A node runs here that is always connected.
    """
    output = session.output
    if session.is_forwarded:
        raise CommandError(
            "a node runs here, which stays connected and fetches by itself; stop it first, or "
            "leave out --every",
            ExitCode.USAGE,
        )
    with Termination() as termination:
        every = duration_text(cycle.every.total_seconds())
        output.talk(f"connecting, fetching and leaving every {every}; stop with Ctrl-C")
        async with await session.port.events() as events:
            await first_of(termination.wait(), _tell_windows(events, output))
    output.talk("stopped")


async def _tell_windows(events: EventSubscription, output: Output) -> None:
    messages = 0
    size_bytes = 0
    async for event in events:
        match event:
            case MessageReceived():
                messages += 1
            case HistoryProgress():
                size_bytes = event.bytes
            case HistoryFetched():
                _tell_end(output, event, size_bytes, messages)
                if event.detail:
                    output.talk(printable(event.detail))
                messages = size_bytes = 0
            case _:
                pass


async def fetch(session: Session, fetching: FetchOptions) -> None:
    """Fetch as a person, and print what comes of it.

    Raises:
        CommandError: Nobody is trusted, or not everything came.
    """
    port, output = session.port, session.output
    servers = await port.mailservers()
    if not servers:
        raise CommandError(_NO_SERVER, ExitCode.USAGE)
    async with AsyncExitStack() as stack:
        events = await port.events()
        stack.callback(events.close)
        watch = _Watch(output, servers, stack.enter_context(ProgressBar()))
        watching = asyncio.ensure_future(watch.follow(events))
        stack.callback(watching.cancel)
        done = await port.fetch_history(
            chat=fetching.chat,
            since=None if fetching.days is None else timedelta(days=fetching.days),
            timeout_s=session.options.timeout_s,
        )
        # What was told before the end is taken by now or waits to be.
        await asyncio.sleep(0)
    _tell_end(output, done, watch.bytes, watch.messages)
    if not done.complete:
        detail, code = _failure(done, await port.mailservers())
        raise CommandError(detail, code)


class _Watch:
    """What is told while fetching, to people and programs.

    Args:
        output: Where results go.
        servers: Who is asked.
        bar: Where people see how far it is.
    """

    def __init__(self, output: Output, servers: tuple[ServerStatus, ...], bar: ProgressBar) -> None:
        self._output = output
        self._places = {each.key: place_text(each.host, each.port) for each in servers}
        self._bar = bar
        self._noted = ""
        self.messages = 0
        self.bytes = 0

    async def follow(self, events: EventSubscription) -> None:
        """Tell what happens, until it is cancelled."""
        async for event in events:
            self._take(event)

    def _take(self, event: MessengerEvent) -> None:
        match event:
            case HistoryProgress():
                self._progress(event)
            case MessageReceived():
                self.messages += 1
            case EventsMissed(count):
                self._bar.clear()
                self._output.talk(f"{count} events came too fast to be told; all is stored")
            case _:
                pass

    def _progress(self, event: HistoryProgress) -> None:
        self.bytes = event.bytes
        note = printable(event.note)
        if note and note != self._noted:
            self._bar.clear()
            self._output.talk(note)
        self._noted = note
        if self._output.as_json:
            self._output.result(
                "",
                event="progress",
                server=None if event.server is None else event.server.raw.hex(),
                envelopes=event.envelopes,
                new=event.new,
                bytes=event.bytes,
                done_s=event.done_s,
                open_s=event.open_s,
                note=note,
            )
            return
        whole_s = event.done_s + event.open_s
        who = "" if event.server is None else f" from {self._places.get(event.server, 'a server')}"
        self._bar.show(
            event.done_s / whole_s if whole_s else 1.0,
            f"{event.envelopes} envelopes, {event.new} new, {size_text(event.bytes)}{who}",
        )


def _tell_end(
    output: Output, done: FetchDone | HistoryFetched, size_bytes: int, messages: int
) -> None:
    """Tell what came of it."""
    what = "complete" if done.complete else "not complete"
    detail = printable(done.detail)
    output.result(
        f"{what}: {done.envelopes} envelopes came ({size_text(size_bytes)}), {messages} new "
        "messages",
        event="fetched",
        complete=done.complete,
        envelopes=done.envelopes,
        new=done.new,
        bytes=size_bytes,
        messages=messages,
        detail=detail,
    )


def _failure(done: FetchDone, servers: tuple[ServerStatus, ...]) -> tuple[str, ExitCode]:
    """Return why not everything came, and the code that fits."""
    detail = printable(done.detail) or "not everything came in time"
    if done.envelopes or any(each.pages for each in servers):
        code = ExitCode.NOT_DELIVERED
    elif any(is_wrong_password(each.detail) for each in servers):
        code = ExitCode.UNTRUSTED
        detail += "; the password is not the server's"
    else:
        code = ExitCode.NETWORK
    return (
        f"{detail}; what is missing is fetched next time, and sottovoce mail probe URL tells what "
        "is wrong with a server",
        code,
    )
