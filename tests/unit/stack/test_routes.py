import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.stack.routes import (
    NAME_BYTES_MAX,
    PublicChat,
    key_of_name,
    route_to,
    topic_of_name,
)

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


@pytest.mark.parametrize("name", ["", "x" * (NAME_BYTES_MAX + 1), "è" * (NAME_BYTES_MAX // 2 + 1)])
def test_name_that_is_empty_or_too_long_in_utf8_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="1 to 1024 bytes, not"):
        PublicChat(name)


@pytest.mark.parametrize("name", ["x", "x" * NAME_BYTES_MAX, "è" * (NAME_BYTES_MAX // 2)])
def test_name_up_to_the_limit_is_accepted(name: str) -> None:
    assert PublicChat(name).name == name


def test_name_that_is_no_unicode_text_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="not valid Unicode"):
        PublicChat("\udcff")
