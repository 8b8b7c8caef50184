import json
from dataclasses import replace
from typing import Any, Final

import pytest

from seeded import SeededEntropy
from sottovoce.adapters import backup_manifest
from sottovoce.adapters.backup_manifest import BackupManifest, decode_manifest, encode_manifest
from sottovoce.adapters.mailserver_file import MAILSERVERS_MAX, parse_saved
from sottovoce.adapters.peer_file import PEERS_MAX, SavedPeer
from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.devp2p.enode import parse_enode
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.address import address_of
from sottovoce.identity.keystore import KeystorePassword, seal_keystore
from sottovoce.identity.keystore_kdf import ScryptCost
from unit.identity.people import anna, bruno

CHEAP: Final = ScryptCost(n=2, r=1, p=1)


def key_file(private: PrivateKey) -> bytes:
    password = KeystorePassword("correct horse")
    return seal_keystore(private, password, entropy=SeededEntropy(1), cost=CHEAP, status=True)


def made() -> BackupManifest:
    chat = anna().chat()
    return BackupManifest(
        made_unix_s=1_600_000_000,
        program="sottovoce 0.1.0",
        entry=AccountEntry(anna().key_uid, "Anna", address_of(chat.public), 1_500_000_000),
        installation_id="0f0e0d0c-0b0a-4908-8706-050403020100",
        key_file=key_file(chat.private),
        database_password="ab" * 32,
        database_bytes=8192,
        node_key=bruno().chat().private,
        peers=(SavedPeer(parse_enode(enode_of()), trusted=True),),
        mailservers=(parse_saved(enode_of().replace("@", ":secret@"), pinned=True),),
    )


def enode_of() -> str:
    return f"enode://{bruno().chat().public.raw.hex()}@127.0.0.1:30303"


def changed(**members: object) -> bytes:
    """Return a manifest with other members; those that are `...` are left out."""
    document: dict[str, Any] = json.loads(encode_manifest(made()))
    document |= members
    return json.dumps({name: each for name, each in document.items() if each is not ...}).encode()


def test_manifest_comes_back() -> None:
    assert decode_manifest(encode_manifest(made())) == made()


def test_backup_of_a_program_that_knew_no_mailservers_comes_back() -> None:
    manifest = decode_manifest(changed(mailservers=...))
    assert manifest == replace(made(), mailservers=())
    assert "secret" not in repr(made())


def test_account_without_database_node_key_and_peers_comes_back() -> None:
    document = changed(database_bytes=0, node_key=None, peers=[])
    manifest = decode_manifest(document)
    assert (manifest.database_bytes, manifest.node_key, manifest.peers) == (0, None, ())


def test_key_file_that_does_not_say_whose_it_is_is_taken() -> None:
    members = json.loads(made().key_file)
    del members["address"]
    document = json.dumps(members)
    assert decode_manifest(changed(key_file=document)).key_file == document.encode()


@pytest.mark.parametrize(
    "members",
    [
        {"key_uid": "../../etc"},
        {"key_uid": ...},
        {"name": ""},
        {"name": "Anna\x1b[2J"},
        {"name": "\ud800"},
        {"chat_address": "0x00"},
        {"chat_address": "0x" + "00" * 20},
        {"last_login_unix_s": -1},
        {"made_unix_s": 1 << 60},
        {"made_unix_s": True},
        {"made_unix_s": "yesterday"},
        {"program": "x" * 101},
        {"program": "a\nb"},
        {"installation_id": "../installation"},
        {"installation_id": None},
        {"key_file": "{}"},
        {"key_file": "\ud800"},
        {"key_file": key_file(bruno().chat().private).decode()},
        {"database_password": ""},
        {"database_password": "\ud800"},
        {"database_bytes": -1},
        {"database_bytes": 1.5},
        {"node_key": "00" * 32},
        {"node_key": 7},
        {"mailservers": "all"},
        {"mailservers": [["enode://", True]]},
        {"mailservers": [[enode_of(), "yes"]]},
        {"mailservers": [[enode_of(), True]] * (MAILSERVERS_MAX + 1)},
        {"peers": "all"},
        {"peers": [["enode://", True]]},
        {"peers": [[enode_of(), "yes"]]},
        {"peers": [[enode_of()]]},
        {"peers": [7]},
        {"peers": [[enode_of(), True]] * (PEERS_MAX + 1)},
    ],
    ids=repr,
)
def test_made_up_member_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(RemoteProtocolError, match="cannot be understood") as caught:
        decode_manifest(changed(**members))
    assert caught.value.__context__ is None


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_manifest(b"{")


def test_manifest_that_could_not_be_read_back_is_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backup_manifest, "MANIFEST_BYTES_MAX", 100)
    with pytest.raises(LocalProtocolError, match="cannot be backed up"):
        encode_manifest(made())


def test_key_file_that_is_no_text_is_not_written() -> None:
    with pytest.raises(LocalProtocolError, match="cannot be backed up") as caught:
        encode_manifest(replace(made(), key_file=b"\xff"))
    assert caught.value.__context__ is None


def test_secrets_are_in_no_text_form() -> None:
    text = repr(made())
    assert "ab" * 32 not in text
    assert bruno().chat().private.raw.hex() not in text
    assert "0f0e0d0c" not in text
