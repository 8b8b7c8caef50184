"""What the SDK hands out: channel messages, receipts, peers, statistics."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.errors import NotSentError

_NO_ID: Final = MessageId(b"")


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """A text that somebody said in a channel.

    Attributes:
        text: What was said; written by strangers, so never trust it to be harmless on a terminal.
        sender: Key that signed the message.
        sent_unix_s: When it was sent, whole seconds, by the sender's clock.
        hash: The envelope's hash.
        size_bytes: Length of the text in UTF-8.
        pow: The proof of work of its envelope.
        own: Whether this client sent it.
        message_id: Its name, 32 bytes, the same for everybody who gets it.
        clock: Its place in the channel, on the scale of Unix milliseconds.
    """

    text: str = field(repr=False)
    sender: PublicKey
    sent_unix_s: int
    hash: EnvelopeHash
    size_bytes: int
    pow: float
    own: bool
    message_id: MessageId = _NO_ID
    clock: int = 0


def nobody_takes(peer_count: int) -> str:
    """Say why connected peers took nothing, and what helps.

    Args:
        peer_count: How many there are, 1 or more.
    """
    return (
        f"none of the connected peers ({peer_count}) takes this topic, or so little proof of work: "
        "connect to a relay too, which takes all topics, or ask for more work"
    )


class SentMessage:
    """A message that left for the network: what was sealed, and whether a peer took it.

    Attributes:
        hash: The envelope's hash.
        topic: The envelope's topic.
        size_bytes: The envelope's length.
        tries: Nonces tried for the proof of work.
        pow: The proof of work reached.

    Args:
        peer_count: Tells how many peers are connected.
    """

    def __init__(
        self,
        *,
        envelope_hash: EnvelopeHash,
        topic: Topic,
        size_bytes: int,
        tries: int,
        pow_: float,
        peer_count: Callable[[], int],
    ) -> None:
        self.hash = envelope_hash
        self.topic = topic
        self.size_bytes = size_bytes
        self.tries = tries
        self.pow = pow_
        self._peer_count = peer_count
        self._peers: list[PublicKey] = []
        self._first_peer = asyncio.Event()

    @property
    def peers(self) -> tuple[PublicKey, ...]:
        """The peers to which it was sent so far."""
        return tuple(self._peers)

    async def sent(self, timeout_s: float = 10.0) -> None:
        """Wait until it was sent to at least one peer.

        Raises:
            NotSentError: No peer took it within `timeout_s` seconds.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._first_peer.wait()
        except TimeoutError:
            raise NotSentError(
                f"no peer took the message within {timeout_s:g} s; {self._remedy()}"
            ) from None

    def _remedy(self) -> str:
        count = self._peer_count()
        return nobody_takes(count) if count else "connect to a peer first"

    def note_peer(self, peer: PublicKey) -> None:
        """Note that it went out to a peer (the client calls this)."""
        self._peers.append(peer)
        self._first_peer.set()


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """A connected peer.

    Attributes:
        public_key: Its node key.
        client_id: How it calls itself.
        address: Its network address.
        inbound: Whether it dialled us.
        protocols: What is spoken with it: ``shh/6``, ``waku/0``, ``waku/1``.
    """

    public_key: PublicKey
    client_id: str
    address: str
    inbound: bool
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerEvent:
    """Something that happened to a peer.

    Attributes:
        kind: ``connected``, ``disconnected`` or ``unreachable``.
        public_key: The peer's node key.
        detail: One line for people. It contains what the peer says of itself, so it is hostile.
        protocols: What is spoken with it, if it is connected: ``shh/6``, ``waku/0``, ``waku/1``.
    """

    kind: Literal["connected", "disconnected", "unreachable"]
    public_key: PublicKey
    detail: str
    protocols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """What one TCP stream has carried, in bytes, with the ports of its two ends."""

    local_port: int
    remote_port: int
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counters of a client at one moment.

    Attributes:
        peer_count: Connected peers.
        relay: The relay's counters by name.
        dropped: Envelopes that were not pooled, by reason.
        unreadable_count: Messages of our channels that were unsigned or no payloads.
        failed_inputs: Inputs set aside because of a bug of ours; always 0, one hopes.
        streams: The open TCP streams.
        links: What became of streams so far, by name.
        ended: Connections that ended, by who ended them and why.
        failures: Peers whose session we ended, by reason.
        excesses: How often peers exceeded a limit of ours, by limit.
        mail: The mailserver's counters by name; None if the node is none.
        refused: Requests that the mailserver did not answer, by reason.
        traffic: Envelopes by direction and use, and their bytes, by name; `Client.traffic` says
            more.
    """

    peer_count: int
    relay: dict[str, int]
    dropped: dict[str, int]
    unreadable_count: int
    failed_inputs: int
    streams: tuple[StreamStatistics, ...]
    links: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    excesses: dict[str, int] = field(default_factory=dict)
    mail: dict[str, int] | None = None
    refused: dict[str, int] = field(default_factory=dict)
    traffic: dict[str, int] = field(default_factory=dict)
