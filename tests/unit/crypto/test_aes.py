import pytest

from sottovoce.base.errors import DecryptionError
from sottovoce.crypto.aes import (
    AesBlock,
    AesCtrStream,
    _gcm,
    cbc_open,
    gcm_open,
    gcm_open_once,
    gcm_seal,
    gcm_seal_once,
    gcm_try,
)

# The four blocks that NIST SP 800-38A uses in all its examples.
BLOCKS = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
KEY_128 = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
KEY_256 = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
COUNTER = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")


@pytest.mark.parametrize(
    ("key", "ciphertext"),
    [
        # SP 800-38A, F.5.1 and F.5.5.
        (
            KEY_128,
            "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
            "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
        ),
        (
            KEY_256,
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
            "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
        ),
    ],
)
def test_counter_mode_gives_the_ciphertext_of_sp_800_38a(key: bytes, ciphertext: str) -> None:
    assert AesCtrStream(key, COUNTER).apply(BLOCKS).hex() == ciphertext


def test_key_stream_runs_on_between_calls() -> None:
    whole = AesCtrStream(KEY_256, COUNTER).apply(BLOCKS)
    stream = AesCtrStream(KEY_256, COUNTER)
    assert stream.apply(BLOCKS[:5]) + stream.apply(b"") + stream.apply(BLOCKS[5:]) == whole


def test_counter_mode_undoes_itself() -> None:
    sealed = AesCtrStream(KEY_128, COUNTER).apply(b"some text")
    assert AesCtrStream(KEY_128, COUNTER).apply(sealed) == b"some text"


def test_single_blocks_give_the_ciphertext_of_sp_800_38a() -> None:
    block = AesBlock(KEY_256)
    # F.1.5; each block stands alone.
    assert block.encrypt(BLOCKS[:16]).hex() == "f3eed1bdb5d2a03c064b5a7e3db181f8"
    assert block.encrypt(BLOCKS[16:32]).hex() == "591ccb10d410ed26dc5ba74a31362870"


# Test cases 13 to 15 of the GCM specification: keys of 256 bits, no associated data.
GCM_CASES = [
    (bytes(32), bytes(12), b"", "530f8afbc74536b9a963b4f1c4cb738b"),
    (
        bytes(32),
        bytes(12),
        bytes(16),
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    ),
    (
        bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
        bytes.fromhex("cafebabefacedbaddecaf888"),
        bytes.fromhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        ),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
        "b094dac5d93471bdec1a502270e3cc6c",
    ),
]


@pytest.mark.parametrize(("key", "nonce", "plaintext", "sealed"), GCM_CASES)
def test_gcm_gives_the_ciphertext_of_its_specification(
    key: bytes, nonce: bytes, plaintext: bytes, sealed: str
) -> None:
    assert gcm_seal(key, nonce, plaintext).hex() == sealed
    assert gcm_open(key, nonce, bytes.fromhex(sealed)) == plaintext


@pytest.mark.parametrize("length", [0, 1, 15])
def test_less_than_a_tag_does_not_open(length: int) -> None:
    with pytest.raises(DecryptionError):
        gcm_open(bytes(32), bytes(12), bytes(length))


@pytest.mark.parametrize("place", [0, 7, 8, 23])
def test_changed_byte_does_not_open(place: int) -> None:
    sealed = bytearray(gcm_seal(bytes(32), bytes(12), b"8 bytes."))
    sealed[place] ^= 0x01
    with pytest.raises(DecryptionError):
        gcm_open(bytes(32), bytes(12), bytes(sealed))


def test_other_nonce_does_not_open() -> None:
    sealed = gcm_seal(bytes(32), bytes(12), b"8 bytes.")
    with pytest.raises(DecryptionError):
        gcm_open(bytes(32), b"\x01" * 12, sealed)


def test_try_gives_the_plaintext_to_its_key_and_none_to_another() -> None:
    sealed = gcm_seal(KEY_256, bytes(12), b"8 bytes.")
    assert gcm_try(KEY_256, bytes(12), sealed) == b"8 bytes."
    assert gcm_try(bytes(32), bytes(12), sealed) is None
    assert gcm_try(KEY_256, bytes(12), sealed[:15]) is None


def test_failed_try_leaves_nothing_behind_in_a_key_that_is_used_again() -> None:
    sealed = gcm_seal(KEY_256, bytes(12), b"8 bytes.")
    assert gcm_try(KEY_256, b"\x01" * 12, sealed) is None
    assert gcm_try(KEY_256, bytes(12), sealed) == b"8 bytes."
    assert gcm_seal(KEY_256, bytes(12), b"8 bytes.") == sealed


def test_cbc_gives_the_plaintext_of_the_standard() -> None:
    # SP 800-38A, F.2.2, and a fifth block of nothing but padding.
    iv = bytes(range(16))
    ciphertext = bytes.fromhex(
        "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
        "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
        "8cb82807230e1321d3fae00d18cc2012"
    )
    assert cbc_open(KEY_128, iv, ciphertext) == BLOCKS


@pytest.mark.parametrize("ciphertext", [b"", bytes(15), bytes(16), bytes(17)])
def test_cbc_with_a_wrong_length_or_padding_does_not_open(ciphertext: bytes) -> None:
    with pytest.raises(DecryptionError, match="padding"):
        cbc_open(KEY_128, bytes(16), ciphertext)


def test_key_that_is_used_once_is_not_remembered() -> None:
    remembered = _gcm.cache_info().misses
    sealed = gcm_seal_once(b"\x07" * 32, bytes(12), b"8 bytes.")
    assert gcm_open_once(b"\x07" * 32, bytes(12), sealed) == b"8 bytes."
    assert _gcm.cache_info().misses == remembered
    assert gcm_open(b"\x07" * 32, bytes(12), sealed) == b"8 bytes."


@pytest.mark.parametrize("sealed", [b"", bytes(15), bytes(24)])
def test_key_that_is_used_once_opens_only_what_is_its_own(sealed: bytes) -> None:
    with pytest.raises(DecryptionError):
        gcm_open_once(bytes(32), bytes(12), sealed)
