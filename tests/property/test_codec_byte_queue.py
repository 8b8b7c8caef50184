"""The byte queue against a model: one bytes object that is cut at the front."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sottovoce.codec.byte_queue import ByteQueue


class ByteQueueMachine(RuleBasedStateMachine):
    """Appends, takes and peeks in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = ByteQueue()
        self.model = b""

    @rule(data=st.binary(max_size=50))
    def append(self, data: bytes) -> None:
        self.queue.append(data)
        self.model += data

    @rule(
        count=st.integers(min_value=60_000, max_value=140_000),
        byte=st.binary(min_size=1, max_size=1),
    )
    def append_much(self, count: int, byte: bytes) -> None:
        self.append(byte * count)

    @rule(size_bytes=st.integers(min_value=0, max_value=80) | st.integers(0, 150_000))
    def take(self, size_bytes: int) -> None:
        expected = self.model[:size_bytes] if size_bytes <= len(self.model) else None
        assert self.queue.take(size_bytes) == expected
        if expected is not None:
            self.model = self.model[size_bytes:]

    @rule(size_bytes=st.integers(min_value=0, max_value=80))
    def peek(self, size_bytes: int) -> None:
        expected = self.model[:size_bytes] if size_bytes <= len(self.model) else None
        assert self.queue.peek(size_bytes) == expected

    @rule()
    def clear(self) -> None:
        self.queue.clear()
        self.model = b""

    @invariant()
    def lengths_agree(self) -> None:
        assert len(self.queue) == len(self.model)


TestByteQueue = pytest.mark.slow(ByteQueueMachine.TestCase)
