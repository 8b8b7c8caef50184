"""What a person can do about history: which mailservers are trusted, and fetching now.

What is missing is fetched without being asked for, whenever a mailserver is connected; these
methods are for whoever wants to choose, look or hurry.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.mail.client_events import FetchDone, ServerStatus
from sottovoce.sdk import naming, queries
from sottovoce.sdk.naming import ChatLike
from sottovoce.sdk.queries import AnswerT, Query

# A month of a hundred topics comes within a minute or two; whoever has more waits on.
FETCH_TIMEOUT_S: Final = 300.0


class MailPort(ABC):
    """A person who has mailservers, or none."""

    @property
    @abstractmethod
    def public_key(self) -> PublicKey:
        """Who we are."""

    @abstractmethod
    async def query(self, query: Query[AnswerT]) -> AnswerT:
        """Answer a query.

        Raises:
            SottovoceError: As the query's own method says.
        """

    async def mailservers(self) -> tuple[ServerStatus, ...]:
        """Return the mailservers that are trusted, and how each of them stands."""
        return await self.query(queries.ListMailservers())

    async def set_mailservers(
        self, urls: Iterable[str], *, pinned: str | None = None
    ) -> tuple[ServerStatus, ...]:
        """Trust these mailservers from now on and no others; kept in the data directory, if any.

        Args:
            urls: Enode URLs, the preferred one first, each with a password or without; none to use
                no mailserver.
            pinned: The URL of the only one that is asked, or None to choose among them.

        Returns:
            How they stand.

        Raises:
            LocalProtocolError: One is no mailserver's URL, or there are too many.
            SottovoceError: They cannot be kept.
        """
        return await self.query(queries.TrustMailservers(tuple(urls), pinned))

    async def fetch_history(
        self,
        *,
        chat: ChatLike | None = None,
        since: timedelta | None = None,
        timeout_s: float = FETCH_TIMEOUT_S,
    ) -> FetchDone:
        """Fetch what is missing now, and wait until it is here.

        Args:
            chat: Only what may belong to this chat; None for all that is heard.
            since: How far back, thirty days at most: all of it is asked for, fetched before or not;
                None for what is missing.
            timeout_s: How long to wait, seconds; it goes on by itself after that.

        Returns:
            What came; `complete` says whether that is everything, else `detail` says why not.

        Raises:
            LocalProtocolError: `since` is negative.
            RefusedError: The store is in trouble.
            UnknownNameError: The chat is not here.
        """
        if since is not None and since < timedelta(0):
            raise LocalProtocolError("history lies in the past: since is not negative")
        chat_id = None if chat is None else await naming.chat_id_of(self, chat)
        since_s = None if since is None else int(since.total_seconds())
        return await self.query(queries.FetchHistory(chat_id, since_s, timeout_s))
