"""Row 4: a packet becomes a frame and a packet again, on two ends of one connection.

The payload is random, so Snappy finds nothing, as with the envelopes that frames carry. Both MACs,
both key streams and both passes of Snappy are in the figure; the network is not.
"""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.primitives import primitives, time_operation
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto.hashes import keccak256_state
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.secrets import FrameSecrets
from sottovoce.runtime.system_entropy import SystemEntropy

ROW: Final = 4
NAME: Final = "rlpx_frame"

_CODE: Final = 17  # messages of Whisper, next to the base protocol's sixteen codes
_KEY_BYTES: Final = 32
# A writer keeps the last few frames, for other peers that get the same; here each is a new one.
_PAYLOADS: Final = 16

# Bytes of the payload, frames per round, target.
_CASES: Final = ((100, 6_000, 0.7), (1_000, 4_000, 0.8), (10_000, 1_000, 1.5), (100_000, 120, 1.8))


def run(options: Options) -> Iterator[Figure]:
    """Measure each size."""
    with primitives(options) as peer:
        for size_bytes, count, ratio_target in _CASES:
            ours, peers = time_operation(
                options,
                peer,
                frame_passing(size_bytes),
                count=options.scaled(count),
                work=NAME,
                bytes=size_bytes,
            )
            yield Figure(
                row=ROW,
                benchmark=NAME,
                workload=f"write and read {size_bytes:,} B, Snappy",
                metric="CPU us",
                ours=ours,
                peers=peers,
                ratio_target=ratio_target,
            )


def frame_passing(size_bytes: int) -> Callable[[], None]:
    """Return what writes a frame with a payload of this size on one end and reads it on the other.

    Raises:
        BenchmarkError: What is read is not what was written.
    """
    entropy = SystemEntropy()
    mac = keccak256_state(entropy.take(_KEY_BYTES))
    secrets = FrameSecrets(entropy.take(_KEY_BYTES), entropy.take(_KEY_BYTES), mac, mac)
    writer, reader, queue = FrameWriter(secrets), FrameReader(secrets), ByteQueue()
    writer.compressed = reader.compressed = True

    payloads = cycle(entropy.take(size_bytes) for _ in range(_PAYLOADS))

    def pass_one() -> None:
        payload = next(payloads)
        queue.append(writer.write(_CODE, payload))
        if reader.read(queue) != (_CODE, payload):
            raise BenchmarkError("a frame was read as something else than was written")

    return pass_one
