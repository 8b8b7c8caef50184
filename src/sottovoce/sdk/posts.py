"""The posts of a client: what was handed to its node, and who got it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from sottovoce.base.errors import SottovoceError
from sottovoce.node import effects, inputs
from sottovoce.sdk.errors import PostError
from sottovoce.sdk.messages import SentMessage

if TYPE_CHECKING:
    from sottovoce.base.quantities import EnvelopeHash, Topic


class Posts:
    """What waits for its proof of work, and what somebody still asks after.

    Args:
        peer_count: Tells how many peers are connected.
    """

    def __len__(self) -> int:
        return len(self._waiting)

    def __init__(self, peer_count: Callable[[], int]) -> None:
        self._peer_count = peer_count
        self._waiting: dict[int, tuple[Topic, asyncio.Future[SentMessage]]] = {}
        self._sent: WeakValueDictionary[EnvelopeHash, SentMessage] = WeakValueDictionary()

    async def post(
        self, wish: inputs.PostMessage, command: Callable[[inputs.Input], None]
    ) -> SentMessage:
        """Hand a message to the node and wait until it leaves.

        Raises:
            PostError: It did not leave; the text says why.
        """
        done: asyncio.Future[SentMessage] = asyncio.get_running_loop().create_future()
        self._waiting[wish.request] = wish.route.topic, done
        try:
            command(wish)
            return await done
        finally:
            del self._waiting[wish.request]

    def done(self, fact: effects.PostSucceeded | effects.PostFailed) -> None:
        """Take the end of a post; it may be somebody else's."""
        topic, waiting = self._waiting.get(fact.request, (None, None))
        if waiting is None or topic is None or waiting.done():
            return
        if isinstance(fact, effects.PostFailed):
            waiting.set_exception(PostError(fact.detail))
            return
        sent = SentMessage(
            envelope_hash=fact.hash, topic=topic, size_bytes=fact.size_bytes, tries=fact.tries,
            pow_=fact.pow, peer_count=self._peer_count,
        )  # fmt: skip
        # Known at once: the news that a peer took it may follow in the same batch.
        self._sent[fact.hash] = sent
        waiting.set_result(sent)

    def note_peer(self, fact: effects.SentToPeer) -> None:
        """Note that envelopes went out to a peer."""
        for envelope in fact.hashes:
            sent = self._sent.get(envelope)
            if sent is not None:
                sent.note_peer(fact.public_key)

    def give_up_all(self, error: SottovoceError) -> None:
        """Let nobody wait any more."""
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
