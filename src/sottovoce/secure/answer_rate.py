"""How often we ask to be answered for, so that nobody can make us talk.

It owns the two bounds, one for each device and one for all together; they live in memory, as with
the deployed clients, and start anew with the program.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go protocol/encryption/publisher
(docs/spec-deviations.md, "Device not found").
"""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.token_bucket import TokenBucket

# Identities cost nothing, so all together are bounded as well. Each answer is an envelope with its
# proof of work.
ANSWERS_AT_ONCE_MAX: Final = 20
ANSWERS_PER_S: Final = 0.02
# As many devices are remembered; the oldest is forgotten, and the bound above still holds.
DEVICES_REMEMBERED_MAX: Final = 1024


# An answer can be lost, and until one arrives nothing of the device is read. So the first pause is
# short and each one twice as long as the one before, up to the longest.
PAUSE_GROWTH: Final = 2


class AnswerRate:
    """Who was answered when."""

    __slots__ = ("_answered", "_bucket", "_first_pause_s", "_pause_s")

    def __init__(self, pause_s: float, first_pause_s: float | None = None) -> None:
        """Begin.

        Args:
            pause_s: Seconds between two answers to the same device, at the longest.
            first_pause_s: Seconds between the first two; None for the longest at once.
        """
        self._pause_s = pause_s
        self._first_pause_s = pause_s if first_pause_s is None else min(first_pause_s, pause_s)
        # When each device was answered last, and for how long it is not answered again.
        self._answered: dict[bytes, tuple[float, float]] = {}
        self._bucket: TokenBucket | None = None

    def allows(self, device: bytes, now: Moment) -> bool:
        """Tell whether a device may be answered now; to ask costs nothing.

        Args:
            device: Its identity (33 bytes), and the installation id that the answer is for, if any.
            now: The time.
        """
        last_s, pause_s = self._answered.get(device, (now.monotonic_s, 0.0))
        if now.monotonic_s - last_s < pause_s:
            return False
        account = self._account(now)
        is_overdrawn = account.spend(1, now.monotonic_s)
        account.spend(-1, now.monotonic_s)
        return not is_overdrawn

    def spend(self, device: bytes, now: Moment) -> None:
        """Count a device as answered.

        Args:
            device: Its identity (33 bytes), and the installation id that the answer is for, if any.
            now: The time.
        """
        self._account(now).spend(1, now.monotonic_s)
        last_s, pause_s = self._answered.pop(device, (now.monotonic_s, 0.0))
        # Who was silent for longer than the longest pause is out of step anew.
        is_anew = not pause_s or now.monotonic_s - last_s > PAUSE_GROWTH * self._pause_s
        next_s = self._first_pause_s if is_anew else min(pause_s * PAUSE_GROWTH, self._pause_s)
        self._answered[device] = (now.monotonic_s, next_s)
        if len(self._answered) > DEVICES_REMEMBERED_MAX:
            del self._answered[next(iter(self._answered))]

    def _account(self, now: Moment) -> TokenBucket:
        if self._bucket is None:
            self._bucket = TokenBucket(
                capacity=ANSWERS_AT_ONCE_MAX, refill_per_s=ANSWERS_PER_S, now_s=now.monotonic_s
            )
        return self._bucket
