"""The mailservers of a person who runs here: who is trusted, how they stand, and asking them.

Passwords become keys on a thread. Where there is a data directory, its file is kept in step.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from sottovoce.adapters.mailserver_file import SavedMailserver, parse_all, replace_mailservers
from sottovoce.base.errors import SottovoceError
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.mail.client_events import (
    ClientFact,
    FetchAsked,
    FetchDone,
    FetchProgress,
    ServersChanged,
    ServersStanding,
    ServerState,
    ServerStatus,
)
from sottovoce.mail.mailserver import Mailserver, parse_mailserver
from sottovoce.sdk.queries import Whereabouts
from sottovoce.stack.topics import key_of_name, topic_of_name, topics_with

TellServers = Callable[[ServersChanged], None]
AskForHistory = Callable[[Callable[[int], FetchAsked]], Awaitable[FetchDone]]


class MailDesk:
    """What one person's program does with mailservers.

    Args:
        identity: Who the person is.
        servers: The mailservers that are trusted at first.
        directory: Where they are kept, or None.
        tell: Hands the person the servers.
        ask: Hands the person a wish for history, numbered by the asker; returns when it was done.
        unix_s: Reads the clock.
    """

    def __init__(
        self,
        identity: PrivateKey,
        servers: Sequence[SavedMailserver],
        directory: Path | None,
        *,
        tell: TellServers,
        ask: AskForHistory,
        unix_s: Callable[[], int],
    ) -> None:
        self._identity = identity
        self._servers = tuple(servers)
        self._directory = directory
        self._tell = tell
        self._ask = ask
        self._unix_s = unix_s
        self._keys: dict[str, SymmetricKey] = {}
        self._standing: dict[PublicKey, ServerStatus] = {}
        self._progress = FetchProgress(None, 0, 0, 0, 0, 0)
        self._trusting = asyncio.Lock()

    async def start(self) -> None:
        """Let the person know the mailservers that are trusted at first."""
        async with self._trusting:
            await self._tell_servers()

    def hear(self, fact: ClientFact) -> None:
        """Take note of what the person says of its mailservers."""
        match fact:
            case ServersStanding(servers):
                self._standing = {server.key: server for server in servers}
            case FetchProgress():
                self._progress = fact
            case FetchDone():
                pass

    async def fetch_all(self, timeout_s: float) -> bool:
        """Fetch what is missing, as far as that is possible; returns whether anybody was asked."""
        if not self._servers:
            return False
        with contextlib.suppress(SottovoceError):
            await self.fetch(None, None, timeout_s)
        return True

    # ---- what is asked

    def standing(self) -> tuple[ServerStatus, ...]:
        """Return how the trusted mailservers stand; one that is new was not asked yet."""
        return tuple(
            self._standing.get(server.enode.public_key) or _unknown(server)
            for server in self._servers
        )

    async def trust(self, urls: tuple[str, ...], pinned: str | None) -> tuple[ServerStatus, ...]:
        """Trust these mailservers, and no others, from now on.

        Raises:
            LocalProtocolError: One is no mailserver, or there are too many.
            DataDirectoryError: They cannot be kept; nothing changed.
        """
        wanted = parse_all(urls, pinned)
        async with self._trusting:
            if self._directory is not None:
                await asyncio.to_thread(replace_mailservers, self._directory, wanted)
            self._servers = wanted
            await self._tell_servers()
        return self.standing()

    async def fetch(
        self, where: Whereabouts | None, since_s: int | None, timeout_s: float
    ) -> FetchDone:
        """Fetch what is missing, and say what came of it.

        Raises:
            RefusedError: The store is in trouble.
        """
        from_unix_s = None if since_s is None else max(0, self._unix_s() - since_s)
        topics = None if where is None else self._topics_of(where)
        self._progress = FetchProgress(None, 0, 0, 0, 0, 0)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(lambda number: FetchAsked(number, from_unix_s, topics))
        except TimeoutError:
            return FetchDone(
                None,
                complete=False,
                envelopes=self._progress.envelopes,
                new=self._progress.new,
                detail=f"not all came within {timeout_s:g} s; fetching goes on by itself",
            )

    def _topics_of(self, where: Whereabouts) -> frozenset[Topic]:
        topics = {topic_of_name(name) for name in where.public_chats}
        for person in where.people:
            topics |= topics_with(self._identity, person)
        return frozenset(topics)

    async def _tell_servers(self) -> None:
        servers = await asyncio.to_thread(self._with_keys, self._servers)
        pinned = next((each.enode.public_key for each in self._servers if each.pinned), None)
        self._tell(ServersChanged(servers, pinned))

    def _with_keys(self, servers: Iterable[SavedMailserver]) -> tuple[Mailserver, ...]:
        """Derive the keys of passwords; most servers have the same."""
        return tuple(Mailserver(server.enode, self._key_of(server)) for server in servers)

    def _key_of(self, server: SavedMailserver) -> SymmetricKey:
        _, password = parse_mailserver(server.url())
        key = self._keys.get(password.text)
        if key is None:
            key = self._keys[password.text] = key_of_name(password.text)
        return key


def _unknown(server: SavedMailserver) -> ServerStatus:
    enode = server.enode
    return ServerStatus(
        key=enode.public_key,
        host=enode.host or "",
        port=enode.tcp_port,
        state=ServerState.IDLE,
        health=1.0,
        pages=0,
        failures=0,
        open_s=0,
        answered_unix_s=None,
    )
