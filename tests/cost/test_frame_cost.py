"""What a frame costs, counted: digests of the rolling MAC are what a small packet consists of."""

from typing import Final

from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto.hashes import KeccakState, keccak256_state
from sottovoce.devp2p.frames import FrameReader, FrameWriter
from sottovoce.devp2p.secrets import FrameSecrets

# One for the header, two for the body; each is a permutation of Keccak.
DIGESTS_PER_FRAME: Final = 3
UPDATES_PER_FRAME: Final = 3
PAYLOAD: Final = bytes(1000)


class CountingState:
    """A sponge that says what was done with it and with its copies."""

    def __init__(self, state: KeccakState, counts: dict[str, int]) -> None:
        self._state = state
        self._counts = counts

    def update(self, data: bytes | memoryview, /) -> None:
        self._counts["updates"] += 1
        self._state.update(data)

    def digest(self) -> bytes:
        self._counts["digests"] += 1
        return self._state.digest()

    def copy(self) -> KeccakState:
        return CountingState(self._state.copy(), self._counts)


def secrets(counts: dict[str, int]) -> FrameSecrets:
    """Return the secrets of a side that counts; both directions are alike."""
    egress, ingress = (CountingState(keccak256_state(b"start"), counts) for _ in range(2))
    return FrameSecrets(bytes(32), b"m" * 32, egress, ingress)


def no_work() -> dict[str, int]:
    return {"updates": 0, "digests": 0}


def test_written_frame_takes_three_digests() -> None:
    counts = no_work()
    writer = FrameWriter(secrets(counts))
    counts.update(no_work())
    writer.write(1, PAYLOAD)
    assert counts == {"updates": UPDATES_PER_FRAME, "digests": DIGESTS_PER_FRAME}


def test_read_frame_takes_three_digests() -> None:
    counts = no_work()
    reader = FrameReader(secrets(counts))
    queue = ByteQueue()
    queue.append(FrameWriter(secrets(no_work())).write(1, PAYLOAD))
    counts.update(no_work())
    assert reader.read(queue) == (1, PAYLOAD)
    assert counts == {"updates": UPDATES_PER_FRAME, "digests": DIGESTS_PER_FRAME}
