"""Names of topics, and the traps in them."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.secp256k1 import public_key, shared_x
from sottovoce.stack import routes, topics

ANNA = PublicKey(bytes(31) + b"\x07" + b"\xab" * 32)
ANNA_HEX = "04" + "00" * 31 + "07" + "ab" * 32
SECRET = SymmetricKey(b"\x00" + b"\xcd" * 31)


def test_topic_is_the_front_of_the_hash_of_the_name() -> None:
    assert topics.topic_of_name("caffè") == keccak256("caffè".encode())[:4]
    assert topics.public_chat("caffè").topic == topics.topic_of_name("caffè")


def test_routes_offer_the_same_functions() -> None:
    assert routes.topic_of_name is topics.topic_of_name
    assert routes.key_of_name is topics.key_of_name


def test_contact_code_has_0x_and_personal_discovery_has_not() -> None:
    assert topics.contact_code(ANNA).text == f"0x{ANNA_HEX}-contact-code"
    assert topics.personal_discovery(ANNA).text == f"contact-discovery-{ANNA_HEX}"


def test_partition_is_written_without_zeros_in_front() -> None:
    assert topics.partitioned(ANNA).text == "contact-discovery-7"


@pytest.mark.parametrize(("x", "expected"), [(0, 0), (4999, 4999), (5000, 0), (2**256 - 1, 4935)])
def test_partition_is_the_big_endian_x_modulo_5000(x: int, expected: int) -> None:
    assert topics.partition(PublicKey(x.to_bytes(32) + bytes(32))) == expected


def test_negotiated_name_keeps_the_zeros_in_front_of_the_secret() -> None:
    assert topics.negotiated(SECRET).text == "00" + "cd" * 31
    assert len(topics.negotiated(SECRET).text) == 64


def test_filter_id_of_a_client_is_not_the_name_of_the_topic() -> None:
    assert topics.negotiated_filter_id(ANNA) == f"0x{ANNA_HEX}-negotiated"


@pytest.mark.parametrize(
    "name", [topics.GENERIC_DISCOVERY, topics.partitioned(ANNA), topics.personal_discovery(ANNA)]
)
def test_topic_of_sealed_envelopes_gives_no_key(name: topics.TopicName) -> None:
    with pytest.raises(LocalProtocolError):
        name.derive_key()


@pytest.mark.parametrize(
    "name", [topics.public_chat("x"), topics.contact_code(ANNA), topics.negotiated(SECRET)]
)
def test_other_topics_derive_their_key_from_the_name(name: topics.TopicName) -> None:
    assert name.derive_key() == topics.key_of_name(name.text)


@pytest.mark.parametrize(
    "name", [topics.public_chat("secret"), topics.contact_code(ANNA), topics.negotiated(SECRET)]
)
def test_name_does_not_show_its_text(name: topics.TopicName) -> None:
    assert name.text not in repr(name)
    assert "cdcd" not in repr(name)


def test_name_without_utf_8_form_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="UTF-8"):
        topics.topic_of_name("\ud800")


def test_two_people_share_a_topic_among_those_where_they_hear_each_other() -> None:
    one, other = (PrivateKey(bytes([number]) * 32) for number in (1, 2))
    of_one = topics.topics_with(one, public_key(other))
    of_other = topics.topics_with(other, public_key(one))
    shared = topics.negotiated(SymmetricKey(shared_x(one, public_key(other)))).topic
    assert of_one & of_other == {shared}
    assert topics.contact_code(public_key(other)).topic in of_one
    assert topics.contact_code(public_key(one)).topic not in of_one
