"""The layers of one opened envelope, each decoded by itself, compared, and encoded again."""

from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.registry import PayloadType, UnknownPayload
from sottovoce.payloads.wire import Wrapper, decode_wrapper, encode_wrapper
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Opened, Secrecy, Unopened, Unreadable
from sottovoce.secure.wire import decode_message, encode_message
from sottovoce.stack.composing import compose
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import Payload as SyncPayload
from sottovoce.sync.wire import decode_payload, encode_payload
from vectors.families.payloads import check_fields
from vectors.families.protocol_messages import read_message
from vectors.text import unhex

_ERRORS: Final = {
    "no payload": Unreadable.NO_CONTENT,
    "received a message from not paired device": Unreadable.NOT_PAIRED,
}
_NOT_DATA_SYNC: Final = "not data sync, handed on"


def check_layers(
    row: dict[str, Any], channel: Channel, authors: dict[PublicKey, PrivateKey], now: Moment
) -> None:
    """Every layer of an opened envelope is as recorded.

    Args:
        row: The opened envelope.
        channel: The receiver's, on a copy of the store.
        authors: The private keys of everybody.
        now: When it was opened.
    """
    layers = row["layers"]
    content = _check_secrecy(row, layers["1_protocol_message"], channel, now)
    bodies = _check_data_sync(content, layers["2_datasync"])
    recorded = layers["3_application_metadata"] or []
    assert [unhex(body["bytes"]) for body in recorded] == bodies
    for body in recorded:
        _check_wrapper(body, authors)


def _check_secrecy(
    row: dict[str, Any], layer: dict[str, Any], channel: Channel, now: Moment
) -> bytes:
    """The layer of secrecy; returns what deployed clients hand on."""
    payload = unhex(row["payload"])
    opened = channel.open(_key(row["signer"]), payload, now)
    if "decode_error" in layer:
        assert opened == Opened(payload, Secrecy.PUBLIC)
        return payload
    message = read_message(layer)
    assert decode_message(payload) == message
    assert encode_message(message) == payload
    if "decrypt_error" in layer:
        assert isinstance(opened, Unopened)
        assert opened.reason is _ERRORS[layer["decrypt_error"]]
        return payload
    assert isinstance(opened, Opened)
    assert opened.content == unhex(layer["decrypted"])
    assert (opened.secrecy is Secrecy.DH_ONLY) == ("none" in message.direct)
    return opened.content


def _check_data_sync(content: bytes, layer: str | dict[str, Any]) -> list[bytes]:
    """Data sync; returns the bodies that deployed clients hand on."""
    if isinstance(layer, str):
        assert layer == _NOT_DATA_SYNC
        assert _read_payload(content).is_empty
        return [content]
    payload = decode_payload(content)
    assert encode_payload(payload) == content
    for ids, name in [
        (payload.acks, "acks"),
        (payload.offers, "offers"),
        (payload.requests, "requests"),
    ]:
        assert [id.hex() for id in ids] == (layer[name] or [])
    recorded = [
        {
            "body": message.body.hex(),
            "group_id": message.group_id.hex(),
            "id": message_id(message).hex(),
            "timestamp": str(message.timestamp_s),
        }
        for message in payload.messages
    ]
    assert recorded == (layer["messages"] or [])
    return [message.body for message in payload.messages]


def _read_payload(content: bytes) -> SyncPayload:
    try:
        return decode_payload(content)
    except RemoteProtocolError:
        return SyncPayload()


def _check_wrapper(body: dict[str, Any], authors: dict[PublicKey, PrivateKey]) -> None:
    raw = unhex(body["bytes"])
    if body["type"] == PayloadType.UNKNOWN:
        # Another layer's bytes, read as a wrapper: nothing must come of it.
        try:
            unwrapped = unwrap(raw)
        except RemoteProtocolError:
            return
        assert isinstance(unwrapped.payload, UnknownPayload)
        assert unwrapped.author is None
        return
    wrapper = decode_wrapper(raw)
    assert wrapper == Wrapper(unhex(body["signature"]), unhex(body["payload"]), body["type"])
    assert PayloadType(wrapper.type_number).name == body["type_name"]
    assert encode_wrapper(wrapper) == raw
    unwrapped = unwrap(raw)
    assert unwrapped.author == _key(body["author"])
    assert message_id_text(unwrapped.message_id) == body["message_id"]
    check_fields(unwrapped.payload, body["parsed"])
    wrapped = compose(unwrapped.payload, authors[unwrapped.author])
    assert (wrapped.raw, wrapped.message_id) == (raw, unwrapped.message_id)


def _key(text: str) -> PublicKey:
    return PublicKey(unhex(text)[1:])
