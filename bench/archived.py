"""A month of envelopes for archives, the same ones each time; made at some 200,000 a second.

They have everything that an archive and its pages look at, and no proof of work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import Envelope, decode_envelope

TOPICS: Final = 1000
DAYS: Final = 30
SECONDS_PER_DAY: Final = 86_400
START_UNIX_S: Final = 18_500 * SECONDS_PER_DAY  # in 2020
ENVELOPE_BYTES: Final = 512
# As many as the mailserver stores at once when the network is busy.
BATCH: Final = 4096

_TTL_S: Final = 50
_SEED: Final = 11  # the row
_HEADER: Final = b"\xf9" + (ENVELOPE_BYTES - 3).to_bytes(2, "big") + b"\x84"
_NONCE_BYTES: Final = 8
_FIXED_BYTES: Final = 26  # everything but the data: headers, expiry, ttl, topic, nonce
_DATA_BYTES: Final = ENVELOPE_BYTES - _FIXED_BYTES
_DATA_HEADER: Final = b"\xb9" + _DATA_BYTES.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Month:
    """Envelopes that were sent evenly over thirty days, each on one of a thousand topics.

    Attributes:
        count: How many.
    """

    count: int

    def batches(self) -> Iterator[list[Envelope]]:
        """Make all envelopes, in the order in which they were sent."""
        random = Random(_SEED)  # noqa: S311 -- the same envelopes each time
        for first in range(0, self.count, BATCH):
            numbers = range(first, min(self.count, first + BATCH))
            yield [self._envelope(number, random) for number in numbers]

    def day_unix_s(self, day: int) -> tuple[int, int]:
        """Return the first and the last second of one of the days, 0 to 29."""
        start_unix_s = START_UNIX_S + day * SECONDS_PER_DAY
        return start_unix_s, start_unix_s + SECONDS_PER_DAY - 1

    def _envelope(self, number: int, random: Random) -> Envelope:
        sent_unix_s = START_UNIX_S + number * DAYS * SECONDS_PER_DAY // self.count
        draw = random.randbytes(_DATA_BYTES)
        return decode_envelope(
            b"".join(
                (
                    _HEADER,
                    (sent_unix_s + _TTL_S).to_bytes(4, "big"),
                    bytes((_TTL_S, 0x84)),
                    topic_of(int.from_bytes(draw[:8], "big") % TOPICS),
                    _DATA_HEADER,
                    draw,
                    bytes((0x80 + _NONCE_BYTES, 1)),
                    number.to_bytes(_NONCE_BYTES - 1, "big"),
                )
            )
        )


def topic_of(number: int) -> Topic:
    """Return one of the topics."""
    # Spread over all four bytes, as topics are; 40503 is odd, so all are distinct.
    return Topic((number * 0x9E37_79B1 & 0xFFFF_FFFF).to_bytes(4, "big"))
