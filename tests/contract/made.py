"""Made-up values to be stored, one call each."""

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, MessageState, Reaction
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.stores import SessionName

CHAIN = b"\x02" + b"c" * 32


def person(n: int) -> PublicKey:
    return PublicKey(n.to_bytes(64, "big"))


def message_id(n: int) -> MessageId:
    return MessageId(n.to_bytes(32, "big"))


def session(n: int, peer: int = 0) -> SessionName:
    return SessionName(b"\x02" + n.to_bytes(32, "big"), b"\x03" + peer.to_bytes(32, "big"), "phone")


def message_keys(*sequences: int) -> list[MessageKey]:
    return [MessageKey(CHAIN, n, n, n.to_bytes(32, "big")) for n in sequences]


def chat(chat_id: str, *, accepted: bool = True, last_message_unix_ms: int = 0) -> Chat:
    return Chat(
        ChatId(chat_id),
        ChatKind.PUBLIC,
        accepted=accepted,
        last_message_unix_ms=last_message_unix_ms,
    )


def message(
    n: int,
    *,
    chat_id: str = "lobby",
    clock: int | None = None,
    text: str = "hello",
    own: bool = False,
) -> Message:
    return Message(
        id=message_id(n),
        chat_id=ChatId(chat_id),
        author=person(n),
        clock=n if clock is None else clock,
        written_unix_ms=1001,
        kept_unix_ms=2002,
        content_type=1,
        text=text,
        own=own,
        secrecy=Secrecy.PUBLIC,
        state=MessageState.SENT if own else MessageState.RECEIVED,
    )


def reaction(
    n: int, author: int, *, chat_id: str = "lobby", clock: int = 1, retracted: bool = False
) -> Reaction:
    return Reaction(message_id(n), ChatId(chat_id), person(author), 1, clock, retracted)
