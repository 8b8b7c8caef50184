"""One program on the control socket: its requests are worked on beside each other.

Whoever does not read its answers is not listened to meanwhile, so that what waits for it is
bounded: one page, and the small answers of the requests that were taken already.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Final, Protocol, cast

from sottovoce.base.errors import RemoteProtocolError, SottovoceError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.commands import Command
from sottovoce.chat.events import CommandResult
from sottovoce.sdk.control_form import (
    ANSWER_BYTES_MAX,
    REQUEST_BYTES_MAX,
    VERSION,
    decode_line,
    encode_line,
    error_form,
)
from sottovoce.sdk.errors import ControlError
from sottovoce.sdk.events import EventSubscription
from sottovoce.sdk.json_form import IS, Json, from_json, to_json
from sottovoce.sdk.queries import (
    AnswerT,
    AnyQuery,
    AwaitState,
    ConnectPeer,
    FetchHistory,
    Query,
    ReadPage,
    SearchMessages,
)
from sottovoce.sdk.subscriptions import QUEUE_MAX

# Requests of one connection that are worked on; further ones wait in the socket.
REQUESTS_MAX: Final = 64
# What was begun when we stop is stored within milliseconds; a full disk is not waited for.
FINISHING_TIMEOUT_S: Final = 1.0

_log = logging.getLogger(__name__)


class Served(Protocol):
    """Who does what is asked."""

    @property
    def public_key(self) -> PublicKey:
        """Who it is."""
        ...

    async def ask(self, command: Command) -> CommandResult:
        """Carry out a command.

        Raises:
            RefusedError: It was not carried out.
        """
        ...

    async def query(self, query: Query[AnswerT]) -> AnswerT:
        """Answer a query.

        Raises:
            SottovoceError: As the query says.
        """
        ...

    async def events(self, *, queue_max: int) -> EventSubscription:
        """Hear what happens from now on.

        Raises:
            SottovoceError: There is nothing to hear.
        """
        ...


class Connection:
    """One program that is connected.

    Args:
        port: Who does what is asked.
        reader: What it says.
        writer: What it is told.
    """

    def __init__(
        self, port: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer
        self._places = asyncio.Semaphore(REQUESTS_MAX)
        self._reading = asyncio.Lock()
        self._work: set[asyncio.Task[None]] = set()
        self._brief: set[asyncio.Task[None]] = set()
        self._subscriptions: dict[int, EventSubscription] = {}

    async def serve(self) -> None:
        """Greet it and do what it asks until it hangs up or says what makes no sense.

        When it is cancelled it takes no more requests, answers what was begun, and ends.

        Raises:
            ConnectionError: It is gone.
        """
        key = self._port.public_key.uncompressed.hex()
        await self._send({"control": VERSION, "public_key": key})
        try:
            while await self._next_request():
                pass
        finally:
            try:
                await self._finish()
            finally:
                await self._drop()

    async def _finish(self) -> None:
        """Give what was begun the time to be done and answered, but for what only waits."""
        if self._brief:
            await asyncio.wait(self._brief, timeout=FINISHING_TIMEOUT_S)

    async def _drop(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for subscription in list(self._subscriptions.values()):
            subscription.close()

    async def _next_request(self) -> bool:
        """Take one line; returns whether another may follow."""
        await self._places.acquire()
        await self._writer.drain()
        try:
            number, request = _numbered(decode_line(await self._reader.readuntil(b"\n")))
        except asyncio.IncompleteReadError:
            return False
        except asyncio.LimitOverrunError:
            too_long = ControlError(f"a request has at most {REQUEST_BYTES_MAX} bytes")
            await self._send({"error": error_form(too_long)})
            return False
        except RemoteProtocolError as error:
            await self._send({"error": error_form(error)})
            return False
        task = asyncio.ensure_future(self._work_on(number, request))
        self._work.add(task)
        if not _only_waits(request):
            self._brief.add(task)
        task.add_done_callback(self._worked)
        return True

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._brief.discard(task)
        self._places.release()
        if not task.cancelled():
            task.exception()  # It hung up; there is nobody to tell.

    async def _work_on(self, number: int, request: dict[str, object]) -> None:
        try:
            if "events" in request:
                await self._tell_events(number, request["events"])
            elif "query" in request:
                await self._tell_found(number, request["query"])
            else:
                await self._send({"id": number, "answer": await self._answer(request)})
        except SottovoceError as error:
            await self._send({"id": number, "error": error_form(error)})
        except ConnectionError:
            raise  # Nobody is there to tell.
        except Exception:
            _log.exception("a request through the control socket failed")
            bug = ControlError("unexpected error; the log of the running program says more")
            await self._send({"id": number, "error": error_form(bug)})

    async def _answer(self, request: dict[str, object]) -> Json:
        """Do what a request wants.

        Raises:
            RemoteProtocolError: It wants nothing that there is.
            SottovoceError: It was refused.
        """
        if "ask" in request:
            command = cast("Command", from_json(Command, request["ask"]))
            return to_json(await self._port.ask(command))
        if "end" in request:
            ended = self._subscriptions.get(cast("int", from_json(int, request["end"])))
            if ended is not None:
                ended.close()
            return None
        raise RemoteProtocolError("a request has neither ask, query, events nor end")

    async def _tell_found(self, number: int, wanted: object) -> None:
        """Answer a query. What is read can be large, so the next one waits until it was taken."""
        query = cast("AnyQuery", from_json(AnyQuery, wanted))
        if isinstance(query, AwaitState | ConnectPeer | FetchHistory):
            await self._send({"id": number, "answer": await self._bounded(query)})
            return
        async with self._reading:
            await self._send({"id": number, "answer": await self._bounded(query)})

    async def _bounded(self, query: AnyQuery) -> Json:
        """Answer a query in a line that is not too long: a page may have fewer messages.

        Raises:
            ControlError: The answer is too large all the same.
        """
        while True:
            answer = to_json(await self._port.query(cast("Query[object]", query)))
            if len(encode_line({"answer": answer})) < ANSWER_BYTES_MAX:
                return answer
            if not isinstance(query, ReadPage | SearchMessages) or query.limit <= 1:
                raise ControlError("the answer is too large for the control socket")
            query = replace(query, limit=query.limit // 2)

    async def _tell_events(self, number: int, wanted: object) -> None:
        queue_max = max(1, min(QUEUE_MAX, cast("int", from_json(int, wanted))))
        async with await self._port.events(queue_max=queue_max) as events:
            self._subscriptions[number] = events
            try:
                await self._send({"id": number, "answer": None})
                async for event in events:
                    await self._send({"id": number, "event": to_json(event)})
            finally:
                del self._subscriptions[number]

    async def _send(self, content: dict[str, Json]) -> None:
        self._writer.write(encode_line(content))
        await self._writer.drain()


def _only_waits(request: dict[str, object]) -> bool:
    """Tell whether a request may wait for others for long, so that nothing is lost by its end."""
    query = request.get("query")
    kind = query.get(IS) if isinstance(query, dict) else None
    waiting = (AwaitState, ConnectPeer, FetchHistory)
    return "events" in request or kind in [each.__name__ for each in waiting]


def _numbered(request: dict[str, object]) -> tuple[int, dict[str, object]]:
    """Return a request with its number.

    Raises:
        RemoteProtocolError: It has none.
    """
    number = request.get("id")
    if not isinstance(number, int):
        raise RemoteProtocolError("a request has no id")
    return number, request
