"""What a messenger has when it is entered: account, store and node."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from sottovoce.adapters.mailserver_file import SavedMailserver
from sottovoce.app.held_account import HeldAccount, hold_account
from sottovoce.app.person import OpenedStore, PersonSettings, open_store
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import Transport
from sottovoce.mail.settings import ClientSettings
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.client import Client
from sottovoce.sdk.duty_cycle import DutyCycle
from sottovoce.stack.settings import StackSettings

# What a person in memory is called among its devices: it has no others.
_INSTALLATION_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Network:
    """How a person wants to reach others.

    Attributes:
        listen: Host and port on which a node of its own accepts peers, or None for nobody.
        peers: Enode URLs of peers; None for those saved in the data directory.
        mailservers: The mailservers that are trusted; None for those saved there.
        mail: How history is fetched.
        duty_cycle: When to be connected; None for always.
        client: A running node to use instead of one of its own, or None.
        transport: Which worlds a node of its own speaks.
        metered: Whether it names its topics to its peers, to receive nothing else.
        day_bytes_max: Bytes that it may use in a day; 0 is no limit.
    """

    listen: str | None
    peers: tuple[str, ...] | None
    mailservers: tuple[SavedMailserver, ...] | None
    mail: ClientSettings
    duty_cycle: DutyCycle | None
    client: Client | None
    transport: Transport = Transport.EITHER
    metered: bool = False
    day_bytes_max: int = 0

    def node(self, node_key: PrivateKey | None = None, data_dir: Path | None = None) -> Client:
        """Return the node that is to be used, or make one."""
        return self.client or Client(
            listen=self.listen,
            node_key=node_key,
            transport=self.transport,
            metered=self.metered,
            day_bytes_max=self.day_bytes_max,
            data_dir=data_dir,
        )


class Ready:
    """What a messenger has when it is entered: account, store and node.

    Args:
        settings: Who it is.
        opened: What it keeps.
        client: Its node.
        owned: Whether the node is the messenger's, to be started and stopped.
        peers: Enodes of peers, each with whether it is trusted.
        mailservers: The mailservers that are trusted at first.
        mail_directory: Where those are kept, or None.
        duty_cycle: When the node is connected; None for always.
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
        mailservers: Iterable[SavedMailserver] = (),
        mail_directory: Path | None = None,
        duty_cycle: DutyCycle | None = None,
        let_go: Callable[[], None] = lambda: None,
        directory: Path | None = None,
    ) -> None:
        self.settings = settings
        self.opened = opened
        self.client = client
        self.owned = owned
        self.let_go = let_go
        self.directory = directory
        self.mailservers = tuple(mailservers)
        self.mail_directory = mail_directory
        self.duty_cycle = duty_cycle
        self.peers = tuple(peers)

    async def start_node(self) -> None:
        """Start the node, if it is ours, and let it connect.

        Raises:
            SottovoceError: The port cannot be bound, or an enode is none.
        """
        if self.owned:
            await self.client.__aenter__()
        if self.duty_cycle is not None:
            return  # It lets the node connect when it is time.
        for enode, trusted in self.peers:
            self.client.add_peer(enode, trusted=trusted)


def ready_in_memory(
    identity: PrivateKey | None,
    network: Network,
    stack: StackSettings,
    *,
    is_owned: bool | None,
) -> Callable[[], Awaitable[Ready]]:
    """Return what makes somebody ready who keeps nothing.

    Args:
        identity: Who it is, or None for a fresh key.
        network: How they reach others.
        stack: Times and targets of messages.
        is_owned: Whether the node is started and stopped with the messenger; by default only one
            that is made here.
    """
    owned = network.client is None if is_owned is None else is_owned
    node = network.node()
    settings = PersonSettings(
        identity or secp256k1.generate_private_key(node.entropy),
        node.entropy.take(_INSTALLATION_BYTES).hex(),
        stack=stack,
        mail=network.mail,
    )

    async def prepare() -> Ready:
        return Ready(
            settings,
            open_store(settings, node.entropy),
            node,
            owned=owned,
            peers=[(peer, False) for peer in network.peers or ()],
            mailservers=network.mailservers or (),
            duty_cycle=network.duty_cycle,
        )

    return prepare


async def ready_of_account(
    directory: Path,
    account: str | None,
    password: str,
    network: Network,
    *,
    is_locked: bool,
    serves: bool,
) -> Ready:
    """Hold an account of a data directory, with a node for it.

    Raises:
        SottovoceError: The directory or account cannot be used, or the password is wrong.
    """
    held = await hold(directory, account, password, is_locked=is_locked)
    try:
        node_key = held.node_key if network.listen is not None else None
        saved = [(str(peer.enode), peer.trusted) for peer in held.peers]
        named = [(peer, False) for peer in network.peers or ()]
        return Ready(
            replace(held.settings, mail=network.mail),
            held.opened,
            network.node(node_key, directory),
            owned=network.client is None,
            peers=saved if network.peers is None else named,
            mailservers=held.mailservers if network.mailservers is None else network.mailservers,
            mail_directory=directory,
            duty_cycle=network.duty_cycle,
            let_go=held.let_go,
            directory=directory if serves else None,
        )
    except BaseException:
        held.close()
        raise


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
