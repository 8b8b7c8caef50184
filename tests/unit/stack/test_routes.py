from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.stack.destinations import Contact, OwnDevices
from sottovoce.stack.routes import (
    PublicChat,
    Routes,
    key_of_name,
    public_chats_of,
    route_to,
    topic_of_name,
)
from sottovoce.stack.topics import contact_code, negotiated, partitioned, personal_discovery

KEY = SymmetricKey(b"shared key of thirty-two bytes!!")
SIGNER = PrivateKey(b"signing key of thirty-two bytes!")


# Made by status-go 0.53.
STATUS_TOPIC = "cd423760"
STATUS_KEY = "36224048e42c49e5c59c57bba5024fbb8822d6b4ee6ac5fbefd8b77f5323ecc4"


def test_topic_of_a_name_is_that_of_the_go_nodes() -> None:
    assert topic_of_name("status").hex() == STATUS_TOPIC


def test_topic_of_a_name_follows_its_utf8_bytes() -> None:
    assert topic_of_name("caff\N{LATIN SMALL LETTER E WITH GRAVE}") != topic_of_name("caffe")


def test_key_of_a_name_is_that_of_the_go_nodes() -> None:
    assert key_of_name("status").raw.hex() == STATUS_KEY


def test_route_of_a_channel_has_its_topic_its_key_and_the_signer() -> None:
    route = route_to(PublicChat("status"), key=KEY, signer=SIGNER)
    assert (route.topic, route.envelope_key, route.signer) == (topic_of_name("status"), KEY, SIGNER)


def test_route_may_go_without_a_signer() -> None:
    assert route_to(PublicChat("status"), key=KEY, signer=None).signer is None


PARENT = PrivateKey(b"identity key of thirty-two bytes")
BOB = secp256k1.public_key(PrivateKey(b"bob's key is of thirty-two bytes"))
NOBODY = frozenset[PublicKey]()


def routes() -> Routes:
    return Routes(PARENT)


def test_person_is_reached_on_the_partitioned_topic_with_their_own_key() -> None:
    route = routes().to_person(BOB, agreed=False)
    assert (route.topic, route.envelope_key) == (partitioned(BOB).topic, BOB)
    assert route.signer == PARENT


def test_agreed_secret_leads_to_the_negotiated_topic_once_its_key_is_at_hand() -> None:
    table = routes()
    name = table.agree(BOB, KEY)
    assert table.to_person(BOB, agreed=True).envelope_key == BOB
    table.learn_key(name.text, SymmetricKey(b"key of the negotiated topic here"))
    route = table.to_person(BOB, agreed=True)
    assert route.topic == negotiated(KEY).topic
    assert route.envelope_key == SymmetricKey(b"key of the negotiated topic here")
    assert table.to_person(BOB, agreed=False).envelope_key == BOB


def test_heard_are_our_contact_code_and_what_is_wanted() -> None:
    table = routes()
    ours = contact_code(table.own).text
    assert table.names() == {ours}
    table.want(public_chats=frozenset({"lobby"}), followed=frozenset({BOB}), silent=NOBODY)
    table.agree(BOB, KEY)
    assert table.names() == {ours, "lobby", contact_code(BOB).text, negotiated(KEY).text}
    table.want(public_chats=frozenset(), followed=NOBODY, silent=frozenset({BOB}))
    assert table.names() == {ours}


def test_what_is_sealed_for_our_key_is_heard_on_both_of_our_topics() -> None:
    table = routes()
    of_class, of_us = table.filters_of_people()
    assert of_class == Filter(PARENT, frozenset({partitioned(table.own).topic}), allows_direct=True)
    assert of_us.topics == {personal_discovery(table.own).topic}
    assert (of_us.key, of_us.allows_direct) == (PARENT, True)


def test_peers_are_told_of_no_topic_that_only_we_listen_to() -> None:
    table = routes()
    ours, theirs = contact_code(table.own).text, contact_code(BOB).text
    agreed = table.agree(BOB, KEY).text
    # Whatever else it is wanted for: a chat of that name, or somebody followed who is ourselves.
    table.want(
        public_chats=frozenset({"lobby", ours}), followed=frozenset({BOB, table.own}), silent=NOBODY
    )
    names = sorted(table.names())
    for name in names:
        table.learn_key(name, KEY)
    heard = {name: table.filter_of_name(name) for name in names}
    announced = {name for name, wanted in heard.items() if wanted is not None and wanted.announced}
    assert announced == {"lobby", theirs, agreed}
    assert [wanted.announced for wanted in table.filters_of_people()] == [True, False]


def test_name_without_key_has_neither_filter_nor_route() -> None:
    table = routes()
    assert table.filter_of_name("lobby") is None
    assert table.to_public_chat("lobby") is None
    assert table.to_followers() is None
    table.learn_key("lobby", KEY)
    assert table.filter_of_name("lobby") == Filter(
        KEY, frozenset({topic_of_name("lobby")}), allows_direct=True
    )
    assert table.to_public_chat("lobby") == route_to(PublicChat("lobby"), key=KEY, signer=PARENT)
    table.forget_key("lobby")
    assert not table.has_key("lobby")


def test_public_chats_are_told_from_other_names() -> None:
    table = routes()
    table.want(public_chats=frozenset({"b", "a"}), followed=NOBODY, silent=NOBODY)
    assert public_chats_of(["b", "contact", "a"], table) == ("a", "b")


def test_own_devices_are_reached_under_our_own_key() -> None:
    table = routes()
    assert table.peer_of(OwnDevices()) == table.own
    assert table.peer_of(Contact(BOB)) == BOB
