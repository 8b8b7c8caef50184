"""Enode URLs: a node's key and where it is reached, as people write it.

It owns the text form. Host names are kept as they are: whoever opens connections resolves them.
The password that URLs of mail servers may carry has a reader of its own and never becomes part of
an `Enode`.

Spec: go-ethereum p2p/enode/urlv4.go; devp2p "enode URL format" (docs/spec-deviations.md, "enode").
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from typing_extensions import override

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.quantities import PUBLIC_KEY_BYTES, PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256

SCHEME: Final = "enode://"
PORT_MAX: Final = 0xFFFF

_KEY_DIGITS: Final = 2 * PUBLIC_KEY_BYTES
_HEX: Final = re.compile(r"[0-9a-fA-F]*\Z")
_PORT: Final = re.compile(r"[0-9]{1,16}\Z")  # Leading zeros are tolerated, novels are not.
_LABEL: Final = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?\Z")
_HOST_NAME_LENGTH_MAX: Final = 253  # RFC 1035, without the dot of the root
_DISCOVERY_PORT: Final = "discport"
_SHAPE: Final = "enode://<128 hex digits>@<host>:<port>"


@dataclass(frozen=True, slots=True)
class Enode:
    """A node and where it is reached.

    Attributes:
        public_key: Its node key, a point of the curve.
        host: An address (IPv6 without brackets) or a host name; None in an incomplete node, which
            is an identity only.
        tcp_port: Where it listens for connections; 0 if unknown.
        udp_port: Where it answers discovery; 0 if unknown.

    Raises:
        LocalProtocolError: A port is out of range.
    """

    public_key: PublicKey
    host: str | None = None
    tcp_port: int = 0
    udp_port: int = 0

    def __post_init__(self) -> None:
        for port in (self.tcp_port, self.udp_port):
            if not 0 <= port <= PORT_MAX:
                raise LocalProtocolError(f"a port lies between 0 and {PORT_MAX}, not at {port}")

    @override
    def __str__(self) -> str:
        """The URL, as go-ethereum prints it; `parse_enode` reads it."""
        identity = SCHEME + self.public_key.raw.hex()
        if self.host is None:
            return identity
        host = f"[{self.host}]" if ":" in self.host else self.host
        url = f"{identity}@{host}:{self.tcp_port}"
        return url if self.udp_port == self.tcp_port else f"{url}?discport={self.udp_port}"

    @property
    def node_id(self) -> bytes:
        """The 32 bytes by which discovery measures distance."""
        return node_id(self.public_key)


@dataclass(frozen=True, slots=True)
class EnodePassword:
    """The password part of a mail server's URL, hidden from logs.

    Attributes:
        text: The password as it stands in the URL, with nothing unescaped.
    """

    text: str = field(repr=False)


def node_id(key: PublicKey) -> bytes:
    """Return the node id of a key: Keccak-256 of its 64 bytes."""
    return keccak256(key.raw)


def parse_enode(text: str) -> Enode:
    """Read an enode URL, or a bare key with or without the scheme.

    Raises:
        LocalProtocolError: It is no enode URL, or it has a password part; the text says which
            part is wrong and what to write instead, and repeats no part of the URL.
    """
    enode, password = parse_enode_with_password(text)
    if password is not None:
        raise LocalProtocolError(
            "the enode URL has a password part, which only a mail server's URL may have;"
            f" write {_SHAPE}"
        )
    return enode


def parse_enode_with_password(text: str) -> tuple[Enode, EnodePassword | None]:
    """Read an enode URL that may have the form ``enode://<key>:<password>@<host>:<port>``.

    Raises:
        LocalProtocolError: It is no enode URL; the text repeats no part of it.
    """
    has_scheme = text[: len(SCHEME)].lower() == SCHEME
    rest = text[len(SCHEME) :] if has_scheme else text
    if rest and _HEX.match(rest):
        return Enode(_parse_key(rest)), None
    if not has_scheme:
        raise LocalProtocolError(f"a node is written {_SHAPE}; this does not start with enode://")
    rest, _, _ = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, _ = rest.partition("/")
    user, at, place = authority.rpartition("@")
    if not at:
        raise LocalProtocolError(f"the enode URL has no node key before an @; write {_SHAPE}")
    key_digits, colon, password = user.partition(":")
    key = _parse_key(key_digits)
    host, tcp_port = _parse_place(place)
    enode = Enode(key, host, tcp_port, _parse_discovery_port(query, tcp_port))
    return enode, EnodePassword(password) if colon else None


def check_discoverable(enode: Enode) -> None:
    """Check that discovery can talk to a node.

    Raises:
        LocalProtocolError: It has no address, no UDP port, or an address that is no single host.
    """
    if enode.host is None:
        raise LocalProtocolError("the node has no address")
    if enode.udp_port == 0:
        raise LocalProtocolError("the node has no UDP port")
    address = _parse_address(enode.host)
    if address is not None and (address.is_multicast or address.is_unspecified):
        raise LocalProtocolError("the node's address is not that of a single host")


def _parse_key(digits: str) -> PublicKey:
    if not _HEX.match(digits):
        raise LocalProtocolError(
            "the node key in the enode URL is not plain hexadecimal;"
            f" write its {_KEY_DIGITS} digits without 0x"
        )
    if len(digits) != _KEY_DIGITS:
        raise LocalProtocolError(
            f"the node key in the enode URL has {len(digits)} hex digits;"
            f" it must have {_KEY_DIGITS}"
        )
    try:
        return secp256k1.parse_public_key(bytes.fromhex(digits))
    except InvalidKeyError:
        raise LocalProtocolError(
            "the node key in the enode URL is no public key; check that it was copied whole"
        ) from None


def _parse_place(place: str) -> tuple[str, int]:
    host, colon, port = place.rpartition(":")
    if not colon or host.count("[") != host.count("]"):
        raise LocalProtocolError(f"the enode URL has no port; write {_SHAPE}")
    return parse_host(host), _parse_port(port, "the port")


def _parse_port(digits: str, what: str) -> int:
    if not _PORT.match(digits) or int(digits) > PORT_MAX:
        raise LocalProtocolError(
            f"{what} in the enode URL is no number from 0 to {PORT_MAX}; write {_SHAPE}"
        )
    return int(digits)


def _parse_discovery_port(query: str, tcp_port: int) -> int:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == _DISCOVERY_PORT:
            return _parse_port(value, _DISCOVERY_PORT) if value else tcp_port
    return tcp_port


def parse_host(host: str) -> str:
    """Read a host as it stands in an enode URL: an address or a name, IPv6 in brackets.

    Raises:
        LocalProtocolError: It is neither.
    """
    if host.startswith("[") and host.endswith("]"):
        address = _parse_address(host[1:-1])
        if not isinstance(address, IPv6Address):
            raise LocalProtocolError("the brackets in the enode URL do not hold an IPv6 address")
        return format_address(address)
    if ":" in host:
        raise LocalProtocolError("the enode URL has an IPv6 address without brackets; add them")
    address = _parse_address(host)
    if address is not None:
        return format_address(address)
    labels = host.removesuffix(".").split(".")
    # A name that ends in a number would be a badly written address.
    if (
        len(host) > _HOST_NAME_LENGTH_MAX
        or labels[-1].isdecimal()
        or not all(_LABEL.match(label) for label in labels)
    ):
        raise LocalProtocolError(
            f"the host in the enode URL is neither an address nor a host name; write {_SHAPE}"
        )
    return host


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # A zone ("%eth0") names an interface of one machine; it has no place in a node's address.
    return None if isinstance(address, IPv6Address) and address.scope_id else address


def format_address(address: IPv4Address | IPv6Address) -> str:
    """Write an address; an IPv4 address in IPv6 form becomes plain IPv4."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
