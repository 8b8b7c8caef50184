"""The RLPx handshake of either side, from its first byte to the secrets of the frames.

It owns the ephemeral key, the nonce and the order in which they are drawn. It refuses to know
streams and time: it takes bytes from a queue, however they were cut, and says when it is done.

Order of draws, the same for both sides: ephemeral key (32 bytes), nonce (32), then what
`handshake_packets.seal_packet` draws. The initiator draws when it is made, the recipient when it
answers.

Spec: devp2p rlpx.md, "Initial Handshake"; EIP-8.
"""

from dataclasses import dataclass

from sottovoce.base.entropy import Entropy
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import secrets
from sottovoce.devp2p.events import Role
from sottovoce.devp2p.handshake_packets import (
    LEGACY_ACK_BYTES,
    LEGACY_AUTH_BYTES,
    NONCE_BYTES,
    Ack,
    Auth,
    OpenedPacket,
    PacketForm,
    PacketReader,
    decode_ack,
    decode_auth,
    encode_ack,
    encode_auth,
    seal_packet,
)


@dataclass(frozen=True, slots=True)
class HandshakeDone:
    """The end of a handshake.

    Attributes:
        remote: Who the other side is (its first frame proves it to the initiator).
        secrets: This side's keys and MAC states.
        reply: What must be sent before any frame: the ack of a recipient, nothing of an initiator.
    """

    remote: PublicKey
    secrets: secrets.FrameSecrets
    reply: bytes


class InitiatorHandshake:
    """The side that opened the stream: sends `auth_packet`, then waits for the ack."""

    __slots__ = ("_ephemeral", "_nonce", "_reader", "_remote", "auth_packet")

    def __init__(
        self,
        identity: PrivateKey,
        remote: PublicKey,
        *,
        entropy: Entropy,
        form: PacketForm = PacketForm.EIP8,
    ) -> None:
        """Draw the ephemeral key and nonce and make the auth packet.

        Raises:
            InvalidKeyError: The remote key is not on the curve.
        """
        self._remote = remote
        self._ephemeral = secp256k1.generate_private_key(entropy)
        self._nonce = entropy.take(NONCE_BYTES)
        signature = secp256k1.sign(
            self._ephemeral, _signed_digest(secp256k1.shared_x(identity, remote), self._nonce)
        )
        auth = Auth(signature, secp256k1.kept_public_key(identity), self._nonce)
        # Only the old form says which key that is; in the other the signature gives it.
        legacy = form is PacketForm.LEGACY
        ephemeral = secp256k1.public_key(self._ephemeral) if legacy else None
        body = encode_auth(auth, ephemeral=ephemeral, form=form)
        self.auth_packet = seal_packet(remote, body, form=form, entropy=entropy)
        self._reader = PacketReader(identity, legacy_bytes=LEGACY_ACK_BYTES)

    def advance(self, queue: ByteQueue) -> HandshakeDone | None:
        """Read the ack off the queue, or return None while bytes are missing.

        Raises:
            RemoteProtocolError: The ack does not open or says nothing valid.
        """
        opened = self._reader.read(queue)
        if opened is None:
            return None
        ack = decode_ack(opened.plaintext, opened.form)
        derived = secrets.derive(
            Role.INITIATOR,
            ephemeral_shared=secp256k1.shared_x(self._ephemeral, ack.ephemeral),
            initiator_nonce=self._nonce,
            recipient_nonce=ack.nonce,
            auth_packet=self.auth_packet,
            ack_packet=opened.raw,
        )
        return HandshakeDone(self._remote, derived, b"")


class RecipientHandshake:
    """The side that accepted the stream: waits for the auth packet and answers it."""

    __slots__ = ("_entropy", "_identity", "_reader")

    def __init__(self, identity: PrivateKey, *, entropy: Entropy) -> None:
        self._identity = identity
        self._entropy = entropy
        self._reader = PacketReader(identity, legacy_bytes=LEGACY_AUTH_BYTES)

    def advance(self, queue: ByteQueue) -> HandshakeDone | None:
        """Read the auth packet off the queue and answer it, or return None while bytes are missing.

        Raises:
            RemoteProtocolError: The packet does not open or says nothing valid.
        """
        opened = self._reader.read(queue)
        return None if opened is None else self._answer(opened)

    def _answer(self, opened: OpenedPacket) -> HandshakeDone:
        auth = decode_auth(opened.plaintext, opened.form)
        initiator_ephemeral = recover_ephemeral(self._identity, auth)
        ephemeral = secp256k1.generate_private_key(self._entropy)
        ack = Ack(secp256k1.public_key(ephemeral), self._entropy.take(NONCE_BYTES))
        ack_packet = seal_packet(
            auth.initiator,
            encode_ack(ack, opened.form),
            form=opened.form,
            entropy=self._entropy,
        )
        derived = secrets.derive(
            Role.RECIPIENT,
            ephemeral_shared=secp256k1.shared_x(ephemeral, initiator_ephemeral),
            initiator_nonce=auth.nonce,
            recipient_nonce=ack.nonce,
            auth_packet=opened.raw,
            ack_packet=ack_packet,
        )
        return HandshakeDone(auth.initiator, derived, ack_packet)


def recover_ephemeral(identity: PrivateKey, auth: Auth) -> PublicKey:
    """Return the initiator's ephemeral key, which signed the static agreement and the nonce.

    Raises:
        InvalidKeyError: The signature fits no key.
    """
    static_shared = secp256k1.shared_x(identity, auth.initiator)
    return secp256k1.recover(_signed_digest(static_shared, auth.nonce), auth.signature)


def _signed_digest(static_shared: bytes, nonce: bytes) -> bytes:
    return secrets.xor(static_shared, nonce)
