"""The handshake of both sides against each other."""

import pytest

from sottovoce.base.errors import InvalidKeyError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.handshake import (
    HandshakeDone,
    InitiatorHandshake,
    RecipientHandshake,
    recover_ephemeral,
)
from sottovoce.devp2p.handshake_packets import Auth, PacketForm, encode_auth, seal_packet
from unit.devp2p.pair import INITIATOR, INITIATOR_KEY, RECIPIENT, RECIPIENT_KEY
from vectors.scripted_entropy import SeededEntropy

FORMS = pytest.mark.parametrize("form", list(PacketForm))


def initiator(form: PacketForm = PacketForm.EIP8) -> InitiatorHandshake:
    return InitiatorHandshake(
        INITIATOR_KEY, RECIPIENT, entropy=SeededEntropy(b"initiator"), form=form
    )


def recipient() -> RecipientHandshake:
    return RecipientHandshake(RECIPIENT_KEY, entropy=SeededEntropy(b"recipient"))


def advance(side: InitiatorHandshake | RecipientHandshake, packet: bytes) -> HandshakeDone:
    queue = ByteQueue()
    queue.append(packet)
    done = side.advance(queue)
    assert done is not None
    return done


@FORMS
def test_both_sides_reach_the_same_secrets(form: PacketForm) -> None:
    calling = initiator(form)
    called = advance(recipient(), calling.auth_packet)
    caller = advance(calling, called.reply)
    assert caller.secrets.aes_secret == called.secrets.aes_secret
    assert caller.secrets.mac_secret == called.secrets.mac_secret
    assert caller.secrets.egress_mac.digest() == called.secrets.ingress_mac.digest()
    assert caller.secrets.ingress_mac.digest() == called.secrets.egress_mac.digest()
    assert (caller.remote, called.remote) == (RECIPIENT, INITIATOR)


def test_initiator_has_nothing_to_reply() -> None:
    calling = initiator()
    assert advance(calling, advance(recipient(), calling.auth_packet).reply).reply == b""


def test_legacy_auth_gets_a_legacy_ack() -> None:
    assert len(advance(recipient(), initiator(PacketForm.LEGACY).auth_packet).reply) == 210


def test_padded_auth_gets_a_padded_ack() -> None:
    reply = advance(recipient(), initiator().auth_packet).reply
    assert int.from_bytes(reply[:2], "big") == len(reply) - 2


def test_two_handshakes_share_no_secret() -> None:
    first, second = (
        advance(
            recipient(),
            InitiatorHandshake(INITIATOR_KEY, RECIPIENT, entropy=SeededEntropy(seed)).auth_packet,
        )
        for seed in (b"first", b"second")
    )
    assert first.secrets.aes_secret != second.secrets.aes_secret


def test_wrong_recovery_id_is_refused() -> None:
    auth = Auth(bytes(64) + b"\x09", INITIATOR, b"n" * 32)
    body = encode_auth(auth, ephemeral=INITIATOR, form=PacketForm.EIP8)
    packet = seal_packet(RECIPIENT, body, form=PacketForm.EIP8, entropy=SeededEntropy())
    with pytest.raises(InvalidKeyError):
        advance(recipient(), packet)


def test_ephemeral_key_is_recovered_from_the_signature() -> None:
    ephemeral = secp256k1.private_key(bytes(31) + b"\x33")
    nonce = b"n" * 32
    shared = secp256k1.shared_x(INITIATOR_KEY, RECIPIENT)
    digest = bytes(a ^ b for a, b in zip(shared, nonce, strict=True))
    auth = Auth(secp256k1.sign(ephemeral, digest), INITIATOR, nonce)
    assert recover_ephemeral(RECIPIENT_KEY, auth) == secp256k1.public_key(ephemeral)


def test_ack_for_another_key_is_refused() -> None:
    stray = advance(
        recipient(),
        InitiatorHandshake(
            secp256k1.private_key(bytes(31) + b"\x44"), RECIPIENT, entropy=SeededEntropy()
        ).auth_packet,
    ).reply
    with pytest.raises(RemoteProtocolError):
        advance(initiator(), stray)


def test_calling_a_key_off_the_curve_is_refused() -> None:
    with pytest.raises(InvalidKeyError):
        InitiatorHandshake(INITIATOR_KEY, PublicKey(b"\x11" * 64), entropy=SeededEntropy())


def test_secrets_hide_themselves() -> None:
    done = advance(recipient(), initiator().auth_packet)
    text = repr(done)
    assert done.secrets.aes_secret.hex() not in text
    assert repr(done.secrets.mac_secret) not in text
