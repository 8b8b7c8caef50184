"""What stands in a backup in front of the database: whose it is, and all that is small.

It is one JSON object. It owns its form and its bounds: whoever knows a password can hand us a
backup that they made up, so whatever becomes a path or a file is checked here.

Spec: docs/reference/backup.md, "What is in it".
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sottovoce.adapters.mailserver_file import MAILSERVERS_MAX, SavedMailserver, parse_saved
from sottovoce.adapters.peer_file import PEERS_MAX, SavedPeer
from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError, SottovoceError
from sottovoce.base.secret import PrivateKey
from sottovoce.codec.hex import decode_hex
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import parse_enode
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.address import parse_address
from sottovoce.identity.json_object import decode_object
from sottovoce.identity.keystore_format import decode_keystore

# The longest key file, and as many peers as a directory keeps with the longest names.
MANIFEST_BYTES_MAX: Final = 1024 * 1024
# What calls itself the program that made it; for people.
PROGRAM_CHARS_MAX: Final = 100
# Above it a second has no date any more (the year 10000), and no disk has so many bytes.
NUMBER_END: Final = 253_402_300_800


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a backup says of an account.

    Attributes:
        made_unix_s: When it was made.
        program: Which program made it.
        entry: What the list of accounts says.
        installation_id: The name of the device.
        key_file: The chat key under the account's password.
        database_password: What locks the database; empty if the account never had one.
        database_bytes: How many bytes of database follow; 0 for none.
        node_key: The node's key, if there was one.
        peers: The saved peers.
        mailservers: The trusted mailservers, with their passwords.
    """

    made_unix_s: int
    program: str
    entry: AccountEntry
    installation_id: str = field(repr=False)
    key_file: bytes = field(repr=False)
    database_password: str = field(repr=False)
    database_bytes: int
    node_key: PrivateKey | None = field(repr=False)
    peers: tuple[SavedPeer, ...] = field(repr=False)
    mailservers: tuple[SavedMailserver, ...] = field(default=(), repr=False)


def encode_manifest(manifest: BackupManifest) -> bytes:
    """Return the JSON of a manifest, in UTF-8.

    Raises:
        LocalProtocolError: The key file is no text, or all is longer than can be read back.
    """
    try:
        key_file = manifest.key_file.decode()
    except UnicodeDecodeError:
        key_file = ""
    entry, node_key = manifest.entry, manifest.node_key
    members = {
        "made_unix_s": manifest.made_unix_s,
        "program": manifest.program,
        "key_uid": entry.key_uid,
        "name": entry.name,
        "chat_address": str(entry.chat_address),
        "last_login_unix_s": entry.last_login_unix_s,
        "installation_id": manifest.installation_id,
        "key_file": key_file,
        "database_password": manifest.database_password,
        "database_bytes": manifest.database_bytes,
        "node_key": None if node_key is None else node_key.raw.hex(),
        "peers": [[str(peer.enode), peer.trusted] for peer in manifest.peers],
        "mailservers": [[each.url(), each.pinned] for each in manifest.mailservers],
    }
    document = json.dumps(members).encode()
    if not key_file or len(document) > MANIFEST_BYTES_MAX:
        raise LocalProtocolError("this account's key file or list of peers cannot be backed up")
    return document


def decode_manifest(document: bytes) -> BackupManifest:
    """Read a manifest that may have been made up.

    Raises:
        RemoteProtocolError: It is none.
    """
    try:
        return _manifest(decode_object(document))
    except (SottovoceError, KeyError, TypeError, ValueError):
        pass
    # Raised only here, for the errors of others may quote the document.
    raise RemoteProtocolError("what stands in front of the database cannot be understood")


def _manifest(members: dict[str, Any]) -> BackupManifest:
    """Read the members.

    Raises:
        SottovoceError: One has another form.
        RemoteProtocolError: Two do not fit together.
        KeyError: One is missing.
        TypeError: One is of another type.
        ValueError: One has another form.
    """
    address = parse_address(_text(members, "chat_address"))
    entry = AccountEntry(
        _text(members, "key_uid"),
        _text(members, "name"),
        address,
        _number(members, "last_login_unix_s"),
    )
    key_file = _text(members, "key_file").encode()
    # A key file need not say whose it is.
    if decode_keystore(key_file).address not in (None, address):
        raise RemoteProtocolError("the key file is another one's")
    password, size_bytes = _text(members, "database_password"), _number(members, "database_bytes")
    if not password.isascii() or (size_bytes and not password):
        raise RemoteProtocolError("a database without a password")
    program = _text(members, "program")
    if len(program) > PROGRAM_CHARS_MAX or not program.isprintable():
        raise RemoteProtocolError("no name of a program")
    return BackupManifest(
        _number(members, "made_unix_s"),
        program,
        entry,
        str(UUID(_text(members, "installation_id"))),
        key_file,
        password,
        size_bytes,
        _node_key(members["node_key"]),
        _peers(members["peers"]),
        _mailservers(members.get("mailservers", [])),  # Older programs knew none.
    )


def _node_key(value: object) -> PrivateKey | None:
    """Read a node key.

    Raises:
        SottovoceError: It is no key.
        TypeError: It is no text.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError
    return secp256k1.private_key(decode_hex(value, "the node key"))


def _peers(value: object) -> tuple[SavedPeer, ...]:
    """Read the peers.

    Raises:
        LocalProtocolError: One is no peer, or there are too many.
        TypeError: It is no list of pairs.
        ValueError: A pair has another length.
    """
    if not isinstance(value, list):
        raise TypeError
    if len(value) > PEERS_MAX:
        raise LocalProtocolError("too many peers")
    peers = []
    for enode, trusted in value:
        if not isinstance(enode, str) or not isinstance(trusted, bool):
            raise TypeError
        peers.append(SavedPeer(parse_enode(enode), trusted))
    return tuple(peers)


def _mailservers(value: object) -> tuple[SavedMailserver, ...]:
    """Read the mailservers.

    Raises:
        LocalProtocolError: One is none, or there are too many.
        TypeError: It is no list of pairs.
        ValueError: A pair has another length.
    """
    if not isinstance(value, list):
        raise TypeError
    if len(value) > MAILSERVERS_MAX:
        raise LocalProtocolError("too many mailservers")
    servers = []
    for url, pinned in value:
        if not isinstance(url, str) or not isinstance(pinned, bool):
            raise TypeError
        servers.append(parse_saved(url, pinned=pinned))
    return tuple(servers)


def _text(members: dict[str, Any], name: str) -> str:
    """Read a text.

    Raises:
        KeyError: It is missing.
        TypeError: It is none.
    """
    value = members[name]
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(members: dict[str, Any], name: str) -> int:
    """Read a count of bytes or of seconds.

    Raises:
        KeyError: It is missing.
        TypeError: It is none.
    """
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < NUMBER_END:
        raise TypeError
    return value
