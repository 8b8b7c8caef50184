import pytest

from patience import run, turns
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.crypto import secp256k1
from sottovoce.sdk.errors import NotSentError
from sottovoce.sdk.messages import ChannelMessage, SentMessage
from unit.node.pump import key_number

PEERS = tuple(secp256k1.public_key(key_number(number)) for number in (1, 2))


def make(peer_count: int = 0) -> SentMessage:
    return SentMessage(
        envelope_hash=EnvelopeHash(bytes(32)),
        topic=Topic(b"topi"),
        size_bytes=9,
        tries=2,
        pow_=0.5,
        peer_count=lambda: peer_count,
    )


def test_wait_ends_with_the_first_peer() -> None:
    async def main() -> None:
        sent = make()
        sent.note_peer(PEERS[0])
        await sent.sent(0.01)
        sent.note_peer(PEERS[1])
        await sent.sent(0.01)
        assert sent.peers == PEERS

    run(main())


def test_wait_that_nobody_ends_says_what_to_do() -> None:
    async def main() -> None:
        with pytest.raises(NotSentError) as caught:
            await make().sent(0.01)
        assert str(caught.value) == (
            "no peer took the message within 0.01 s; connect to a peer first"
        )
        await turns(1)

    run(main())


def test_wait_for_peers_that_want_something_else_says_so() -> None:
    async def main() -> None:
        with pytest.raises(NotSentError) as caught:
            await make(peer_count=2).sent(0.01)
        assert str(caught.value) == (
            "no peer took the message within 0.01 s; none of the connected peers (2) takes this "
            "topic, or so little proof of work: connect to a relay too, which takes all topics, or "
            "ask for more work"
        )
        await turns(1)

    run(main())


def test_text_of_a_message_is_not_shown() -> None:
    message = ChannelMessage("meet me at noon", PEERS[0], 1, EnvelopeHash(bytes(32)), 15, 0.5, True)
    assert "noon" not in repr(message)
