"""One connection of the serving half: what is asked, and what comes back."""

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest

from patience import run
from sottovoce.chat.records import Message
from sottovoce.sdk import control_connection
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import REQUEST_BYTES_MAX, socket_path
from sottovoce.sdk.errors import ControlError
from sottovoce.sdk.queries import AnswerPlace, ReadPage
from unit.sdk.control_scene import page_line, served
from unit.sdk.control_scene import place as place


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense\n", "no JSON"),
        (b"[1]\n", "no JSON object"),
        (b'{"ask":{}}\n', "no id"),
        (b"[" * 100_000 + b"\n", "no JSON"),
        (b"x" * (REQUEST_BYTES_MAX + 1), "at most"),
    ],
    ids=["text", "list", "no id", "deep", "long"],
)
def test_line_that_is_no_request_ends_the_connection(place: Path, line: bytes, reason: str) -> None:
    async def main() -> None:
        async with served(place):
            reader, writer = await asyncio.open_unix_connection(socket_path(place))
            await reader.readline()
            writer.write(line)
            answer = json.loads(await reader.readline())
            assert reason in answer["error"]["text"]
            assert await reader.read() == b""
            writer.close()

    run(main())


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"ask": {"is": "SendMessage"}},
        {"ask": {"is": "JoinPublicChat", "name": 3}},
        {"ask": {"is": "Unknown"}},
        {"ask": {"is": "OpenOneToOne", "key": "04"}},
        {"query": {"is": "ReadPage", "chat_id": "x", "before": [1], "limit": 1}},
        {"query": {"is": "ReadPage", "chat_id": "x", "before": None, "limit": -1}},
        {"query": {"is": "ReadPage", "chat_id": "x", "before": None, "limit": 2**63}},
        {"query": {"is": "ReadPage", "chat_id": "x", "before": [2**64, ""], "limit": 1}},
        {"ask": {"is": "MarkRead", "chat_id": "lobby", "up_to_clock": 2**64}},
        {"query": {"is": "AwaitState", "message_id": "=", "states": [], "timeout_s": 1}},
        {"query": {"is": "ConnectPeer", "enode": "x", "timeout_s": float("nan")}},
        {"events": "many"},
    ],
    ids=lambda request: json.dumps(request)[:40],
)
def test_request_without_sense_is_answered_and_the_next_one_served(
    place: Path, request_: dict[str, object]
) -> None:
    async def main() -> None:
        async with served(place):
            reader, writer = await asyncio.open_unix_connection(socket_path(place))
            await reader.readline()
            sensible: dict[str, object] = {"query": {"is": "ListChats"}}
            for number, content in enumerate((request_, sensible)):
                writer.write(json.dumps({"id": number, **content}).encode() + b"\n")
                answer = json.loads(await reader.readline())
                assert answer["id"] == number
                assert ("error" in answer) == (number == 0)
                assert "unexpected" not in str(answer)
            writer.close()

    run(main())


def test_page_that_is_too_long_for_a_line_is_cut(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_connection, "ANSWER_BYTES_MAX", 20_000)

    async def main() -> None:
        async with served(place), ControlClient(place) as client:
            await client.join("lobby")
            said = [await client.send("lobby", "x" * 2000) for _ in range(4)]
            page = await client.history("lobby")
            assert 0 < len(page) < 4
            assert page[0] == said[-1]
            await client.send("lobby", "x" * 20_000)
            with pytest.raises(ControlError, match="too large for the control socket"):
                await client.history("lobby", limit=1)

    run(main())


def test_program_that_does_not_read_is_not_listened_to(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 0
    answer = ReadPage.answer

    async def counted(query: ReadPage, there: AnswerPlace) -> tuple[Message, ...]:
        nonlocal pages
        pages += 1
        return await answer(query, there)

    monkeypatch.setattr(ReadPage, "answer", counted)

    async def main() -> None:
        async with served(place) as messenger:
            await messenger.join("lobby")
            for _ in range(8):
                await messenger.send("lobby", "x" * 50_000)
            with socket.socket(socket.AF_UNIX) as deaf:
                deaf.connect(os.fspath(socket_path(place)))
                deaf.sendall(b"".join(page_line(number) for number in range(40)))
                async with ControlClient(place) as other:
                    for _ in range(40):
                        await other.chats()
            assert pages == 1

    run(main())
