"""From a destination to the envelope that can reach it: topic and key, as Status derives them.

Chat names a `Destination` and never sees a topic; gossip seals for a route and never sees a chat.

Spec: Status specs 10 (waku usage), "Topic/Encryption Keys"; status-go protocol/transport.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.stack.topics import key_of_name as key_of_name
from sottovoce.stack.topics import topic_of_name as topic_of_name

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


def route_to(
    destination: Destination, *, key: SymmetricKey, signer: PrivateKey | None
) -> EnvelopeRoute:
    """Return the route of a destination whose key is at hand (`key_of_name` made it)."""
    return EnvelopeRoute(topic_of_name(destination.name), key, signer)
