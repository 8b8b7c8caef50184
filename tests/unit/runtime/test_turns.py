"""Turns: streams alternate, a slice at a time, and each keeps its order."""

from sottovoce.node.inputs import Input, StreamAccepted, StreamBytes, StreamClosed, TimePassed
from sottovoce.runtime.turns import SLICE_BYTES, InputTurns


def take_all(turns: InputTurns) -> list[Input]:
    return [turns.take() for _ in range(len(turns))]


def test_streams_take_turns() -> None:
    turns = InputTurns()
    for data in (b"a", b"b", b"c"):
        turns.put(StreamBytes(1, data))
    turns.put(StreamBytes(2, b"x"))
    assert take_all(turns) == [
        StreamBytes(1, b"a"),
        StreamBytes(2, b"x"),
        StreamBytes(1, b"b"),
        StreamBytes(1, b"c"),
    ]


def test_long_read_is_cut_into_slices_without_losing_a_byte() -> None:
    turns = InputTurns()
    data = bytes(range(256)) * 200
    turns.put(StreamBytes(1, data))
    turns.put(StreamBytes(2, b"x"))
    taken = take_all(turns)
    assert taken[1] == StreamBytes(2, b"x")
    parts = [event.data for event in taken if isinstance(event, StreamBytes) and event.stream == 1]
    assert b"".join(parts) == data
    assert max(map(len, parts)) == SLICE_BYTES


def test_end_of_a_stream_comes_after_its_bytes() -> None:
    turns = InputTurns()
    turns.put(StreamBytes(1, b"a"))
    turns.put(StreamBytes(1, b"b"))
    turns.put(StreamClosed(1))
    assert take_all(turns) == [StreamBytes(1, b"a"), StreamBytes(1, b"b"), StreamClosed(1)]


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
        turns.put(StreamBytes(1, b"flood"))
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
