"""A mailserver as a person names it: an enode URL that may carry a password.

Spec: status-go params/cluster.go; ``enode://<key>:<password>@<host>:<port>``.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.devp2p.enode import Enode, EnodePassword, parse_enode_with_password

# What Status' own servers took, so what a URL without a password means. It keeps nobody out.
DEFAULT_PASSWORD: Final = "status-offline-inbox"  # noqa: S105 - known to everybody


@dataclass(frozen=True, slots=True)
class Mailserver:
    """A mailserver that somebody trusts.

    Attributes:
        enode: Its node key and where it is reached.
        key: What requests are sealed with, made of its password; None seals them to its node key.
    """

    enode: Enode
    key: SymmetricKey | None = field(repr=False)


def parse_mailserver(text: str) -> tuple[Enode, EnodePassword]:
    """Read the URL of a mailserver; its password becomes a key off the loop.

    Raises:
        LocalProtocolError: It is no enode URL, or nobody can dial it; the text repeats no part.
    """
    enode, password = parse_enode_with_password(text)
    if enode.host is None or not enode.tcp_port:
        raise LocalProtocolError("this enode cannot be dialled: it has no address or no TCP port")
    return enode, password or EnodePassword(DEFAULT_PASSWORD)
