"""What whoever asks for history keeps, in SQLite.

Spec: docs/reference/storage.md, "History from mailservers".
"""

from collections.abc import Iterable

from typing_extensions import override

from sottovoce.adapters.sqlite.connection import Writing
from sottovoce.base.quantities import TOPIC_BYTES, PublicKey, Topic, topic
from sottovoce.mail.stores import Covered, MailStore, Resume


class SqliteMailStore(MailStore):
    """A `MailStore` in tables."""

    def __init__(self, writing: Writing) -> None:
        self._db = writing

    @override
    def load_servers(self) -> dict[PublicKey, int]:
        rows = self._db.rows("SELECT server, since_unix_s FROM mail_servers")
        return {PublicKey(server): since for server, since in rows}

    @override
    def save_server(self, server: PublicKey, since_unix_s: int) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO mail_servers (server, since_unix_s) VALUES (?, ?)",
            (server.raw, since_unix_s),
        )

    @override
    def load_topics(self) -> dict[Topic, int]:
        rows = self._db.rows("SELECT topic, since_unix_s FROM mail_topics")
        return {topic(raw): since for raw, since in rows}

    @override
    def save_topic(self, topic: Topic, since_unix_s: int) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO mail_topics (topic, since_unix_s) VALUES (?, ?)",
            (topic, since_unix_s),
        )

    @override
    def remove_topic(self, topic: Topic) -> None:
        self._db.write("DELETE FROM mail_topics WHERE topic = ?", (topic,))
        self._db.write("DELETE FROM mail_covered WHERE topic = ?", (topic,))

    @override
    def load_covered(self) -> Iterable[Covered]:
        rows = self._db.rows(
            "SELECT server, topic, from_unix_s, to_unix_s FROM mail_covered "
            "ORDER BY server, topic, from_unix_s"
        )
        return tuple(
            Covered(PublicKey(server), topic(raw), first, last) for server, raw, first, last in rows
        )

    @override
    def replace_covered(
        self, server: PublicKey, topic: Topic, intervals: Iterable[tuple[int, int]]
    ) -> None:
        self._db.write(
            "DELETE FROM mail_covered WHERE server = ? AND topic = ?", (server.raw, topic)
        )
        self._db.write_each(
            "INSERT INTO mail_covered (server, topic, from_unix_s, to_unix_s) VALUES (?, ?, ?, ?)",
            [(server.raw, topic, first, last) for first, last in intervals],
        )

    @override
    def remove_server(self, server: PublicKey) -> None:
        for table in ("mail_servers", "mail_covered", "mail_resumes"):
            self._db.write(f"DELETE FROM {table} WHERE server = ?", (server.raw,))

    @override
    def load_resumes(self) -> Iterable[Resume]:
        rows = self._db.rows(
            "SELECT server, topics, from_unix_s, to_unix_s, cursor FROM mail_resumes "
            "ORDER BY server"
        )
        return tuple(
            Resume(PublicKey(server), _split(topics), first, last, cursor)
            for server, topics, first, last, cursor in rows
        )

    @override
    def save_resume(self, resume: Resume) -> None:
        self._db.write(
            "INSERT OR REPLACE INTO mail_resumes (server, topics, from_unix_s, to_unix_s, cursor) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                resume.server.raw,
                b"".join(sorted(resume.topics)),
                resume.from_unix_s,
                resume.to_unix_s,
                resume.cursor,
            ),
        )

    @override
    def remove_resume(self, server: PublicKey) -> None:
        self._db.write("DELETE FROM mail_resumes WHERE server = ?", (server.raw,))


def _split(topics: bytes) -> frozenset[Topic]:
    return frozenset(
        topic(topics[start : start + TOPIC_BYTES]) for start in range(0, len(topics), TOPIC_BYTES)
    )
