import asyncio

import pytest

from patience import run, until
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.node import effects, inputs
from sottovoce.sdk.errors import ClientClosedError, PostError
from sottovoce.sdk.posts import Posts
from unit.node.pump import post

HASH, PEER = EnvelopeHash(bytes(32)), PublicKey(bytes(64))


def test_post_is_done_when_the_node_says_so() -> None:
    async def main() -> None:
        posts, wishes = Posts(lambda: 0), list[inputs.Input]()
        waiting = asyncio.ensure_future(posts.post(post(7), wishes.append))
        await until(lambda: wishes)
        posts.done(effects.PostSucceeded(8, HASH, 1, 1, 1.0))  # Somebody else's.
        posts.done(effects.PostSucceeded(7, HASH, 1, 1, 1.0))
        # It may be told in the same batch, before whoever waits wakes up.
        posts.note_peer(effects.SentToPeer(PEER, (HASH, EnvelopeHash(b"x" * 32))))
        sent = await waiting
        assert sent.peers == (PEER,)
        assert not len(posts)

    run(main())


def test_post_that_failed_says_why() -> None:
    async def main() -> None:
        posts = Posts(lambda: 0)
        with pytest.raises(PostError, match="too large"):
            await posts.post(post(7), lambda _: posts.done(effects.PostFailed(7, "too large")))

    run(main())


def test_nobody_waits_for_ever() -> None:
    async def main() -> None:
        posts = Posts(lambda: 0)
        waiting = asyncio.ensure_future(posts.post(post(7), lambda _: None))
        await until(lambda: len(posts))
        posts.give_up_all(ClientClosedError("closed"))
        with pytest.raises(ClientClosedError):
            await waiting

    run(main())
