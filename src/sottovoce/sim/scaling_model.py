"""The closed formula of what one end node receives in a day, in eight cases.

It is the theoretical model that Vac published in December 2019: from a node that gets only its own
messages (case 1) over one that gets everybody's (case 2) to the light node with topic interest
(case 8). Everything is computed from the named assumptions, exactly; nothing is measured here.

Spec: vacp2p/research, whisper_scalability; the post "Fixing Whisper with Waku".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_UNIT: Final = 1024  # the post's kilobyte
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class ModelParameters:
    """The assumptions, as the post makes them.

    Attributes:
        envelope_bytes: The size of each envelope, as RLP.
        envelopes_per_message: Envelopes for each chat message, with negotiation and repetition.
        messages_per_day: Messages that each user is sent in a day.
        private_share: The share of messages that are private; the others are public.
        partition_topics: Topics that private messages are spread over.
        false_positives_online: Share of the network's traffic that a bloom filter passes wrongly.
        false_positives_history: The same of the sharper filter in a request for history.
        copies: How often each envelope is received by a node with several peers.
        offline_share: Share of the day for which a user is offline.
    """

    envelope_bytes: int = 1024
    envelopes_per_message: int = 10
    messages_per_day: int = 100
    private_share: Fraction = Fraction(1, 2)
    partition_topics: int = 5000
    false_positives_online: Fraction = Fraction(1, 10)
    false_positives_history: Fraction = Fraction(1, 100)
    copies: int = 2
    offline_share: Fraction = Fraction(9, 10)

    @property
    def envelopes_per_day(self) -> int:
        """Envelopes that are meant for one user in a day."""
        return self.envelopes_per_message * self.messages_per_day

    @property
    def own_bytes(self) -> int:
        """Bytes that are meant for one user in a day."""
        return self.envelope_bytes * self.envelopes_per_day

    def users_per_topic(self, users: int) -> int:
        """Return how many users share a partition topic, oneself among them."""
        return max(1, users // self.partition_topics)


@dataclass(frozen=True, slots=True)
class ModelCase:
    """One case: what a node receives, and the formula for it.

    Attributes:
        number: Its number in the post.
        title: What it assumes, one line.
        bytes_per_day: The formula, of the assumptions and the number of users.
    """

    number: int
    title: str
    bytes_per_day: Callable[[ModelParameters, int], Fraction]


def _private(model: ModelParameters, users: int) -> Fraction:
    """Return the bytes of private messages that `users` of them are sent."""
    return model.private_share * model.own_bytes * users


def _public(model: ModelParameters) -> Fraction:
    return (1 - model.private_share) * model.own_bytes


def _own(model: ModelParameters, _: int) -> Fraction:
    return Fraction(model.own_bytes)


def _everything(model: ModelParameters, users: int) -> Fraction:
    return Fraction(model.own_bytes * users)


def _discovery(model: ModelParameters, users: int) -> Fraction:
    return _private(model, users) + _public(model)


def _partitioned(model: ModelParameters, users: int) -> Fraction:
    return _private(model, model.users_per_topic(users)) + _public(model)


def _bloom(model: ModelParameters, users: int) -> Fraction:
    false_positives = model.false_positives_online * _everything(model, users)
    return _partitioned(model, users) + false_positives


def _copies(model: ModelParameters, users: int) -> Fraction:
    return model.copies * _bloom(model, users)


def _offline(model: ModelParameters, users: int) -> Fraction:
    false_positives = model.false_positives_history * _everything(model, users)
    history = _partitioned(model, users) + false_positives
    return model.offline_share * history + (1 - model.offline_share) * _copies(model, users)


CASES: Final[Mapping[int, ModelCase]] = {
    case.number: case
    for case in (
        ModelCase(1, "only what is meant for it", _own),
        ModelCase(2, "every message of the network", _everything),
        ModelCase(3, "one discovery topic for all private messages", _discovery),
        ModelCase(4, "private messages on partition topics", _partitioned),
        ModelCase(5, "case 4 and a bloom filter's false positives", _bloom),
        ModelCase(6, "case 5, everything twice", _copies),
        ModelCase(7, "case 6 while online, mailserver for the rest", _offline),
        ModelCase(8, "Waku light node with topic interest", _partitioned),
    )
}


def bytes_per_day(case: int, users: int, model: ModelParameters) -> int:
    """Return what one node receives in a day, whole bytes."""
    return round(CASES[case].bytes_per_day(model, users))


def printed_size(size_bytes: float) -> str:
    """Return a number of bytes as the post prints it: one decimal, 1 KB is 1024 bytes."""
    value = float(size_bytes)
    unit = 0
    while value >= _UNIT and unit < len(_UNITS) - 1:
        value /= _UNIT
        unit += 1
    return f"{value:.1f}{_UNITS[unit]}"
