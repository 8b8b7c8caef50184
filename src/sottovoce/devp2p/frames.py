"""RLPx frames: packets in, encrypted bytes out, and back.

It owns the two key streams, the two rolling MACs and the compression switch of one connection. It
refuses to know what a code means or how large a packet of some subprotocol may be: the caller
checks that, and closes the connection at the first error, for no frame after it can be read.

Spec: devp2p rlpx.md, "Framing" and "MAC"; EIP-706 (Snappy).
"""

from collections import deque
from collections.abc import Iterable
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.codec import rlp, snappy
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto.aes import BLOCK_BYTES, AesBlock, AesCtrStream
from sottovoce.crypto.constant_time import equal
from sottovoce.crypto.hashes import KeccakState
from sottovoce.devp2p.secrets import FrameSecrets

LENGTH_BYTES: Final = 3
# What three bytes can say. It bounds the body of a frame and, separately, what a compressed
# payload may declare that it inflates to.
FRAME_BYTES_MAX: Final = 0xFFFFFF
MAC_BYTES: Final = 16
HEADER_BYTES: Final = BLOCK_BYTES + MAC_BYTES

# After the length comes a list of two empty strings (capability id and context id of a scheme
# that nobody ever used), then zeros up to a block. Readers ignore all of it.
_HEADER_REST: Final = b"\xc2\x80\x80" + bytes(10)
_ZERO_COUNTER: Final = bytes(BLOCK_BYTES)
_CODE_BITS: Final = 64
# More than the longest header of an RLP item and the longest code.
_CODE_ITEM_BYTES: Final = 32
_WRONG_MAC: Final = "the MAC of a frame's body does not fit"
_ONE_BYTE_CODE_END: Final = 0x80

# A body above this is deciphered as it comes, so that it costs its size once, and the owner can see
# that it is unfinished. Ours and all usual ones are smaller: they are read in one go.
LARGE_FRAME_BYTES: Final = 256 * 1024

# One flush gives each peer about one packet, and answers may come in between.
_KEPT_FRAMES: Final = 4
_KEPT_BYTES_MIN: Final = 256  # keeping a smaller one costs as much as making it
# Twice what the relay aims at; with the payloads themselves it bounds what is kept to 4 MB.
_KEPT_BYTES_MAX: Final = 512 * 1024


class RollingMac:
    """The MAC of one direction: a sponge that swallows all ciphertext and its own outputs."""

    __slots__ = ("_encrypt", "_mac", "_state")

    def __init__(self, mac_secret: bytes, state: KeccakState) -> None:
        self._encrypt = AesBlock(mac_secret).encrypt
        self._state = state.copy()
        # The start of the digest over all that was fed. A header needs it again, and a digest
        # costs a permutation; only `body` feeds the sponge in between.
        self._mac = state.digest()[:MAC_BYTES]

    def digest(self) -> bytes:
        """Return the 32 bytes over all that was fed, for comparison with other implementations."""
        return self._state.digest()

    def header(self, ciphertext: bytes) -> bytes:
        """Feed the 16 bytes of a header and return its MAC."""
        return self._step(self._mac, ciphertext)

    def feed(self, part: bytes) -> None:
        """Feed a part of a body, of which `body` gets the rest."""
        self._state.update(part)

    def body(self, ciphertext: bytes | memoryview) -> bytes:
        """Feed a body, or the rest of one, and return its MAC."""
        state = self._state
        state.update(ciphertext)
        seed = state.digest()[:MAC_BYTES]
        return self._step(seed, seed)

    def _step(self, digest: bytes, seed: bytes) -> bytes:
        state = self._state
        mixed = int.from_bytes(self._encrypt(digest), "big") ^ int.from_bytes(seed, "big")
        state.update(mixed.to_bytes(MAC_BYTES, "big"))
        self._mac = mac = state.digest()[:MAC_BYTES]
        return mac


class PlainFrames:
    """Frames before they are encrypted: the part of the work that is the same for every peer.

    A relay sends one payload to many peers in a row. The last few frames are kept, so that each
    payload is compressed and laid out once; connections of one node share one object.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: Final = deque[tuple[bytes, int, bool, bytes]](maxlen=_KEPT_FRAMES)

    def frame(self, code: int, payload: bytes, *, compressed: bool) -> bytes:
        """Return header and body of a frame, padded, without the MACs.

        Raises:
            LocalProtocolError: The payload is too large.
        """
        if not _KEPT_BYTES_MIN <= len(payload) <= _KEPT_BYTES_MAX:
            return _plain_frame(code, payload, compressed=compressed)
        for kept_payload, kept_code, kept_compressed, frame in self._kept:
            if kept_payload is payload and kept_code == code and kept_compressed == compressed:
                return frame
        frame = _plain_frame(code, payload, compressed=compressed)
        self._kept.append((payload, code, compressed, frame))
        return frame


def _plain_frame(code: int, payload: bytes, *, compressed: bool) -> bytes:
    if len(payload) > FRAME_BYTES_MAX:
        raise LocalProtocolError(
            f"a packet has {len(payload)} bytes, the limit of a frame is {FRAME_BYTES_MAX}"
        )
    body = snappy.compress(payload) if compressed else payload
    prefix = rlp.encode_uint(code)
    length = len(prefix) + len(body)
    if length > FRAME_BYTES_MAX:
        raise LocalProtocolError(
            f"a frame would have {length} bytes, the limit is {FRAME_BYTES_MAX}"
        )
    return b"".join(
        (
            length.to_bytes(LENGTH_BYTES, "big"),
            _HEADER_REST,
            prefix,
            body,
            bytes(-length % BLOCK_BYTES),
        )
    )


class FrameWriter:
    """Turns packets into frames; `compressed` is switched by the owner, once."""

    __slots__ = ("_plain_frames", "_stream", "compressed", "mac")

    def __init__(self, secrets: FrameSecrets, plain_frames: PlainFrames | None = None) -> None:
        self._stream = AesCtrStream(secrets.aes_secret, _ZERO_COUNTER)
        self._plain_frames = plain_frames or PlainFrames()
        self.mac = RollingMac(secrets.mac_secret, secrets.egress_mac)
        self.compressed = False

    def write(self, code: int, payload: bytes) -> bytes:
        """Return the whole frame of one packet.

        Raises:
            LocalProtocolError: The payload is too large; nothing was written then.
        """
        return self.write_all(((code, payload),))

    def write_all(self, packets: Iterable[tuple[int, bytes]]) -> bytes:
        """Return the frames of several packets in one piece.

        Raises:
            LocalProtocolError: A payload is too large; nothing was written then.
        """
        # All checks come before the first key stream byte is used, or the peer could read nothing
        # that is written after the error.
        plain_frames = [
            self._plain_frames.frame(code, payload, compressed=self.compressed)
            for code, payload in packets
        ]
        pieces: list[bytes | memoryview] = []
        for plain in plain_frames:
            sealed = self._stream.apply(plain)
            header = sealed[:BLOCK_BYTES]
            body = memoryview(sealed)[BLOCK_BYTES:]  # a view: bodies are large
            pieces += (header, self.mac.header(header), body, self.mac.body(body))
        return b"".join(pieces)


class UnfinishedFrame:
    """A large frame of which the header has come.

    Attributes:
        size_bytes: How long its header says that the body is, padded.
        body: What of it has come, deciphered and not to be trusted yet.
    """

    __slots__ = ("body", "size_bytes")

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes: Final = size_bytes
        self.body: Final = bytearray()


class FrameReader:
    """Turns bytes, cut anywhere, into packets; `compressed` is switched by the owner, once.

    Nothing is reserved for a length that was only announced: memory grows with what has arrived,
    and what has arrived is kept once.

    Attributes:
        unfinished: The frame that is read now, if its body is larger than `LARGE_FRAME_BYTES`.
    """

    __slots__ = (
        "_length",
        "_stream",
        "compressed",
        "length_max",
        "mac",
        "payload_max",
        "unfinished",
    )

    def __init__(self, secrets: FrameSecrets, *, length_max: int = FRAME_BYTES_MAX) -> None:
        """Start at the first frame.

        A frame whose body is longer than `length_max` is refused at its header, and a payload that
        would inflate to more than `payload_max` before it is inflated; the owner sets both.
        """
        self._stream = AesCtrStream(secrets.aes_secret, _ZERO_COUNTER)
        self._length: int | None = None  # of the body whose header was read already
        self.mac = RollingMac(secrets.mac_secret, secrets.ingress_mac)
        self.compressed = False
        self.length_max = length_max
        self.payload_max = FRAME_BYTES_MAX
        self.unfinished: UnfinishedFrame | None = None

    def read(self, queue: ByteQueue) -> tuple[int, bytes] | None:
        """Take the next frame off the queue, or return None while bytes are missing.

        Returns:
            The packet's code and its payload, inflated.

        Raises:
            RemoteProtocolError: A MAC does not fit, a limit is passed, or the body is no packet.
        """
        length = self._length
        if length is None:
            head = queue.take(HEADER_BYTES)
            if head is None:
                return None
            length = self._length = self._open_header(head)
        if self.unfinished is not None:
            return self._read_parts(self.unfinished, length, queue)
        padded = length + -length % BLOCK_BYTES
        sealed = queue.take(padded + MAC_BYTES)
        if sealed is None:
            if padded <= LARGE_FRAME_BYTES:
                return None
            self.unfinished = UnfinishedFrame(padded)
            return self._read_parts(self.unfinished, length, queue)
        self._length = None
        ciphertext = memoryview(sealed)[:padded]
        if not equal(self.mac.body(ciphertext), sealed[padded:]):
            raise RemoteProtocolError(_WRONG_MAC)
        body = self._stream.apply(ciphertext)
        code, start = _read_code(body, length)
        return code, self._payload(body, start, length)

    def _read_parts(
        self, frame: UnfinishedFrame, length: int, queue: ByteQueue
    ) -> tuple[int, bytes] | None:
        """Take what has come of a large frame; nobody sees any of it before its MAC is checked.

        Raises:
            RemoteProtocolError: As `read` says.
        """
        part = queue.take(min(len(queue), frame.size_bytes - len(frame.body)))
        if part:
            self.mac.feed(part)
            frame.body.extend(self._stream.apply(part))
        if len(frame.body) < frame.size_bytes:
            return None
        mac = queue.take(MAC_BYTES)
        if mac is None:
            return None
        self._length = self.unfinished = None
        if not equal(self.mac.body(b""), mac):
            raise RemoteProtocolError(_WRONG_MAC)
        code, start = _read_code(bytes(frame.body[:_CODE_ITEM_BYTES]), length)
        return code, self._payload(frame.body, start, length)

    def _open_header(self, head: bytes) -> int:
        ciphertext = head[:BLOCK_BYTES]
        if not equal(self.mac.header(ciphertext), head[BLOCK_BYTES:]):
            raise RemoteProtocolError("the MAC of a frame's header does not fit")
        length = int.from_bytes(self._stream.apply(ciphertext)[:LENGTH_BYTES], "big")
        if length > self.length_max:
            raise RemoteProtocolError(
                f"a frame announces {length} bytes, the limit is {self.length_max}"
            )
        return length

    def _payload(self, body: bytes | bytearray, start: int, length: int) -> bytes:
        payload = memoryview(body)[start:length]
        return snappy.decompress(payload, self.payload_max) if self.compressed else bytes(payload)


def _read_code(body: bytes, length: int) -> tuple[int, int]:
    """Read the code in front of a body.

    Returns:
        The code, and where the payload starts.

    Raises:
        RemoteProtocolError: There is no code, or it is no canonical integer of 64 bits.
    """
    if length and 0 < body[0] < _ONE_BYTE_CODE_END:
        return body[0], 1
    is_list, start, end = rlp.read_header(body, 0, length)
    if is_list:
        raise RemoteProtocolError("a frame starts with a list instead of a packet code")
    return rlp.as_uint(body[start:end], "packet code", _CODE_BITS), end
