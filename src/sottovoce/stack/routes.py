"""From a destination to the envelope that can reach it: topic and key, as Status derives them.

Chat names a `Destination` and never sees a topic; gossip seals for a route and never sees a chat.

Spec: Status specs 10 (waku usage), "Topic/Encryption Keys"; status-go protocol/transport.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import TOPIC_BYTES, Topic, topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.gossip.keyring import symmetric_key_from_password
from sottovoce.gossip.seal import EnvelopeRoute

# Longer names reach nobody: Status' clients show and accept far less.
NAME_BYTES_MAX: Final = 1024


@dataclass(frozen=True, slots=True)
class PublicChat:
    """A channel that everybody who knows its name can read and write.

    Raises:
        LocalProtocolError: The name is empty or longer than 1024 bytes of UTF-8.
    """

    name: str

    def __post_init__(self) -> None:
        try:
            size_bytes = len(self.name.encode())
        except UnicodeEncodeError:
            raise LocalProtocolError("a channel's name is not valid Unicode text") from None
        if not 0 < size_bytes <= NAME_BYTES_MAX:
            raise LocalProtocolError(
                f"a channel's name has 1 to {NAME_BYTES_MAX} bytes, not {size_bytes}"
            )


Destination: TypeAlias = PublicChat


def topic_of_name(name: str) -> Topic:
    """Return the first four bytes of Keccak-256 over the UTF-8 name."""
    return topic(keccak256(name.encode())[:TOPIC_BYTES])


def key_of_name(name: str) -> SymmetricKey:
    """Derive the key of a name; takes tens of milliseconds, so keep the result."""
    return symmetric_key_from_password(name)


def route_to(
    destination: Destination, *, key: SymmetricKey, signer: PrivateKey | None
) -> EnvelopeRoute:
    """Return the route of a destination whose key is at hand (`key_of_name` made it)."""
    return EnvelopeRoute(topic_of_name(destination.name), key, signer)
