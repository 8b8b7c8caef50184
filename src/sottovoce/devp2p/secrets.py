"""From a finished handshake to the keys and MAC states of the frames.

It owns the derivation alone: it draws nothing, sends nothing, and what it gives hides itself from
logs.

Spec: devp2p rlpx.md, "Initial Handshake" (key material) and "MAC".
"""

from dataclasses import dataclass, field

from sottovoce.crypto.hashes import KeccakState, keccak256, keccak256_state
from sottovoce.devp2p.events import Role


@dataclass(frozen=True, slots=True)
class FrameSecrets:
    """What one side needs to write and read frames.

    Attributes:
        aes_secret: 32 bytes, the AES-256 key of both key streams.
        mac_secret: 32 bytes, the AES-256 key of both MACs.
        egress_mac: The state of what this side writes; users copy it.
        ingress_mac: The state of what this side reads; users copy it.
    """

    aes_secret: bytes = field(repr=False)
    mac_secret: bytes = field(repr=False)
    egress_mac: KeccakState = field(repr=False)
    ingress_mac: KeccakState = field(repr=False)


def shared_secret(
    *, ephemeral_shared: bytes, initiator_nonce: bytes, recipient_nonce: bytes
) -> bytes:
    """Return the 32 bytes that both nonces and the ephemeral agreement give."""
    return keccak256(ephemeral_shared + keccak256(recipient_nonce + initiator_nonce))


def derive(
    role: Role,
    *,
    ephemeral_shared: bytes,
    initiator_nonce: bytes,
    recipient_nonce: bytes,
    auth_packet: bytes,
    ack_packet: bytes,
) -> FrameSecrets:
    """Derive one side's secrets.

    Args:
        role: Whose side.
        ephemeral_shared: 32 bytes, the x coordinate of the agreement of both ephemeral keys.
        initiator_nonce: 32 bytes.
        recipient_nonce: 32 bytes.
        auth_packet: The initiator's packet as it was on the wire.
        ack_packet: The recipient's packet as it was on the wire.
    """
    shared = shared_secret(
        ephemeral_shared=ephemeral_shared,
        initiator_nonce=initiator_nonce,
        recipient_nonce=recipient_nonce,
    )
    aes_secret = keccak256(ephemeral_shared + shared)
    mac_secret = keccak256(ephemeral_shared + aes_secret)
    from_initiator = keccak256_state(xor(mac_secret, recipient_nonce) + auth_packet)
    from_recipient = keccak256_state(xor(mac_secret, initiator_nonce) + ack_packet)
    if role is Role.INITIATOR:
        return FrameSecrets(aes_secret, mac_secret, from_initiator, from_recipient)
    return FrameSecrets(aes_secret, mac_secret, from_recipient, from_initiator)


def xor(left: bytes, right: bytes) -> bytes:
    """Return the exclusive or of two byte strings of the same length."""
    assert len(left) == len(right)
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
