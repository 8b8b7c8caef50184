"""Both forms of auth and ack: what they say, how they are padded, how they are read."""

import pytest

from sottovoce.base.errors import DecryptionError, InvalidKeyError, RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import ecies, secp256k1
from sottovoce.devp2p.handshake_packets import (
    LEGACY_ACK_BYTES,
    LEGACY_AUTH_BYTES,
    Ack,
    Auth,
    PacketForm,
    PacketReader,
    decode_ack,
    decode_auth,
    encode_ack,
    encode_auth,
    seal_packet,
    seal_padded,
)
from unit.devp2p.pair import INITIATOR, RECIPIENT, RECIPIENT_KEY
from vectors.scripted_entropy import ScriptedEntropy, SeededEntropy

AUTH = Auth(bytes(range(64)) + b"\x01", INITIATOR, b"n" * 32)
ACK = Ack(INITIATOR, b"m" * 32)
FORMS = pytest.mark.parametrize("form", list(PacketForm))


def sealed_auth(form: PacketForm) -> bytes:
    body = encode_auth(AUTH, ephemeral=INITIATOR, form=form)
    return seal_packet(RECIPIENT, body, form=form, entropy=SeededEntropy())


def auth_reader() -> PacketReader:
    return PacketReader(RECIPIENT_KEY, legacy_bytes=LEGACY_AUTH_BYTES)


def queue_of(data: bytes) -> ByteQueue:
    queue = ByteQueue()
    queue.append(data)
    return queue


def test_legacy_lengths_are_those_of_the_old_fixed_packets() -> None:
    assert (LEGACY_AUTH_BYTES, LEGACY_ACK_BYTES) == (307, 210)


@FORMS
def test_auth_body_round_trips(form: PacketForm) -> None:
    assert decode_auth(encode_auth(AUTH, ephemeral=INITIATOR, form=form), form) == AUTH


def test_padded_auth_body_needs_no_ephemeral_key() -> None:
    body = encode_auth(AUTH, ephemeral=None, form=PacketForm.EIP8)
    assert body == encode_auth(AUTH, ephemeral=INITIATOR, form=PacketForm.EIP8)


@FORMS
def test_ack_body_round_trips(form: PacketForm) -> None:
    assert decode_ack(encode_ack(ACK, form), form) == ACK


def test_version_additional_elements_and_padding_are_passed_over() -> None:
    items: list[rlp.Encodable] = [
        AUTH.signature,
        AUTH.initiator.raw,
        AUTH.nonce,
        56,
        [1, [2]],
        b"extra",
    ]
    assert decode_auth(rlp.encode(items) + b"\xff" * 117, PacketForm.EIP8) == AUTH


@pytest.mark.parametrize(
    "items",
    [
        [],
        [AUTH.signature, AUTH.initiator.raw, AUTH.nonce],
        [AUTH.signature[1:], AUTH.initiator.raw, AUTH.nonce, 4],
        [AUTH.signature, AUTH.initiator.raw[1:], AUTH.nonce, 4],
        [AUTH.signature, AUTH.initiator.raw, AUTH.nonce + b"\x00", 4],
        [AUTH.signature, AUTH.initiator.raw, [AUTH.nonce], 4],
        [AUTH.signature, AUTH.initiator.raw, AUTH.nonce, []],
    ],
)
def test_auth_body_of_another_shape_is_refused(items: rlp.Encodable) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_auth(rlp.encode(items), PacketForm.EIP8)


@FORMS
def test_auth_with_a_key_off_the_curve_is_refused(form: PacketForm) -> None:
    body = encode_auth(AUTH, ephemeral=INITIATOR, form=form)
    with pytest.raises(InvalidKeyError):
        decode_auth(body.replace(INITIATOR.raw, b"\x11" * 64), form)


@FORMS
def test_ack_with_a_key_off_the_curve_is_refused(form: PacketForm) -> None:
    with pytest.raises(InvalidKeyError):
        decode_ack(encode_ack(ACK, form).replace(INITIATOR.raw, b"\x11" * 64), form)


def test_short_legacy_body_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_ack(bytes(95), PacketForm.LEGACY)


@pytest.mark.parametrize(
    ("drawn", "padding_bytes"), [(0, 100), (199, 299), (200, 100), (0xFFFF, 100 + 0xFFFF % 200)]
)
def test_padding_is_zeros_of_a_drawn_length(drawn: int, padding_bytes: int) -> None:
    draws = [drawn.to_bytes(2, "big"), b"k" * 32, b"i" * 16]
    packet = seal_packet(RECIPIENT, b"\xc0", form=PacketForm.EIP8, entropy=ScriptedEntropy(draws))
    plaintext = ecies.decrypt(RECIPIENT_KEY, packet[2:], authdata=packet[:2])
    assert plaintext == b"\xc0" + bytes(padding_bytes)
    assert int.from_bytes(packet[:2], "big") == len(packet) - 2


@FORMS
def test_packet_is_read_in_its_form_and_leaves_what_follows(form: PacketForm) -> None:
    packet = sealed_auth(form)
    queue = queue_of(packet + b"next")
    opened = auth_reader().read(queue)
    assert opened is not None
    assert (opened.form, opened.raw) == (form, packet)
    assert decode_auth(opened.plaintext, form) == AUTH
    assert queue.take(4) == b"next"


@FORMS
def test_packet_is_read_one_byte_at_a_time(form: PacketForm) -> None:
    packet = sealed_auth(form)
    queue, reader = ByteQueue(), auth_reader()
    for index in range(len(packet) - 1):
        queue.append(packet[index : index + 1])
        assert reader.read(queue) is None
    queue.append(packet[-1:])
    opened = reader.read(queue)
    assert opened is not None
    assert opened.raw == packet


def test_reader_says_how_many_bytes_it_needs() -> None:
    packet = sealed_auth(PacketForm.EIP8)
    queue, reader = ByteQueue(), auth_reader()
    assert reader.needed_bytes == LEGACY_AUTH_BYTES
    queue.append(packet[:LEGACY_AUTH_BYTES])
    assert reader.read(queue) is None
    assert reader.needed_bytes == len(packet)


def test_padded_packet_whose_size_looks_like_a_legacy_point_is_read() -> None:
    # 0x0400 bytes of size begin with the byte that starts every legacy packet.
    body = encode_auth(AUTH, ephemeral=INITIATOR, form=PacketForm.EIP8)
    padded = body.ljust(0x0400 - ecies.OVERHEAD_BYTES, b"\x00")
    packet = seal_padded(RECIPIENT, padded, entropy=SeededEntropy())
    assert packet[0] == secp256k1.UNCOMPRESSED_PREFIX
    opened = auth_reader().read(queue_of(packet))
    assert opened is not None
    assert opened.form is PacketForm.EIP8


def test_largest_size_that_two_bytes_can_say_is_read() -> None:
    body = encode_auth(AUTH, ephemeral=INITIATOR, form=PacketForm.EIP8)
    padded = body.ljust(0xFFFF - ecies.OVERHEAD_BYTES, b"\x00")
    packet = seal_padded(RECIPIENT, padded, entropy=SeededEntropy())
    assert auth_reader().read(queue_of(packet)) is not None


def test_announced_size_below_the_legacy_length_is_refused() -> None:
    packet = (LEGACY_AUTH_BYTES - 1).to_bytes(2, "big") + bytes(LEGACY_AUTH_BYTES)
    with pytest.raises(RemoteProtocolError, match="announces 306 bytes"):
        auth_reader().read(queue_of(packet))


def test_packet_for_another_key_is_refused() -> None:
    packet = seal_packet(INITIATOR, bytes(200), form=PacketForm.EIP8, entropy=SeededEntropy())
    with pytest.raises(DecryptionError):
        auth_reader().read(queue_of(packet))


def test_size_is_authenticated() -> None:
    packet = sealed_auth(PacketForm.EIP8)
    size = int.from_bytes(packet[:2], "big")
    with pytest.raises(DecryptionError):
        auth_reader().read(queue_of((size - 1).to_bytes(2, "big") + packet[2:]))
