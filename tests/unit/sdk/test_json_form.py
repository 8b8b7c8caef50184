import math
from typing import cast

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.chat.commands import Command, React, SendMessage
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, MessageState, Place
from sottovoce.payloads.chat_message import ContentType, ImageMessage, StickerMessage
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.events import EventsMissed, MessageReceived, MessengerEvent
from sottovoce.sdk.json_form import from_json, to_json
from sottovoce.sdk.queries import AnyQuery, AwaitState, ListChats, Query, ReadPage
from sottovoce.secure.facts import Secrecy
from unit.runtime.lane_scene import KEY

ID = MessageId(bytes(range(32)))
MESSAGE = Message(
    id=ID,
    chat_id=ChatId("lobby"),
    author=KEY,
    clock=2**63,
    written_unix_ms=1,
    kept_unix_ms=2,
    content_type=7,
    text="\N{WAVING HAND SIGN}",
    attachment=ImageMessage(b"\x00\xff", 2),
    secrecy=Secrecy.RATCHET,
    state=MessageState.SENT,
    raw=b"raw",
)

VALUES = [
    (Command, SendMessage(ChatId("lobby"), "x", ID, ContentType.EMOJI, StickerMessage("e3", 1))),
    (Command, React(ID, 3, retracted=True)),
    (AnyQuery, ReadPage(ChatId("lobby"), Place(4, ID), 7)),
    (AnyQuery, ListChats()),
    (AnyQuery, AwaitState(ID, (MessageState.SENT, MessageState.ACKNOWLEDGED), 1.5)),
    (MessengerEvent, MessageReceived(MESSAGE, MESSAGE, asks_attention=True)),
    (MessengerEvent, EventsMissed(3)),
    (Message | None, None),
    (Message | None, MESSAGE),
    (tuple[Chat, ...], (Chat(ChatId("lobby"), ChatKind.PUBLIC),)),
    (bytes, b"\x00\x01"),
]


@pytest.mark.parametrize(("hint", "value"), VALUES, ids=lambda it: type(it).__name__)
def test_value_comes_back_as_it_was(hint: object, value: object) -> None:
    assert from_json(hint, to_json(value)) == value


def test_every_query_knows_the_type_of_its_answer() -> None:
    assert ListChats.answer_type() == tuple[Chat, ...]
    for kind in cast("tuple[type[Query[object]], ...]", AnyQuery.__args__):
        assert kind.answer_type() is not None


@pytest.mark.parametrize(
    ("hint", "raw"),
    [
        (int, True),
        (int, "1"),
        (bool, 1),
        (float, "1"),
        (float, math.inf),
        (str, None),
        (bytes, "no base64!"),
        (tuple[int, ...], {"0": 1}),
        (MessageState, "lost"),
        (Place, [1]),
        (Chat, {"is": "Message"}),
        (Chat, {"is": "Chat", "id": "lobby"}),
        (Command, {"is": "Chat", "id": "lobby", "kind": "public"}),
        (Command, "SendMessage"),
        (Message | None, []),
        (type(None), 0),
    ],
    ids=repr,
)
def test_what_is_no_value_of_the_type_is_refused(hint: object, raw: object) -> None:
    with pytest.raises(RemoteProtocolError):
        from_json(hint, raw)


def test_what_is_no_value_of_ours_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="no JSON form for object"):
        to_json(object())
