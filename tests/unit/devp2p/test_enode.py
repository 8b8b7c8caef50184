"""Enode URLs: forms that are taken, forms that are refused, and what the refusal says."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.devp2p.enode import (
    Enode,
    check_discoverable,
    node_id,
    parse_enode,
    parse_enode_with_password,
)
from unit.devp2p.pair import INITIATOR

KEY = INITIATOR.raw.hex()


@pytest.mark.parametrize(
    ("place", "enode"),
    [
        ("10.3.58.6:30303", Enode(INITIATOR, "10.3.58.6", 30303, 30303)),
        ("10.3.58.6:30303?discport=30301", Enode(INITIATOR, "10.3.58.6", 30303, 30301)),
        ("10.3.58.6:30303?discport=", Enode(INITIATOR, "10.3.58.6", 30303, 30303)),
        ("10.3.58.6:30303?a=b&discport=1&discport=2", Enode(INITIATOR, "10.3.58.6", 30303, 1)),
        ("10.3.58.6:0?discport=30303", Enode(INITIATOR, "10.3.58.6", 0, 30303)),
        ("10.3.58.6:30303/path?discport=7#end", Enode(INITIATOR, "10.3.58.6", 30303, 7)),
        ("[2001:db8::1]:443", Enode(INITIATOR, "2001:db8::1", 443, 443)),
        ("[2001:DB8:0:0::1]:443", Enode(INITIATOR, "2001:db8::1", 443, 443)),
        ("[::ffff:10.3.58.6]:30303", Enode(INITIATOR, "10.3.58.6", 30303, 30303)),
        ("mail-01.example.org:443", Enode(INITIATOR, "mail-01.example.org", 443, 443)),
        ("localhost:30303", Enode(INITIATOR, "localhost", 30303, 30303)),
    ],
)
def test_complete_url_is_read(place: str, enode: Enode) -> None:
    assert parse_enode(f"enode://{KEY}@{place}") == enode


@pytest.mark.parametrize("text", [KEY, f"enode://{KEY}", f"ENODE://{KEY.upper()}"])
def test_bare_key_is_an_incomplete_node(text: str) -> None:
    assert parse_enode(text) == Enode(INITIATOR)


@pytest.mark.parametrize(
    "enode",
    [
        Enode(INITIATOR),
        Enode(INITIATOR, "10.3.58.6", 30303, 30303),
        Enode(INITIATOR, "2001:db8::1", 30303, 0),
        Enode(INITIATOR, "example.org", 0, 30303),
    ],
)
def test_text_form_is_read_back(enode: Enode) -> None:
    assert parse_enode(str(enode)) == enode


def test_text_form_names_the_udp_port_only_if_it_differs() -> None:
    assert str(Enode(INITIATOR, "::1", 1, 1)) == f"enode://{KEY}@[::1]:1"
    assert str(Enode(INITIATOR, "::1", 1, 2)) == f"enode://{KEY}@[::1]:1?discport=2"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not start with enode://"),
        ("enode://", "no node key"),
        (f"http://{KEY}@10.3.58.6:30303", "does not start with enode://"),
        ("enode://10.3.58.6:30303", "no node key"),
        (f"enode://{KEY[2:]}@10.3.58.6:30303", "has 126 hex digits"),
        (f"enode://0x{KEY}@10.3.58.6:30303", "without 0x"),
        (f"0x{KEY}", "does not start with enode://"),
        (f"enode://{'11' * 64}@10.3.58.6:30303", "no public key"),
        ("11" * 64, "no public key"),
        (f"enode://{KEY}@10.3.58.6", "no port"),
        (f"enode://{KEY}@[::1]", "no port"),
        (f"enode://{KEY}@10.3.58.6:", "the port"),
        (f"enode://{KEY}@10.3.58.6:65536", "the port"),
        (f"enode://{KEY}@10.3.58.6:-1", "the port"),
        (f"enode://{KEY}@10.3.58.6:٣", "the port"),
        (f"enode://{KEY}@10.3.58.6:{'9' * 5000}", "the port"),
        (f"enode://{KEY}@10.3.58.6:1?discport=foo", "discport"),
        (f"enode://{KEY}@10.3.58.6:1?discport=65536", "discport"),
        (f"enode://{KEY}@::1:30303", "without brackets"),
        (f"enode://{KEY}@[10.3.58.6]:30303", "do not hold an IPv6 address"),
        (f"enode://{KEY}@[fe80::1%eth0]:30303", "do not hold an IPv6 address"),
        (f"enode://{KEY}@:30303", "neither an address nor a host name"),
        (f"enode://{KEY}@10.3.58.600:30303", "neither an address nor a host name"),
        (f"enode://{KEY}@a..b:30303", "neither an address nor a host name"),
        (f"enode://{KEY}@-a.org:30303", "neither an address nor a host name"),
        (f"enode://{KEY}@{'a.' * 130}org:30303", "neither an address nor a host name"),
        (f"enode://{KEY}@10.3.58.6:30303\n", "the port"),
        (f" enode://{KEY}@10.3.58.6:30303", "does not start with enode://"),
    ],
)
def test_other_texts_are_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(LocalProtocolError, match=says):
        parse_enode(text)


def test_password_part_is_refused_without_showing_it() -> None:
    with pytest.raises(LocalProtocolError, match="password part") as caught:
        parse_enode(f"enode://{KEY}:s3cret@10.3.58.6:30303")
    assert "s3cret" not in str(caught.value)


def test_password_is_given_apart_when_asked_for() -> None:
    enode, password = parse_enode_with_password(f"enode://{KEY}:s3c:r@t@10.3.58.6:443")
    assert enode == Enode(INITIATOR, "10.3.58.6", 443, 443)
    assert password is not None
    assert password.text == "s3c:r@t"
    assert "s3c" not in repr((enode, password)) + str(password) + str(enode)


@pytest.mark.parametrize("text", [KEY, f"enode://{KEY}@10.3.58.6:443"])
def test_url_without_a_password_has_none(text: str) -> None:
    assert parse_enode_with_password(text) == (parse_enode(text), None)


def test_error_in_a_url_with_a_password_does_not_show_it() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_enode_with_password(f"enode://{KEY}:s3cret@10.3.58.6:port")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None or "s3cret" not in str(caught.value.__context__)


@pytest.mark.parametrize("port", [-1, 65536])
def test_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(LocalProtocolError, match="between 0 and 65535"):
        Enode(INITIATOR, "10.3.58.6", port, 0)


@pytest.mark.parametrize(
    ("enode", "says"),
    [
        (Enode(INITIATOR), "no address"),
        (Enode(INITIATOR, "10.3.58.6", 30303, 0), "no UDP port"),
        (Enode(INITIATOR, "0.0.0.0", 1, 1), "single host"),
        (Enode(INITIATOR, "ff02::1", 1, 1), "single host"),
    ],
)
def test_node_that_discovery_cannot_use_is_named(enode: Enode, says: str) -> None:
    with pytest.raises(LocalProtocolError, match=says):
        check_discoverable(enode)


@pytest.mark.parametrize("host", ["10.3.58.6", "2001:db8::1", "example.org"])
def test_node_with_address_and_udp_port_is_discoverable(host: str) -> None:
    check_discoverable(Enode(INITIATOR, host, 0, 1))


def test_node_id_has_thirty_two_bytes_of_the_key() -> None:
    assert Enode(INITIATOR).node_id == node_id(INITIATOR)
    assert len(node_id(INITIATOR)) == 32
