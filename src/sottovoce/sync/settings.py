"""What can be set about data sync, and the bounds of what it keeps.

Spec: VAC 2 (MVDS), "Flow" (the modes) and "Retransmission"; the bounds are our own.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sottovoce.sync.schedule import DEFAULT, Schedule

# The rhythm of repetitions, as the clients of 2020 have it; what is new does not wait for it.
EPOCH_S: Final = 0.3

# A contact with three devices gets each payload three times in one envelope, which may have 1 MiB:
# a payload stays below a third of that, whatever is in it.
PAYLOAD_BYTES_SENT_MAX: Final = 300_000
BODY_BYTES_MAX: Final = 256 * 1024  # fits into one payload

# Bodies that wait for one peer's acknowledgement. A person writes so many to somebody who is away
# for weeks; with more, each repetition would be a burst.
WAITING_PER_PEER_MAX: Final = 1000
WAITING_BYTES_PER_PEER_MAX: Final = 8 * 1024 * 1024
# Bodies that wait for anybody's. In memory each costs some 400 bytes besides what the store keeps.
WAITING_MAX: Final = 50_000

# Messages that we asked for after an offer and have not got. Real clients offer nothing; the
# oldest wish makes room, and an offer that is meant is repeated.
REQUESTED_PER_PEER_MAX: Final = 256
REQUESTED_MAX: Final = 4096
# With the usual schedule eight attempts take ten minutes; a repeated offer begins anew.
REQUEST_ATTEMPTS_MAX: Final = 8

# A message that is asked for again leaves again after this many epochs at the earliest (4.8 s), so
# that a few bytes from a peer do not make us send megabytes three times a second.
REQUEST_PAUSE_EPOCHS: Final = 16

# Acknowledgements that wait for one peer. They leave with the next flush, so this is one batch.
ACKS_PER_PEER_MAX: Final = 8192
# The same for all peers: a batch has at most 256 inputs, and honest ones hold a few messages each.
ACKS_MAX: Final = 65_536

# Identifiers of received messages: as long as one is remembered its body is not handed up twice.
# A busy contact writes 10,000 messages in months; 200,000 cost 60 MB in memory, and with more than
# twenty peers as busy the oldest of all are forgotten.
RECEIVED_PER_PEER_MAX: Final = 10_000
RECEIVED_MAX: Final = 200_000
# The same of peers that get no answer, remembered apart: identities cost nothing, and whoever makes
# many may push out what other strangers sent, but never what contacts did. One alone pushes out
# only its own. All of them cost 6 MB in memory.
STRANGE_PER_PEER_MAX: Final = 256
STRANGE_MAX: Final = 8192


class Mode(Enum):
    """How a new body begins its way."""

    BATCH = "the message itself is sent"
    INTERACTIVE = "it is offered, and sent when the peer asks for it"


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """The settings of one synchronizer.

    Attributes:
        mode: How new bodies begin. Status' clients of 2020 crash on repeated offers, so anything
            but `BATCH` is for peers that are known to be others.
        schedule: When records are repeated.
    """

    mode: Mode = Mode.BATCH
    schedule: Schedule = DEFAULT
