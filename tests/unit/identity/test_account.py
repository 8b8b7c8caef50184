import pytest
from eth_account import Account as EthAccount

from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.identity import derivation
from sottovoce.identity.account import account_of_phrase, check_key_uid, database_file_name
from sottovoce.identity.alias import WordLists
from sottovoce.identity.derivation import parse_path
from sottovoce.identity.extended_key import HARDENED
from sottovoce.identity.mnemonic import parse_phrase
from unit.identity.people import PHRASE, anna, bruno

EthAccount.enable_unaudited_hdwallet_features()


@pytest.mark.parametrize(
    "path", ["m/44'/60'/0'/0/0", "m/44'/60'/0'/0/9", "m/43'/60'/1581'/0'/0", "m/0/1/2/3'/4'"]
)
@pytest.mark.parametrize("passphrase", ["", "a word more"])
def test_keys_are_those_of_another_implementation(path: str, passphrase: str) -> None:
    theirs = EthAccount.from_mnemonic(PHRASE, passphrase=passphrase, account_path=path)
    ours = account_of_phrase(parse_phrase(PHRASE), passphrase).derive(parse_path(path))
    assert ours.private.raw == bytes(theirs.key)
    assert str(ours.address) == theirs.address


def test_wallets_are_counted_from_zero() -> None:
    account = anna()
    assert account.wallet() == account.wallet(0) == account.derive(derivation.LEGACY)
    assert str(account.wallet(3).path) == "m/44'/60'/0'/0/3"


def test_chat_identity_has_the_key_its_name_and_its_picture() -> None:
    chat = anna().chat()
    assert chat.public == secp256k1.public_key(chat.private)
    assert chat.hex_key == "0x" + chat.public.uncompressed.hex()
    assert chat.alias() == anna().chat().alias() != bruno().chat().alias()
    assert chat.alias(WordLists(("Good",), ("Owl",))) == "Good Good Owl"
    assert len(chat.identicon.pixels()) == 10_000


def test_chat_key_leads_to_no_wallet() -> None:
    account = anna()
    chat = account.derive(derivation.CHAT)
    wallets = {account.wallet(index).private.raw for index in range(5)}
    # What the chat's key file keeps is the chat key with its chain code: only its children follow.
    below = {chat.extended.child(index).private.raw for index in range(20)}
    assert not ({chat.private.raw} | below) & wallets
    # The branches part at a hardened step, so that not even public keys above lead across.
    parting = derivation.CHAT.indices[0], derivation.WALLET_ROOT.indices[0]
    assert parting[0] != parting[1]
    assert min(parting) >= HARDENED


def test_chat_identity_knows_no_tree() -> None:
    assert anna().chat().__slots__ == ("private", "public")


def test_account_and_keys_hide_what_they_hold() -> None:
    account = anna()
    secrets = [account.master.private, account.wallet().private, account.chat().private]
    text = repr(account) + repr(account.wallet()) + repr(account.chat())
    assert "chain_code" not in text
    assert not [secret for secret in secrets if secret.raw.hex() in text]


def test_each_account_has_its_own_name_on_the_machine() -> None:
    assert anna().key_uid != bruno().key_uid
    check_key_uid(anna().key_uid)


def test_database_is_named_by_the_digits_of_digits() -> None:
    key_uid = "0x" + "0a" * 32
    assert database_file_name(key_uid) == "app-3078" + "3061" * 32 + ".sql"


@pytest.mark.parametrize(
    "text", ["", "0x", "0a" * 32, "0X" + "0a" * 32, "0x" + "0A" * 32, "0x" + "0a" * 33, "../" * 22]
)
def test_what_is_no_key_uid_names_no_file(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="64 small"):
        database_file_name(text)
