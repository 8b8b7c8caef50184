"""Key files under garbage, truncation, changed bytes and changed members."""

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeded import SeededEntropy
from sottovoce.base.errors import (
    DecryptionError,
    InvalidKeyError,
    RemoteProtocolError,
    ResourceLimitError,
)
from sottovoce.crypto import secp256k1
from sottovoce.identity.extended_key import master_key
from sottovoce.identity.keystore import (
    KeystorePassword,
    UnlockedKey,
    open_keystore,
    seal_keystore,
)
from sottovoce.identity.keystore_format import Keystore, decode_keystore, encode_keystore
from sottovoce.identity.keystore_kdf import Pbkdf2Cost, ScryptCost
from sottovoce.identity.mnemonic import Seed

COSTS = st.one_of(
    st.builds(
        ScryptCost,
        n=st.sampled_from([2, 4, 16]),
        r=st.integers(1, 3),
        p=st.integers(1, 3),
    ),
    st.builds(Pbkdf2Cost, st.integers(1, 5)),
)
PASSWORDS = st.builds(KeystorePassword, st.text(st.characters(codec="utf-8"), max_size=20))
EXTENDED = st.builds(lambda seed: master_key(Seed(seed)), st.binary(min_size=16, max_size=16))
TREE = master_key(Seed(bytes(16)))
PASSWORD = KeystorePassword("password")
DOCUMENT = seal_keystore(
    TREE.private,
    PASSWORD,
    entropy=SeededEntropy(),
    cost=ScryptCost(n=2, r=1, p=1),
    status=True,
    extended=TREE,
    sub_account_index=3,
)
OPENED = open_keystore(DOCUMENT, PASSWORD)
VALUES: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True),
    st.text(max_size=8),
    st.binary(max_size=40).map(bytes.hex),
    st.just([]),
    st.just({}),
)


@given(PASSWORDS, COSTS, EXTENDED, st.integers(0, 2**32 - 1), st.integers(0, 999))
def test_key_file_round_trips(
    password: KeystorePassword,
    cost: ScryptCost | Pbkdf2Cost,
    extended: Any,
    index: int,
    seed: int,
) -> None:
    document = seal_keystore(
        extended.private,
        password,
        entropy=SeededEntropy(seed),
        cost=cost,
        status=True,
        extended=extended,
        sub_account_index=index,
    )
    assert encode_keystore(decode_keystore(document)) == document
    opened = open_keystore(document, password)
    assert (opened.private, opened.extended) == (extended.private, extended)
    assert opened.sub_account_index == index


@given(PASSWORDS, PASSWORDS)
def test_other_password_does_not_open(right: KeystorePassword, wrong: KeystorePassword) -> None:
    private = secp256k1.generate_private_key(SeededEntropy(2))
    document = seal_keystore(
        private, right, entropy=SeededEntropy(3), cost=ScryptCost(n=2, r=1, p=1)
    )
    if wrong != right:
        with pytest.raises(DecryptionError):
            open_keystore(document, wrong)


def opened_or_refused(document: bytes) -> UnlockedKey | None:
    """Open a file whose cost is small, or return None if it is refused as it should be."""
    try:
        keystore: Keystore = decode_keystore(document)
    except (RemoteProtocolError, ResourceLimitError):
        return None
    if keystore.is_old or any(expensive(locked) for locked in _locked(keystore)):
        return None
    try:
        return open_keystore(document, PASSWORD)
    except (RemoteProtocolError, InvalidKeyError):
        return None


def _locked(keystore: Keystore) -> list[Any]:
    extended = keystore.status.extended_key if keystore.status else None
    return [locked for locked in (keystore.key, extended) if locked is not None]


def expensive(locked: Any) -> bool:
    cost = locked.derivation.cost
    return isinstance(cost, Pbkdf2Cost) or cost.n * cost.r * cost.p > 1000


@given(place=st.integers(0, len(DOCUMENT) - 1), value=st.integers(0, 255))
def test_one_changed_byte_gives_the_same_key_or_none(place: int, value: int) -> None:
    changed = DOCUMENT[:place] + bytes((value,)) + DOCUMENT[place + 1 :]
    opened = opened_or_refused(changed)
    assert opened is None or (opened.private, opened.address) == (OPENED.private, OPENED.address)


@given(st.integers(0, len(DOCUMENT) - 1))
def test_cut_file_is_refused(end: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_keystore(DOCUMENT[:end])


@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")),
    )
)
def test_garbage_is_refused(document: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_keystore(document)


@given(st.data(), VALUES)
def test_any_value_of_any_member_is_taken_or_refused(data: st.DataObject, value: Any) -> None:
    members = json.loads(DOCUMENT)
    place: Any = members
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = copy.deepcopy(value)
    with contextlib.suppress(RemoteProtocolError, ResourceLimitError):
        decode_keystore(json.dumps(members).encode())
    opened_or_refused(json.dumps(members).encode())
