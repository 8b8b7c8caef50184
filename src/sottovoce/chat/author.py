"""What only the person themself can make: signed payloads, signed events, fresh ids.

Spec: none; the key stays below `node`, and chats get what it can do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sottovoce.base.entropy import Entropy
from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.membership import MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.registry import Payload


@dataclass(frozen=True, slots=True)
class Author:
    """A person at one device.

    Attributes:
        key: Who it is.
        installation_id: The name of this device.
        compose: Wraps and signs a payload.
        sign_event: Signs an event of the group with this id; raises `LocalProtocolError` for a
            group whose id has not the usual form.
        entropy: Where ids of groups are drawn from.
    """

    key: PublicKey = field(repr=False)
    installation_id: str = field(repr=False)
    compose: Callable[[Payload], Wrapped] = field(repr=False)
    sign_event: Callable[[MembershipEvent, str], SignedEvent] = field(repr=False)
    entropy: Entropy = field(repr=False)
