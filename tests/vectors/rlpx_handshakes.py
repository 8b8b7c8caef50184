"""RLPx handshakes of the vectors: keys, packets, randomness and secrets of both sides."""

from typing import Any, Final

from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import ecies, secp256k1
from sottovoce.devp2p import secrets
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.handshake import (
    HandshakeDone,
    InitiatorHandshake,
    RecipientHandshake,
    recover_ephemeral,
)
from sottovoce.devp2p.handshake_packets import (
    LEGACY_ACK_BYTES,
    LEGACY_AUTH_BYTES,
    PADDING_BYTES_MIN,
    PADDING_DRAW_BYTES,
    OpenedPacket,
    PacketForm,
    PacketReader,
    decode_ack,
    decode_auth,
    encode_ack,
    encode_auth,
    seal_padded,
)
from sottovoce.devp2p.secrets import FrameSecrets
from vectors.scripted_entropy import ScriptedEntropy
from vectors.text import unhex

_REPRODUCIBLE_STYLES: Final = {"eip8": PacketForm.EIP8, "legacy": PacketForm.LEGACY}
_LEGACY_BYTES: Final = {"auth": LEGACY_AUTH_BYTES, "ack": LEGACY_ACK_BYTES}


def check_handshake(entry: dict[str, Any]) -> None:
    """Check every field of one handshake, and make it again where all randomness is given."""
    _check_keys(entry)
    auth = open_packet("auth", entry["recipient_static_private"], entry["auth"]["packet"])
    ack = open_packet("ack", entry["initiator_static_private"], entry["ack"]["packet"])
    _check_opened(auth, entry["auth"])
    _check_opened(ack, entry["ack"])
    _check_said(entry, auth, ack)
    _check_sealed(entry)
    form = _REPRODUCIBLE_STYLES.get(entry["style"])
    assert auth.form is ack.form is (form or PacketForm.EIP8)
    if form is not None:
        _check_reproduced(entry, form)
    for role in Role:
        wanted = entry[f"{role.value}_secrets"]
        _check_secrets(derive_side(entry, role), wanted)
        assert _shared_secret(entry) == wanted["shared_secret"]
        assert _ephemeral_shared(entry, role).hex() == wanted["ephemeral_shared"]


def _check_keys(entry: dict[str, Any]) -> None:
    for name in ("initiator_static", "initiator_ephemeral", "recipient_static"):
        assert public_hex(entry[f"{name}_private"]) == entry[f"{name}_public"]
    assert public_hex(entry["recipient_ephemeral_private"]) == entry["recipient_ephemeral_public"]
    initiator = private_key(entry["initiator_static_private"])
    recipient = private_key(entry["recipient_static_private"])
    for private, other in ((initiator, recipient), (recipient, initiator)):
        shared = secp256k1.shared_x(private, secp256k1.public_key(other))
        assert shared.hex() == entry["static_shared"]


def _check_opened(opened: OpenedPacket, entry: dict[str, Any]) -> None:
    assert opened.raw.hex() == entry["packet"]
    assert opened.plaintext.hex() == entry["plaintext"]
    if opened.form is PacketForm.EIP8:
        _, rlp_length = rlp.decode_prefix(opened.plaintext)
        assert rlp_length == entry["rlp_length"]
        assert len(opened.plaintext) - rlp_length == entry["padding_length"]


def _check_said(entry: dict[str, Any], opened_auth: OpenedPacket, opened_ack: OpenedPacket) -> None:
    auth = decode_auth(opened_auth.plaintext, opened_auth.form)
    assert auth.signature.hex() == entry["auth_signature"]
    assert auth.initiator.raw.hex() == entry["initiator_static_public"]
    assert auth.nonce.hex() == entry["initiator_nonce"]
    ephemeral = recover_ephemeral(private_key(entry["recipient_static_private"]), auth)
    assert ephemeral.raw.hex() == entry["initiator_ephemeral_public"]
    ack = decode_ack(opened_ack.plaintext, opened_ack.form)
    assert ack.ephemeral.raw.hex() == entry["recipient_ephemeral_public"]
    assert ack.nonce.hex() == entry["recipient_nonce"]
    if entry["style"] in _REPRODUCIBLE_STYLES:
        auth_body = encode_auth(auth, ephemeral=ephemeral, form=opened_auth.form)
        assert opened_auth.plaintext.startswith(auth_body)
        assert opened_ack.plaintext.startswith(encode_ack(ack, opened_ack.form))


def _check_sealed(entry: dict[str, Any]) -> None:
    """Seal the given bodies with the given randomness, padding and all."""
    for kind, to in (("auth", "recipient"), ("ack", "initiator")):
        packet = entry[kind]
        recipient = secp256k1.public_key(private_key(entry[f"{to}_static_private"]))
        entropy = ScriptedEntropy(_ecies_draws(packet))
        plaintext = unhex(packet["plaintext"])
        if _REPRODUCIBLE_STYLES.get(entry["style"]) is PacketForm.LEGACY:
            sealed = ecies.encrypt(recipient, plaintext, entropy=entropy)
        else:
            sealed = seal_padded(recipient, plaintext, entropy=entropy)
        assert sealed.hex() == packet["packet"]


def _check_reproduced(entry: dict[str, Any], form: PacketForm) -> None:
    """Run the real handshake of both sides with the recorded randomness."""
    initiator_entropy = ScriptedEntropy(_draws(entry, "initiator", entry["auth"], form))
    recipient_entropy = ScriptedEntropy(_draws(entry, "recipient", entry["ack"], form))
    initiator_key = private_key(entry["initiator_static_private"])
    recipient_key = private_key(entry["recipient_static_private"])
    initiator = InitiatorHandshake(
        initiator_key,
        secp256k1.public_key(recipient_key),
        entropy=initiator_entropy,
        form=form,
    )
    assert initiator.auth_packet.hex() == entry["auth"]["packet"]
    recipient = RecipientHandshake(recipient_key, entropy=recipient_entropy)
    recipient_done = finish(recipient, initiator.auth_packet)
    assert recipient_done.reply.hex() == entry["ack"]["packet"]
    assert recipient_done.remote.raw.hex() == entry["initiator_static_public"]
    initiator_done = finish(initiator, recipient_done.reply)
    assert initiator_done.remote.raw.hex() == entry["recipient_static_public"]
    assert initiator_entropy.is_used_up
    assert recipient_entropy.is_used_up
    _check_secrets(initiator_done.secrets, entry["initiator_secrets"])
    _check_secrets(recipient_done.secrets, entry["recipient_secrets"])


def _draws(
    entry: dict[str, Any], side: str, packet: dict[str, Any], form: PacketForm
) -> list[bytes]:
    draws = [unhex(entry[f"{side}_ephemeral_private"]), unhex(entry[f"{side}_nonce"])]
    if form is PacketForm.EIP8:
        over_minimum = packet["padding_length"] - PADDING_BYTES_MIN
        draws.append(over_minimum.to_bytes(PADDING_DRAW_BYTES, "big"))
    return draws + _ecies_draws(packet)


def _ecies_draws(packet: dict[str, Any]) -> list[bytes]:
    return [unhex(packet["ecies_ephemeral_private"]), unhex(packet["ecies_iv"])]


def finish(handshake: InitiatorHandshake | RecipientHandshake, packet: bytes) -> HandshakeDone:
    """Give a side the whole packet that it waits for."""
    queue = ByteQueue()
    queue.append(packet)
    done = handshake.advance(queue)
    assert done is not None
    assert len(queue) == 0
    return done


def _ephemeral_shared(entry: dict[str, Any], role: Role) -> bytes:
    initiator = private_key(entry["initiator_ephemeral_private"])
    recipient = private_key(entry["recipient_ephemeral_private"])
    if role is Role.INITIATOR:
        return secp256k1.shared_x(initiator, secp256k1.public_key(recipient))
    return secp256k1.shared_x(recipient, secp256k1.public_key(initiator))


def _shared_secret(entry: dict[str, Any]) -> str:
    return secrets.shared_secret(
        ephemeral_shared=_ephemeral_shared(entry, Role.INITIATOR),
        initiator_nonce=unhex(entry["initiator_nonce"]),
        recipient_nonce=unhex(entry["recipient_nonce"]),
    ).hex()


def derive_side(entry: dict[str, Any], role: Role) -> FrameSecrets:
    """Derive one side's secrets from the packets and private keys of an entry."""
    return secrets.derive(
        role,
        ephemeral_shared=_ephemeral_shared(entry, role),
        initiator_nonce=unhex(entry["initiator_nonce"]),
        recipient_nonce=unhex(entry["recipient_nonce"]),
        auth_packet=unhex(entry["auth"]["packet"]),
        ack_packet=unhex(entry["ack"]["packet"]),
    )


def _check_secrets(derived: FrameSecrets, wanted: dict[str, Any]) -> None:
    assert derived.aes_secret.hex() == wanted["aes_secret"]
    assert derived.mac_secret.hex() == wanted["mac_secret"]
    assert derived.egress_mac.digest().hex() == wanted["egress_mac_digest"]
    assert derived.ingress_mac.digest().hex() == wanted["ingress_mac_digest"]


# ---- words of the file


def open_packet(kind: str, private: str, packet: str) -> OpenedPacket:
    """Read and decrypt one packet, `kind` being auth or ack."""
    reader = PacketReader(private_key(private), legacy_bytes=_LEGACY_BYTES[kind])
    queue = ByteQueue()
    queue.append(unhex(packet))
    opened = reader.read(queue)
    assert opened is not None
    assert len(queue) == 0
    assert opened.raw.hex() == packet
    return opened


def private_key(text: str) -> PrivateKey:
    """Read a private key."""
    return secp256k1.private_key(unhex(text))


def public_hex(private: str) -> str:
    """Return the public key of a private key, both as the file writes them."""
    return secp256k1.public_key(private_key(private)).raw.hex()
