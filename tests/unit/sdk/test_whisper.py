import pytest

from patience import run, until
from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ClientClosedError, PostError
from unit.sdk.line import KEY_A, TOPIC, clients, enode_of, pair

SHARED = SymmetricKey(b"shared key of thirty-two bytes!!")


# ---- keys


def test_keys_are_made_of_their_bytes_and_drawn_anew() -> None:
    whisper = Client(listen=None).whisper
    assert whisper.private_key(KEY_A).raw == KEY_A
    assert whisper.symmetric_key(SHARED.raw) == SHARED
    assert whisper.generate_private_key() != whisper.generate_private_key()
    assert whisper.generate_symmetric_key() != whisper.generate_symmetric_key()


def test_public_key_is_read_with_and_without_its_first_byte() -> None:
    whisper = Client(listen=None).whisper
    public = whisper.public_key_of(whisper.private_key(KEY_A))
    assert public == secp256k1.public_key(secp256k1.private_key(KEY_A))
    assert whisper.public_key(public.raw) == whisper.public_key(public.uncompressed) == public


@pytest.mark.parametrize("raw", [b"", bytes(32), b"\x01" * 31])
def test_unusable_keys_are_refused(raw: bytes) -> None:
    whisper = Client(listen=None).whisper
    for make in (whisper.private_key, whisper.symmetric_key, whisper.public_key):
        with pytest.raises(InvalidKeyError):
            make(raw)


def test_key_of_a_password_is_that_of_all_whisper_nodes() -> None:
    async def main() -> None:
        key = await Client(listen=None).whisper.symmetric_key_from_password("status")
        # Made by status-go 0.53.
        assert key.raw.hex() == "36224048e42c49e5c59c57bba5024fbb8822d6b4ee6ac5fbefd8b77f5323ecc4"

    run(main())


# ---- reading and writing


def test_message_to_a_public_key_is_read_by_its_owner_with_the_signer() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            reader, author = (two.whisper.generate_private_key() for _ in range(2))
            inbox = await two.whisper.subscribe(private_key=reader, topics=[TOPIC])
            await one.whisper.post(
                b"for your eyes only",
                topic_bytes=TOPIC,
                public_key=two.whisper.public_key_of(reader),
                sign_with=author,
            )
            message = await anext(inbox)
            assert message.payload == b"for your eyes only"
            assert message.transport_sender == one.whisper.public_key_of(author)
            assert message.recipient == two.whisper.public_key_of(reader)
            assert (message.topic, message.ttl_s) == (TOPIC, 50)

    run(main())


def test_message_under_a_shared_key_is_read_unsigned_with_its_padding() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            inbox = await two.whisper.subscribe(symmetric_key=SHARED)
            sent = await one.whisper.post(
                b"hello", topic_bytes=TOPIC, symmetric_key=SHARED, ttl_s=7, padding=b"filling"
            )
            message = await anext(inbox)
            assert (message.payload, message.padding) == (b"hello", b"filling")
            assert (message.transport_sender, message.recipient) == (None, None)
            assert (message.ttl_s, message.hash) == (7, sent.hash)

    run(main())


def test_filter_takes_only_its_topics_its_source_and_its_work() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            author = one.whisper.generate_private_key()
            inbox = await two.whisper.subscribe(
                symmetric_key=SHARED,
                topics=[TOPIC],
                source=one.whisper.public_key_of(author),
                minimum_pow=0.02,
            )
            post = one.whisper.post
            await post(b"other topic", topic_bytes=b"else", symmetric_key=SHARED, sign_with=author)
            await post(b"unsigned", topic_bytes=TOPIC, symmetric_key=SHARED, pow_target=0.02)
            await post(
                b"right",
                topic_bytes=TOPIC,
                symmetric_key=SHARED,
                sign_with=author,
                pow_target=0.02,
            )
            assert (await anext(inbox)).payload == b"right"

    run(main())


def test_post_reports_the_work_that_was_asked_for() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            sent = await one.whisper.post(
                b"x", topic_bytes=TOPIC, symmetric_key=SHARED, pow_target=0.01
            )
            assert sent.pow >= 0.01
            assert (sent.topic, sent.peers) == (TOPIC, ())

    run(main())


def test_post_with_both_keys_or_none_is_refused() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            public = one.whisper.public_key_of(one.whisper.generate_private_key())
            with pytest.raises(LocalProtocolError, match="either a symmetric key or a public key"):
                await one.whisper.post(b"x", topic_bytes=TOPIC)
            with pytest.raises(LocalProtocolError, match="either a symmetric key or a public key"):
                await one.whisper.post(
                    b"x", topic_bytes=TOPIC, symmetric_key=SHARED, public_key=public
                )

    run(main())


def test_filter_with_both_keys_or_none_is_refused() -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            private = one.whisper.generate_private_key()
            with pytest.raises(LocalProtocolError, match="symmetric or a private key"):
                await one.whisper.subscribe()
            with pytest.raises(LocalProtocolError, match="symmetric or a private key"):
                await one.whisper.subscribe(symmetric_key=SHARED, private_key=private)

    run(main())


@pytest.mark.parametrize("topic", [b"", b"abc", b"abcde"])
def test_topic_of_another_length_is_refused(topic: bytes) -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            with pytest.raises(LocalProtocolError, match="4 bytes"):
                await one.whisper.post(b"x", topic_bytes=topic, symmetric_key=SHARED)
            with pytest.raises(LocalProtocolError, match="4 bytes"):
                await one.whisper.subscribe(symmetric_key=SHARED, topics=[topic])

    run(main())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pow_target": -1.0}, "not negative"),
        ({"work_time_s": 0.0}, "allow a second or more"),
        ({"pow_target": 0.0}, "low proof of work"),
        ({"pow_target": 1e9, "work_time_s": 0.01}, "was not found within 0.01 s"),
    ],
)
def test_post_that_cannot_leave_says_why(arguments: dict[str, float], words: str) -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            with pytest.raises(PostError, match=words):
                await one.whisper.post(
                    b"x",
                    topic_bytes=TOPIC,
                    symmetric_key=SHARED,
                    ttl_s=1_000_000,  # so that no nonce is good enough by chance
                    pow_target=arguments.get("pow_target", 0.002),
                    work_time_s=arguments.get("work_time_s", 5.0),
                )

    run(main())


# ---- past the pool


def test_direct_message_is_read_only_by_those_who_trust_its_sender() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            inbox = await two.whisper.subscribe(symmetric_key=SHARED, allow_direct=True)
            for trusted, payload in ((False, b"untrusted"), (True, b"trusted"), (False, b"again")):
                two.whisper.trust(enode_of(one), trusted=trusted)
                direct = await one.whisper.post(
                    payload,
                    topic_bytes=TOPIC,
                    symmetric_key=SHARED,
                    target_enode=enode_of(two),
                )
                await direct.sent()
                # What follows on the same stream shows that the message before was looked at.
                pooled = payload + b" pooled"
                await one.whisper.post(pooled, topic_bytes=TOPIC, symmetric_key=SHARED)
                if trusted:
                    assert (await anext(inbox)).payload == b"trusted"
                assert (await anext(inbox)).payload == pooled

    run(main())


def test_filter_that_does_not_allow_direct_messages_hears_none() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            two.whisper.trust(enode_of(one))
            inbox = await two.whisper.subscribe(symmetric_key=SHARED)
            await one.whisper.post(
                b"direct", topic_bytes=TOPIC, symmetric_key=SHARED, target_enode=enode_of(two)
            )
            await one.whisper.post(b"pooled", topic_bytes=TOPIC, symmetric_key=SHARED)
            assert (await anext(inbox)).payload == b"pooled"

    run(main())


def test_direct_message_to_somebody_who_is_not_connected_fails() -> None:
    async def main() -> None:
        async with clients(2) as (one, two):
            with pytest.raises(PostError, match="not connected"):
                await one.whisper.post(
                    b"x", topic_bytes=TOPIC, symmetric_key=SHARED, target_enode=enode_of(two)
                )

    run(main())


# ---- the node


def test_envelope_below_a_peers_minimum_is_not_sent_to_it() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            two.whisper.set_minimum_pow(1000.0)
            # A status and a change of it in each world.
            await until(lambda: one.statistics().relay["packets_received"] == 4)
            sent = await one.whisper.post(b"weak", topic_bytes=TOPIC, symmetric_key=SHARED)
            assert sent.peers == ()
            assert one.statistics().relay["envelopes_pooled"] == 1
            assert one.statistics().relay["envelopes_sent"] == 0

    run(main())


def test_bloom_lets_through_what_it_names() -> None:
    async def main() -> None:
        async with pair() as (one, two):
            two.whisper.set_bloom(bytes(64))
            inbox = await two.whisper.subscribe(symmetric_key=SHARED, topics=[TOPIC])
            await until(lambda: one.statistics().relay["packets_received"] == 6)
            await one.whisper.post(b"elsewhere", topic_bytes=b"else", symmetric_key=SHARED)
            await one.whisper.post(b"here", topic_bytes=TOPIC, symmetric_key=SHARED)
            assert (await anext(inbox)).payload == b"here"
            assert two.statistics().relay["envelopes_received"] == 1

    run(main())


@pytest.mark.parametrize("minimum", [-1.0, float("nan"), float("inf")])
def test_impossible_minimum_is_refused(minimum: float) -> None:
    async def main() -> None:
        async with clients(1) as [one]:
            with pytest.raises(LocalProtocolError):
                one.whisper.set_minimum_pow(minimum)

    run(main())


def test_whisper_of_a_client_that_is_not_running_says_so() -> None:
    whisper = Client(listen=None).whisper
    with pytest.raises(ClientClosedError):
        whisper.set_bloom(bytes(64))
    with pytest.raises(ClientClosedError):
        whisper.set_minimum_pow(0.1)
