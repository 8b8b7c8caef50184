"""Where to go on with each server, in this life and in the next."""

from collections.abc import Iterable
from typing import Final

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.mail.stores import MailStore, Resume


class Resumes:
    """The requests that were answered in part, one for each server.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: MailStore) -> None:
        self._store: Final = store
        self._of: Final = {resume.server: resume for resume in store.load_resumes()}

    def of(self, server: PublicKey) -> Resume | None:
        """Return where to go on with a server."""
        return self._of.get(server)

    def save(self, resume: Resume) -> None:
        """Keep where to go on."""
        self._of[resume.server] = resume
        self._store.save_resume(resume)

    def drop(self, server: PublicKey) -> None:
        """Forget where to go on with a server."""
        if self._of.pop(server, None) is not None:
            self._store.remove_resume(server)

    def forget_others(self, servers: Iterable[PublicKey]) -> None:
        """Forget all but these servers."""
        for server in self._of.keys() - set(servers):
            self.drop(server)

    def forget_topics(self, removed: frozenset[Topic]) -> None:
        """Forget what is about topics that nobody opens any more.

        If one is heard again later, the pages that came meanwhile were not opened.
        """
        for server, resume in [*self._of.items()]:
            if resume.topics & removed:
                self.drop(server)
