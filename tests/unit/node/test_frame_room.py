"""Room for large frames: who has it, who waits, and who is cut off for it."""

import math
from collections.abc import Iterator
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.codec import snappy
from sottovoce.gossip.settings import PACKET_BYTES_MAX
from sottovoce.node.effects import PauseReading, ResumeReading
from sottovoce.node.frame_room import FrameRoom
from sottovoce.node.settings import FRAME_ROOM_BYTES_MAX, FRAME_S_MAX, PEERS_MAX, NodeSettings
from sottovoce.node.statistics import LinkStatistics

MB: Final = 1_000_000
LARGEST_BYTES: Final = snappy.compressed_bytes_max(PACKET_BYTES_MAX)
# How long a Go node waits for a packet of its own to leave, seconds.
GO_WRITE_TIMEOUT_S: Final = 20.0


class Gate:
    """A room of ten megabytes, what it said, and a clock."""

    def __init__(self, bytes_max: int = 10 * MB) -> None:
        self.statistics = LinkStatistics()
        self.said: list[PauseReading | ResumeReading] = []
        self.cut: list[int] = []
        settings = NodeSettings(frame_room_bytes_max=bytes_max)
        self.room = FrameRoom(settings, self.statistics, self.said.append, self._cut_off)
        self.now_s = 100.0

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, self.now_s)

    def begin(self, stream: int, size_bytes: int, *, is_privileged: bool = False) -> None:
        """Let a large frame begin."""
        self.room.look(stream, size_bytes, self.now, is_privileged=is_privileged)

    def end(self, stream: int) -> None:
        """Let it be complete."""
        self.room.look(stream, 0, self.now, is_privileged=False)

    def unread(self) -> set[int]:
        """Return which streams are not read."""
        unread = set[int]()
        for effect in self.said:
            if isinstance(effect, PauseReading):
                assert effect.stream not in unread
                unread.add(effect.stream)
            else:
                unread.remove(effect.stream)
        return unread

    def wait(self) -> float:
        """Let time pass until something is due; returns when."""
        deadline_s = self.room.next_deadline()
        assert deadline_s is not None
        self.now_s = deadline_s
        self.room.settle(self.now)
        return deadline_s

    def _cut_off(self, stream: int, now: Moment) -> None:
        self.cut.append(stream)
        self.room.forget(stream, now)


def test_frames_that_fit_are_read_and_nothing_is_ever_due() -> None:
    gate = Gate()
    for stream in range(5):
        gate.begin(stream, 2 * MB)
    assert gate.said == []
    assert gate.room.next_deadline() is None
    assert gate.room.sizes() == {"large frames": 5, "room of large frames": 10 * MB}
    gate.now_s += 1000
    gate.room.settle(gate.now)
    assert gate.cut == []


def test_whoever_finds_no_room_is_not_read_until_there_is_some() -> None:
    gate = Gate()
    gate.begin(1, 6 * MB)
    gate.begin(2, 5 * MB)
    assert gate.said == [PauseReading(2)]
    gate.end(1)
    assert gate.said == [PauseReading(2), ResumeReading(2)]
    gate.end(2)
    assert gate.room.sizes() == {"large frames": 0, "room of large frames": 0}
    assert gate.statistics.frames_waited == 1


def test_those_who_wait_come_in_order_so_that_small_ones_never_pass_a_large_one_by() -> None:
    gate = Gate()
    for stream, size_bytes in enumerate((8 * MB, 9 * MB, MB, MB)):
        gate.begin(stream, size_bytes)
    assert gate.unread() == {1, 2, 3}
    gate.end(0)
    assert gate.unread() == {3}
    gate.end(2)
    assert gate.unread() == set()


def test_frame_larger_than_all_room_is_read_alone() -> None:
    gate = Gate()
    gate.begin(1, 12 * MB)
    gate.begin(2, 300_000)
    assert gate.unread() == {2}
    gate.end(1)
    assert gate.unread() == set()


def test_frame_that_completes_while_it_waits_leaves_its_place() -> None:
    gate = Gate()
    gate.begin(1, 10 * MB)
    gate.begin(2, 300_000)
    gate.end(2)
    assert gate.unread() == set()
    gate.begin(2, 300_000)
    gate.begin(2, 400_000)
    assert gate.unread() == {2}
    assert gate.statistics.frames_waited == 3


def test_slow_frame_is_left_alone_until_another_waits_for_its_room() -> None:
    gate = Gate()
    gate.begin(1, 10 * MB)
    gate.now_s += 10 * FRAME_S_MAX
    gate.begin(2, MB)
    assert gate.cut == [1]
    assert gate.unread() == set()
    assert gate.statistics.frames_overdue == 1


def test_each_frame_has_its_own_time_however_alike_they_are() -> None:
    gate = Gate()
    for _ in range(10):
        gate.begin(1, 10 * MB)
        gate.now_s += FRAME_S_MAX / 2
    gate.begin(1, 10 * MB)
    gate.begin(2, MB)
    assert gate.cut == []
    assert gate.room.next_deadline() == gate.now_s + FRAME_S_MAX


def test_no_more_are_cut_off_than_the_first_in_line_needs() -> None:
    gate = Gate()
    for stream in range(5):
        gate.begin(stream, 2 * MB)
        gate.now_s += 0.1
    gate.now_s += FRAME_S_MAX
    gate.begin(7, 3 * MB)
    assert gate.cut == [0, 1]
    assert gate.room.sizes()["room of large frames"] == 9 * MB


def test_static_and_trusted_peers_are_cut_off_last() -> None:
    gate = Gate()
    gate.begin(1, 5 * MB, is_privileged=True)
    gate.now_s += 0.5
    gate.begin(2, 5 * MB)
    gate.now_s += FRAME_S_MAX
    gate.begin(3, 5 * MB)
    assert gate.cut == [2]
    gate.begin(4, 5 * MB)
    assert gate.cut == [2, 1]


def test_peer_that_goes_while_it_waits_takes_no_room() -> None:
    gate = Gate()
    gate.begin(1, 10 * MB)
    gate.begin(2, MB)
    gate.room.forget(2, gate.now)
    assert gate.room.next_deadline() is None
    gate.room.forget(1, gate.now)
    gate.room.forget(9, gate.now)
    assert gate.room.sizes() == {"large frames": 0, "room of large frames": 0}


def besieged(size_bytes: int) -> tuple[Gate, float]:
    """Let all peers but one begin frames that never end; returns how long the last one waits."""
    gate = Gate(FRAME_ROOM_BYTES_MAX)
    for stream in range(PEERS_MAX - 1):
        gate.begin(stream, size_bytes)
    gate.begin(99, 2 * MB)
    started_s = gate.now_s
    while 99 in gate.unread():
        gate.wait()
        assert gate.room.sizes()["room of large frames"] <= FRAME_ROOM_BYTES_MAX
    assert 99 not in gate.cut
    return gate, gate.now_s - started_s


def sizes() -> Iterator[int]:
    return iter(range(300_000, LARGEST_BYTES, 500_000))


def test_forty_nine_peers_that_never_finish_keep_the_fiftieth_waiting_for_some_seconds() -> None:
    gate, waited_s = besieged(LARGEST_BYTES)
    at_once = FRAME_ROOM_BYTES_MAX // LARGEST_BYTES
    assert waited_s <= math.ceil((PEERS_MAX - 1) / at_once) * FRAME_S_MAX < GO_WRITE_TIMEOUT_S
    assert len(gate.cut) >= PEERS_MAX - 1 - at_once


def test_no_size_of_theirs_keeps_it_waiting_for_longer() -> None:
    assert all(besieged(size)[1] < GO_WRITE_TIMEOUT_S for size in sizes())
