"""What whoever asks for history has to keep: since when topics are heard, and what was fetched.

All calls are synchronous. What one event wrote is committed together with the messages of the page
that it is about, so that a crash loses both or neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sottovoce.base.quantities import PublicKey, Topic


@dataclass(frozen=True, slots=True)
class Covered:
    """An interval of one topic that a server was asked for and answered to the end.

    Attributes:
        server: The server's node key.
        topic: The topic.
        from_unix_s: The first second.
        to_unix_s: The last second, included.
    """

    server: PublicKey
    topic: Topic = field(repr=False)
    from_unix_s: int
    to_unix_s: int


@dataclass(frozen=True, slots=True)
class Resume:
    """A request that was answered in part: where to go on after a restart.

    Attributes:
        server: The server's node key; one row for each.
        topics: What was asked for.
        from_unix_s: Lower bound.
        to_unix_s: Upper bound.
        cursor: 36 bytes.
    """

    server: PublicKey
    topics: frozenset[Topic] = field(repr=False)
    from_unix_s: int
    to_unix_s: int
    cursor: bytes = field(repr=False)


class MailStore(Protocol):
    """What one person keeps of history."""

    def load_servers(self) -> dict[PublicKey, int]:
        """Return the servers that were trusted, and what `save_server` said of each."""
        ...

    def save_server(self, server: PublicKey, since_unix_s: int) -> None:
        """Keep that a server is trusted, and since when it is asked for what others answered."""
        ...

    def load_topics(self) -> dict[Topic, int]:
        """Return since which second each topic's history is wanted."""
        ...

    def save_topic(self, topic: Topic, since_unix_s: int) -> None:
        """Keep since when a topic's history is wanted."""
        ...

    def remove_topic(self, topic: Topic) -> None:
        """Forget a topic and what was fetched of it; nothing happens if it is not there."""
        ...

    def load_covered(self) -> Iterable[Covered]:
        """Return all intervals, by server, topic and lower bound; those of one topic are apart."""
        ...

    def replace_covered(
        self, server: PublicKey, topic: Topic, intervals: Iterable[tuple[int, int]]
    ) -> None:
        """Keep these intervals, first and last second, in the place of all of one topic."""
        ...

    def remove_server(self, server: PublicKey) -> None:
        """Forget a server and all that is kept of it; nothing happens if it is not there."""
        ...

    def load_resumes(self) -> Iterable[Resume]:
        """Return all requests that were answered in part."""
        ...

    def save_resume(self, resume: Resume) -> None:
        """Keep where to go on with a server, in the place of what was kept of it."""
        ...

    def remove_resume(self, server: PublicKey) -> None:
        """Forget where to go on with a server; nothing happens if it is not there."""
        ...
