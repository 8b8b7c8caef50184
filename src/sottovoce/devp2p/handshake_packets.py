"""The two packets of the RLPx handshake: their bodies, their two forms, and how they are read.

It owns the bytes of auth and ack and refuses to know keys that live longer than one packet: who
signs, which secrets follow and when to answer is `handshake`'s business.

Spec: devp2p rlpx.md, "Initial Handshake"; EIP-8 (the padded form, unknown versions and elements).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, RemoteProtocolError
from sottovoce.base.quantities import PUBLIC_KEY_BYTES, PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.codec import rlp
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import ecies, secp256k1
from sottovoce.crypto.hashes import keccak256

NONCE_BYTES: Final = 32
SIZE_BYTES: Final = 2  # the big-endian size in front of a padded packet
SIZE_MAX: Final = 0xFFFF  # what two bytes can say; it bounds what an unknown peer can make us keep
PACKET_BYTES_MAX: Final = SIZE_BYTES + SIZE_MAX

_KEY_HASH_BYTES: Final = 32
_TOKEN_BYTES: Final = 1  # "no session token": the form from before EIP-8 ends with a zero byte
LEGACY_AUTH_BYTES: Final = (
    secp256k1.SIGNATURE_BYTES
    + _KEY_HASH_BYTES
    + PUBLIC_KEY_BYTES
    + NONCE_BYTES
    + _TOKEN_BYTES
    + ecies.OVERHEAD_BYTES
)
LEGACY_ACK_BYTES: Final = PUBLIC_KEY_BYTES + NONCE_BYTES + _TOKEN_BYTES + ecies.OVERHEAD_BYTES

# EIP-8 asks for at least 100 bytes, so that no padded packet has the length of an old one;
# go-ethereum adds up to 199 more, so that the length says nothing.
PADDING_BYTES_MIN: Final = 100
PADDING_CHOICES: Final = 200
PADDING_DRAW_BYTES: Final = 2

_VERSION: Final = 4  # sent because the body has a place for it; nobody may look at it
_BODY_ITEMS_MIN_AUTH: Final = 4
_BODY_ITEMS_MIN_ACK: Final = 3


class PacketForm(Enum):
    """How a handshake packet is laid out."""

    EIP8 = "eip8"
    LEGACY = "legacy"


@dataclass(frozen=True, slots=True)
class Auth:
    """What the initiator's packet says.

    Attributes:
        signature: 65 bytes; its recovery gives the initiator's ephemeral key.
        initiator: The node key that the initiator claims, a point of the curve.
        nonce: 32 bytes.
    """

    signature: bytes
    initiator: PublicKey
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Ack:
    """What the recipient's packet says.

    Attributes:
        ephemeral: The recipient's ephemeral key, a point of the curve.
        nonce: 32 bytes.
    """

    ephemeral: PublicKey
    nonce: bytes


@dataclass(frozen=True, slots=True)
class OpenedPacket:
    """A packet that was read whole and decrypted.

    Attributes:
        form: The form that it came in; the answer takes the same.
        raw: Its bytes as they were on the wire, size included: they enter the MACs.
        plaintext: The body, padding included.
    """

    form: PacketForm
    raw: bytes
    plaintext: bytes


def encode_auth(auth: Auth, *, ephemeral: PublicKey | None, form: PacketForm) -> bytes:
    """Encode the body of an auth packet, without padding.

    Args:
        auth: What it says.
        ephemeral: The initiator's ephemeral key, whose hash the old form carries; the padded form
            has no place for it, so that None will do.
        form: Which layout to use.
    """
    if form is PacketForm.EIP8:
        return rlp.encode([auth.signature, auth.initiator.raw, auth.nonce, _VERSION])
    assert ephemeral is not None
    key_hash = keccak256(ephemeral.raw)
    return auth.signature + key_hash + auth.initiator.raw + auth.nonce + bytes(_TOKEN_BYTES)


def decode_auth(plaintext: bytes, form: PacketForm) -> Auth:
    """Decode the body of an auth packet; padding and additional elements are passed over.

    Raises:
        RemoteProtocolError: The body has another shape (`InvalidKeyError`: its key is no point of
            the curve).
    """
    if form is PacketForm.EIP8:
        items = _body_items(plaintext, _BODY_ITEMS_MIN_AUTH)
        signature = rlp.as_bytes(items[0], "auth signature", secp256k1.SIGNATURE_BYTES)
        key = rlp.as_bytes(items[1], "auth key", PUBLIC_KEY_BYTES)
        nonce = rlp.as_bytes(items[2], "auth nonce", NONCE_BYTES)
        rlp.as_uint(items[3], "auth version")
    else:
        # The hash of the ephemeral key is passed over, as go-ethereum does: the signature over
        # the shared secret proves more (docs/spec-deviations.md, "Legacy auth").
        parts = _Slices(plaintext)
        signature = parts.take(secp256k1.SIGNATURE_BYTES)
        parts.take(_KEY_HASH_BYTES)
        key = parts.take(PUBLIC_KEY_BYTES)
        nonce = parts.take(NONCE_BYTES)
    return Auth(signature, secp256k1.parse_public_key(key), nonce)


def encode_ack(ack: Ack, form: PacketForm) -> bytes:
    """Encode the body of an ack packet, without padding."""
    if form is PacketForm.EIP8:
        return rlp.encode([ack.ephemeral.raw, ack.nonce, _VERSION])
    return ack.ephemeral.raw + ack.nonce + bytes(_TOKEN_BYTES)


def decode_ack(plaintext: bytes, form: PacketForm) -> Ack:
    """Decode the body of an ack packet; padding and additional elements are passed over.

    Raises:
        RemoteProtocolError: The body has another shape (`InvalidKeyError`: its key is no point of
            the curve).
    """
    if form is PacketForm.EIP8:
        items = _body_items(plaintext, _BODY_ITEMS_MIN_ACK)
        key = rlp.as_bytes(items[0], "ack key", PUBLIC_KEY_BYTES)
        nonce = rlp.as_bytes(items[1], "ack nonce", NONCE_BYTES)
        rlp.as_uint(items[2], "ack version")
    else:
        parts = _Slices(plaintext)
        key = parts.take(PUBLIC_KEY_BYTES)
        nonce = parts.take(NONCE_BYTES)
    return Ack(secp256k1.parse_public_key(key), nonce)


def seal_packet(recipient: PublicKey, body: bytes, *, form: PacketForm, entropy: Entropy) -> bytes:
    """Encrypt a body to the recipient in one of the two forms.

    Args:
        recipient: Whose static key opens it.
        body: What `encode_auth` or `encode_ack` gave.
        form: The layout of the body.
        entropy: Gives, in this order, 2 bytes for the length of the padding (padded form only:
            100 plus the big-endian number modulo 200), 32 for the key and 16 for the IV of ECIES.

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
    """
    if form is PacketForm.LEGACY:
        return ecies.encrypt(recipient, body, entropy=entropy)
    drawn = int.from_bytes(entropy.take(PADDING_DRAW_BYTES), "big")
    padding = bytes(PADDING_BYTES_MIN + drawn % PADDING_CHOICES)
    return seal_padded(recipient, body + padding, entropy=entropy)


def seal_padded(recipient: PublicKey, padded_body: bytes, *, entropy: Entropy) -> bytes:
    """Encrypt a body whose padding is there already, and put the size in front.

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
    """
    size = (len(padded_body) + ecies.OVERHEAD_BYTES).to_bytes(SIZE_BYTES, "big")
    return size + ecies.encrypt(recipient, padded_body, entropy=entropy, authdata=size)


class PacketReader:
    """Reads one handshake packet of either form out of a queue, as far as it has come."""

    __slots__ = ("_legacy_bytes", "_private", "_size_bytes")

    def __init__(self, private: PrivateKey, *, legacy_bytes: int) -> None:
        """Expect a packet for a static key; `legacy_bytes` is its length in the old form."""
        self._private = private
        self._legacy_bytes = legacy_bytes
        self._size_bytes: int | None = None  # the whole packet, once it is known to be padded

    @property
    def needed_bytes(self) -> int:
        """How many bytes must be in the queue before the next call of `read` can do anything."""
        return self._legacy_bytes if self._size_bytes is None else self._size_bytes

    def read(self, queue: ByteQueue) -> OpenedPacket | None:
        """Take the packet off the queue, or return None while bytes are missing.

        Raises:
            RemoteProtocolError: The announced size is too small, or the packet does not open
                (`DecryptionError`).
        """
        if self._size_bytes is None:
            head = queue.peek(self._legacy_bytes)
            if head is None:
                return None
            opened = self._try_legacy(head)
            if opened is not None:
                queue.take(self._legacy_bytes)
                return opened
            self._size_bytes = SIZE_BYTES + self._announced_size(head)
        raw = queue.take(self._size_bytes)
        if raw is None:
            return None
        plaintext = ecies.decrypt(self._private, raw[SIZE_BYTES:], authdata=raw[:SIZE_BYTES])
        return OpenedPacket(PacketForm.EIP8, raw, plaintext)

    def _try_legacy(self, head: bytes) -> OpenedPacket | None:
        # The first byte tells most padded packets from old ones without any arithmetic.
        if head[0] != secp256k1.UNCOMPRESSED_PREFIX:
            return None
        try:
            plaintext = ecies.decrypt(self._private, head)
        except DecryptionError:
            return None
        return OpenedPacket(PacketForm.LEGACY, head, plaintext)

    def _announced_size(self, head: bytes) -> int:
        size = int.from_bytes(head[:SIZE_BYTES], "big")
        if size < self._legacy_bytes:
            raise RemoteProtocolError(
                f"handshake: a packet announces {size} bytes, fewer than {self._legacy_bytes}"
            )
        return size


class _Slices:
    """Cuts a body of the old form, whose length ECIES has fixed already."""

    __slots__ = ("_data", "_start")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._start = 0

    def take(self, size_bytes: int) -> bytes:
        start = self._start
        self._start = end = start + size_bytes
        if end > len(self._data):
            raise RemoteProtocolError("handshake: a body is too short")
        return self._data[start:end]


def _body_items(plaintext: bytes, count_min: int) -> list[rlp.RlpItem]:
    item, _ = rlp.decode_prefix(plaintext)
    items = rlp.as_list(item, "handshake body")
    if len(items) < count_min:
        raise RemoteProtocolError("handshake: a body has too few elements")
    return items
