"""What the channel and Whisper lanes need of the client, as a port."""

from collections.abc import Callable
from typing import Protocol

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage
from sottovoce.node.inputs import Input
from sottovoce.sdk.messages import SentMessage


class NodeAccess(Protocol):
    """A running node with an identity."""

    @property
    def public_key(self) -> PublicKey:
        """The public half of the identity."""
        ...

    def now(self) -> Moment:
        """Read the clocks of the node."""
        ...

    @property
    def entropy(self) -> Entropy:
        """Where fresh keys come from."""
        ...

    @property
    def identity(self) -> PrivateKey:
        """The private key that signs our messages."""
        ...

    async def channel_key(self, name: str) -> SymmetricKey:
        """Return the key of a channel, derived on a thread at the first call."""
        ...

    def install_filter(
        self,
        wanted: Filter,
        deliver: Callable[[OpenedMessage], None],
        close: Callable[[], None],
    ) -> Callable[[], None]:
        """Deliver what a filter opens; returns the function that removes the filter."""
        ...

    async def post(
        self,
        payload: bytes,
        route: EnvelopeRoute,
        *,
        ttl_s: int,
        pow_target: float | None,
        work_time_s: float,
        padding: bytes | None = None,
        target: PublicKey | None = None,
    ) -> SentMessage:
        """Seal, mine and post.

        Raises:
            PostError: It did not leave; the text says why.
        """
        ...

    def command(self, event: Input) -> None:
        """Hand a wish to the node.

        Raises:
            ClientClosedError: The client is not running.
        """
        ...
