"""Recovery phrases, the keys that grow from them, key files, and signatures."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import DecryptionError, LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.identity.account import Account, account_of_seed, database_file_name
from sottovoce.identity.address import address_of, parse_address
from sottovoce.identity.derivation import LEGACY, LEGACY_EXTENDED, parse_path
from sottovoce.identity.extended_key import parse_extended_key
from sottovoce.identity.keystore import (
    KeystorePassword,
    UnlockedKey,
    keystore_file_name,
    open_keystore,
)
from sottovoce.identity.keystore_format import decode_keystore, encode_keystore
from sottovoce.identity.mnemonic import check_words, parse_phrase, seed_of_text
from sottovoce.identity.personal_message import (
    personal_digest,
    recover_personal,
    sign_personal,
)
from vectors.case import Case
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each account, phrase, key file and signature."""
    for recorded in document["accounts"]:
        yield Case("accounts", recorded["note"], partial(_check_account, recorded))
    for recorded in document["invalid_mnemonics"]:
        yield Case("invalid_mnemonics", recorded["name"], partial(_check_phrase, recorded))
    for recorded in document["keystore"]:
        yield Case("keystore", recorded["name"], partial(_check_keystore, recorded))
    for recorded in document["signatures"]:
        yield Case("signatures", recorded["address"], partial(_check_signature, recorded))


def _check_account(recorded: dict[str, Any]) -> None:
    text, passphrase = recorded["mnemonic"], recorded["bip39_passphrase"]
    seed = seed_of_text(text, passphrase)
    assert seed.raw == unhex(recorded["seed"])
    if recorded["valid_english"]:
        assert parse_phrase(text).text == text
        assert parse_phrase(text).seed(passphrase) == seed
    else:
        with pytest.raises(LocalProtocolError):
            parse_phrase(text)
    account = account_of_seed(seed)
    assert account.key_uid == recorded["key_uid"]
    assert database_file_name(account.key_uid) == recorded["encrypted_db_file"]
    assert recorded["derived"]
    for path, derived in recorded["derived"].items():
        _check_derived(account, path, derived)


def _check_derived(account: Account, path_text: str, recorded: dict[str, Any]) -> None:
    path = parse_path(path_text)
    assert str(path) == path_text
    key = account.derive(path)
    assert key.private.raw == unhex(recorded["private"])
    assert key.public.uncompressed == unhex(recorded["public"])
    assert secp256k1.compress(key.public) == unhex(recorded["public_compressed"])
    assert str(key.address) == recorded["address"]
    assert parse_address(recorded["address"]) == key.address
    assert key.extended.private_text() == recorded["extended_private"]
    assert key.extended.public_text() == recorded["extended_public"]
    assert parse_extended_key(recorded["extended_private"]) == key.extended
    status = account.derive(path.as_status_derives)
    assert str(status.address) == recorded["status_go_address"]


def _check_phrase(recorded: dict[str, Any]) -> None:
    words = recorded["mnemonic"].split()
    if recorded["valid"]:
        check_words(words)
        parse_phrase(recorded["mnemonic"])
        return
    with pytest.raises(LocalProtocolError):
        check_words(words)


def _check_keystore(recorded: dict[str, Any]) -> None:
    document = json.dumps(recorded["json"]).encode()
    password = KeystorePassword(recorded["password"])
    address = parse_address(recorded["address"])
    key = open_keystore(document, password, expected=address)
    assert key.private.raw == unhex(recorded["private"])
    assert str(key.address) == recorded["address"]
    assert json.loads(encode_keystore(decode_keystore(document))) == recorded["json"]
    assert key.sub_account_index == recorded["json"].get("subaccountindex", 0)
    if "extended_private" in recorded:
        assert key.extended_text() == recorded["extended_private"]
    if "mnemonic" in recorded:
        _check_origin(key, recorded)
    if "file_name" in recorded:
        name = recorded["file_name"]
        assert keystore_file_name(address, unix_ns=_time_in(name)) == name
    with pytest.raises(DecryptionError):
        open_keystore(document, KeystorePassword(recorded["password"] + "x"))


def _check_origin(key: UnlockedKey, recorded: dict[str, Any]) -> None:
    account = account_of_seed(parse_phrase(recorded["mnemonic"]).seed())
    if "path" in recorded:
        derived = account.derive(parse_path(recorded["path"]))
        assert (key.private, key.extended) == (derived.private, derived.extended)
        return
    # Without a path it is an account from before there were several.
    assert key.private == account.derive(LEGACY).private
    assert key.extended == account.derive(LEGACY_EXTENDED).extended


def _time_in(file_name: str) -> int:
    _, time, _ = file_name.split("--")
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    moment = datetime.strptime(seconds + "+0000", "%Y-%m-%dT%H-%M-%S%z")
    return int(moment.timestamp()) * 10**9 + int(fraction)


def _check_signature(recorded: dict[str, Any]) -> None:
    private = secp256k1.private_key(unhex(recorded["key"]["private"]))
    public = secp256k1.public_key(private)
    message, digest = unhex(recorded["message"]), unhex(recorded["keccak256"])
    assert public.uncompressed == unhex(recorded["key"]["public"])
    assert secp256k1.compress(public) == unhex(recorded["key"]["public_compressed"])
    assert str(address_of(public)) == recorded["address"]
    assert keccak256(message) == digest
    plain = unhex(recorded["plain_signature"])
    assert secp256k1.sign(private, digest) == plain
    assert secp256k1.recover(digest, plain) == public
    secp256k1.verify(public, digest, plain[:-1])
    assert personal_digest(message) == unhex(recorded["text_hash"])
    personal = unhex(recorded["personal_sign_v27"])
    assert sign_personal(private, message) == personal
    assert recover_personal(message, personal) == address_of(public)
