import pytest

from patience import run, until
from sottovoce.base.errors import LocalProtocolError
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ClientClosedError, PostError
from sottovoce.sdk.messages import ChannelMessage
from sottovoce.sdk.subscriptions import Subscription
from sottovoce.stack.routes import topic_of_name
from unit.sdk.line import clients, enode_of, line, pair

NAME = "lobby"


def waiting(subscription: Subscription[ChannelMessage]) -> int:
    return len(subscription._queue)


def test_text_that_is_said_is_heard_with_all_that_is_known_of_it() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            ear = await bruno.channel(NAME).subscribe()
            sent = await anna.channel(NAME).send_text("Ciao! \N{WAVING HAND SIGN}")
            message = await anext(ear)
            assert (message.text, message.sender) == ("Ciao! \N{WAVING HAND SIGN}", anna.public_key)
            assert (message.hash, message.pow) == (sent.hash, sent.pow)
            assert (message.size_bytes, message.own) == (10, False)
            await sent.sent()
            assert [peer.public_key for peer in anna.peers] == list(sent.peers)
            assert sent.topic == topic_of_name(NAME)

    run(main())


def test_text_crosses_relays_that_do_not_know_the_channel() -> None:
    async def main() -> None:
        async with line(4) as (anna, *_, bruno):
            ear = await bruno.channel(NAME).subscribe()
            await anna.channel(NAME).send_text("Ciao")
            assert (await anext(ear)).text == "Ciao"

    run(main())


def test_channels_do_not_hear_each_other() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            ear = await bruno.channel(NAME).subscribe()
            await anna.channel("kitchen").send_text("elsewhere")
            await anna.channel(NAME).send_text("here")
            assert (await anext(ear)).text == "here"

    run(main())


def test_own_messages_are_left_out_unless_they_are_asked_for() -> None:
    async def main() -> None:
        async with clients(1) as [anna]:
            plain = await anna.channel(NAME).subscribe()
            whole = await anna.channel(NAME).subscribe(include_own=True)
            await anna.channel(NAME).send_text("to myself")
            message = await anext(whole)
            assert (message.text, message.own) == ("to myself", True)
            assert waiting(plain) == 0

    run(main())


def test_every_subscription_hears_every_message() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            ears = [await bruno.channel(NAME).subscribe() for _ in range(3)]
            await anna.channel(NAME).send_text("Ciao")
            assert [(await anext(ear)).text for ear in ears] == ["Ciao"] * 3

    run(main())


def test_slow_reader_loses_the_oldest_and_the_loss_is_counted() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            slow = await bruno.channel(NAME).subscribe(queue_max=2)
            quick = await bruno.channel(NAME).subscribe()
            for text in ("one", "two", "three"):
                await anna.channel(NAME).send_text(text)
            assert [(await anext(quick)).text for _ in range(3)] == ["one", "two", "three"]
            assert slow.dropped_count == 1
            assert [(await anext(slow)).text for _ in range(2)] == ["two", "three"]

    run(main())


def test_closed_subscription_hears_no_more_and_the_others_do() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            left = await bruno.channel(NAME).subscribe()
            stays = await bruno.channel(NAME).subscribe()
            async with left:
                pass
            await anna.channel(NAME).send_text("Ciao")
            assert (await anext(stays)).text == "Ciao"
            assert [message async for message in left] == []

    run(main())


def test_message_that_two_relays_bring_is_delivered_once() -> None:
    async def main() -> None:
        async with clients(4) as (anna, one, other, bruno):
            for relay in (one, other):
                await anna.connect(enode_of(relay))
                await bruno.connect(enode_of(relay))
            ear = await bruno.channel(NAME).subscribe()
            await anna.channel(NAME).send_text("Ciao")
            everybody = (anna, one, other, bruno)
            await until(lambda: all(_touched(relay) >= 2 for relay in (one, other)))
            await until(lambda: _total(everybody, "sent") == _total(everybody, "received"))
            assert waiting(ear) == 1

    run(main())


def _touched(relay: Client) -> int:
    """Count what a relay got and gave: two once it has had to do with both of its peers."""
    counters = relay.statistics().relay
    return counters["envelopes_received"] + counters["envelopes_sent"]


def _total(everybody: tuple[Client, ...], what: str) -> int:
    return sum(client.statistics().relay[f"envelopes_{what}"] for client in everybody)


def test_message_said_before_anybody_is_connected_reaches_who_connects_in_time() -> None:
    async def main() -> None:
        async with clients(2) as (anna, bruno):
            ear = await bruno.channel(NAME).subscribe()
            sent = await anna.channel(NAME).send_text("Is anybody there?")
            assert sent.peers == ()
            await bruno.connect(enode_of(anna))
            assert (await anext(ear)).text == "Is anybody there?"
            await sent.sent()

    run(main())


def test_unsigned_messages_and_those_that_are_no_text_are_counted() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            channel = bruno.channel(NAME)
            ear = await channel.subscribe()
            key, topic = await anna.channel_key(NAME), topic_of_name(NAME)
            post = anna.whisper.post
            await post(b"unsigned", topic_bytes=topic, symmetric_key=key)
            await post(b"\xff\xfe", topic_bytes=topic, symmetric_key=key, sign_with=anna.identity)
            await anna.channel(NAME).send_text("readable")
            assert (await anext(ear)).text == "readable"
            assert channel.unreadable_count == 2
            assert bruno.statistics().unreadable_count == 2

    run(main())


def test_same_name_is_the_same_channel() -> None:
    async def main() -> None:
        async with clients(1) as [anna]:
            assert anna.channel(NAME) is anna.channel(NAME)
            assert anna.channel(NAME) is not anna.channel("kitchen")

    run(main())


def test_impossible_name_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="1 to 1024 bytes"):
        Client(listen=None).channel("")


def test_text_that_is_no_unicode_is_refused() -> None:
    async def main() -> None:
        async with clients(1) as [anna]:
            with pytest.raises(LocalProtocolError, match="not valid Unicode"):
                await anna.channel(NAME).send_text("\udcff")

    run(main())


def test_text_that_fits_no_envelope_is_not_sent() -> None:
    async def main() -> None:
        async with Client(gossip=GossipSettings(minimum_pow=0.0)) as anna:
            with pytest.raises(PostError, match="too large"):
                await anna.channel(NAME).send_text("x" * (1024 * 1024), pow_target=0.0)

    run(main())


def test_channel_of_a_client_that_is_not_running_says_so() -> None:
    async def main() -> None:
        client = Client(listen=None)
        for use in (client.channel(NAME).send_text("x"), client.channel(NAME).subscribe()):
            with pytest.raises(ClientClosedError, match="use it inside 'async with'"):
                await use

    run(main())
