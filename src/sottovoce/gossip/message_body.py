"""The plaintext inside an envelope: flags, size, payload, padding, signature.

It owns the layout and the signature over it, and knows neither how the plaintext is encrypted nor
what the payload means. It refuses what status-go refuses; some of that makes go-ethereum 1.9.6
panic, which never checked that the parts lie inside the whole (docs/spec-deviations.md,
"Malformed plaintext").

Spec: EIP-627, "Contents of Data Field of the Message"; go-ethereum whisper/whisperv6/message.go.
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256

FLAGS_BYTES: Final = 1
SIGNATURE_BYTES: Final = secp256k1.SIGNATURE_BYTES
SIZE_FIELD_BYTES_MAX: Final = 3  # two bits of the flags count the bytes of the size field
PAYLOAD_BYTES_MAX: Final = (1 << (8 * SIZE_FIELD_BYTES_MAX)) - 1

# Random padding fills the plaintext up to a multiple of this, so that lengths tell little.
PADDING_BLOCK_BYTES: Final = 256

_SIZE_FIELD_MASK: Final = 0b011
_SIGNED_FLAG: Final = 0b100
_BITS_PER_BYTE: Final = 8


@dataclass(frozen=True, slots=True)
class MessageBody:
    """What a plaintext holds.

    Attributes:
        payload: What the application wrote.
        padding: The filling after it.
        transport_sender: Who signed the plaintext, or None if nobody did.
    """

    payload: bytes = field(repr=False)
    padding: bytes = field(repr=False)
    transport_sender: PublicKey | None = field(repr=False)


def encode_body(
    payload: bytes, *, padding: bytes | None, signer: PrivateKey | None, entropy: Entropy
) -> bytes:
    """Encode, pad and sign a payload.

    Args:
        payload: At most `PAYLOAD_BYTES_MAX` bytes.
        padding: Used as it is and without rounding; None or empty means random padding.
        signer: Signs the plaintext if given.
        entropy: Gives the random padding, 1 to 256 bytes.

    Returns:
        The plaintext; a multiple of 256 bytes if the padding is random.

    Raises:
        LocalProtocolError: The payload is too large for the size field.
    """
    size_bytes = _size_field_bytes(len(payload))
    flags = size_bytes | (_SIGNED_FLAG if signer is not None else 0)
    head = bytes((flags,)) + len(payload).to_bytes(size_bytes, "little")
    if not padding:
        padding = entropy.take(padding_bytes(len(payload), signed=signer is not None))
    unsigned = head + payload + padding
    if signer is None:
        return unsigned
    return unsigned + secp256k1.sign(signer, keccak256(unsigned))


def padding_bytes(payload_bytes: int, *, signed: bool) -> int:
    """Return the length of the random padding for a payload, 1 to 256.

    A plaintext that is aligned already grows by a whole block: the network's nodes do the same
    (docs/spec-deviations.md, "Padding").

    Raises:
        LocalProtocolError: The payload is too large for the size field.
    """
    filled = FLAGS_BYTES + _size_field_bytes(payload_bytes) + payload_bytes
    if signed:
        filled += SIGNATURE_BYTES
    return PADDING_BLOCK_BYTES - filled % PADDING_BLOCK_BYTES


def body_bytes(payload_bytes: int, *, signed: bool) -> int:
    """Return the length of the plaintext of a payload with random padding.

    Raises:
        LocalProtocolError: The payload is too large for the size field.
    """
    signature = SIGNATURE_BYTES if signed else 0
    padding = padding_bytes(payload_bytes, signed=signed)
    return FLAGS_BYTES + _size_field_bytes(payload_bytes) + payload_bytes + padding + signature


def decode_body(plaintext: bytes) -> MessageBody:
    """Split a plaintext and find out who signed it.

    Raises:
        RemoteProtocolError: The plaintext is empty, its parts reach over its end or into the
            signature, or the signature fits no key.
    """
    if not plaintext:
        raise RemoteProtocolError("message: the plaintext is empty")
    flags = plaintext[0]
    signed = bool(flags & _SIGNED_FLAG)
    end = len(plaintext) - (SIGNATURE_BYTES if signed else 0)
    if signed and end <= FLAGS_BYTES:
        raise RemoteProtocolError("message: the plaintext is too short for its signature")
    start = FLAGS_BYTES + (flags & _SIZE_FIELD_MASK)
    if start > end:
        raise RemoteProtocolError("message: the size field is cut off")
    payload_end = start + int.from_bytes(plaintext[FLAGS_BYTES:start], "little")
    if payload_end > end:
        raise RemoteProtocolError("message: the payload is longer than the plaintext")
    sender = None
    if signed:
        sender = secp256k1.recover(keccak256(plaintext[:end]), plaintext[end:])
    return MessageBody(plaintext[start:payload_end], plaintext[payload_end:end], sender)


def _size_field_bytes(payload_bytes: int) -> int:
    """Return how many bytes the size field takes: as few as possible, at least one.

    Raises:
        LocalProtocolError: The payload is too large for the size field.
    """
    if payload_bytes > PAYLOAD_BYTES_MAX:
        raise LocalProtocolError(f"a payload has at most {PAYLOAD_BYTES_MAX} bytes")
    return max(1, (payload_bytes.bit_length() + _BITS_PER_BYTE - 1) // _BITS_PER_BYTE)
