"""A batch of envelopes as two long values, which one statement takes apart.

SQLite lets go of the interpreter for each step of a statement, and takes it again afterwards. With
a step for each envelope, whoever stores waits for a busy relay thousands of times a second; so all
of a batch is one step.

Spec: docs/reference/storage.md, "Archives".
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sottovoce.adapters.sqlite.archive_file import SECONDS_PER_DAY
from sottovoce.adapters.sqlite.connection import Values
from sottovoce.base.quantities import HASH_BYTES, TOPIC_BYTES
from sottovoce.gossip.envelope import Envelope

# Numbers are decimal digits, for SQL reads no others out of bytes: ten are enough for 32 bits.
_DIGITS: Final = 10
_START: Final = _DIGITS
_LENGTH: Final = 2 * _DIGITS
_TOPIC: Final = 3 * _DIGITS
_HASH: Final = _TOPIC + TOPIC_BYTES
_HEAD_BYTES: Final = _HASH + HASH_BYTES

# The rows of a batch: ?1 are their heads, ?2 is their RLP, ?3 their number.
_ROWS: Final = f"""
WITH RECURSIVE
  place(at) AS (SELECT 1 UNION ALL SELECT at + {_HEAD_BYTES} FROM place LIMIT ?3),
  given(sent, start, size, topic, hash) AS (
    SELECT
      CAST(substr(?1, at, {_DIGITS}) AS INTEGER),
      CAST(substr(?1, at + {_START}, {_DIGITS}) AS INTEGER),
      CAST(substr(?1, at + {_LENGTH}, {_DIGITS}) AS INTEGER),
      substr(?1, at + {_TOPIC}, {TOPIC_BYTES}),
      substr(?1, at + {_HASH}, {HASH_BYTES})
    FROM place
  )
"""
# What is there already of a batch: envelopes, and bytes of their RLP.
KNOWN: Final = f"""{_ROWS}
SELECT count(*), ifnull(sum(size), 0) FROM given CROSS JOIN envelope AS kept
WHERE kept.day = given.sent / {SECONDS_PER_DAY} AND kept.topic = given.topic
AND kept.sent = given.sent AND kept.hash = given.hash
"""
ADD: Final = f"""{_ROWS}
INSERT INTO envelope (day, topic, sent, hash, raw)
SELECT sent / {SECONDS_PER_DAY}, topic, sent, hash, substr(?2, start + 1, size) FROM given
WHERE true ON CONFLICT DO NOTHING
"""
ADD_TOPICS: Final = f"""{_ROWS}
INSERT INTO topic_of_day SELECT DISTINCT sent / {SECONDS_PER_DAY}, topic FROM given
WHERE true ON CONFLICT DO NOTHING
"""


class Batch(NamedTuple):
    """Envelopes in the form that the statements take.

    Attributes:
        envelopes: How many different ones there are.
        bytes: Bytes of their RLP.
        values: What is bound.
    """

    envelopes: int
    bytes: int
    values: Values


def batch_of(envelopes: Sequence[Envelope]) -> Batch:
    """Put envelopes together, each once, in the order of the index by topic."""
    rows = sorted(
        {(envelope.topic, envelope.sent_unix_s, envelope.hash): envelope for envelope in envelopes}
        .items(),
        key=lambda item: (item[0][1] // SECONDS_PER_DAY, item[0]),
    )  # fmt: skip
    heads: list[bytes] = []
    start = 0
    for (topic, sent_unix_s, hash), envelope in rows:
        size = len(envelope.raw)
        heads += (b"%010d%010d%010d" % (sent_unix_s, start, size), topic, hash)
        start += size
    raw = b"".join([envelope.raw for _, envelope in rows])
    return Batch(len(rows), start, (b"".join(heads), raw, len(rows)))
