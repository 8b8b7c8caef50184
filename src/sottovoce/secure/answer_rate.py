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


class AnswerRate:
    """Who was answered when."""

    __slots__ = ("_bucket", "_last_s", "_pause_s")

    def __init__(self, pause_s: float) -> None:
        """Begin.

        Args:
            pause_s: Seconds between two answers to the same device.
        """
        self._pause_s = pause_s
        self._last_s: dict[bytes, float] = {}
        self._bucket: TokenBucket | None = None

    def allows(self, device: bytes, now: Moment) -> bool:
        """Tell whether a device may be answered now; to ask costs nothing.

        Args:
            device: Its identity (33 bytes), and the installation id that the answer is for, if any.
            now: The time.
        """
        last_s = self._last_s.get(device)
        if last_s is not None and now.monotonic_s - last_s < self._pause_s:
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
        self._last_s.pop(device, None)
        self._last_s[device] = now.monotonic_s
        if len(self._last_s) > DEVICES_REMEMBERED_MAX:
            del self._last_s[next(iter(self._last_s))]

    def _account(self, now: Moment) -> TokenBucket:
        if self._bucket is None:
            self._bucket = TokenBucket(
                capacity=ANSWERS_AT_ONCE_MAX, refill_per_s=ANSWERS_PER_S, now_s=now.monotonic_s
            )
        return self._bucket
