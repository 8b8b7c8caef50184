import json
from typing import Any

import pytest
from eth_account import Account as EthAccount

from seeded import SeededEntropy
from sottovoce.base.errors import (
    DecryptionError,
    InvalidKeyError,
    LocalProtocolError,
    RemoteProtocolError,
    ResourceLimitError,
)
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.aes import AesCtrStream
from sottovoce.crypto.hashes import keccak256
from sottovoce.crypto.kdf import scrypt
from sottovoce.identity import derivation
from sottovoce.identity.address import Address
from sottovoce.identity.keystore import (
    KeystorePassword,
    UnlockedKey,
    keystore_file_name,
    open_keystore,
    seal_keystore,
)
from sottovoce.identity.keystore_kdf import LIGHT, STANDARD, Pbkdf2Cost, ScryptCost
from unit.identity.people import anna
from vectors.scripted_entropy import ScriptedEntropy

PASSWORD = KeystorePassword("pässword")
CHEAP = ScryptCost(n=2, r=1, p=1)
CHAT = anna().derive(derivation.CHAT)
WALLET = anna().wallet()


def sealed(cost: ScryptCost | Pbkdf2Cost = CHEAP, **status: Any) -> bytes:
    return seal_keystore(CHAT.private, PASSWORD, entropy=SeededEntropy(), cost=cost, **status)


@pytest.mark.parametrize("cost", [CHEAP, LIGHT, Pbkdf2Cost(2)])
def test_file_opens_with_its_password(cost: ScryptCost | Pbkdf2Cost) -> None:
    assert open_keystore(sealed(cost), PASSWORD) == UnlockedKey(CHAT.private, CHAT.address)


def test_status_members_come_back() -> None:
    document = sealed(status=True, extended=CHAT.extended, sub_account_index=7)
    key = open_keystore(document, PASSWORD, expected=CHAT.address)
    assert key == UnlockedKey(CHAT.private, CHAT.address, CHAT.extended, 7)
    assert key.extended_text() == CHAT.extended.private_text()


def test_plain_key_in_a_file_of_status_has_an_empty_object() -> None:
    document = sealed(status=True)
    assert json.loads(document)["extendedkey"]["kdfparams"] is None
    assert open_keystore(document, PASSWORD).extended_text() == "Zeroed extended key"


def test_geth_has_no_place_for_what_status_adds() -> None:
    with pytest.raises(LocalProtocolError, match="Status"):
        sealed(extended=CHAT.extended)
    with pytest.raises(LocalProtocolError, match="Status"):
        sealed(sub_account_index=1)


@pytest.mark.parametrize("count", [-1, 2**32, 2**40])
def test_count_that_no_program_could_read_is_not_written(count: int) -> None:
    entropy = ScriptedEntropy([])
    with pytest.raises(LocalProtocolError, match="4294967295"):
        seal_keystore(
            CHAT.private, PASSWORD, entropy=entropy, cost=CHEAP, status=True,
            sub_account_index=count,
        )  # fmt: skip
    largest = sealed(status=True, sub_account_index=2**32 - 1)
    assert open_keystore(largest, PASSWORD).sub_account_index == 2**32 - 1


def test_salts_ivs_and_id_come_from_entropy() -> None:
    draws = [bytes([number]) * size for number, size in enumerate((16, 32, 16, 32, 16), 1)]
    entropy = ScriptedEntropy(draws)
    document = seal_keystore(
        CHAT.private, PASSWORD, entropy=entropy, cost=CHEAP, status=True, extended=CHAT.extended
    )
    assert entropy.is_used_up
    members = json.loads(document)
    assert members["id"] == "01010101-0101-4101-8101-010101010101"
    assert members["crypto"]["kdfparams"]["salt"] == "02" * 32
    assert members["crypto"]["cipherparams"]["iv"] == "03" * 16
    assert members["extendedkey"]["kdfparams"]["salt"] == "04" * 32
    assert members["extendedkey"]["cipherparams"]["iv"] == "05" * 16


@pytest.mark.slow
def test_usual_parameters_are_those_of_geth() -> None:
    document = seal_keystore(CHAT.private, PASSWORD, entropy=SeededEntropy())
    parameters = json.loads(document)["crypto"]["kdfparams"]
    assert (parameters["n"], parameters["r"], parameters["p"]) == (STANDARD.n, 8, 1)
    assert open_keystore(document, PASSWORD).private == CHAT.private


@pytest.mark.parametrize("cost", [CHEAP, Pbkdf2Cost(2)])
def test_another_implementation_opens_our_files(cost: ScryptCost | Pbkdf2Cost) -> None:
    assert bytes(EthAccount.decrypt(json.loads(sealed(cost)), PASSWORD.text)) == CHAT.private.raw


@pytest.mark.parametrize(("kdf", "iterations"), [("scrypt", 4096), ("pbkdf2", 10)])
def test_we_open_files_of_another_implementation(kdf: Any, iterations: int) -> None:
    members = EthAccount.encrypt(WALLET.private.raw, PASSWORD.text, kdf, iterations)
    key = open_keystore(json.dumps(members).encode(), PASSWORD, expected=WALLET.address)
    assert key.private == WALLET.private


# Files that the format's own page and go-ethereum's tests give as examples.
PAGE = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
SHORT_KEY = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "3ca92af36ad7c2cd92454c59cea5ef00"},
        "ciphertext": "108b7d34f3442fc26ab1ab90ca91476ba6bfa8c00975a49ef9051dc675aa",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 2,
            "r": 8,
            "p": 1,
            "salt": "d0769e608fb86cda848065642a9c6fa046845c928175662b8e356c77f914cd3b",
        },
        "mac": "75d0e6759f7b3cefa319c3be41680ab6beea7d8328653474bd06706d4cc67420",
    },
    "id": "a37e1559-5955-450d-8075-7b8931b392b2",
    "version": 3,
}
VERSION_1 = {
    "Crypto": {
        "cipher": "aes-128-cbc",
        "cipherparams": {"iv": "35337770fc2117994ecdcad026bccff4"},
        "ciphertext": "6143d3192db8b66eabd693d9c4e414dcfaee52abda451af79ccf474dafb35f1b"
        "fc7ea013aa9d2ee35969a1a2e8d752d0",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 1,
            "r": 8,
            "salt": "9afcddebca541253a2f4053391c673ff9fe23097cd8555d149d929e4ccf1257f",
        },
        "mac": "3f3d5af884b17a100b0b3232c0636c230a54dc2ac8d986227219b0dd89197644",
        "version": "1",
    },
    "address": "cb61d5a9c4896fb9658090b597ef0e7be6f7b67e",
    "id": "e25f7c1f-d318-4f29-b62c-687190d4d299",
    "version": "1",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("members", "password", "private"),
    [
        (PAGE, "testpassword", "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"),
        (SHORT_KEY, "foo", "000081c29e8142bb6a81bef5a92bda7a8328a5c85bb2f9542e76f9b0f94fc018"),
        (VERSION_1, "g", "d1b1178d3529626a1a93e073f65028370d14c7eb0936eb42abef05db6f37ad7d"),
    ],
    ids=["pbkdf2", "key of thirty bytes", "version 1"],
)
def test_example_of_the_format_opens(members: object, password: str, private: str) -> None:
    key = open_keystore(json.dumps(members).encode(), KeystorePassword(password))
    assert key.private.raw.hex() == private


@pytest.mark.parametrize("typed", ["", "password", "pässword ", "Pässword", "pa\u0308ssword"])
def test_wrong_password_is_told_and_not_repeated(typed: str) -> None:
    with pytest.raises(DecryptionError, match="the password is wrong") as caught:
        open_keystore(sealed(), KeystorePassword(typed))
    assert not typed or typed not in str(caught.value).replace("the password is wrong", "")


@pytest.mark.parametrize("top", ["crypto", "extendedkey"])
@pytest.mark.parametrize("name", ["ciphertext", "mac"])
def test_damaged_secret_does_not_open(top: str, name: str) -> None:
    members = json.loads(sealed(status=True, extended=CHAT.extended))
    digits = members[top][name]
    members[top][name] = ("0" if digits[0] != "0" else "1") + digits[1:]
    with pytest.raises(DecryptionError):
        open_keystore(json.dumps(members).encode(), PASSWORD)


def test_changed_iv_gives_the_key_of_another_address() -> None:
    # The MAC does not cover the IV; the address in the file does.
    members = json.loads(sealed())
    members["crypto"]["cipherparams"]["iv"] = "00" * 16
    with pytest.raises(InvalidKeyError, match="another address"):
        open_keystore(json.dumps(members).encode(), PASSWORD)


def test_exchanged_file_is_noticed() -> None:
    with pytest.raises(InvalidKeyError, match="another address"):
        open_keystore(sealed(), PASSWORD, expected=WALLET.address)


def test_address_in_the_file_must_be_that_of_the_key() -> None:
    members = {**json.loads(sealed()), "address": WALLET.address.raw.hex()}
    with pytest.raises(InvalidKeyError, match="another address"):
        open_keystore(json.dumps(members).encode(), PASSWORD)


def locked_by_hand(secret: bytes) -> dict[str, Any]:
    derived = scrypt(PASSWORD.raw, bytes(32), n=2, r=1, p=1, size_bytes=32)
    ciphertext = AesCtrStream(derived[:16], bytes(16)).apply(secret)
    return {
        "cipher": "aes-128-ctr",
        "ciphertext": ciphertext.hex(),
        "cipherparams": {"iv": "00" * 16},
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": 2, "r": 1, "p": 1, "salt": "00" * 32},
        "mac": keccak256(derived[16:] + ciphertext).hex(),
    }


@pytest.mark.parametrize("secret", [bytes(32), b"\0", b"\xff" * 32, b"\x01" * 33])
def test_locked_bytes_that_are_no_key_are_refused(secret: bytes) -> None:
    members = {"crypto": locked_by_hand(secret), "version": 3}
    with pytest.raises(InvalidKeyError):
        open_keystore(json.dumps(members).encode(), PASSWORD)


@pytest.mark.parametrize("secret", [b"xprv", b"\xff" * 111, b"1" * 111])
def test_locked_bytes_that_are_no_extended_key_are_refused(secret: bytes) -> None:
    members = {
        "crypto": locked_by_hand(b"\x01" * 32),
        "version": 3,
        "extendedkey": locked_by_hand(secret),
    }
    with pytest.raises(RemoteProtocolError, match="extended"):
        open_keystore(json.dumps(members).encode(), PASSWORD)


def test_hostile_parameters_take_no_memory() -> None:
    members = json.loads(sealed())
    members["crypto"]["kdfparams"]["n"] = 2**40
    with pytest.raises(ResourceLimitError, match="memory"):
        open_keystore(json.dumps(members).encode(), PASSWORD)


def test_key_that_is_none_is_not_sealed() -> None:
    with pytest.raises(InvalidKeyError):
        seal_keystore(PrivateKey(b"\xff" * 32), PASSWORD, entropy=SeededEntropy(), cost=CHEAP)


def test_password_hides_itself_and_status_passes_its_hash() -> None:
    assert repr(PASSWORD) == "KeystorePassword()"
    passed = KeystorePassword("hello").as_status_app_passes_it()
    assert passed.text == "0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8"


def test_half_of_a_surrogate_pair_is_no_password() -> None:
    with pytest.raises(LocalProtocolError, match="surrogate"):
        KeystorePassword("\ud800")


def test_file_is_named_by_time_and_address() -> None:
    name = keystore_file_name(Address(b"\xab" * 20), unix_ns=1_000_000_000_000_000_042)
    assert name == "UTC--2001-09-09T01-46-40.000000042Z--" + "ab" * 20


def test_file_is_named_up_to_the_year_9999() -> None:
    end_ns = 253_402_300_800 * 10**9
    name = keystore_file_name(WALLET.address, unix_ns=end_ns - 1)
    assert name.startswith("UTC--9999-12-31T23-59-59.999999999Z--")
    for unix_ns in (-1, end_ns, 10**30, -(10**30)):
        with pytest.raises(LocalProtocolError, match="9999"):
            keystore_file_name(WALLET.address, unix_ns=unix_ns)


def test_unlocked_key_hides_what_it_holds() -> None:
    key = open_keystore(sealed(status=True, extended=CHAT.extended), PASSWORD)
    assert CHAT.private.raw.hex() not in repr(key)
    assert "xprv" not in repr(key)
