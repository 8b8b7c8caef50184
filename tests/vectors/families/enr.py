"""Node records and enode URLs, as go-ethereum signs, reads and prints them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.devp2p.enode import Enode, check_discoverable, parse_enode
from sottovoce.devp2p.enr import NodeRecord, decode_record, parse_record, sign_record
from vectors.case import Case
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Give every record, text and URL of the file."""
    for section, check in (
        ("records", _check_record),
        ("texts", _check_text),
        ("enode_urls", _check_enode_url),
    ):
        for entry in document[section]:
            yield Case(section, entry["name"], partial(check, entry))


def _check_record(entry: dict[str, Any]) -> None:
    private = secp256k1.private_key(unhex(entry["private"]))
    if not entry["accepted"]:
        _check_refused_signing(private, entry)
        return
    pairs = [(key.encode(), unhex(value)) for key, value in entry["pairs_rlp"]]
    made = sign_record(private, seq=entry["seq"], pairs=pairs)
    read = decode_record(unhex(entry["record"]))
    assert made == read == parse_record(entry["text"])
    assert read.raw.hex() == entry["record"]
    assert len(read.raw) == entry["length"]
    assert read.text == entry["text"]
    assert read.seq == entry["seq"]
    assert read.signature.hex() == entry["signature"]
    assert list(read.pairs) == pairs
    assert read.content.hex() == entry["content_rlp"]
    assert keccak256(read.content).hex() == entry["content_hash"]
    _check_record_fields(read, entry["fields"])


def _check_refused_signing(private: PrivateKey, entry: dict[str, Any]) -> None:
    # The file gives a filler's length and not its bytes; any bytes make a record as long.
    value = bytes(entry["filler_length"])
    with pytest.raises(LocalProtocolError):
        sign_record(private, seq=1, pairs=[(b"x", rlp.encode(value))])


def _check_text(entry: dict[str, Any]) -> None:
    if not entry["accepted"]:
        with pytest.raises(RemoteProtocolError):
            parse_record(entry["text"])
        return
    record = parse_record(entry["text"])
    assert record.text == entry["text"]
    _check_record_fields(record, entry["fields"])


def _check_record_fields(record: NodeRecord, fields: dict[str, Any]) -> None:
    assert record.seq == fields["seq"]
    assert record.ip == fields.get("ip")
    assert record.ip6 == fields.get("ip6")
    assert record.tcp == fields.get("tcp")
    assert record.udp == fields.get("udp")
    assert record.tcp6 == fields.get("tcp6")
    assert record.udp6 == fields.get("udp6")
    key = record.read_bytes(b"secp256k1")
    assert key is not None
    assert key.hex() == fields["secp256k1"]
    _check_identity(record.to_enode(), fields)
    assert record.node_id.hex() == fields["node_id"]


def _check_enode_url(entry: dict[str, Any]) -> None:
    if not entry["accepted"]:
        with pytest.raises(LocalProtocolError):
            parse_enode(entry["url"])
        return
    enode = parse_enode(entry["url"])
    assert str(enode) == entry["canonical"]
    assert parse_enode(str(enode)) == enode
    fields = entry["fields"]
    _check_identity(enode, fields)
    assert enode.host == fields.get("ip", fields.get("ip6"))
    assert enode.tcp_port == fields.get("tcp", 0)
    assert enode.udp_port == fields.get("udp", 0)


def _check_identity(enode: Enode, fields: dict[str, Any]) -> None:
    assert str(enode) == fields["enode_url"]
    assert enode.node_id.hex() == fields["node_id"]
    assert enode.public_key.raw.hex() == fields["public_key"]
    assert secp256k1.compress(enode.public_key).hex() == fields["secp256k1"]
    if fields["validate_complete_error"]:
        with pytest.raises(LocalProtocolError):
            check_discoverable(enode)
    else:
        check_discoverable(enode)
