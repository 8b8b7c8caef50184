"""The other half of `control`: a messenger whose account another process holds."""

import asyncio
import itertools
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from typing_extensions import override

from sottovoce.base.errors import RemoteProtocolError, SottovoceError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.commands import Command
from sottovoce.sdk.control_form import (
    ANSWER_BYTES_MAX,
    SOCKET_NAME,
    VERSION,
    decode_line,
    encode_line,
    error_of,
    socket_path,
)
from sottovoce.sdk.errors import ClientClosedError, ControlError
from sottovoce.sdk.events import EventSubscription, MessengerEvent
from sottovoce.sdk.json_form import Json, from_json, to_json
from sottovoce.sdk.messenger_port import CommandResult, MessengerPort
from sottovoce.sdk.peer_user import is_our_user
from sottovoce.sdk.queries import AnswerT, Query
from sottovoce.sdk.subscriptions import QUEUE_MAX

# The other side answers at once, or its loop stands still.
GREETING_TIMEOUT_S: Final = 5.0
_HUNG_UP: Final = (
    "the program that holds the account hung up; whether this was done is not known: look before "
    "you do it again"
)


class ControlClient(MessengerPort):
    """Talks as the person whose account a running program holds.

    Use it inside ``async with``. Whether somebody serves a directory: `ControlClient.is_served`.

    Args:
        data_dir: The directory with the account.
        socket_name: Which socket there; a node without an account has another one.
    """

    def __init__(self, data_dir: str | Path, socket_name: str = SOCKET_NAME) -> None:
        self._socket_name = socket_name
        self._directory = Path(data_dir).expanduser()
        self._public_key: PublicKey | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._subscriptions: dict[int, EventSubscription] = {}
        self._closed = False

    @staticmethod
    def is_served(data_dir: str | Path, socket_name: str = SOCKET_NAME) -> bool:
        """Tell whether a program that takes connections holds this directory's account."""
        try:
            path = socket_path(data_dir, socket_name)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                probe.settimeout(GREETING_TIMEOUT_S)
                probe.connect(os.fspath(path))
        except (OSError, ControlError):
            return False
        return True

    async def __aenter__(self) -> Self:
        """Connect and learn who we are.

        Raises:
            ControlError: Nobody serves the directory, or not us.
        """
        path = socket_path(self._directory, self._socket_name)
        try:
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                reader, self._writer = await asyncio.open_unix_connection(
                    path, limit=ANSWER_BYTES_MAX
                )
                self._check_who_serves()
                self._public_key = _greeting(await reader.readuntil(b"\n"))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, RemoteProtocolError):
            await self.close()
            raise ControlError(
                f"no running program serves the account in {self._directory}"
            ) from None
        except BaseException:
            await self.close()
            raise
        self._reading = asyncio.ensure_future(self._read(reader))
        return self

    def _check_who_serves(self) -> None:
        """Check that our own user listens: what is said here must reach nobody else.

        Raises:
            ControlError: Another user does, who can write into the directory.
        """
        assert self._writer is not None
        if not is_our_user(self._writer):
            raise ControlError(
                f"another user serves {self._directory / self._socket_name}; nothing was said "
                f"to them. Remove that file, and keep others out: chmod 700 {self._directory}"
            )

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up; harmless when repeated."""
        self._closed = True
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
            await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        self._end()

    @property
    @override
    def public_key(self) -> PublicKey:
        """Who we are.

        Raises:
            ClientClosedError: It was not entered.
        """
        if self._public_key is None:
            raise ClientClosedError("not connected; use it inside 'async with'")
        return self._public_key

    @override
    async def ask(self, command: Command) -> CommandResult:
        answer = await self._request({"ask": to_json(command)})
        return cast("CommandResult", _understood(CommandResult, answer))

    @override
    async def query(self, query: Query[AnswerT]) -> AnswerT:
        answer = await self._request({"query": to_json(query)})
        return cast("AnswerT", _understood(query.answer_type(), answer))

    @override
    async def events(self, *, queue_max: int = QUEUE_MAX) -> EventSubscription:
        number = next(self._numbers)
        subscription = EventSubscription(queue_max=queue_max, on_close=lambda: self._hush(number))
        self._subscriptions[number] = subscription
        try:
            await self._request({"events": queue_max}, number)
        except BaseException:
            subscription.close()
            raise
        return subscription

    # ---- lines

    async def _request(self, content: dict[str, Json], number: int | None = None) -> object:
        """Send a request and wait for its answer.

        Raises:
            ClientClosedError: Not connected.
            ControlError: The other side hung up.
            SottovoceError: It was refused.
        """
        if self._closed or self._writer is None or self._reading is None:
            raise ClientClosedError("not connected; use it inside 'async with'")
        number = next(self._numbers) if number is None else number
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            self._write({"id": number, **content})
            if self._reading.done():
                raise ControlError(_HUNG_UP)
            return await answer
        finally:
            del self._answers[number]

    def _write(self, content: dict[str, Json]) -> None:
        assert self._writer is not None
        self._writer.write(encode_line(content))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(decode_line(await reader.readuntil(b"\n")))
        except (
            OSError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            RemoteProtocolError,
        ):
            self._end()

    def _take(self, content: dict[str, object]) -> None:
        number = content.get("id")
        if not isinstance(number, int):
            # The other side could not tell which request it was; then nothing more will come.
            raise RemoteProtocolError("a line answers no request")
        if "event" in content:
            subscription = self._subscriptions.get(number)
            event = cast("MessengerEvent", from_json(MessengerEvent, content["event"]))
            if subscription is not None:
                subscription.put(event)
            return
        waiting = self._answers.get(number)
        if waiting is None or waiting.done():
            return
        if "error" in content:
            waiting.set_exception(error_of(content["error"]))
        else:
            waiting.set_result(content.get("answer"))

    def _hush(self, number: int) -> None:
        self._subscriptions.pop(number, None)
        if not self._closed and self._reading is not None and not self._reading.done():
            self._write({"id": next(self._numbers), "end": number})

    def _end(self) -> None:
        error: SottovoceError = ControlError(_HUNG_UP)
        if self._closed:
            error = ClientClosedError("the connection was closed")
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(error)
        for subscription in list(self._subscriptions.values()):
            subscription.close()


def _greeting(line: bytes) -> PublicKey:
    """Read the first line.

    Raises:
        SottovoceError: We are turned away.
        ControlError: The other side is of another version.
    """
    content = decode_line(line)
    if "error" in content:
        refusal: SottovoceError = error_of(content["error"])
        raise refusal
    if content.get("control") != VERSION:
        raise ControlError(
            "the program that holds the account is of another version; stop and start it again"
        )
    return cast("PublicKey", from_json(PublicKey, content.get("public_key")))


def _understood(kind: object, raw: object) -> object:
    """Read an answer.

    Raises:
        ControlError: It is none.
    """
    try:
        return from_json(kind, raw)
    except RemoteProtocolError:
        raise ControlError(
            "the program that holds the account answered in another form; if it is of another "
            "version, stop and start it again"
        ) from None
