"""Node records: signing, the rules of decoding, and values that are checked when read."""

import base64

import pytest

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.enr import decode_record, parse_record, sign_record
from unit.devp2p.pair import INITIATOR, INITIATOR_KEY, RECIPIENT_KEY

# The order of the curve: n - s is the other signature that fits the same digest.
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
OWN_PAIRS = [
    (b"id", b"\x82v4"),
    (b"secp256k1", rlp.encode(secp256k1.compress(INITIATOR))),
]


def signed(
    pairs: list[tuple[bytes, bytes]], *, seq: bytes = b"\x01", high_s: bool = False
) -> bytes:
    """Sign a record as it is given, whatever is wrong with it."""
    items = [seq]
    for key, value in pairs:
        items += [rlp.encode(key), value]
    digest = keccak256(rlp.encode_list(items))
    signature = secp256k1.sign(INITIATOR_KEY, digest)[:64]
    if high_s:
        s = ORDER - int.from_bytes(signature[32:], "big")
        signature = signature[:32] + s.to_bytes(32, "big")
    return rlp.encode_list([rlp.encode(signature), *items])


def ip(*octets: int) -> tuple[bytes, bytes]:
    return b"ip", rlp.encode(bytes(octets))


def test_signed_record_is_read_back() -> None:
    record = sign_record(
        INITIATOR_KEY, seq=7, pairs=[(b"udp", rlp.encode(30303)), ip(10, 3, 58, 6)]
    )
    assert decode_record(record.raw) == record
    assert parse_record(record.text) == record
    assert [key for key, _ in record.pairs] == [b"id", b"ip", b"secp256k1", b"udp"]
    assert (record.seq, record.ip, record.udp, record.tcp) == (7, "10.3.58.6", 30303, None)
    assert record.public_key == INITIATOR


def test_own_identity_replaces_a_given_one() -> None:
    record = sign_record(INITIATOR_KEY, seq=1, pairs=[(b"id", b"\x82v5")])
    assert record.read_bytes(b"id") == b"v4"


def test_record_of_exactly_the_limit_is_signed_and_one_byte_more_is_refused() -> None:
    size = len(sign_record(INITIATOR_KEY, seq=1, pairs=[(b"x", rlp.encode(bytes(170)))]).raw)
    filler = 170 + 300 - size
    record = sign_record(INITIATOR_KEY, seq=1, pairs=[(b"x", rlp.encode(bytes(filler)))])
    assert len(record.raw) == 300
    with pytest.raises(LocalProtocolError, match="301 bytes"):
        sign_record(INITIATOR_KEY, seq=1, pairs=[(b"x", rlp.encode(bytes(filler + 1)))])


@pytest.mark.parametrize("seq", [-1, 2**64])
def test_sequence_number_out_of_range_is_refused(seq: int) -> None:
    with pytest.raises(LocalProtocolError, match="sequence number"):
        sign_record(INITIATOR_KEY, seq=seq, pairs=[])


def test_key_given_twice_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="one value"):
        sign_record(INITIATOR_KEY, seq=1, pairs=[(b"x", b"\x01"), (b"x", b"\x02")])


def test_value_that_is_not_one_item_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="not one RLP item"):
        sign_record(INITIATOR_KEY, seq=1, pairs=[(b"x", b"\x01\x02")])


@pytest.mark.parametrize(
    "raw",
    [
        signed([*OWN_PAIRS, (b"x", rlp.encode(bytes(200)))]),
        signed([OWN_PAIRS[1], OWN_PAIRS[0]]),
        signed([OWN_PAIRS[0], *OWN_PAIRS]),
        signed([(b"id", b"\x82v5"), OWN_PAIRS[1]]),
        signed([(b"id", b"\xc0"), OWN_PAIRS[1]]),
        signed(OWN_PAIRS[1:]),
        signed(OWN_PAIRS, seq=b"\x82\x00\x01"),
        signed(OWN_PAIRS, seq=b"\x00"),
        signed(OWN_PAIRS, seq=rlp.encode(2**64)),
        signed(OWN_PAIRS, seq=b"\xc0"),
        signed(OWN_PAIRS) + b"\x00",
        signed(OWN_PAIRS)[:-1],
        rlp.encode_list([rlp.encode(bytes(64)), b"\x01", b"\x01"]),
        rlp.encode_list([rlp.encode(bytes(64))]),
        b"\xc0",
        b"",
        b"\x80",
    ],
)
def test_record_against_the_rules_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_record(raw)


def test_signature_with_high_s_is_refused() -> None:
    decode_record(signed(OWN_PAIRS))
    with pytest.raises(InvalidKeyError):
        decode_record(signed(OWN_PAIRS, high_s=True))


@pytest.mark.parametrize(
    "key",
    [
        rlp.encode(INITIATOR.uncompressed),
        rlp.encode(b"\x02" + b"\xff" * 32),
        b"\xc0",
        rlp.encode(secp256k1.compress(secp256k1.public_key(RECIPIENT_KEY))),
    ],
    ids=["uncompressed", "no point", "list", "another key"],
)
def test_record_that_its_key_did_not_sign_is_refused(key: bytes) -> None:
    with pytest.raises(InvalidKeyError):
        decode_record(signed([OWN_PAIRS[0], (b"secp256k1", key)]))


def test_record_without_a_public_key_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        decode_record(signed(OWN_PAIRS[:1]))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"ip", rlp.encode(bytes(5))),
        (b"ip", b"\xc0"),
        (b"ip6", rlp.encode(bytes(4))),
        (b"tcp", b"\x82\x00\x50"),
        (b"tcp", rlp.encode(65536)),
        (b"udp", b"\xc1\x01"),
        (b"tcp6", rlp.encode(65536)),
        (b"udp6", b"\x00"),
    ],
)
def test_malformed_value_is_absent_and_does_no_harm(key: bytes, value: bytes) -> None:
    record = decode_record(signed(sorted([*OWN_PAIRS, (key, value)])))
    assert getattr(record, key.decode()) is None


def test_value_whose_inside_is_no_rlp_is_carried_and_reads_as_absent() -> None:
    # Only its own header is looked at until somebody reads the value.
    record = decode_record(signed([*OWN_PAIRS, (b"zz", b"\xc1\xf8")]))
    assert record.read_bytes(b"zz") is None
    assert decode_record(record.raw).raw == record.raw


def test_enode_prefers_ipv4_and_takes_the_plain_ports() -> None:
    pairs = [
        ip(10, 3, 58, 6),
        (b"ip6", rlp.encode(bytes(15) + b"\x01")),
        (b"tcp", rlp.encode(1)),
        (b"udp", rlp.encode(2)),
        (b"udp6", rlp.encode(3)),
    ]
    record = sign_record(INITIATOR_KEY, seq=1, pairs=pairs)
    assert record.to_enode() == Enode(INITIATOR, "10.3.58.6", 1, 2)
    assert (record.ip6, record.udp6, record.tcp6) == ("::1", 3, None)


def test_enode_falls_back_to_ipv6() -> None:
    pairs = [(b"ip6", rlp.encode(bytes(15) + b"\x01")), (b"udp", rlp.encode(2))]
    record = sign_record(INITIATOR_KEY, seq=1, pairs=pairs)
    assert record.to_enode() == Enode(INITIATOR, "::1", 0, 2)


def test_record_without_an_address_gives_an_incomplete_enode() -> None:
    record = sign_record(INITIATOR_KEY, seq=1, pairs=[(b"tcp", rlp.encode(1))])
    assert record.to_enode() == Enode(INITIATOR)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.removeprefix("enr:"),
        lambda text: text.replace("enr:", "ENR:"),
        lambda text: text + "=",
        lambda text: text + "\n",
        lambda text: text + " ",
        lambda text: text[:10] + "+" + text[11:],
        lambda text: text[:-1],
        lambda text: "enr:",
        lambda text: "enr:A",
        lambda text: "enr:é",
        lambda text: text + "A" * 1000,
    ],
)
def test_damaged_text_is_refused(damage: object) -> None:
    text = sign_record(INITIATOR_KEY, seq=1, pairs=[ip(10, 0, 0, 1)]).text
    assert callable(damage)
    with pytest.raises(RemoteProtocolError):
        parse_record(damage(text))


def test_text_is_base64_of_the_bytes_without_padding() -> None:
    record = sign_record(INITIATOR_KEY, seq=1, pairs=[])
    body = record.text.removeprefix("enr:")
    assert base64.urlsafe_b64decode(body + "==") == record.raw
    assert "=" not in body


def test_text_form_of_the_value_shows_no_addresses() -> None:
    record = sign_record(INITIATOR_KEY, seq=1, pairs=[ip(10, 0, 0, 1)])
    assert record.raw.hex() not in repr(record)
