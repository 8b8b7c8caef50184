"""Raw Whisper access as a lane of its own: keys, filters, post.

Nothing here knows channels or people. It is for protocols of one's own on top of envelopes, and
for talking to programs that used the ``shh`` interface.

Spec: EIP-627; the defaults are those of the ``shh`` JSON-RPC.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey, topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.keyring import symmetric_key_from_password
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage
from sottovoce.gossip.settings import Interest
from sottovoce.node import inputs
from sottovoce.sdk.messages import SentMessage
from sottovoce.sdk.node_access import NodeAccess
from sottovoce.sdk.subscriptions import QUEUE_MAX, Subscription

TTL_S: Final = 50  # go-ethereum's default
POW_TARGET: Final = 0.002  # what Status' fleets ask for
WORK_TIME_S: Final = 5.0
_KEY_BYTES: Final = 32

_log = logging.getLogger(__name__)


class Whisper:
    """Keys, filters and posting of one client; it is `Client.whisper`."""

    def __init__(self, client: NodeAccess, *, interest: Interest = Interest.EVERYTHING) -> None:
        self._client = client
        self._interest = interest

    # ---- keys

    def generate_private_key(self) -> PrivateKey:
        """Draw a private key."""
        return secp256k1.generate_private_key(self._client.entropy)

    def private_key(self, raw: bytes) -> PrivateKey:
        """Make a private key of its 32 bytes.

        Raises:
            InvalidKeyError: Another length, zero, or not below the order of the curve.
        """
        return secp256k1.private_key(raw)

    def public_key_of(self, private_key: PrivateKey) -> PublicKey:
        """Return the public half."""
        return secp256k1.public_key(private_key)

    def public_key(self, raw: bytes) -> PublicKey:
        """Make a public key of 65 bytes 04 || x || y, or of 64 bytes x || y.

        Raises:
            InvalidKeyError: It is not a point of the curve.
        """
        return secp256k1.parse_public_key(raw)

    def generate_symmetric_key(self) -> SymmetricKey:
        """Draw a symmetric key."""
        return SymmetricKey(self._client.entropy.take(_KEY_BYTES))

    def symmetric_key(self, raw: bytes) -> SymmetricKey:
        """Make a symmetric key of its 32 bytes.

        Raises:
            InvalidKeyError: Another length, or all zero.
        """
        return SymmetricKey(raw)

    async def symmetric_key_from_password(self, password: str) -> SymmetricKey:
        """Derive a key from a password as all Whisper nodes do; off the loop, for it is slow."""
        return await asyncio.to_thread(symmetric_key_from_password, password)

    # ---- reading

    async def subscribe(
        self,
        *,
        symmetric_key: SymmetricKey | None = None,
        private_key: PrivateKey | None = None,
        topics: Iterable[bytes] = (),
        source: PublicKey | None = None,
        minimum_pow: float = 0.0,
        allow_direct: bool = False,
        queue_max: int = QUEUE_MAX,
    ) -> Subscription[OpenedMessage]:
        """Open matching envelopes from now on.

        Args:
            symmetric_key: The key to open with; exactly one of the two is given.
            private_key: The key to open with.
            topics: Topics of 4 bytes; none means any, of which a client that is no full node
                receives next to nothing (`Client`, ``gossip``).
            source: Only messages that this key signed.
            minimum_pow: Only envelopes of at least this proof of work.
            allow_direct: Whether messages past the pool, from trusted peers, count as well.
            queue_max: Messages that may wait; then the oldest is dropped and counted.

        Returns:
            An async iterator over opened messages, our own included.

        Raises:
            LocalProtocolError: Both keys or none are given, or a topic has not 4 bytes.
        """
        wanted = make_filter(
            symmetric_key=symmetric_key,
            private_key=private_key,
            topics=[topic(raw) for raw in topics],
            source=source,
            minimum_pow=minimum_pow,
            allows_direct=allow_direct,
        )
        if not wanted.topics and not allow_direct and self._interest is not Interest.EVERYTHING:
            _log.warning(
                "a subscription to any topic hears next to nothing, for peers send this client the "
                "topics of its subscriptions only; name topics, or make it a full node with "
                "gossip=GossipSettings()"
            )
        subscription: Subscription[OpenedMessage] = Subscription(
            queue_max=queue_max, on_close=lambda: remove()
        )
        remove = self._client.install_filter(wanted, subscription.put, subscription.close)
        return subscription

    # ---- writing

    async def post(
        self,
        payload: bytes,
        *,
        topic_bytes: bytes,
        symmetric_key: SymmetricKey | None = None,
        public_key: PublicKey | None = None,
        sign_with: PrivateKey | None = None,
        ttl_s: int = TTL_S,
        pow_target: float = POW_TARGET,
        work_time_s: float = WORK_TIME_S,
        padding: bytes | None = None,
        target_enode: str | None = None,
    ) -> SentMessage:
        """Seal a payload into an envelope and let it travel.

        Args:
            payload: Any bytes.
            topic_bytes: The topic, 4 bytes.
            symmetric_key: The key to seal with; exactly one of the two is given.
            public_key: The key to seal to.
            sign_with: Who signs, or None for an unsigned message.
            ttl_s: Seconds of life.
            pow_target: Proof of work to reach; 0 does none.
            work_time_s: Seconds that the search for it may take.
            padding: Padding instead of the random one.
            target_enode: Send to this connected peer only, past the pool.

        Returns:
            What left.

        Raises:
            LocalProtocolError: Both keys or none are given, or an argument is not valid.
            PostError: It did not leave; the text says why.
        """
        key = symmetric_key or public_key
        if key is None or (symmetric_key is not None and public_key is not None):
            raise LocalProtocolError("give either a symmetric key or a public key")
        return await self._client.post(
            payload,
            EnvelopeRoute(topic(topic_bytes), key, sign_with),
            ttl_s=ttl_s,
            pow_target=pow_target,
            work_time_s=work_time_s,
            padding=padding,
            target=None if target_enode is None else parse_enode(target_enode).public_key,
        )

    # ---- the node

    def set_minimum_pow(self, minimum_pow: float) -> None:
        """Refuse envelopes with less proof of work, and tell the peers.

        Raises:
            LocalProtocolError: It is negative or not finite.
        """
        self._client.command(inputs.SetMinimumPow(minimum_pow))

    def set_bloom(self, bloom: bytes) -> None:
        """Take only envelopes whose topic matches this filter of 64 bytes, and tell the peers.

        Raises:
            LocalProtocolError: It has not 64 bytes.
        """
        self._client.command(inputs.SetBloom(bloom))

    def trust(self, enode: str, *, trusted: bool = True) -> None:
        """Take direct messages from this peer (or no more).

        Raises:
            LocalProtocolError: The enode is not valid.
        """
        self._client.command(inputs.TrustPeer(parse_enode(enode).public_key, trusted))
