"""Node records: signed key-value lists that say who a node is and where it is reached.

It owns the encoding, the signature and the text form. A value is checked when it is read, never
before: a record with a malformed address is valid and merely has no address. A record that was
received is passed on as the bytes that came.

Spec: EIP-778; devp2p enr.md; go-ethereum p2p/enr and p2p/enode/idscheme.go.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise
from typing import Final, TypeAlias

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.devp2p import enode

RECORD_BYTES_MAX: Final = 300  # EIP-778, so that a record fits a discovery packet
TEXT_PREFIX: Final = "enr:"

_SCHEME_KEY: Final = b"id"
_PUBLIC_KEY_KEY: Final = b"secp256k1"
_SCHEME: Final = b"v4"  # the only identity scheme there is
_IPV4_BYTES: Final = 4
_IPV6_BYTES: Final = 16
_PORT_BITS: Final = 16
_SEQ_BITS: Final = 64
_HEAD_ITEMS: Final = 2  # signature and sequence number; pairs follow
_TEXT_BODY: Final = re.compile(r"[A-Za-z0-9_-]*\Z")
_TEXT_LENGTH_MAX: Final = (RECORD_BYTES_MAX * 4 + 2) // 3
_BASE64_GROUP: Final = 4

RecordPair: TypeAlias = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A record whose signature was checked (or made) here.

    Attributes:
        raw: The whole record as it came, at most 300 bytes.
        signature: 64 bytes r || s.
        seq: Its sequence number; a changed record has a higher one.
        pairs: Keys and values in their order; each value is one RLP item, still encoded.
        public_key: The node key that signed it.
    """

    raw: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    seq: int
    pairs: tuple[RecordPair, ...] = field(repr=False)
    public_key: PublicKey

    @property
    def content(self) -> bytes:
        """The signed list: sequence number, keys and values."""
        return _content(self.seq, self.pairs)

    @property
    def text(self) -> str:
        """The text form, ``enr:`` and base64 without padding."""
        return TEXT_PREFIX + base64.urlsafe_b64encode(self.raw).rstrip(b"=").decode()

    @property
    def node_id(self) -> bytes:
        """The 32 bytes by which discovery measures distance."""
        return enode.node_id(self.public_key)

    @property
    def ip(self) -> str | None:
        """The IPv4 address, or None if there is none or it is malformed."""
        raw = self.read_bytes(b"ip")
        return str(IPv4Address(raw)) if raw is not None and len(raw) == _IPV4_BYTES else None

    @property
    def ip6(self) -> str | None:
        """The IPv6 address, or None if there is none or it is malformed."""
        raw = self.read_bytes(b"ip6")
        if raw is None or len(raw) != _IPV6_BYTES:
            return None
        return enode.format_address(IPv6Address(raw))

    @property
    def tcp(self) -> int | None:
        """The TCP port, or None if there is none or it is malformed."""
        return self.read_port(b"tcp")

    @property
    def udp(self) -> int | None:
        """The UDP port, or None if there is none or it is malformed."""
        return self.read_port(b"udp")

    @property
    def tcp6(self) -> int | None:
        """The TCP port for IPv6 only, or None if there is none or it is malformed."""
        return self.read_port(b"tcp6")

    @property
    def udp6(self) -> int | None:
        """The UDP port for IPv6 only, or None if there is none or it is malformed."""
        return self.read_port(b"udp6")

    def read_bytes(self, key: bytes) -> bytes | None:
        """Return the value of a key as bytes, or None if it is absent or no string."""
        for name, value in self.pairs:
            if name == key:
                return _string(value)
        return None

    def read_port(self, key: bytes) -> int | None:
        """Return the value of a key as a port, or None if it is absent or malformed."""
        raw = self.read_bytes(key)
        try:
            return None if raw is None else rlp.as_uint(raw, "port", _PORT_BITS)
        except RemoteProtocolError:
            return None

    def to_enode(self) -> enode.Enode:
        """Return the node as an enode, as go-ethereum 1.9 sees it.

        The IPv4 address comes before the IPv6 address, and the ports are ``tcp`` and ``udp`` for
        both. A record without an address gives an incomplete node.
        """
        host = self.ip or self.ip6
        if host is None:
            return enode.Enode(self.public_key)
        return enode.Enode(self.public_key, host, self.tcp or 0, self.udp or 0)


def sign_record(private: PrivateKey, *, seq: int, pairs: Iterable[RecordPair]) -> NodeRecord:
    """Make and sign a record.

    Args:
        private: The node key.
        seq: The sequence number, below 2^64.
        pairs: Keys and encoded values in any order; ``id`` and ``secp256k1`` are put in here and
            replace given ones.

    Raises:
        LocalProtocolError: The record would be longer than 300 bytes, a key is given twice, a
            value is not one RLP item, or the sequence number is out of range.
    """
    if not 0 <= seq < 1 << _SEQ_BITS:
        raise LocalProtocolError("the sequence number of a record is out of range")
    key = secp256k1.public_key(private)
    own = {
        _SCHEME_KEY: rlp.encode(_SCHEME),
        _PUBLIC_KEY_KEY: rlp.encode(secp256k1.compress(key)),
    }
    given = [(name, value) for name, value in pairs if name not in own]
    if len({name for name, _ in given}) != len(given):
        raise LocalProtocolError("a record has one value for each key")
    for _, value in given:
        _check_value(value)
    ordered = tuple(sorted([*given, *own.items()]))
    signature = secp256k1.sign(private, keccak256(_content(seq, ordered)))
    signature = signature[: secp256k1.COMPACT_SIGNATURE_BYTES]
    raw = rlp.encode_list([rlp.encode(signature), *_content_items(seq, ordered)])
    if len(raw) > RECORD_BYTES_MAX:
        raise LocalProtocolError(
            f"the record has {len(raw)} bytes, the limit is {RECORD_BYTES_MAX}; drop some keys"
        )
    return NodeRecord(raw, signature, seq, ordered, key)


def decode_record(raw: bytes) -> NodeRecord:
    """Decode a record and check its signature.

    Raises:
        RemoteProtocolError: It is longer than 300 bytes, has another shape, keys out of order, an
            unknown identity scheme, or a signature that does not fit (`InvalidKeyError`).
    """
    if len(raw) > RECORD_BYTES_MAX:
        raise RemoteProtocolError(
            f"a node record has {len(raw)} bytes, the limit is {RECORD_BYTES_MAX}"
        )
    items = [raw[start:end] for start, end in rlp.split_list(raw)]
    if len(items) < _HEAD_ITEMS or len(items) % 2:
        raise RemoteProtocolError("a node record lacks a signature, a number, or a value")
    signature = rlp.as_bytes(rlp.decode(items[0]), "record signature")
    seq = rlp.as_uint(rlp.decode(items[1]), "record sequence number", _SEQ_BITS)
    names = [rlp.as_bytes(rlp.decode(item), "record key") for item in items[_HEAD_ITEMS::2]]
    if any(left >= right for left, right in pairwise(names)):
        raise RemoteProtocolError("the keys of a node record are not in strict order")
    pairs = tuple(zip(names, items[_HEAD_ITEMS + 1 :: 2], strict=True))
    key = _signer(dict(pairs))
    secp256k1.verify(key, keccak256(_content(seq, pairs)), signature)
    return NodeRecord(raw, signature, seq, pairs, key)


def parse_record(text: str) -> NodeRecord:
    """Read the text form of a record, ``enr:`` in front.

    Raises:
        RemoteProtocolError: It is no such text, or `decode_record` refuses what it holds.
    """
    if not text.startswith(TEXT_PREFIX):
        raise RemoteProtocolError("a node record's text does not start with enr:")
    body = text[len(TEXT_PREFIX) :]
    if len(body) > _TEXT_LENGTH_MAX:
        raise RemoteProtocolError(
            f"a node record's text is longer than {RECORD_BYTES_MAX} bytes can be"
        )
    if not _TEXT_BODY.match(body) or len(body) % _BASE64_GROUP == 1:
        raise RemoteProtocolError("a node record's text is not base64 of the URL alphabet")
    return decode_record(base64.urlsafe_b64decode(body + "=" * (-len(body) % _BASE64_GROUP)))


def _signer(values: dict[bytes, bytes]) -> PublicKey:
    if _string(values.get(_SCHEME_KEY, b"")) != _SCHEME:
        raise RemoteProtocolError("a node record has an unknown identity scheme")
    compressed = _string(values.get(_PUBLIC_KEY_KEY, b""))
    if compressed is None:
        raise InvalidKeyError("a node record has no public key")
    return secp256k1.decompress(compressed)


def _string(value: bytes) -> bytes | None:
    """Return the string that an encoded value is, or None."""
    try:
        item = rlp.decode(value)
    except RemoteProtocolError:
        return None
    return None if isinstance(item, list) else item


def _check_value(value: bytes) -> None:
    try:
        rlp.decode(value)
    except RemoteProtocolError as error:
        raise LocalProtocolError(f"a value of a record is not one RLP item: {error}") from None


def _content_items(seq: int, pairs: Iterable[RecordPair]) -> list[bytes]:
    items = [rlp.encode_uint(seq)]
    for name, value in pairs:
        items += (rlp.encode(name), value)
    return items


def _content(seq: int, pairs: Iterable[RecordPair]) -> bytes:
    return rlp.encode_list(_content_items(seq, pairs))
