"""The mailserver of ``sottovoce demo``: a node in this process that relays and archives.

It can be started again, as one node with one archive and nothing in its pool.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.app.application import LOOPBACK, ApplicationSettings
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import GossipSettings
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.settings import ServerSettings
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.client import Client
from sottovoce.stack.topics import key_of_name

# Relays pass on within milliseconds, and a batch is written within some tens of them.
ARCHIVE_TIMEOUT_S: Final = 10.0
_LOOK_S: Final = 0.02


class DemoMailserver:
    """A mailserver that can be started again.

    Args:
        file: Its archive.
        settings: What it relays.
    """

    def __init__(self, file: Path, settings: GossipSettings | None) -> None:
        self._file = file
        self._gossip = settings or GossipSettings()
        self._node_key = secp256k1.generate_private_key(SystemEntropy())
        self._port = 0
        self._client: Client | None = None

    @property
    def enode(self) -> str:
        """Its enode URL, the same after each start."""
        assert self._client is not None, "it does not run"
        enode = self._client.enode
        assert enode is not None
        return enode

    async def start(self, peers: Sequence[str] = ()) -> None:
        """Start it, and wait until it is connected to these peers."""
        password_key = await asyncio.to_thread(key_of_name, DEFAULT_PASSWORD)
        settings = ApplicationSettings(
            listen=(LOOPBACK, self._port),
            node_key=self._node_key,
            gossip=self._gossip,
            mail=ServerSettings(password_key=password_key),
            archive=lambda: SqliteArchive(self._file),
        )
        self._client = client = Client(settings=settings)
        await client.__aenter__()
        self._port = int(self.enode.rpartition(":")[2])
        for peer in peers:
            await client.connect(peer)

    async def stop(self) -> None:
        """Stop it in order, with all that it has on the disk; harmless when repeated."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def has_all_of(self, relay: Client) -> int:
        """Wait until everything that a relay had in its pool so far is in the archive.

        Returns:
            How many envelopes there are.

        Raises:
            CommandError: It does not get there.
        """
        end_s = asyncio.get_running_loop().time() + ARCHIVE_TIMEOUT_S
        wanted = relay.statistics().relay["envelopes_pooled"]
        while self._archived < wanted:
            if asyncio.get_running_loop().time() > end_s:
                raise CommandError(
                    f"the mailserver lacks {wanted - self._archived} envelopes that a relay had",
                    ExitCode.NOT_DELIVERED,
                )
            await asyncio.sleep(_LOOK_S)
        return self._archived

    @property
    def _archived(self) -> int:
        assert self._client is not None, "it does not run"
        statistics = self._client.mail_statistics()
        return 0 if statistics is None else statistics.archived
