"""The layers of one envelope, each decoded by itself, compared, and encoded again."""

from typing import Any, Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.message_body import decode_body, encode_body
from sottovoce.gossip.seal import SALT_BYTES, EnvelopeRoute, open_data, seal
from sottovoce.payloads.membership import MembershipUpdate
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
from vectors.map_order import in_map_order
from vectors.text import unhex
from vectors.transcript_draws import Draws
from vectors.transcript_groups import check_update
from vectors.transcript_posted import read_key

_ERRORS: Final = {
    "no payload": Unreadable.NO_CONTENT,
    "received a message from not paired device": Unreadable.NOT_PAIRED,
}
_FALLBACK: Final = "payload used as it is"
_NOT_DATA_SYNC: Final = "not data sync, handed on"


def check_envelope(
    entry: dict[str, Any], route: EnvelopeRoute, key: PrivateKey | SymmetricKey, payload: bytes
) -> Envelope:
    """An envelope is what a route and a payload make.

    Args:
        entry: The envelope as recorded.
        route: The way that its sender's stack asked for.
        key: What opens it.
        payload: What is inside.
    """
    envelope = decode_envelope(unhex(entry["rlp"]))
    assert envelope.expiry_unix_s == entry["expiry"]
    assert envelope.ttl_s == entry["ttl"]
    assert envelope.topic == route.topic == unhex(entry["topic"])
    assert envelope.data == unhex(entry["data"])
    assert envelope.nonce == int(entry["nonce"])
    assert envelope.hash == unhex(entry["hash"])
    plaintext = open_data(envelope.data, key)
    padding = decode_body(plaintext).padding
    body = encode_body(payload, padding=padding, signer=route.signer, entropy=Draws())
    assert body == plaintext
    if isinstance(key, SymmetricKey):
        unmined = seal(
            payload,
            route,
            ttl_s=envelope.ttl_s,
            now=Moment(0.0, envelope.sent_unix_s),
            entropy=Draws([envelope.data[-SALT_BYTES:]]),
            padding=padding,
        )
        assert unmined.mined(envelope.nonce).raw.hex() == entry["rlp"]
    return envelope


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
    opened = channel.open(read_key(row["signer"]), payload, now)
    if "decode_error" in layer:
        assert layer["fallback"] == _FALLBACK
        assert opened == Opened(payload, Secrecy.PUBLIC)
        return payload
    message = read_message(layer)
    assert decode_message(payload) == message
    assert encode_message(message) == in_map_order(payload)
    if "decrypt_error" in layer:
        assert layer["fallback"] == _FALLBACK
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
    recorded = Wrapper(unhex(body["signature"]) or None, unhex(body["payload"]), body["type"])
    wrapper = decode_wrapper(raw)
    assert wrapper == recorded
    assert PayloadType(wrapper.type_number).name == body["type_name"]
    unwrapped = unwrap(raw)
    assert message_id_text(unwrapped.message_id) == body["message_id"]
    if body["type"] == PayloadType.UNKNOWN:
        # Another layer's bytes, read as a wrapper: nothing must come of it.
        assert isinstance(unwrapped.payload, UnknownPayload)
        assert unwrapped.author is None
        return
    assert encode_wrapper(wrapper) == raw
    assert unwrapped.author == read_key(body["author"])
    if isinstance(unwrapped.payload, MembershipUpdate):
        check_update(unwrapped.payload, body["parsed"]["MembershipUpdateMessage"], authors)
    else:
        check_fields(unwrapped.payload, body["parsed"])
    wrapped = compose(unwrapped.payload, authors[unwrapped.author])
    assert (wrapped.raw, wrapped.message_id) == (raw, unwrapped.message_id)
