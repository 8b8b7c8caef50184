"""What a messenger has when it is entered: account, store and node."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from sottovoce.app.held_account import HeldAccount, hold_account
from sottovoce.app.person import OpenedStore, PersonSettings
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.client import Client


class Ready:
    """What a messenger has when it is entered: account, store and node.

    Args:
        settings: Who it is.
        opened: What it keeps.
        client: Its node.
        owned: Whether the node is the messenger's, to be started and stopped.
        peers: Enodes of peers, each with whether it is trusted.
        let_go: Gives up what is held besides.
        directory: The data directory, or None without one.
    """

    def __init__(
        self,
        settings: PersonSettings,
        opened: OpenedStore,
        client: Client,
        *,
        owned: bool,
        peers: Iterable[tuple[str, bool]] = (),
        let_go: Callable[[], None] = lambda: None,
        directory: Path | None = None,
    ) -> None:
        self.settings = settings
        self.opened = opened
        self.client = client
        self.owned = owned
        self.let_go = let_go
        self.directory = directory
        self._peers = list(peers)

    async def start_node(self) -> None:
        """Start the node, if it is ours, and let it connect.

        Raises:
            SottovoceError: The port cannot be bound, or an enode is none.
        """
        if self.owned:
            await self.client.__aenter__()
        for enode, trusted in self._peers:
            self.client.add_peer(enode, trusted=trusted)


async def hold(
    directory: Path, account: str | None, password: str, *, is_locked: bool
) -> HeldAccount:
    """Hold an account, as `hold_account` does, on a thread.

    The thread cannot be stopped: when this is cancelled, what it comes to hold is let go then.

    Raises:
        SottovoceError: The directory or account cannot be used, or the password is wrong.
        CancelledError: Nobody waits any more.
    """
    work = partial(hold_account, directory, account, password, SystemEntropy(), is_locked=is_locked)
    holding = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(holding)
    except asyncio.CancelledError:
        holding.add_done_callback(_let_go)
        raise


def _let_go(holding: asyncio.Future[HeldAccount]) -> None:
    if not holding.cancelled() and holding.exception() is None:
        holding.result().close()
