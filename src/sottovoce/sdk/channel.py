"""Public channels: everybody who knows the name can read and write.

A channel's message is its text in UTF-8 inside a signed Whisper message, until the payload layer
exists; the calls will stay as they are.
"""

from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.sdk.messages import ChannelMessage, SentMessage
from sottovoce.sdk.node_access import NodeAccess
from sottovoce.sdk.subscriptions import QUEUE_MAX, Subscription
from sottovoce.stack.routes import PublicChat, route_to, topic_of_name

# What Status' clients use for every message (status-go protocol/message_processor.go).
TTL_S: Final = 15
POW_TARGET: Final = 0.002
WORK_TIME_S: Final = 5.0


class Channel:
    """One public channel of a client; `Client.channel` makes it.

    Attributes:
        name: The channel's name.
        unreadable_count: Messages on its topic and key that were unsigned or no UTF-8 text.

    Raises:
        LocalProtocolError: The name is empty or too long.
    """

    def __init__(self, client: NodeAccess, name: str) -> None:
        self._client = client
        self._chat = PublicChat(name)
        self.name = name
        self.unreadable_count = 0

    async def send_text(
        self,
        text: str,
        *,
        ttl_s: int = TTL_S,
        pow_target: float = POW_TARGET,
        work_time_s: float = WORK_TIME_S,
    ) -> SentMessage:
        """Say something.

        Args:
            text: The text; its UTF-8 has to fit into one envelope (1 MiB with all around it).
            ttl_s: Seconds for which the network carries it.
            pow_target: Proof of work to reach; less than a relay's minimum, and it drops it.
            work_time_s: Seconds that the search for it may take.

        Returns:
            What left. It travels from then on; `SentMessage.sent` waits for the first peer.

        Raises:
            LocalProtocolError: The text is not valid Unicode.
            PostError: It did not leave; the text says why.
        """
        try:
            payload = text.encode()
        except UnicodeEncodeError:
            raise LocalProtocolError("the text is not valid Unicode text") from None
        key = await self._client.channel_key(self.name)
        return await self._client.post(
            payload,
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

    def _read(self, opened: OpenedMessage) -> ChannelMessage | None:
        sender = opened.transport_sender
        try:
            text = opened.payload.decode()
        except UnicodeDecodeError:
            text = None
        if sender is None or text is None:
            self.unreadable_count += 1
            return None
        return ChannelMessage(
            text=text,
            sender=sender,
            sent_unix_s=opened.sent_unix_s,
            hash=opened.hash,
            size_bytes=len(opened.payload),
            pow=opened.pow,
            own=sender == self._client.public_key,
        )
