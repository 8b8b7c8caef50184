"""From what is to be said to the bytes that everybody gets, and the name of them.

Spec: Status specs 6 (payloads), "Payload wrapper" and "Chat Message".
"""

from sottovoce.base.secret import PrivateKey
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.metadata import Wrapped, wrap
from sottovoce.payloads.registry import Payload
from sottovoce.stack.destinations import PublicChat


def compose(payload: Payload, identity: PrivateKey) -> Wrapped:
    """Sign a payload as its author and wrap it: what `MessageSubmitted` takes.

    Raises:
        LocalProtocolError: A field breaks its bounds, or the whole is too large.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    return wrap(payload, identity)


def compose_public_text(
    text: str,
    chat: PublicChat,
    identity: PrivateKey,
    *,
    clock: int,
    timestamp_unix_ms: int,
    response_to: str = "",
) -> Wrapped:
    """Make a public chat's message out of a text.

    Args:
        text: What it says; at most 64 KiB of UTF-8, and not blank if anybody shall show it.
        chat: Where it goes; receivers compare its name with the topic.
        identity: The author's key.
        clock: The Lamport clock of the chat (`payloads.clock.next_clock`).
        timestamp_unix_ms: The author's time.
        response_to: Text of the id of the message that it answers, or empty.

    Raises:
        LocalProtocolError: The text or another field breaks its bounds.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    message = ChatMessage(
        clock=clock,
        timestamp_unix_ms=timestamp_unix_ms,
        text=text,
        response_to=response_to,
        chat_id=chat.name,
        message_type=MessageType.PUBLIC_GROUP,
        content_type=ContentType.TEXT_PLAIN,
    )
    return compose(message, identity)
