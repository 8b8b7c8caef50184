"""The envelopes of the load drivers: all of one length, with a serial number and a stamp inside.

Data of random bytes do not compress, like those of real envelopes. Their first sixteen bytes are
the moment of sending and a serial number, which a sink finds without parsing: every envelope of one
kind has the same length.
"""

import os
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Final

from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp

STAMP: Final = struct.Struct(">QQ")  # the monotonic clock in ns, which all processes share; serial
# A nonce of three bytes, as a search for a little work finds it; the first byte is never zero.
_NONCES: Final = range(0x800000, 0x1000000)
_TOPIC_COUNT: Final = 64


def topics() -> list[Topic]:
    """Return the topics of the traffic; the node under test listens to the first of them."""
    return [Topic(bytes((number, 0x5A, 255 - number, number))) for number in range(_TOPIC_COUNT)]


class EnvelopeKind:
    """Envelopes of one length.

    Attributes:
        envelope_bytes: The length of the RLP of one.
    """

    def __init__(self, data_bytes: int, ttl_s: int) -> None:
        self._data_bytes: Final = data_bytes
        self._ttl_s: Final = ttl_s
        sample = self._encode(int(time.time()) + ttl_s, bytes(data_bytes), 0)
        self.envelope_bytes: Final = len(sample)
        # From the end: the nonce has four bytes with its header.
        self._stamp_offset: Final = self.envelope_bytes - 4 - data_bytes

    def make(self, first: int, count: int) -> list[bytes]:
        """Return envelopes with the serial numbers from `first`, stamped with this moment."""
        expiry = int(time.time()) + self._ttl_s
        random = os.urandom(count * self._data_bytes)
        made = []
        now_ns = time.monotonic_ns()
        for index in range(count):
            filling = random[index * self._data_bytes + STAMP.size : (index + 1) * self._data_bytes]
            made.append(
                self._encode(expiry, STAMP.pack(now_ns, first + index) + filling, first + index)
            )
        return made

    def stamps(self, payload: bytes) -> Iterator[tuple[int, int]]:
        """Yield moment of sending and serial number of each envelope of a packet."""
        size = self.envelope_bytes
        for end in range(len(payload), size - 1, -size):
            yield STAMP.unpack_from(payload, end - size + self._stamp_offset)

    def _encode(self, expiry: int, data: bytes, serial: int) -> bytes:
        every = topics()
        return rlp.encode(
            [
                expiry,
                self._ttl_s,
                every[serial % len(every)],
                data,
                _NONCES[serial * 7919 % len(_NONCES)],
            ]
        )


def bundles(envelopes: Sequence[bytes], size: int) -> list[bytes]:
    """Return the payloads of packets with `size` envelopes each."""
    return [
        rlp.encode_list(envelopes[start : start + size]) for start in range(0, len(envelopes), size)
    ]
