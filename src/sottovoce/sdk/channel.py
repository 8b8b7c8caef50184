"""Public channels: everybody who knows the name can read and write.

A channel's message is a chat message as Status' clients write and read it. Nothing is kept: whoever
wants history, replies and reactions takes a `Messenger`.
"""

from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.clock import acceptable_clock
from sottovoce.payloads.limits import TEXT_BYTES_MAX
from sottovoce.payloads.metadata import Wrapped
from sottovoce.sdk.messages import ChannelMessage, SentMessage
from sottovoce.sdk.node_access import NodeAccess
from sottovoce.sdk.subscriptions import QUEUE_MAX, Subscription
from sottovoce.stack.composing import compose_public_text
from sottovoce.stack.events import Dropped
from sottovoce.stack.inbound import read_public
from sottovoce.stack.routes import PublicChat, route_to, topic_of_name

# What Status' clients use for every message (status-go protocol/message_processor.go).
TTL_S: Final = 15
WORK_TIME_S: Final = 5.0

_MILLISECONDS: Final = 1000


class Channel:
    """One public channel of a client; `Client.channel` makes it.

    Attributes:
        name: The channel's name.
        unreadable_count: Messages on its topic and key that were unsigned, no payload of Status'
            protocol, or broke a rule of it.

    Raises:
        LocalProtocolError: The name is empty or too long.
    """

    def __init__(self, client: NodeAccess, name: str) -> None:
        self._client = client
        self._chat = PublicChat(name)
        self.name = name
        self.unreadable_count = 0
        self._last_clock = 0

    async def send_text(
        self,
        text: str,
        *,
        ttl_s: int = TTL_S,
        pow_target: float | None = None,
        work_time_s: float = WORK_TIME_S,
    ) -> SentMessage:
        """Say something.

        Args:
            text: The text, at most 64 KiB of UTF-8, and not blank.
            ttl_s: Seconds for which the network carries it.
            pow_target: Proof of work to reach; less than a relay's minimum, and it drops it. None
                chooses by the size, as all clients should.
            work_time_s: Seconds that the search for it may take.

        Returns:
            What left. It travels from then on; `SentMessage.sent` waits for the first peer.

        Raises:
            LocalProtocolError: The text is blank, too long or not valid Unicode.
            PostError: It did not leave; the text says why.
        """
        wrapped = self._compose(text)
        key = await self._client.channel_key(self.name)
        return await self._client.post(
            wrapped.raw,
            route_to(self._chat, key=key, signer=self._client.identity),
            ttl_s=ttl_s,
            pow_target=pow_target,
            work_time_s=work_time_s,
        )

    async def subscribe(
        self, *, include_own: bool = False, queue_max: int = QUEUE_MAX
    ) -> Subscription[ChannelMessage]:
        """Listen from now on.

        Args:
            include_own: Whether what this client says comes back as well.
            queue_max: Messages that may wait; then the oldest is dropped and counted.

        Returns:
            An async iterator; close it (or leave its ``async with``) to stop listening.
        """
        key = await self._client.channel_key(self.name)
        subscription: Subscription[ChannelMessage] = Subscription(
            queue_max=queue_max, on_close=lambda: remove()
        )

        def deliver(opened: OpenedMessage) -> None:
            message = self._read(opened)
            if message is not None and (include_own or not message.own):
                subscription.put(message)

        wanted = make_filter(symmetric_key=key, topics=[topic_of_name(self.name)])
        remove = self._client.install_filter(wanted, deliver, subscription.close)
        return subscription

    def _compose(self, text: str) -> Wrapped:
        """Make the message.

        Raises:
            LocalProtocolError: The text is blank, too long or not valid Unicode.
        """
        try:
            size_bytes = len(text.encode())
        except UnicodeEncodeError:
            raise LocalProtocolError("the text is not valid Unicode text") from None
        if size_bytes > TEXT_BYTES_MAX:
            raise LocalProtocolError(
                f"the text is too large: it has {size_bytes} bytes, a message at most "
                f"{TEXT_BYTES_MAX}"
            )
        if not text.strip():
            raise LocalProtocolError("there is nothing to say: the text is blank")
        now_unix_ms = int(self._client.now().unix_s * _MILLISECONDS)
        clock = acceptable_clock(last_clock=self._last_clock, now_unix_ms=now_unix_ms)
        wrapped = compose_public_text(
            text, self._chat, self._client.identity, clock=clock, timestamp_unix_ms=now_unix_ms
        )
        self._last_clock = max(self._last_clock, clock)
        return wrapped

    def _read(self, opened: OpenedMessage) -> ChannelMessage | None:
        read = read_public(opened, self._chat)
        if isinstance(read, Dropped):
            self.unreadable_count += 1
            return None
        written = read.payload
        if not isinstance(written, ChatMessage):
            return None  # A reaction, or what else belongs to a chat and is no message.
        self._last_clock = max(self._last_clock, written.clock)
        return ChannelMessage(
            text=written.text,
            sender=read.author,
            sent_unix_s=opened.sent_unix_s,
            hash=opened.hash,
            size_bytes=len(written.text.encode()),
            pow=opened.pow,
            own=read.author == self._client.public_key,
            message_id=read.message_id,
            clock=written.clock,
        )
