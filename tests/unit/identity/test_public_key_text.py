import pytest

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.crypto.secp256k1 import GENERATOR
from sottovoce.identity import multibase
from sottovoce.identity.public_key_text import (
    WRITTEN_BASES,
    compact_key,
    deserialize,
    hex_key,
    parse_compact_key,
    parse_hex_key,
    serialize,
    uncompressed_key,
)

COMPACT = compact_key(GENERATOR)
SHORT = secp256k1.compress(GENERATOR)
BLS_1 = bytes.fromhex(
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"
)
BLS_2 = bytes.fromhex(
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be"
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
)


def test_hex_key_is_what_chats_are_named_by() -> None:
    text = hex_key(GENERATOR)
    assert text == "0x" + GENERATOR.uncompressed.hex()
    assert parse_hex_key(text) == parse_hex_key("0x" + text[2:].upper()) == GENERATOR


def test_compact_key_starts_with_the_letters_of_its_kind() -> None:
    # The first secp256k1 key among the test vectors of did:key, which is the same form.
    private = "9085d2bef69286a6cbb51623c8fa258629945cd55ca705cc4e66700396894e0c"
    key = secp256k1.public_key(secp256k1.private_key(bytes.fromhex(private)))
    assert compact_key(key) == "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
    assert parse_compact_key(compact_key(key)) == key


def test_texts_of_the_two_forms_turn_into_each_other() -> None:
    long_text = uncompressed_key(GENERATOR, base="0x")
    assert long_text == "fe701" + GENERATOR.uncompressed.hex()
    assert serialize("0x" + long_text[1:], "z") == COMPACT
    assert deserialize(COMPACT, "0x") == long_text


@pytest.mark.parametrize("prefix", ["7", "9", "h"])
def test_base_that_no_deployed_program_knows_is_read_and_not_written(prefix: str) -> None:
    assert parse_compact_key(multibase.encode(prefix, b"\xe7\x01" + SHORT)) == GENERATOR
    assert prefix not in WRITTEN_BASES
    with pytest.raises(LocalProtocolError, match="0x and 0 f F"):
        compact_key(GENERATOR, base=prefix)


@pytest.mark.parametrize("base", ["", "p", "0X", "zz", " z"])
def test_unknown_base_is_not_written(base: str) -> None:
    with pytest.raises(LocalProtocolError, match="bases"):
        serialize(uncompressed_key(GENERATOR), base)


@pytest.mark.parametrize(("code", "point"), [(b"\xea\x01", BLS_1), (b"\xeb\x01", BLS_2)])
def test_keys_of_the_other_curve_turn_into_their_two_forms(code: bytes, point: bytes) -> None:
    long_text = multibase.encode("f", code + point)
    short_text = serialize(long_text, "z")
    assert len(multibase.decode(short_text)) == 2 + len(point) // 2
    assert deserialize(short_text, "f") == long_text
    with pytest.raises(InvalidKeyError, match="another curve"):
        parse_compact_key(short_text)


@pytest.mark.parametrize(
    "text",
    [
        "", "0x", "0x04", "04" + "00" * 64, "0x02" + "00" * 32, "0x05" + "00" * 64,
        "0X" + GENERATOR.uncompressed.hex(), " 0x" + GENERATOR.uncompressed.hex(),
        "0x" + GENERATOR.uncompressed.hex() + "\n", "0x" + GENERATOR.uncompressed.hex() + "00",
        "0x" + GENERATOR.uncompressed.hex()[:-1] + "g",
    ],
)  # fmt: skip
def test_text_that_is_no_hex_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyError, match="128 hexadecimal"):
        parse_hex_key(text)


@pytest.mark.parametrize("point", ["00" * 64, "ff" * 64, GENERATOR.raw.hex()[:-1] + "9"])
def test_point_off_the_curve_is_refused(point: str) -> None:
    with pytest.raises(InvalidKeyError):
        parse_hex_key("0x04" + point)
    with pytest.raises(InvalidKeyError):
        serialize("fe70104" + point, "z")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "ends within"),
        (b"\xe7", "ends within"),
        (b"\xe7\x81\x00" + SHORT, "shortest"),
        (b"\xe7\x81\x80\x00" + SHORT, "shortest"),
        (b"\xff" * 20, "ends within"),
        (b"\xed\x01" + SHORT, "unknown kind"),
        (b"\x04" + SHORT, "unknown kind"),
        (b"\xe7\x02" + SHORT, "unknown kind"),
        (b"\xe7\x01", "compressed"),
        (b"\xe7\x01" + SHORT[:-1], "compressed"),
        (b"\xe7\x01" + SHORT + b"\0", "compressed"),
        (b"\xe7\x01\x02" + b"\xff" * 32, "compressed"),
        (b"\xe7\x01\x04" + SHORT[1:], "compressed"),
        (b"\xe7\x01" + GENERATOR.uncompressed, "compressed"),
    ],
)
def test_bytes_that_are_no_compact_key_are_refused(raw: bytes, what: str) -> None:
    text = multibase.encode("z", raw)
    for read in (parse_compact_key, lambda text: deserialize(text, "z")):
        with pytest.raises(RemoteProtocolError, match=what):
            read(text)


@pytest.mark.parametrize(
    "key", [b"", SHORT, GENERATOR.raw, GENERATOR.uncompressed[:-1], GENERATOR.uncompressed + b"\0"]
)
def test_key_that_is_not_in_its_long_form_is_not_serialized(key: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        serialize(multibase.encode("f", b"\xe7\x01" + key), "z")
