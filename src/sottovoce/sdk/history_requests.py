"""Asking mailservers from a program: one page for whoever asks, a whole archive for a mailserver.

It knows the wishes that wait for their end. What a page brings is opened by filters that allow
direct messages, as everything else is.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sottovoce.base.quantities import PublicKey
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.node import effects, inputs
from sottovoce.sdk.errors import ClientClosedError, NoAnswerError


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """What became of a request for one page of history.

    Attributes:
        end: How it ended.
        cursor: Where the server says to go on; empty at the end.
        detail: The server's words, or what else there is to say.
        envelopes: Envelopes that were asked for and came.
        new: How many of these were not known before.
        bytes: Bytes of all that came.
    """

    end: PageEnd
    cursor: bytes = field(repr=False)
    detail: str
    envelopes: int
    new: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ArchiveFilled:
    """What became of filling our archive from another mailserver's.

    Attributes:
        envelopes: How many it sent.
        detail: Why it ended early, one sentence; empty if it gave everything. A lost connection is
            no reason: it is waited for, half an hour at the most.
    """

    envelopes: int
    detail: str


@dataclass(slots=True)
class _Waiting:
    """A page that somebody waits for, and what of it came."""

    done: asyncio.Future[HistoryPage]
    envelopes: int = 0
    new: int = 0
    bytes: int = 0


class HistoryRequests:
    """The wishes of one client.

    Args:
        command: Hands a wish to the node.
    """

    def __init__(self, command: Callable[[inputs.Input], None]) -> None:
        self._command = command
        self._pages: dict[int, _Waiting] = {}
        self._fillings: dict[PublicKey, asyncio.Future[ArchiveFilled]] = {}

    async def page(
        self, request: int, server: Mailserver, wanted: HistoryRequest, timeout_s: float
    ) -> HistoryPage:
        """Ask a connected mailserver and wait for the end.

        Raises:
            NoAnswerError: There was no end within `timeout_s`.
            ClientClosedError: The client was closed meanwhile.
            CancelledError: The caller gave up; nothing more is taken of the answer.
        """
        waiting = _Waiting(asyncio.get_running_loop().create_future())
        self._pages[request] = waiting
        try:
            self._command(inputs.AskHistory(request, server, wanted))
            async with asyncio.timeout(timeout_s):
                return await waiting.done
        except TimeoutError:
            self._cancel(request)
            came = f"{waiting.envelopes} envelopes came" if waiting.envelopes else "nothing came"
            raise NoAnswerError(
                f"the mailserver did not end its answer within {timeout_s:g} s; {came}"
            ) from None
        except asyncio.CancelledError:
            self._cancel(request)
            raise
        finally:
            del self._pages[request]

    def _cancel(self, request: int) -> None:
        with suppress(ClientClosedError):
            self._command(inputs.CancelHistory(request))

    async def fill(self, key: PublicKey, from_unix_s: int) -> ArchiveFilled:
        """Fill our archive from that of a trusted mailserver, and wait for the end.

        A connection that is lost meanwhile is waited for, and filling goes on where it stopped.

        Raises:
            LocalProtocolError: This node is no mailserver.
            ClientClosedError: The client was closed meanwhile.
        """
        # The node tells an end by the key alone; whoever asked first has to get the first one's.
        if key in self._fillings:
            return ArchiveFilled(0, "this mailserver is being asked already")
        done: asyncio.Future[ArchiveFilled] = asyncio.get_running_loop().create_future()
        self._fillings[key] = done
        try:
            self._command(inputs.AskSync(key, from_unix_s))
            return await done
        finally:
            del self._fillings[key]

    def fact(self, fact: effects.HistoryArriving | effects.HistoryDone | effects.SyncDone) -> None:
        """Take what the node tells; what nobody here waits for is let go."""
        match fact:
            case effects.HistoryArriving(request, envelopes, new, bytes):
                page = self._pages.get(request)
                if page is not None:
                    page.envelopes += envelopes
                    page.new += new
                    page.bytes += bytes
            case effects.HistoryDone(request, end, cursor, detail):
                page = self._pages.get(request)
                if page is not None and not page.done.done():
                    came = (page.envelopes, page.new, page.bytes)
                    page.done.set_result(HistoryPage(end, cursor, detail, *came))
            case effects.SyncDone(key, envelopes, detail):
                filling = self._fillings.get(key)
                if filling is not None and not filling.done():
                    filling.set_result(ArchiveFilled(envelopes, detail))

    def close(self) -> None:
        """Let everybody go who waits."""
        closed = ClientClosedError("the client was closed")
        waiting: list[asyncio.Future[HistoryPage] | asyncio.Future[ArchiveFilled]] = []
        waiting += [page.done for page in self._pages.values()]
        waiting += self._fillings.values()
        for future in waiting:
            if not future.done():
                future.set_exception(closed)
