"""What whoever asks for history keeps, in memory: for tests, simulations and clients of no person.

Spec: none; it does what `mail.stores` says.
"""

from collections.abc import Iterable

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.mail.stores import Covered, Resume


class MemoryMailStore:
    """A `MailStore` of dictionaries."""

    def __init__(self) -> None:
        self._servers: dict[PublicKey, int] = {}
        self._topics: dict[Topic, int] = {}
        self._covered: dict[tuple[PublicKey, Topic], tuple[tuple[int, int], ...]] = {}
        self._resumes: dict[PublicKey, Resume] = {}

    def load_servers(self) -> dict[PublicKey, int]:
        """Return the servers that were trusted, and what `save_server` said of each."""
        return dict(self._servers)

    def save_server(self, server: PublicKey, since_unix_s: int) -> None:
        """Keep that a server is trusted, and since when it is asked for what others answered."""
        self._servers[server] = since_unix_s

    def load_topics(self) -> dict[Topic, int]:
        """Return since which second each topic's history is wanted."""
        return dict(self._topics)

    def save_topic(self, topic: Topic, since_unix_s: int) -> None:
        """Keep since when a topic's history is wanted."""
        self._topics[topic] = since_unix_s

    def remove_topic(self, topic: Topic) -> None:
        """Forget a topic and what was fetched of it; nothing happens if it is not there."""
        self._topics.pop(topic, None)
        for key in [key for key in self._covered if key[1] == topic]:
            del self._covered[key]

    def load_covered(self) -> Iterable[Covered]:
        """Return all intervals, by server, topic and lower bound; those of one topic are apart."""
        rows = sorted(self._covered.items(), key=lambda row: (row[0][0].raw, row[0][1]))
        return tuple(
            Covered(server, topic, first, last)
            for (server, topic), intervals in rows
            for first, last in intervals
        )

    def replace_covered(
        self, server: PublicKey, topic: Topic, intervals: Iterable[tuple[int, int]]
    ) -> None:
        """Keep these intervals, first and last second, in the place of all of one topic."""
        self._covered[server, topic] = tuple(sorted(intervals))

    def remove_server(self, server: PublicKey) -> None:
        """Forget a server and all that is kept of it; nothing happens if it is not there."""
        self._servers.pop(server, None)
        self._resumes.pop(server, None)
        for key in [key for key in self._covered if key[0] == server]:
            del self._covered[key]

    def load_resumes(self) -> Iterable[Resume]:
        """Return all requests that were answered in part."""
        return tuple(self._resumes.values())

    def save_resume(self, resume: Resume) -> None:
        """Keep where to go on with a server, in the place of what was kept of it."""
        self._resumes[resume.server] = resume

    def remove_resume(self, server: PublicKey) -> None:
        """Forget where to go on with a server; nothing happens if it is not there."""
        self._resumes.pop(server, None)
