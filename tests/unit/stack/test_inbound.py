from dataclasses import replace

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.payloads.chat_message import ChatMessage, ContentType, MessageType
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.registry import Payload, UnknownPayload
from sottovoce.payloads.wire import Wrapper, encode_payload, encode_wrapper
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.message import ProtocolMessage
from sottovoce.secure.wire import encode_message
from sottovoce.stack.composing import compose, compose_public_text
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.events import Arrived, Dropped
from sottovoce.stack.inbound import Source, read_body, read_public

ANNA = PrivateKey(b"anna's key is thirty-two bytes !")
BOB = PrivateKey(b"bob's key is of thirty-two bytes")
ANNA_KEY, BOB_KEY = secp256k1.public_key(ANNA), secp256k1.public_key(BOB)
LOBBY = PublicChat("lobby")
SENT_UNIX_S = 1_590_000_000
SENT_UNIX_MS = SENT_UNIX_S * 1000
GOOD = ChatMessage(
    clock=SENT_UNIX_MS,
    timestamp_unix_ms=SENT_UNIX_MS,
    text="ciao",
    chat_id="lobby",
    message_type=MessageType.PUBLIC_GROUP,
    content_type=ContentType.TEXT_PLAIN,
)


def message(raw: bytes, *, signed: bool = True) -> OpenedMessage:
    return OpenedMessage(
        payload=raw,
        padding=b"",
        transport_sender=ANNA_KEY if signed else None,
        recipient=None,
        topic=Topic(b"topi"),
        ttl_s=15,
        sent_unix_s=SENT_UNIX_S,
        pow=1.0,
        hash=EnvelopeHash(b"h" * 32),
    )


def read(raw: bytes) -> Arrived | Dropped:
    return read_body(raw, Source(ANNA_KEY, Secrecy.RATCHET, (), message(raw)))


def wrapped(payload: Payload, author: PrivateKey = ANNA) -> bytes:
    return compose(payload, author).raw


def test_good_body_arrives_with_all_that_is_known_of_it() -> None:
    written = compose(GOOD, ANNA)
    assert read(written.raw) == Arrived(
        payload=GOOD,
        author=ANNA_KEY,
        message_id=written.message_id,
        secrecy=Secrecy.RATCHET,
        public_chats=(),
        sent_unix_ms=SENT_UNIX_MS,
        envelope=EnvelopeHash(b"h" * 32),
    )


def test_who_signed_the_envelope_answers_for_an_unsigned_wrapper() -> None:
    type_number, encoded = encode_payload(GOOD)
    arrived = read(encode_wrapper(Wrapper(None, encoded, type_number)))
    assert isinstance(arrived, Arrived)
    assert arrived.author == ANNA_KEY


def test_author_must_be_who_signed_the_envelope() -> None:
    assert read(wrapped(GOOD, BOB)) is Dropped.IMPOSTOR


def test_history_of_a_group_may_be_passed_on_by_others_and_what_was_said_with_it_may_not() -> None:
    said = replace(GOOD, chat_id="group", message_type=MessageType.PRIVATE_GROUP)
    sent = MembershipUpdate("group", (b"event",), said)
    arrived = read(wrapped(sent, BOB))
    assert isinstance(arrived, Arrived)
    assert arrived.author == BOB_KEY
    assert arrived.payload == replace(sent, content=None)
    own = read(wrapped(sent))
    assert isinstance(own, Arrived)
    assert own.payload == sent


def test_what_is_no_wrapper_is_malformed() -> None:
    assert read(b"\xff\xff") is Dropped.MALFORMED
    assert read(wrapped(GOOD)[:-3]) is Dropped.MALFORMED


def test_type_without_meaning_is_counted_as_such() -> None:
    assert read(wrapped(UnknownPayload(99, b"from later"))) is Dropped.UNKNOWN_TYPE


def test_message_for_another_device_falls_through_to_nothing() -> None:
    assert read(encode_message(ProtocolMessage("a phone", (), {}))) is Dropped.UNKNOWN_TYPE


def test_broken_rule_drops_the_message() -> None:
    ahead = replace(GOOD, clock=SENT_UNIX_MS + 121_000)
    assert read(wrapped(ahead)) is Dropped.FROM_FUTURE
    assert read(wrapped(replace(GOOD, text=" "))) is Dropped.BREAKS_RULES
    assert isinstance(read(wrapped(replace(GOOD, clock=SENT_UNIX_MS + 119_000))), Arrived)


def test_public_chat_is_read_without_any_state() -> None:
    text = compose_public_text(
        "ciao", LOBBY, ANNA, clock=SENT_UNIX_MS, timestamp_unix_ms=SENT_UNIX_MS
    )
    arrived = read_public(message(text.raw), LOBBY)
    assert isinstance(arrived, Arrived)
    assert (arrived.payload, arrived.author) == (GOOD, ANNA_KEY)
    assert (arrived.secrecy, arrived.public_chats) == (Secrecy.PUBLIC, ("lobby",))


def test_public_content_may_stand_in_a_message_of_the_layer_of_secrecy() -> None:
    carrier = encode_message(ProtocolMessage("a phone", (), {}, public=wrapped(GOOD)))
    assert isinstance(read_public(message(carrier), LOBBY), Arrived)


def test_public_message_must_name_its_chat_and_its_kind() -> None:
    for forged in (
        replace(GOOD, chat_id="elsewhere"),
        replace(GOOD, message_type=MessageType.ONE_TO_ONE),
    ):
        assert read_public(message(wrapped(forged)), LOBBY) is Dropped.BREAKS_RULES


def test_unsigned_envelope_of_a_public_chat_is_dropped() -> None:
    assert read_public(message(wrapped(GOOD), signed=False), LOBBY) is Dropped.UNSIGNED


def test_raw_text_in_a_public_chat_is_no_message() -> None:
    assert isinstance(read_public(message(b"plain text"), LOBBY), Dropped)
