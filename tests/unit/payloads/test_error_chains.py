"""No error of this layer carries what somebody wrote, wherever in its chain one looks."""

from collections.abc import Callable

import pytest

from error_chain import carried, chain
from sottovoce.base.errors import SottovoceError
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import sign_event
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.picture import decode_data_uri
from sottovoce.payloads.registry import PayloadType
from sottovoce.payloads.wire import decode_payload, encode_payload
from unit.payloads.people import ANNA
from unit.payloads.protobuf_bytes import bytes_field

# Made and not written, so that a traceback's line of source does not count as a leak.
CANARY = "yranac"[::-1]
RAW = CANARY.encode()


@pytest.mark.parametrize(
    "fails",
    [
        lambda: encode_payload(ChatMessage(text=CANARY + "\ud800")),
        lambda: decode_payload(PayloadType.CHAT_MESSAGE, bytes_field(3, RAW + b"\xff")),
        lambda: decode_payload(PayloadType.CHAT_MESSAGE, RAW + b"\xff"),
        lambda: unwrap(bytes_field(2, RAW)[:-1]),
        lambda: decode_data_uri(f"data:image/png;base64,{CANARY}"),
        lambda: sign_event(
            MembershipEvent(1, type=EventType.CHAT_CREATED),
            chat_id=CANARY + "\ud800",
            author_key=ANNA,
        ),
    ],
    ids=["text", "text of a message", "message", "wrapper", "picture", "group"],
)
def test_error_carries_nothing_that_was_written(fails: Callable[[], object]) -> None:
    with pytest.raises(SottovoceError) as caught:
        fails()
    assert CANARY not in carried(caught.value)
    assert all(isinstance(link, SottovoceError) for link in chain(caught.value))
