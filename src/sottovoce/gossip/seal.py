"""Sealing a payload into an envelope, and opening one: encryption for the sake of metadata.

It knows keys, topics and times, and neither peers nor what a payload says. Whoever holds the
envelope's key can open it; secrecy between people is the business of another layer.

Spec: EIP-627, "Contents of Data Field of the Message"; go-ethereum whisper/whisperv6/message.go.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import ecies, secp256k1
from sottovoce.crypto.aes import GCM_NONCE_BYTES, GCM_TAG_BYTES, gcm_seal, gcm_try
from sottovoce.gossip.envelope import FIELDS_BYTES, Envelope, UnminedEnvelope
from sottovoce.gossip.message_body import body_bytes, decode_body, encode_body

SALT_BYTES: Final = GCM_NONCE_BYTES  # the network's word for the nonce of AES-GCM
SYMMETRIC_OVERHEAD_BYTES: Final = GCM_TAG_BYTES + SALT_BYTES
ASYMMETRIC_OVERHEAD_BYTES: Final = ecies.OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class EnvelopeRoute:
    """Where a payload goes and who vouches for it.

    Attributes:
        topic: Four bytes that everybody can read.
        envelope_key: What the envelope is encrypted with: a shared key, or the recipient's.
        signer: Who signs inside the encryption, or None.
    """

    topic: Topic = field(repr=False)
    envelope_key: SymmetricKey | PublicKey = field(repr=False)
    signer: PrivateKey | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """An envelope that a key of ours opened. Its text form shows nothing private.

    Attributes:
        payload: What the application wrote.
        padding: The filling after it.
        transport_sender: Who signed the plaintext, or None.
        recipient: Our public key that it was encrypted to, or None if the key is symmetric.
        topic: The envelope's topic.
        ttl_s: The envelope's ttl.
        sent_unix_s: When it was sent, by the sender's clock.
        pow: What the envelope's nonce is worth.
        hash: The envelope's hash.
    """

    payload: bytes = field(repr=False)
    padding: bytes = field(repr=False)
    transport_sender: PublicKey | None = field(repr=False)
    recipient: PublicKey | None = field(repr=False)
    topic: Topic = field(repr=False)
    ttl_s: int
    sent_unix_s: int
    pow: float
    hash: EnvelopeHash


def seal(
    payload: bytes,
    route: EnvelopeRoute,
    *,
    ttl_s: int,
    now: Moment,
    entropy: Entropy,
    padding: bytes | None = None,
) -> UnminedEnvelope:
    """Sign, pad and encrypt a payload; what is left to do is the search for a nonce.

    Args:
        payload: At most `message_body.PAYLOAD_BYTES_MAX` bytes.
        route: Topic, key and signer.
        ttl_s: Seconds of life.
        now: The expiry is counted from here.
        entropy: Gives the random padding first, then the salt (12 bytes), or the ephemeral key
            (32 bytes) and the IV (16 bytes).
        padding: Used as it is and without rounding; None or empty means random padding.

    Returns:
        An envelope without nonce.

    Raises:
        LocalProtocolError: The payload is too large, or ttl or expiry does not fit 32 bits.
        InvalidKeyError: The recipient's key is not on the curve.
    """
    plaintext = encode_body(payload, padding=padding, signer=route.signer, entropy=entropy)
    if isinstance(route.envelope_key, SymmetricKey):
        salt = entropy.take(SALT_BYTES)
        data = gcm_seal(route.envelope_key.raw, salt, plaintext) + salt
    else:
        data = ecies.encrypt(route.envelope_key, plaintext, entropy=entropy)
    return UnminedEnvelope(now.unix_whole_s + ttl_s, ttl_s, route.topic, data)


def open_data(data: bytes, key: SymmetricKey | PrivateKey) -> bytes:
    """Decrypt the data of an envelope.

    Returns:
        The plaintext, which `message_body.decode_body` splits.

    Raises:
        DecryptionError: The data are damaged, or meant for another key.
    """
    plaintext = _try_data(data, key)
    if plaintext is None:
        raise DecryptionError("envelope: the data do not open with this key")
    return plaintext


def _try_data(data: bytes, key: SymmetricKey | PrivateKey) -> bytes | None:
    """Decrypt the data of an envelope; a symmetric key that does not fit gives None.

    Raises:
        DecryptionError: The data do not open with a private key.
    """
    if isinstance(key, SymmetricKey):
        if len(data) < SYMMETRIC_OVERHEAD_BYTES:
            return None
        return gcm_try(key.raw, data[-SALT_BYTES:], data[:-SALT_BYTES])
    return ecies.decrypt(key, data)


def open_envelope(
    envelope: Envelope, key: SymmetricKey | PrivateKey, *, pow: float
) -> OpenedMessage | None:
    """Open an envelope.

    Args:
        envelope: Any envelope.
        key: The key to try.
        pow: What the nonce is worth, as whoever received the envelope computed it.

    Returns:
        The message, or None if the key does not open it or its plaintext is malformed.
    """
    try:
        plaintext = _try_data(envelope.data, key)
        if plaintext is None:
            return None
        body = decode_body(plaintext)
    except RemoteProtocolError:
        return None
    return OpenedMessage(
        payload=body.payload,
        padding=body.padding,
        transport_sender=body.transport_sender,
        recipient=secp256k1.kept_public_key(key) if isinstance(key, PrivateKey) else None,
        topic=envelope.topic,
        ttl_s=envelope.ttl_s,
        sent_unix_s=envelope.sent_unix_s,
        pow=pow,
        hash=envelope.hash,
    )


def overhead_bytes(payload_bytes: int, *, signed: bool, symmetric: bool) -> int:
    """Return by how much an envelope's size exceeds its payload, with random padding.

    The size is the network's convention (`Envelope.size_bytes`), which limits and targets of work
    are counted in.

    Raises:
        LocalProtocolError: The payload is too large for an envelope.
    """
    cipher = SYMMETRIC_OVERHEAD_BYTES if symmetric else ASYMMETRIC_OVERHEAD_BYTES
    return FIELDS_BYTES + cipher + body_bytes(payload_bytes, signed=signed) - payload_bytes
