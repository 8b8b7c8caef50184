"""Patience: how much useless work one peer may make for us before the connection ends.

Each session has an account of its own, so that a flooder never changes another peer's fate. Useful
envelopes cost nothing, however many there are. It knows neither packets nor envelopes, only costs.

Spec: none. The Go nodes cut a peer at its first bad envelope (go-ethereum) or never (status-go
counts all peers' excesses in one place); docs/spec-deviations.md, "Patience".
"""

from typing import Final

from sottovoce.base.token_bucket import TokenBucket

# A Go node that was asked for more work a moment ago, or whose socket was stuck for a minute, still
# sends what is under way: a full megabyte of small envelopes is some 3,500 of them.
CAPACITY: Final = 5000.0
# Refilled so fast, an honest but odd peer is never cut off, and a flood of more than 520 useless
# items a second is cut within ten seconds.
REFILL_PER_S: Final = 20.0

# What things cost. An item that costs one takes about twenty microseconds of a processor.
USELESS_ENVELOPE: Final = 1.0
USELESS_PACKET: Final = 1.0
# The pool is looked through, and all that a peer wants of it is sent.
CHANGED_WISH: Final = 10.0
# Reading takes time, too, of which a packet that is broken, or says again what a peer wants, brings
# nothing: the worst megabyte that anybody sends takes forty milliseconds, ten thousand topics take
# eight. It is charged below its price, for status-go's node tells all its topics again with each
# filter that it installs: 400 of them one by one, in no time at all, are within the account.
READ_BYTES: Final = 500

# An envelope of no use costs one more for each so many bytes, or a peer might send twenty megabytes
# a second of them for ever, which somebody pays for. A peer that goes on for a day has us carry
# 3.5 GB. A megabyte of small ones that died on their way costs a quarter more than without it.
USELESS_ENVELOPE_BYTES: Final = 2000


def reading_price(size_bytes: int) -> float:
    """Return what the reading of a packet costs whose content is of no use to us."""
    return size_bytes / READ_BYTES


def useless_envelope_price(price: float, size_bytes: int) -> float:
    """Return what an envelope of some size costs that is of no use; nothing if it is no fault."""
    return price + size_bytes / USELESS_ENVELOPE_BYTES if price else 0.0


def new_patience(now_s: float) -> TokenBucket:
    """Return the full account of a new peer."""
    return TokenBucket(capacity=CAPACITY, refill_per_s=REFILL_PER_S, now_s=now_s)
