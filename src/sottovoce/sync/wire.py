"""Payloads and messages as protobuf; the generated code never leaves this module.

Identifiers are handed on in the length in which they came: what to do with a wrong one is decided
where it is used.

Spec: VAC 2 (MVDS), "Payloads"; its extensions VAC 3 and VAC 4 are not used, and fields that have
no name here are skipped.
"""

from typing import Final

from google.protobuf.message import DecodeError

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.proto import sync_pb2
from sottovoce.sync.records import MESSAGE_ID_BYTES, Message, Payload

# An envelope carries no more, so more cannot have come from one.
PAYLOAD_BYTES_MAX: Final = 1024 * 1024

# A client of 2020 puts all that waits for us into one payload. What is beyond these bounds is not
# read, and comes again: a message and an offer because nothing answers them, a request because
# nothing follows, and instead of an acknowledgement the message that it was about. An envelope
# holds 29,000 whole records and 260,000 empty ones.

# This many cost a hundredth of a second.
MESSAGES_READ_MAX: Final = 4096
# As many as we let wait for one peer ourselves (`ACKS_PER_PEER_MAX`), which nearly fill the largest
# payload that we send: 15 ms.
ACKS_READ_MAX: Final = 8192
# Each is about a message that waits for its receiver; with us 1,000 may (`WAITING_PER_PEER_MAX`).
# An offer is the dearest record: this many cost 10 ms.
OFFERS_READ_MAX: Final = 1024
REQUESTS_READ_MAX: Final = 1024

_TAG_BYTES: Final = 3  # of every field number from 2048 to 262143
_TIMESTAMP_BYTES_MAX: Final = 10
_VARINT_BITS: Final = 7

# A record that is an identifier: tag, one byte of length, 32 bytes.
ID_RECORD_BYTES: Final = _TAG_BYTES + 1 + MESSAGE_ID_BYTES


def encode_payload(payload: Payload) -> bytes:
    """Encode a payload; one without records has no bytes."""
    wire = sync_pb2.Payload(
        acks=payload.acks,
        offers=payload.offers,
        requests=payload.requests,
        messages=map(_to_wire, payload.messages),
    )
    return wire.SerializeToString(deterministic=True)


def decode_payload(raw: bytes) -> Payload:
    """Decode a payload; of each kind of records only the first ones are read.

    Returns:
        The payload, which may be empty: then the bytes are something else that happens to be
        protobuf.

    Raises:
        RemoteProtocolError: The bytes are no payload, or more than 1 MiB.
    """
    if len(raw) > PAYLOAD_BYTES_MAX:
        raise RemoteProtocolError("a payload of data sync is larger than an envelope")
    try:
        wire = sync_pb2.Payload.FromString(raw)
    except DecodeError:
        wire = None
    # Raised only here: the library's text may quote what it could not read.
    if wire is None:
        raise RemoteProtocolError("the bytes are no payload of data sync")
    return Payload(
        acks=tuple(wire.acks[:ACKS_READ_MAX]),
        offers=tuple(wire.offers[:OFFERS_READ_MAX]),
        requests=tuple(wire.requests[:REQUESTS_READ_MAX]),
        messages=tuple(map(_from_wire, wire.messages[:MESSAGES_READ_MAX])),
    )


def encode_message(message: Message) -> bytes:
    """Encode a message alone, as it stands inside a payload."""
    return _to_wire(message).SerializeToString(deterministic=True)


def decode_message(raw: bytes) -> Message:
    """Decode a message alone.

    Raises:
        RemoteProtocolError: The bytes are no message.
    """
    try:
        wire = sync_pb2.Message.FromString(raw)
    except DecodeError:
        wire = None
    if wire is None:
        raise RemoteProtocolError("the bytes are no message of data sync")
    return _from_wire(wire)


def overhead_bytes(body_bytes: int) -> int:
    """Return how many bytes a payload has beyond the one body in it, at most.

    Args:
        body_bytes: The body's length; its group has 32 bytes and its timestamp may be any.
    """
    timestamp_bytes = _TAG_BYTES + _TIMESTAMP_BYTES_MAX
    inside = ID_RECORD_BYTES + timestamp_bytes + _TAG_BYTES + _varint_bytes(body_bytes)
    return inside + _TAG_BYTES + _varint_bytes(inside + body_bytes)


def _varint_bytes(value: int) -> int:
    return max(1, -(-value.bit_length() // _VARINT_BITS))


def _to_wire(message: Message) -> sync_pb2.Message:
    return sync_pb2.Message(
        group_id=message.group_id, timestamp=message.timestamp_s, body=message.body
    )


def _from_wire(wire: sync_pb2.Message) -> Message:
    return Message(wire.group_id, wire.timestamp, wire.body)
