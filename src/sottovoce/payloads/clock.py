"""Lamport clocks: what the next message of a chat carries, and what a received one may.

Spec: Status specs 6 (payloads), "Clock vs Timestamp and message ordering"; status-go
protocol/chat.go and message_validator.go.
"""

from typing import Final

from sottovoce.base.errors import FromFutureError, LocalProtocolError, RemoteProtocolError
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX

_CLOCK_LARGEST: Final = (1 << 64) - 1  # what its field can hold

# Envelopes carry their time in whole seconds, rounded down.
_AHEAD_SENT_MS_MAX: Final = CLOCK_AHEAD_MS_MAX - 1000


def next_clock(*, last_clock: int, now_unix_ms: int) -> int:
    """Return the clock of the next message: the time, or one more than the last clock.

    Args:
        last_clock: The highest clock that the chat has seen, 0 if none.
        now_unix_ms: The time, which is also the message's timestamp.

    Raises:
        LocalProtocolError: The chat has reached the end of its clock.
    """
    clock = now_unix_ms if last_clock == 0 else max(now_unix_ms, last_clock + 1)
    if not 0 <= clock <= _CLOCK_LARGEST:
        raise LocalProtocolError("a chat's clock has come to its end")
    return clock


def acceptable_clock(*, last_clock: int, now_unix_ms: int) -> int:
    """Return the clock of the next message, or what everybody still takes if that lies ahead.

    Somebody's clock may run minutes fast, and his messages take a chat's clock along. Whoever
    answers with a clock that runs slow would be dropped for being of the future. His message stands
    above the one that it answers then, and is not lost (docs/spec-deviations.md, "Clocks ahead").

    Args:
        last_clock: The highest clock that the chat has seen, 0 if none.
        now_unix_ms: The time, which is also the message's timestamp.

    Raises:
        LocalProtocolError: The chat has reached the end of its clock.
    """
    following = next_clock(last_clock=last_clock, now_unix_ms=now_unix_ms)
    return min(following, now_unix_ms + _AHEAD_SENT_MS_MAX)


def check_clock(clock: int, reference_unix_ms: int) -> None:
    """Check the clock of something received.

    Args:
        clock: What it carries.
        reference_unix_ms: The time of the envelope around it.

    Raises:
        FromFutureError: It is more than 120 seconds ahead.
        RemoteProtocolError: It is 0.
    """
    if clock == 0:
        raise RemoteProtocolError("a clock is 0")
    if clock > reference_unix_ms + CLOCK_AHEAD_MS_MAX:
        raise FromFutureError("a clock is too far ahead")
