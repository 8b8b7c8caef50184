"""Message ids: what names a message in replies, commands and the search for duplicates.

An id is over the wrapper's bytes as they travelled, never over bytes that were encoded again, and
it is the same for everybody who gets them (docs/spec-deviations.md, "Message ids").

Spec: status-go protocol/v1/message.go.
"""

from typing import NewType

from sottovoce.base.quantities import PublicKey
from sottovoce.crypto.hashes import keccak256

# 32 bytes.
MessageId = NewType("MessageId", bytes)


def message_id(author: PublicKey | None, raw: bytes) -> MessageId:
    """Return the id of a wrapper.

    Args:
        author: Who signed the payload; None if nobody did, which leaves the key out.
        raw: The wrapper's bytes, as they were sent or came.
    """
    return MessageId(keccak256((author.uncompressed if author is not None else b"") + raw))


def message_id_text(identifier: MessageId) -> str:
    """Return the text that fields carry: 0x and 64 lower-case digits."""
    return "0x" + identifier.hex()
