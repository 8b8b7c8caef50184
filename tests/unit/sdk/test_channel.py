import pytest

from patience import run, until
from sottovoce.base.errors import LocalProtocolError
from sottovoce.payloads.chat_message import MessageType
from sottovoce.payloads.limits import TEXT_BYTES_MAX
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ClientClosedError
from sottovoce.sdk.messages import ChannelMessage
from sottovoce.sdk.subscriptions import Subscription
from sottovoce.stack.composing import compose, compose_public_text
from sottovoce.stack.destinations import PublicChat
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


def test_messages_that_are_unsigned_or_no_payload_are_counted() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            channel = bruno.channel(NAME)
            ear = await channel.subscribe()
            key, topic = await anna.channel_key(NAME), topic_of_name(NAME)
            post = anna.whisper.post
            me = anna.identity
            await post(said(anna, NAME), topic_bytes=topic, symmetric_key=key)
            await post(b"a bare text", topic_bytes=topic, symmetric_key=key, sign_with=me)
            elsewhere = said(anna, "kitchen")
            await post(elsewhere, topic_bytes=topic, symmetric_key=key, sign_with=me)
            await anna.channel(NAME).send_text("readable")
            assert (await anext(ear)).text == "readable"
            assert channel.unreadable_count == 3
            assert bruno.statistics().unreadable_count == 3

    run(main())


def test_message_carries_its_id_and_clocks_grow() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            ear = await bruno.channel(NAME).subscribe()
            await anna.channel(NAME).send_text("one")
            await anna.channel(NAME).send_text("two")
            one, two = await anext(ear), await anext(ear)
            assert one.clock < two.clock
            assert (len(one.message_id), one.message_id == two.message_id) == (32, False)

    run(main())


def test_payload_of_a_chat_that_is_no_message_is_let_go() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            channel = bruno.channel(NAME)
            ear = await channel.subscribe()
            face = EmojiReaction(
                clock=unix_ms(anna),
                chat_id=NAME,
                message_id="0x" + "11" * 32,
                message_type=MessageType.PUBLIC_GROUP,
                type=ReactionType.LOVE,
            )
            await anna.whisper.post(
                compose(face, anna.identity).raw,
                topic_bytes=topic_of_name(NAME),
                symmetric_key=await anna.channel_key(NAME),
                sign_with=anna.identity,
            )
            await anna.channel(NAME).send_text("readable")
            assert (await anext(ear)).text == "readable"
            assert channel.unreadable_count == 0

    run(main())


def unix_ms(client: Client) -> int:
    return int(client.now().unix_s * 1000)


def said(client: Client, name: str) -> bytes:
    now = unix_ms(client)
    chat = PublicChat(name)
    wrapped = compose_public_text("x", chat, client.identity, clock=now, timestamp_unix_ms=now)
    return wrapped.raw


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x" * (TEXT_BYTES_MAX + 1), "too large: it has 65537 bytes"), (" \n", "blank")],
)
def test_text_that_nobody_would_show_is_refused(text: str, reason: str) -> None:
    async def main() -> None:
        async with clients(1) as [anna]:
            with pytest.raises(LocalProtocolError, match=reason):
                await anna.channel(NAME).send_text(text)

    run(main())


def test_longest_text_is_heard_whole() -> None:
    async def main() -> None:
        async with pair() as (anna, bruno):
            ear = await bruno.channel(NAME).subscribe()
            await anna.channel(NAME).send_text("x" * TEXT_BYTES_MAX)
            assert (await anext(ear)).size_bytes == TEXT_BYTES_MAX

    run(main())


def test_channel_of_a_client_that_is_not_running_says_so() -> None:
    async def main() -> None:
        client = Client(listen=None)
        for use in (client.channel(NAME).send_text("x"), client.channel(NAME).subscribe()):
            with pytest.raises(ClientClosedError, match="use it inside 'async with'"):
                await use

    run(main())
