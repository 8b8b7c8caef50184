"""What stands around a person's lane, as ports: the machine it runs and the owner it serves."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sottovoce.base.moment import Moment
from sottovoce.chat.events import ChatFact
from sottovoce.gossip.filters import Filter
from sottovoce.mail.client_events import ClientFact
from sottovoce.node import inputs
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.stack.events import OwnBundle

OwnerFact: TypeAlias = ChatFact | OwnBundle | ClientFact
NodeWish: TypeAlias = (
    inputs.PostMessage
    | inputs.InstallFilter
    | inputs.RemoveFilter
    | inputs.AskHistory
    | inputs.CancelHistory
    | inputs.MessageDropped
    | inputs.AddPeer
    | inputs.RemovePeer
)


class PersonMachine(Protocol):
    """What the lane runs."""

    def handle(self, event: PersonInput, now: Moment) -> list[PersonOutput]:
        """Take one input and return what follows."""
        ...

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        ...


class MakePerson(Protocol):
    """Makes a person from the store, inside a transaction."""

    def __call__(
        self, now: Moment, *, installed: Mapping[int, Filter], first_number: int
    ) -> PersonMachine:
        """Make it; `Person` says what the arguments are."""
        ...


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the lane serves, on the loop's thread; none of these may block.

    Attributes:
        wish: Takes what the node is to do; may raise `SottovoceError` if it refuses.
        hear: Takes facts, once they are stored.
        trouble: Told what is wrong with the store, one sentence, and "" when it is over.
        now: Reads the clocks.
    """

    wish: Callable[[NodeWish], None]
    hear: Callable[[OwnerFact], None]
    trouble: Callable[[str], None]
    now: Callable[[], Moment]


@dataclass(slots=True)
class LaneStatistics:
    """What became of batches.

    Attributes:
        commits: Transactions that were stored.
        storage_errors: Attempts that the store refused.
        set_aside: Inputs that were set aside because of a bug of ours, by kind.
        refused_commands: Commands refused because too many waited, or the store was in trouble.
    """

    commits: int = 0
    storage_errors: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    refused_commands: int = 0
