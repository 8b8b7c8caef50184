from collections.abc import Callable

import pytest

from seeded import SeededEntropy
from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256, sha256

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F
ONE = (1).to_bytes(32, "big")
# Twice the generator.
TWO_G_X = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
TWO_G_Y = "1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"


def key(number: int) -> PrivateKey:
    return secp256k1.private_key(number.to_bytes(32, "big"))


def off_the_curve() -> bytes:
    raw = bytearray(secp256k1.GENERATOR.raw)
    raw[-1] ^= 0x01
    return bytes(raw)


NO_POINTS = [
    pytest.param(off_the_curve(), id="off-the-curve"),
    pytest.param(bytes(64), id="all-zero"),
    pytest.param(FIELD.to_bytes(32, "big") + secp256k1.GENERATOR.raw[32:], id="x-is-the-field"),
    pytest.param(secp256k1.GENERATOR.raw[:32] + b"\xff" * 32, id="y-above-the-field"),
    pytest.param(secp256k1.GENERATOR.raw[32:] + secp256k1.GENERATOR.raw[:32], id="swapped"),
]


# ---- private keys


@pytest.mark.parametrize("number", [1, ORDER - 1])
def test_scalar_within_the_order_is_a_private_key(number: int) -> None:
    assert key(number).raw == number.to_bytes(32, "big")


@pytest.mark.parametrize("number", [0, ORDER, ORDER + 1, 2**256 - 1])
def test_scalar_outside_the_order_is_no_private_key(number: int) -> None:
    with pytest.raises(InvalidKeyError):
        key(number)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_private_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidKeyError):
        secp256k1.private_key(b"\x01" * length)


class ListedEntropy:
    """Gives what it was given."""

    def __init__(self, *draws: bytes) -> None:
        self.draws = list(draws)

    def take(self, size_bytes: int) -> bytes:
        draw = self.draws.pop(0)
        assert len(draw) == size_bytes
        return draw


def test_drawing_goes_on_until_a_scalar_is_in_range() -> None:
    entropy = ListedEntropy(bytes(32), b"\xff" * 32, ONE)
    assert secp256k1.generate_private_key(entropy) == PrivateKey(ONE)
    assert entropy.draws == []


# ---- public keys


def test_public_key_of_one_is_the_generator() -> None:
    assert secp256k1.public_key(key(1)) == secp256k1.GENERATOR


def test_public_key_of_two_is_the_published_point() -> None:
    assert secp256k1.public_key(key(2)).raw.hex() == TWO_G_X + TWO_G_Y


def test_public_key_is_read_with_and_without_its_prefix() -> None:
    point = secp256k1.GENERATOR
    assert secp256k1.parse_public_key(point.raw) == point
    assert secp256k1.parse_public_key(b"\x04" + point.raw) == point


@pytest.mark.parametrize("raw", NO_POINTS)
@pytest.mark.parametrize("prefix", [b"", b"\x04"])
def test_what_is_no_point_is_no_public_key(raw: bytes, prefix: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        secp256k1.parse_public_key(prefix + raw)


@pytest.mark.parametrize("prefix", [0x00, 0x02, 0x03, 0x05, 0x06, 0x07, 0xFF])
def test_other_prefix_is_refused_even_if_the_point_is_good(prefix: int) -> None:
    # 06 is the hybrid form that fits the even y of the generator; libsecp256k1 alone would take it.
    with pytest.raises(InvalidKeyError):
        secp256k1.parse_public_key(bytes((prefix,)) + secp256k1.GENERATOR.raw)


@pytest.mark.parametrize("length", [0, 1, 32, 33, 63, 66, 128])
def test_public_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidKeyError):
        secp256k1.parse_public_key(b"\x04" * length)


@pytest.mark.parametrize(("number", "prefix"), [(1, "02"), (2, "02"), (3, "02"), (6, "03")])
def test_compression_keeps_x_and_the_parity_of_y(number: int, prefix: str) -> None:
    point = secp256k1.public_key(key(number))
    assert secp256k1.compress(point).hex() == prefix + point.raw[:32].hex()
    assert secp256k1.decompress(secp256k1.compress(point)) == point


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(secp256k1.GENERATOR.raw[:32], id="no-prefix"),
        pytest.param(b"\x04" + secp256k1.GENERATOR.raw[:32], id="wrong-prefix"),
        pytest.param(b"\x04" + secp256k1.GENERATOR.raw, id="uncompressed"),
        pytest.param(b"\x02" + (5).to_bytes(32, "big"), id="no-point-has-this-x"),
        pytest.param(b"\x02" + FIELD.to_bytes(32, "big"), id="x-is-the-field"),
        pytest.param(b"\x02" + b"\xff" * 32, id="x-above-the-field"),
    ],
)
def test_what_is_no_compressed_point_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        secp256k1.decompress(raw)


@pytest.mark.parametrize("raw", NO_POINTS)
def test_point_off_the_curve_reaches_no_arithmetic(raw: bytes) -> None:
    # A `PublicKey` checks its length only; every use of it parses the point again.
    unchecked = PublicKey(raw)
    with pytest.raises(InvalidKeyError):
        secp256k1.shared_x(key(2), unchecked)
    with pytest.raises(InvalidKeyError):
        secp256k1.compress(unchecked)
    with pytest.raises(InvalidKeyError):
        secp256k1.verify(unchecked, bytes(32), bytes(63) + b"\x01")


# ---- shared secrets


def test_shared_secret_is_the_x_of_the_product() -> None:
    assert secp256k1.shared_x(key(2), secp256k1.GENERATOR).hex() == TWO_G_X


def test_both_sides_share_the_same_secret() -> None:
    ours, theirs = key(123456789), key(987654321)
    assert secp256k1.shared_x(ours, secp256k1.public_key(theirs)) == secp256k1.shared_x(
        theirs, secp256k1.public_key(ours)
    )


def test_shared_secret_keeps_its_leading_zeros() -> None:
    # About one point in 256 has such an x; a shorter secret would derive other keys.
    entropy = SeededEntropy(1)
    for _ in range(2000):
        private = secp256k1.generate_private_key(entropy)
        shared = secp256k1.shared_x(private, secp256k1.GENERATOR)
        assert len(shared) == 32
        if shared[0] == 0:
            assert shared == secp256k1.public_key(private).raw[:32]
            return
    pytest.fail("no secret with a leading zero byte was drawn")


# ---- signatures


# RFC 6979 has no example on this curve; these are the ones that its libraries share.
RFC6979 = [
    (
        1,
        b"Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
    ),
    (
        ORDER - 1,
        b"Satoshi Nakamoto",
        "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
        "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
    ),
]


@pytest.mark.parametrize(("number", "message", "signature"), RFC6979)
def test_signature_is_deterministic(number: int, message: bytes, signature: str) -> None:
    signed = secp256k1.sign(key(number), sha256(message))
    assert signed[:64].hex() == signature
    secp256k1.verify(secp256k1.public_key(key(number)), sha256(message), signed[:64])


def test_signer_is_recovered() -> None:
    digest = keccak256(b"message")
    signature = secp256k1.sign(key(77), digest)
    assert len(signature) == 65
    assert signature[-1] in {0, 1}
    assert secp256k1.recover(digest, signature) == secp256k1.public_key(key(77))


def with_high_s(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + signature[64:]


def test_high_s_does_not_verify() -> None:
    digest = keccak256(b"message")
    signature = secp256k1.sign(key(77), digest)
    with pytest.raises(InvalidKeyError, match="does not fit"):
        secp256k1.verify(secp256k1.public_key(key(77)), digest, with_high_s(signature)[:64])


def test_signed_s_is_low() -> None:
    for number in range(1, 50):
        signature = secp256k1.sign(key(number), keccak256(bytes((number,))))
        assert int.from_bytes(signature[32:64], "big") <= ORDER // 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw[:-1], id="short"),
        pytest.param(lambda raw: raw + b"\x00", id="long"),
        pytest.param(lambda raw: b"", id="nothing"),
        pytest.param(lambda raw: raw[:64] + b"\x04", id="recovery-id-4"),
        pytest.param(lambda raw: raw[:64] + b"\x1b", id="recovery-id-27"),
        pytest.param(lambda raw: bytes(64) + raw[64:], id="all-zero"),
        pytest.param(lambda raw: bytes(32) + raw[32:], id="r-is-zero"),
        pytest.param(lambda raw: raw[:32] + bytes(32) + raw[64:], id="s-is-zero"),
        pytest.param(lambda raw: ORDER.to_bytes(32, "big") + raw[32:], id="r-is-the-order"),
        pytest.param(lambda raw: b"\xff" * 64 + raw[64:], id="r-and-s-above-the-order"),
    ],
)
def test_bad_signature_recovers_nobody(change: Callable[[bytes], bytes]) -> None:
    digest = keccak256(b"message")
    with pytest.raises(InvalidKeyError):
        secp256k1.recover(digest, change(secp256k1.sign(key(77), digest)))


def test_signature_of_another_digest_does_not_verify() -> None:
    signature = secp256k1.sign(key(77), keccak256(b"message"))
    with pytest.raises(InvalidKeyError):
        secp256k1.verify(secp256k1.public_key(key(77)), keccak256(b"other"), signature[:64])


def test_signature_of_another_key_does_not_verify() -> None:
    digest = keccak256(b"message")
    signature = secp256k1.sign(key(77), digest)
    with pytest.raises(InvalidKeyError):
        secp256k1.verify(secp256k1.public_key(key(78)), digest, signature[:64])


@pytest.mark.parametrize("length", [0, 63, 65])
def test_signature_of_another_length_does_not_verify(length: int) -> None:
    with pytest.raises(InvalidKeyError):
        secp256k1.verify(secp256k1.GENERATOR, bytes(32), b"\x01" * length)


def test_kept_public_key_is_the_public_key_each_time() -> None:
    for scalar in (1, 77, 1):
        assert secp256k1.kept_public_key(key(scalar)) == secp256k1.public_key(key(scalar))


def test_kept_public_key_refuses_what_is_no_private_key_each_time() -> None:
    for _ in range(2):
        with pytest.raises(InvalidKeyError):
            secp256k1.kept_public_key(PrivateKey(ORDER.to_bytes(32, "big")))


def test_number_is_added_to_a_private_key_modulo_the_order() -> None:
    assert secp256k1.add_to_private_key(key(5), (7).to_bytes(32, "big")) == key(12)
    assert secp256k1.add_to_private_key(key(5), bytes(32)) == key(5)
    assert secp256k1.add_to_private_key(key(ORDER - 1), (3).to_bytes(32, "big")) == key(2)


@pytest.mark.parametrize("number", [ORDER - 5, ORDER, 2**256 - 1])
def test_number_that_gives_no_private_key_is_refused(number: int) -> None:
    with pytest.raises(InvalidKeyError, match="sum"):
        secp256k1.add_to_private_key(key(5), number.to_bytes(32, "big"))


def test_number_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="32 bytes, not 31"):
        secp256k1.add_to_private_key(key(5), bytes(31))
