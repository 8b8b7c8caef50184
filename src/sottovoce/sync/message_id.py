"""The identifier of a message: a hash over its three fields.

Spec: VAC 2 (MVDS), "Message Identifiers"; the order of bytes is that of vacp2p/mvds,
protobuf/messageid.go.
"""

from typing import Final

from sottovoce.crypto.hashes import sha256
from sottovoce.sync.records import Message, MessageId

_DOMAIN: Final = b"MESSAGE_ID"
_TIMESTAMP_BYTES: Final = 8


def message_id(message: Message) -> MessageId:
    """Return the 32 bytes of SHA-256 over the domain, the group, the timestamp and the body.

    The fields are hashed as they are, whatever their lengths, and the timestamp in eight bytes,
    little-endian, two's complement.
    """
    timestamp = message.timestamp_s.to_bytes(_TIMESTAMP_BYTES, "little", signed=True)
    return MessageId(sha256(_DOMAIN + message.group_id + timestamp + message.body))
