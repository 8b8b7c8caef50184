"""What a simulated client keeps: what was not committed ends with a crash."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.mail.memory_store import MemoryMailStore
from sottovoce.mail.stores import Covered, Resume


class Kept(NamedTuple):
    """What was committed.

    Attributes:
        servers: Since when each server is trusted.
        topics: Since when each topic's history is wanted.
        covered: What was fetched.
        resumes: Where to go on.
    """

    servers: Mapping[PublicKey, int] = MappingProxyType({})
    topics: Mapping[Topic, int] = MappingProxyType({})
    covered: tuple[Covered, ...] = ()
    resumes: tuple[Resume, ...] = ()


class _Disk(MemoryMailStore):
    """Notes whether anything was written."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote = False

    @override
    def save_server(self, server: PublicKey, since_unix_s: int) -> None:
        self.wrote = True
        super().save_server(server, since_unix_s)

    @override
    def save_topic(self, topic: Topic, since_unix_s: int) -> None:
        self.wrote = True
        super().save_topic(topic, since_unix_s)

    @override
    def remove_topic(self, topic: Topic) -> None:
        self.wrote = True
        super().remove_topic(topic)

    @override
    def replace_covered(
        self, server: PublicKey, topic: Topic, intervals: Iterable[tuple[int, int]]
    ) -> None:
        self.wrote = True
        super().replace_covered(server, topic, intervals)

    @override
    def remove_server(self, server: PublicKey) -> None:
        self.wrote = True
        super().remove_server(server)

    @override
    def save_resume(self, resume: Resume) -> None:
        self.wrote = True
        super().save_resume(resume)

    @override
    def remove_resume(self, server: PublicKey) -> None:
        self.wrote = True
        super().remove_resume(server)


class CommittedStore:
    """A store of history and of what was shown, on a disk.

    Attributes:
        mail: What the machine of this life writes to.
        kept: What was committed.
        shown: The messages that are there, with those that are not committed yet.
    """

    def __init__(self) -> None:
        self.mail = _Disk()
        self.kept = Kept()
        self.shown: Final[set[EnvelopeHash]] = set()
        self._new: Final[list[EnvelopeHash]] = []

    def sizes(self) -> dict[str, int]:
        """Return how much of what was committed servers can make grow."""
        return {"intervals": len(self.kept.covered), "resumes": len(self.kept.resumes)}

    def show(self, envelope: EnvelopeHash) -> None:
        """Keep a message; nothing happens if it is there already, as it is with real messages."""
        if envelope not in self.shown:
            self.shown.add(envelope)
            self._new.append(envelope)

    def commit(self) -> None:
        """Let everything that was written be there for ever."""
        if self.mail.wrote:
            self.mail.wrote = False
            self.kept = Kept(
                self.mail.load_servers(),
                self.mail.load_topics(),
                tuple(self.mail.load_covered()),
                tuple(self.mail.load_resumes()),
            )
        self._new.clear()

    def rollback(self) -> None:
        """Go back to what was committed."""
        self.shown.difference_update(self._new)
        self._new.clear()
        self.mail = _Disk()
        for server, since_unix_s in self.kept.servers.items():
            self.mail.save_server(server, since_unix_s)
        for topic, since_unix_s in self.kept.topics.items():
            self.mail.save_topic(topic, since_unix_s)
        intervals: dict[tuple[PublicKey, Topic], list[Covered]] = {}
        for covered in self.kept.covered:
            intervals.setdefault((covered.server, covered.topic), []).append(covered)
        for several in intervals.values():
            bounds = [(it.from_unix_s, it.to_unix_s) for it in several]
            self.mail.replace_covered(several[0].server, several[0].topic, bounds)
        for resume in self.kept.resumes:
            self.mail.save_resume(resume)
        self.mail.wrote = False
