"""Mailservers as people name them."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import EnodePassword
from sottovoce.mail.mailserver import DEFAULT_PASSWORD, Mailserver, parse_mailserver
from unit.mail.mail_bench import NODE_KEY

KEY = secp256k1.public_key(NODE_KEY).raw.hex()


def test_url_carries_a_password() -> None:
    enode, password = parse_mailserver(f"enode://{KEY}:secret@127.0.0.1:30303")
    assert (enode.host, enode.tcp_port) == ("127.0.0.1", 30303)
    assert enode.public_key.raw.hex() == KEY
    assert password == EnodePassword("secret")


def test_url_without_a_password_means_that_of_status_servers() -> None:
    _, password = parse_mailserver(f"enode://{KEY}@127.0.0.1:30303")
    assert password == EnodePassword(DEFAULT_PASSWORD)


@pytest.mark.parametrize("text", ["", "enode://", f"enode://{KEY}", f"enode://{KEY}@127.0.0.1:0"])
def test_what_cannot_be_dialled_is_refused(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        parse_mailserver(text)


def test_nothing_secret_is_in_its_text() -> None:
    enode, _ = parse_mailserver(f"enode://{KEY}:secret@127.0.0.1:30303")
    assert "x07" not in repr(Mailserver(enode, SymmetricKey(b"\x07" * 32)))
