import pytest

from sottovoce.crypto.hashes import keccak256, keccak256_state, md5, sha256

# The digest of nothing, as the Keccak team and Ethereum's yellow paper give it.
KECCAK_OF_NOTHING = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", KECCAK_OF_NOTHING),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak_has_the_padding_from_before_sha3(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_sha256_gives_the_digests_of_fips_180(data: bytes, digest: str) -> None:
    assert sha256(data).hex() == digest


def test_state_can_be_asked_without_being_finished() -> None:
    state = keccak256_state()
    assert state.digest().hex() == KECCAK_OF_NOTHING
    state.update(b"a")
    state.digest()
    state.update(b"bc")
    assert state.digest() == keccak256(b"abc")


def test_copy_of_a_state_goes_its_own_way() -> None:
    state = keccak256_state(b"ab")
    copied = state.copy()
    state.update(b"c")
    copied.update(b"x")
    assert state.digest() == keccak256(b"abc")
    assert copied.digest() == keccak256(b"abx")


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        # RFC 1321, A.5.
        (b"", "d41d8cd98f00b204e9800998ecf8427e"),
        (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ],
)
def test_md5_gives_the_digests_of_rfc_1321(data: bytes, digest: str) -> None:
    assert md5(data).hex() == digest
