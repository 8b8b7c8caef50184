from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import BundleWanted, Secrecy, SecretAgreed
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.wire import decode_message
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.outbound import Content, Outbound, Routed, Unsealable
from sottovoce.stack.receipts import Leg, Receipts
from sottovoce.stack.routes import Routes
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.topics import contact_code, partitioned, topic_of_name
from unit.stack.post_office import START
from vectors.scripted_entropy import SeededEntropy

IDENTITY = PrivateKey(b"identity key of thirty-two bytes")
BOB = secp256k1.public_key(PrivateKey(b"bob's key is of thirty-two bytes"))
KEY = SymmetricKey(b"k" * 32)
LEG = Leg(MessageId(b"m"), PublicChat("lobby"))


class Way:
    def __init__(self) -> None:
        self.routes, self.receipts = Routes(IDENTITY), Receipts()
        channel = Channel(IDENTITY, "phone", MemoryStore(), SeededEntropy())
        self.out = Outbound(channel, self.routes, self.receipts, StackSettings(ttl_s=30))


def test_sealed_content_goes_to_its_reader_and_tells_what_was_learned() -> None:
    routed = Way().out.seal(Content(BOB, b"content", (LEG,)), START)
    assert isinstance(routed, Routed)
    assert (routed.route.topic, routed.route.envelope_key) == (partitioned(BOB).topic, BOB)
    assert (routed.secrecy, routed.legs) == (Secrecy.DH_ONLY, (LEG,))
    assert [type(fact) for fact in routed.facts] == [SecretAgreed]


def test_content_for_a_key_that_is_none_is_unsealable() -> None:
    result = Way().out.seal(Content(PublicKey(bytes(64)), b"content", (LEG,)), START)
    assert isinstance(result, Unsealable)
    assert result.legs == (LEG,)
    assert result.reason.startswith("it could not be encrypted: ")


def test_public_content_leaves_as_it_is_once_the_key_is_at_hand() -> None:
    way = Way()
    assert way.out.seal_public(LEG, "lobby", b"wrapper", START) is None
    way.routes.learn_key("lobby", KEY)
    routed = way.out.seal_public(LEG, "lobby", b"wrapper", START)
    assert routed is not None
    assert (routed.payload, routed.secrecy) == (b"wrapper", Secrecy.PUBLIC)
    assert (routed.route.topic, routed.route.envelope_key) == (topic_of_name("lobby"), KEY)


def test_contact_code_carries_our_bundle_and_nothing_else() -> None:
    way = Way()
    assert way.out.seal_contact_code(START) is None
    way.routes.learn_key(contact_code(way.routes.own).text, KEY)
    routed = way.out.seal_contact_code(START)
    assert routed is not None
    assert routed.route.topic == contact_code(way.routes.own).topic
    message = decode_message(routed.payload)
    assert (len(message.bundles), message.direct, message.public) == (1, {}, None)


def test_answer_takes_the_partitioned_topic_even_if_another_was_agreed() -> None:
    way = Way()
    name = way.routes.agree(BOB, KEY)
    way.routes.learn_key(name.text, KEY)
    routed = way.out.seal_answer(BundleWanted(BOB), START)
    assert routed.route.topic == partitioned(BOB).topic
    assert routed.legs == ()


def test_posted_envelopes_are_numbered_and_followed() -> None:
    way = Way()
    way.routes.learn_key("lobby", KEY)
    routed = way.out.seal_public(LEG, "lobby", b"wrapper", START)
    assert routed is not None
    first, second = way.out.post(routed, START), way.out.post(routed, START)
    assert (first.request, second.request, first.payload) == (1, 2, b"wrapper")
    assert (first.ttl_s, first.pow_target, first.work_time_s) == (30, None, 5.0)
    assert way.receipts.next_deadline() == START.monotonic_s + 35
    way.out.post(Routed(routed.route, b"x", Secrecy.PUBLIC), START)
    assert len(way.receipts) == 3
