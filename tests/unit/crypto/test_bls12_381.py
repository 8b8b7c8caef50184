import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto.bls12_381 import G1, G2, Group, compress, decompress

# The generators, as the specification of the encoding gives them.
GENERATOR_1 = bytes.fromhex(
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
)
GENERATOR_2 = bytes.fromhex(
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
)
BOTH = [(G1, GENERATOR_1), (G2, GENERATOR_2)]
FIELD = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)


def mirrored(group: Group, point: bytes) -> bytes:
    """Return -P: the same x, and the field's size less y."""
    parts = [
        int.from_bytes(point[at : at + 48], "big")
        for at in range(group.compressed_bytes, group.uncompressed_bytes, 48)
    ]
    y = b"".join((-part % FIELD).to_bytes(48, "big") for part in parts)
    return point[: group.compressed_bytes] + y


@pytest.mark.parametrize(("group", "point"), BOTH)
def test_generator_has_the_published_short_form(group: Group, point: bytes) -> None:
    short = bytes((point[0] | 0x80,)) + point[1 : group.compressed_bytes]
    assert compress(group, point) == short
    assert decompress(group, short) == point


@pytest.mark.parametrize(("group", "point"), BOTH)
def test_mirrored_point_differs_in_its_flag(group: Group, point: bytes) -> None:
    other = mirrored(group, point)
    short = compress(group, other)
    assert short == bytes((point[0] | 0xA0,)) + point[1 : group.compressed_bytes]
    assert decompress(group, short) == other


@pytest.mark.parametrize(("group", "point"), BOTH)
def test_point_off_the_curve_is_refused(group: Group, point: bytes) -> None:
    with pytest.raises(InvalidKeyError, match="curve"):
        compress(group, point[:-1] + bytes((point[-1] ^ 1,)))


@pytest.mark.parametrize(("group", "point"), BOTH)
@pytest.mark.parametrize("flag", [0x80, 0x40, 0x20])
def test_long_form_with_a_flag_is_refused(group: Group, point: bytes, flag: int) -> None:
    with pytest.raises(InvalidKeyError, match="long form"):
        compress(group, bytes((point[0] | flag,)) + point[1:])


@pytest.mark.parametrize(("group", "point"), BOTH)
def test_key_of_another_length_is_refused(group: Group, point: bytes) -> None:
    for raw in (b"", point[:-1], point + b"\0"):
        with pytest.raises(InvalidKeyError, match="long form"):
            compress(group, raw)
    short = compress(group, point)
    for raw in (b"", short[:-1], short + b"\0", point):
        with pytest.raises(InvalidKeyError, match="short form"):
            decompress(group, raw)


@pytest.mark.parametrize(("group", "point"), BOTH)
def test_infinity_is_no_key(group: Group, point: bytes) -> None:
    with pytest.raises(InvalidKeyError, match="short form"):
        decompress(group, b"\xc0" + bytes(group.compressed_bytes - 1))
    with pytest.raises(InvalidKeyError, match="long form"):
        compress(group, b"\x40" + bytes(len(point) - 1))


@pytest.mark.parametrize("group", [G1, G2])
def test_coordinate_above_the_field_is_refused(group: Group) -> None:
    with pytest.raises(InvalidKeyError, match="field"):
        decompress(group, b"\x9f" + b"\xff" * (group.compressed_bytes - 1))


@pytest.mark.parametrize(("group", "x"), [(G1, 2), (G2, 1)])
def test_x_without_a_point_is_refused(group: Group, x: int) -> None:
    raw = x.to_bytes(group.compressed_bytes, "big")
    with pytest.raises(InvalidKeyError, match="without a point"):
        decompress(group, bytes((raw[0] | 0x80,)) + raw[1:])


def test_point_outside_the_group_of_prime_order_is_refused() -> None:
    # x = 0, y = 2 lies on the curve of G1 and has the order 3.
    with pytest.raises(InvalidKeyError, match="prime order"):
        compress(G1, bytes(48) + (2).to_bytes(48, "big"))
