"""How much devices of one person feed each other, and when.

Spec: none; docs/decisions/0010-devices-feed-each-other.md, docs/reference/limits.md.
"""

from typing import Final

# What a new device gets of the past: of each chat this many messages, and of all chats together.
# Twenty thousand of them are some 7 MB, a quarter of an hour; whoever wants more restores a backup.
HISTORY_PER_CHAT_MAX: Final = 1000
# The list of changes has no more messages and reactions than this: a device that missed more while
# it was switched off misses the oldest of them.
LISTED_MAX: Final = 20_000
# The list is cut at each multiple of this, so that programs that end early do it in turn.
TRIM_EVERY: Final = 1000

# One envelope of records. Larger ones wait longer for their proof of work and are lost whole; each
# has 300 bytes around it.
CHUNK_BYTES_MAX: Final = 48 * 1024
# Rows that one envelope is looked for in.
CHUNK_ROWS_MAX: Final = 400
# Envelopes to one device that it has not acknowledged.
IN_FLIGHT_MAX: Final = 4

# Devices of our own that are fed. Status' clients know three.
DEVICES_MAX: Final = 8

# What changes within some seconds goes in one envelope, and of two devices that both have it to
# tell one is first, at random, so that the other need not. Least and most.
COLLECT_S: Final = (4.0, 24.0)
# The same for what the person does here: they look at the other device.
SHOW_S: Final = (1.0, 3.0)
# Until an answer: the next envelope of a row may need the same one.
ANSWER_S: Final = (1.0, 2.0)
# Until the first word after the start.
HELLO_S: Final = (1.0, 4.0)
# Until the next envelope of a row.
NEXT_S: Final = 0.5
# Until a device counts as deaf to an envelope: the network takes it there and back in some
# seconds, and proof of work takes some at either end.
FIRST_PAUSE_S: Final = 30.0
# A device that is switched off is asked for at growing intervals, and speaks up itself at its
# start; one that was lost costs four small envelopes a day until somebody disables it.
LONGEST_PAUSE_S: Final = 6 * 3600.0
PAUSE_GROWTH: Final = 2.0
# Until a device's list may have another new life, and the longest such time. A backup comes back
# once; two machines that run as one device have turns without end, each of which sends everything.
FIRST_LIFE_PAUSE_S: Final = 600.0
LONGEST_LIFE_PAUSE_S: Final = 7 * 86_400.0
# Who was without peers, and heard nothing for so long, speaks up again when there are some. A link
# that comes and goes every minute costs an envelope in ten of them.
AWAY_S: Final = 600.0
# So often an envelope of records is repeated before the device is only asked for.
MISSES_MAX: Final = 2

# How far a clock that a message was written by may be ahead of those of our own devices, beside
# what every message may be ahead. The device that brings it took it in by a clock that may be
# minutes behind ours, or was set since; it must not be lost here for that.
CLOCKS_APART_MS_MAX: Final = 600_000

# A message older than this asks for no attention when another device brings it.
RECENT_MS: Final = 24 * 3600 * 1000

# What was on its way when this device went back to an older copy is sent again for as long as a
# message is tried at all.
SENT_AGAIN_MS_MAX: Final = 30 * 24 * 3600 * 1000
