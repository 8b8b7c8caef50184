"""Turns: streams alternate, a slice at a time, and each keeps its order."""

from sottovoce.node.inputs import Input, StreamAccepted, StreamBytes, StreamClosed, TimePassed
from sottovoce.runtime.turns import INPUT_BYTES_MIN, JOINED_BYTES_MAX, SLICE_BYTES, InputTurns


def take_all(turns: InputTurns) -> list[Input]:
    taken = []
    while turns:
        taken.append(turns.take())
    return taken


def test_streams_take_turns_a_slice_at_a_time() -> None:
    turns = InputTurns()
    one, two = bytes(SLICE_BYTES), b"y" * SLICE_BYTES
    for data in (one, two):
        turns.put(StreamBytes(1, data))
    turns.put(StreamBytes(2, b"x"))
    assert take_all(turns) == [StreamBytes(1, one), StreamBytes(2, b"x"), StreamBytes(1, two)]


def test_many_small_reads_of_one_stream_share_a_turn() -> None:
    turns = InputTurns()
    for _ in range(3):
        turns.put(StreamBytes(1, bytes(SLICE_BYTES)))
    for data in (b"a", b"b", b"c"):
        turns.put(StreamBytes(2, data))
    taken = [event for event in take_all(turns) if isinstance(event, StreamBytes)]
    assert [event.stream for event in taken] == [1, 2, 2, 2, 1]


def test_turn_of_small_reads_ends_all_the_same() -> None:
    turns = InputTurns()
    for _ in range(100):
        turns.put(StreamBytes(1, b"tiny"))
    turns.put(StreamBytes(2, b"x"))
    assert take_all(turns).index(StreamBytes(2, b"x")) == SLICE_BYTES // INPUT_BYTES_MIN


def test_stream_that_ends_within_its_turn_leaves_a_whole_slice_to_the_next() -> None:
    turns = InputTurns()
    turns.put(StreamBytes(1, bytes(SLICE_BYTES - 1)))
    for _ in range(2):
        turns.put(StreamBytes(2, bytes(SLICE_BYTES // 2)))
    turns.put(StreamBytes(3, b"x"))
    taken = [event for event in take_all(turns) if isinstance(event, StreamBytes)]
    assert [event.stream for event in taken] == [1, 2, 2, 3]


def test_long_read_is_cut_into_slices_without_losing_a_byte() -> None:
    turns = InputTurns()
    data = bytes(range(256)) * 200
    other = bytes(len(data))
    turns.put(StreamBytes(1, data))
    turns.put(StreamBytes(2, other))
    taken = take_all(turns)
    assert taken[1] == StreamBytes(2, other[:SLICE_BYTES])
    parts = [event.data for event in taken if isinstance(event, StreamBytes) and event.stream == 1]
    assert b"".join(parts) == data
    assert max(map(len, parts)) == SLICE_BYTES


def test_end_of_a_stream_comes_after_its_bytes() -> None:
    turns = InputTurns()
    turns.put(StreamBytes(1, b"a"))
    turns.put(StreamBytes(1, b"b"))
    turns.put(StreamClosed(1))
    assert take_all(turns) == [StreamBytes(1, b"ab"), StreamClosed(1)]


def test_stream_that_is_alone_gets_what_waits_in_one_piece() -> None:
    turns = InputTurns()
    data = bytes(JOINED_BYTES_MAX + 1)
    turns.put(StreamBytes(1, data))
    assert [len(event.data) for event in take_all(turns) if isinstance(event, StreamBytes)] == [
        JOINED_BYTES_MAX,
        1,
    ]


def test_stream_is_not_alone_while_another_input_waits() -> None:
    turns = InputTurns()
    turns.put(StreamBytes(1, b"a"))
    turns.put(StreamBytes(1, b"b"))
    for _ in range(2):
        turns.put(TimePassed())
    one, two = StreamBytes(1, b"a"), StreamBytes(1, b"b")
    assert take_all(turns) == [TimePassed(), one, TimePassed(), two]


def test_beginning_of_a_stream_comes_before_its_bytes() -> None:
    turns = InputTurns()
    for _ in range(10):
        turns.put(TimePassed())
    turns.put(StreamAccepted(1, "10.0.0.1"))
    turns.put(StreamBytes(1, b"a"))
    of_stream = [event for event in take_all(turns) if not isinstance(event, TimePassed)]
    assert of_stream == [StreamAccepted(1, "10.0.0.1"), StreamBytes(1, b"a")]


def test_timer_does_not_wait_for_a_flood() -> None:
    turns = InputTurns()
    for _ in range(100):
        turns.put(StreamBytes(1, bytes(SLICE_BYTES)))
    turns.take()
    turns.put(TimePassed())
    assert TimePassed() in (turns.take(), turns.take())


def test_flood_of_other_inputs_does_not_stop_the_streams() -> None:
    turns = InputTurns()
    for _ in range(100):
        turns.put(TimePassed())
    turns.put(StreamBytes(1, b"a"))
    assert StreamBytes(1, b"a") in (turns.take(), turns.take())


def test_cleared_turns_are_empty() -> None:
    turns = InputTurns()
    turns.put(StreamBytes(1, b"a"))
    turns.put(TimePassed())
    turns.clear()
    assert len(turns) == 0
