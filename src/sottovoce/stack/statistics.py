"""Counters of one person's stack; they only grow and name nobody.

Spec: none; measuring is left to the clients.
"""

from collections import Counter
from dataclasses import dataclass, field

from sottovoce.secure.facts import Unreadable
from sottovoce.stack.events import Dropped
from sottovoce.sync.statistics import SyncStatistics


@dataclass(frozen=True, slots=True)
class StackStatistics:
    """What a stack did so far; the stack alone writes it.

    Attributes:
        dropped: What was opened and went no further, by reason.
        unopened: What the layer of secrecy gave no content of, by reason; most reasons are normal
            on topics that are shared.
        sync: The counters of data sync.
    """

    unopened: Counter[Unreadable]
    sync: SyncStatistics
    dropped: Counter[Dropped] = field(default_factory=Counter)
