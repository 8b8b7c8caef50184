from collections.abc import Callable

import pytest

from seeded import SeededEntropy
from sottovoce.base.errors import DecryptionError, InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import ecies, secp256k1

PRIVATE = secp256k1.private_key(b"\x21" * 32)
PUBLIC = secp256k1.public_key(PRIVATE)
PLAINTEXT = b"a short text"


def message(authdata: bytes = b"") -> bytes:
    return ecies.encrypt(PUBLIC, PLAINTEXT, entropy=SeededEntropy(), authdata=authdata)


@pytest.mark.parametrize("size_bytes", [0, 1, 15, 16, 17, 1000])
def test_message_opens_and_is_113_bytes_longer(size_bytes: int) -> None:
    plaintext = b"x" * size_bytes
    sealed = ecies.encrypt(PUBLIC, plaintext, entropy=SeededEntropy())
    assert len(sealed) == size_bytes + 113
    assert sealed[0] == 0x04
    assert ecies.decrypt(PRIVATE, sealed) == plaintext


def test_message_opens_with_its_authdata_only() -> None:
    sealed = message(authdata=b"\x01\x8c")
    assert ecies.decrypt(PRIVATE, sealed, authdata=b"\x01\x8c") == PLAINTEXT
    for other in (b"", b"\x01\x8d", b"\x01\x8c\x00"):
        with pytest.raises(DecryptionError):
            ecies.decrypt(PRIVATE, sealed, authdata=other)


def test_ephemeral_key_is_drawn_before_the_iv() -> None:
    entropy = SeededEntropy()
    ephemeral = secp256k1.public_key(secp256k1.generate_private_key(entropy))
    sealed = message()
    assert sealed[:65] == ephemeral.uncompressed
    assert sealed[65:81] == entropy.take(16)


def test_message_to_another_does_not_open() -> None:
    with pytest.raises(DecryptionError):
        ecies.decrypt(PrivateKey(b"\x22" * 32), message())


def test_nothing_is_sealed_to_a_point_off_the_curve() -> None:
    with pytest.raises(InvalidKeyError):
        ecies.encrypt(PublicKey(b"\x01" * 64), PLAINTEXT, entropy=SeededEntropy())


def put(raw: bytes, place: int, new: bytes) -> bytes:
    return raw[:place] + new + raw[place + len(new) :]


DAMAGES: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("nothing", lambda raw: b""),
    ("first-byte-only", lambda raw: raw[:1]),
    ("key-only", lambda raw: raw[:65]),
    ("one-byte-too-short-for-any-message", lambda raw: raw[:112]),
    ("shortest-with-a-wrong-tag", lambda raw: raw[:113]),
    ("last-byte-missing", lambda raw: raw[:-1]),
    ("one-byte-more", lambda raw: raw + b"\x00"),
    ("tag-changed", lambda raw: put(raw, len(raw) - 1, bytes((raw[-1] ^ 1,)))),
    ("iv-changed", lambda raw: put(raw, 65, bytes((raw[65] ^ 1,)))),
    ("ciphertext-changed", lambda raw: put(raw, 81, bytes((raw[81] ^ 1,)))),
    ("key-off-the-curve", lambda raw: put(raw, 64, bytes((raw[64] ^ 1,)))),
    ("key-at-infinity", lambda raw: put(raw, 1, bytes(64))),
    ("key-x-above-the-field", lambda raw: put(raw, 1, b"\xff" * 32)),
    ("key-marked-compressed-even", lambda raw: put(raw, 0, b"\x02")),
    ("key-marked-compressed-odd", lambda raw: put(raw, 0, b"\x03")),
    ("key-marked-hybrid-even", lambda raw: put(raw, 0, b"\x06")),
    ("key-marked-hybrid-odd", lambda raw: put(raw, 0, b"\x07")),
    ("key-marked-infinity", lambda raw: put(raw, 0, b"\x00")),
]


@pytest.mark.parametrize(
    "damage", [damage for _, damage in DAMAGES], ids=[name for name, _ in DAMAGES]
)
def test_every_failure_is_the_same_error_with_the_same_text(
    damage: Callable[[bytes], bytes],
) -> None:
    with pytest.raises(DecryptionError) as caught:
        ecies.decrypt(PRIVATE, damage(message()))
    assert type(caught.value) is DecryptionError
    assert str(caught.value) == "ECIES: the message does not open"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def off_the_curve(raw: bytes) -> bytes:
    return put(raw, 64, bytes((raw[64] ^ 1,)))


def test_key_off_the_curve_costs_the_work_of_a_wrong_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    tags: list[int] = []
    original = ecies._tag

    def counted(mac_key: bytes, sealed: bytes, authdata: bytes) -> bytes:
        tags.append(len(sealed))
        return original(mac_key, sealed, authdata)

    monkeypatch.setattr(ecies, "_tag", counted)
    for bad in (put(message(), 80, b"\x00"), off_the_curve(message())):
        with pytest.raises(DecryptionError):
            ecies.decrypt(PRIVATE, bad)
    # Two messages were made and two refused, each with one tag over the IV and the ciphertext.
    assert tags == [28, 28, 28, 28]


def test_tag_made_with_the_substitute_point_does_not_open() -> None:
    # Whoever knows the point that stands in for a bad one can make a tag that fits it.
    sealed = off_the_curve(message())[: -ecies.TAG_BYTES]
    _, mac_key = ecies._keys(PRIVATE, secp256k1.GENERATOR)
    forged = sealed + ecies._tag(mac_key, sealed[65:], b"")
    with pytest.raises(DecryptionError):
        ecies.decrypt(PRIVATE, forged)
