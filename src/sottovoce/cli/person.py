"""How a verb becomes somebody: the account of this process, or of the program that holds it.

A data directory is held by one program at a time. If that is nobody, the verb takes it, with a node
of its own that dials the saved peers and accepts nobody. If it is a running node with an account,
the verb hands its wishes over through the socket that the node keeps in the directory.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectory, DirectoryInUseError
from sottovoce.adapters.peer_file import read_peers
from sottovoce.app.accounts import find_account, list_accounts
from sottovoce.base.errors import SottovoceError
from sottovoce.cli.budget_text import tell_if_used_up
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.password import read_password
from sottovoce.cli.verbosity import configure_logging, without_log
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.settings import Transport
from sottovoce.identity.address import address_of
from sottovoce.node.budget import MB
from sottovoce.runtime.loop import run as run_to_end
from sottovoce.runtime.person_lane import TROUBLE_LOG
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.duty_cycle import DutyCycle
from sottovoce.sdk.errors import ConnectError, ControlError
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.messenger_port import MessengerPort
from sottovoce.sdk.queries import ReadBudget

# Another verb holds the directory for a second, or before it can be asked; several take turns.
HOLDER_WAIT_S: Final = 10.0
_HOLDER_PAUSE_S: Final = 0.1
# How often a holder may have ended just before it was asked.
_ENTRIES_MAX: Final = 3
_ONE_WORLD: Final = {Transport.WHISPER: "Whisper", Transport.WAKU: "Waku"}
# Sealing, proof of work, and the random wait of our own envelopes (up to 0.3 s) with room to spare.
LEAVING_S: Final = 2.0

# Whoever pays for data would find out by the bill.
_NODE_DECIDES: Final = (
    "a node runs here and does this with its own settings: --metered and --day-mb of this command "
    "save nothing; look at sottovoce stats"
)


@dataclass(frozen=True, slots=True)
class PersonOptions:
    """The options that say who talks, and through whom; `cli.options` explains each.

    Attributes:
        is_online: Whether the verb has a use for peers.
        needs_peers: Whether it makes no sense without any.
        duty_cycle: When to be connected; None for always. Other verbs come in meanwhile.
    """

    data_dir: Path
    account: str | None = None
    password_file: Path | None = None
    peers: tuple[str, ...] = ()
    transport: Transport = Transport.EITHER
    metered: bool = False
    day_mb: int = 0
    timeout_s: float = 15.0
    is_online: bool = False
    needs_peers: bool = False
    duty_cycle: DutyCycle | None = None
    as_json: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who can talk now.

    Attributes:
        port: What they can do.
        output: Where results go.
        options: What was asked for.
        peers: The peers that this process dials; empty if a running node has its own.
        is_forwarded: Whether a running node does the work.
    """

    port: MessengerPort
    output: Output
    options: PersonOptions
    peers: tuple[str, ...]
    is_forwarded: bool

    async def wait_for_peer(self, reason: str) -> bool:
        """Wait until a peer is there, saying for what; tell whether one came in time.

        Args:
            reason: What follows "waiting up to 15 s for a peer to …".
        """
        if self.is_forwarded or await self.port.peers():
            return True  # A running node looks after its peers itself.
        if not self.peers:
            return False
        timeout_s = self.options.timeout_s
        self.output.talk(f"waiting up to {timeout_s:g} s for a peer, {reason}")
        attempts = [
            asyncio.ensure_future(self.port.connect(peer, timeout_s=timeout_s))
            for peer in self.peers
        ]
        try:
            for attempt in asyncio.as_completed(attempts):
                try:
                    await attempt
                except ConnectError as error:
                    self.output.talk(str(error))
                else:
                    return True
            return False
        finally:
            for attempt in attempts:
                attempt.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)

    @property
    def nobody_reached(self) -> str:
        """Say that no peer is there, and which ones would not count."""
        transport = self.options.transport
        if self.is_forwarded or transport not in _ONE_WORLD:
            return "no peer was reached"
        world = _ONE_WORLD[transport]
        return f"no peer that speaks {world} (--transport {transport.value}) was reached"

    async def let_it_leave(self, *, is_connected: bool) -> None:
        """Give what nobody reports on, as a request or a face, the time to leave.

        Args:
            is_connected: Whether a peer is there.
        """
        if self.is_forwarded:
            return
        if not is_connected:
            self.output.talk(f"{self.nobody_reached}: it is stored here and leaves next time")
            return
        await asyncio.sleep(LEAVING_S)


@dataclass(frozen=True, slots=True)
class _Entrance:
    """How to become the person, decided before any loop runs: prompts block.

    Attributes:
        peers: Whom to dial.
        lock: The directory, if this process holds it now; None if another one is to be asked.
        key_uid: Which account of the directory.
        password: Its password.
    """

    peers: tuple[str, ...]
    lock: DataDirectory | None = None
    key_uid: str = ""
    password: str = field(default="", repr=False)

    def close(self) -> None:
        """Let go of the directory."""
        if self.lock is not None:
            self.lock.close()


class _HolderGoneError(ControlError):
    """Whoever held the account had let go before it could be asked for anything."""


def run_as_person(options: PersonOptions, work: Callable[[Session], Awaitable[None]]) -> None:
    """Become the person, do the work, and let go.

    Raises:
        SottovoceError: The account cannot be used, or the work failed.
    """
    configure_logging(verbose=options.verbose)
    for peer in options.peers:
        parse_enode(peer)  # A slip of the pen is told before a password is asked for.
    for _ in range(_ENTRIES_MAX - 1):
        with suppress(_HolderGoneError):
            return _enter(options, work)
    return _enter(options, work)


def _enter(options: PersonOptions, work: Callable[[Session], Awaitable[None]]) -> None:
    entrance = _entrance(options)

    async def main() -> None:
        async with _session(options, entrance) as session:
            await work(session)

    try:
        run_to_end(main())
    finally:
        entrance.close()


def _entrance(options: PersonOptions) -> _Entrance:
    """Look who holds the directory; take it, and ask for the password, if nobody does.

    Raises:
        SottovoceError: A program holds the directory that cannot help, or the account or its
            password is not to be had.
    """
    if ControlClient.is_served(options.data_dir):
        return _Entrance(options.peers)
    # An account that is not there is told before a password is asked for.
    entry = find_account(options.data_dir, options.account)
    peers = _peers(options) if options.is_online else ()
    lock = _take(options.data_dir)
    if lock is None:
        return _Entrance(options.peers)
    try:
        password = read_password(options.password_file, what=f"password of {printable(entry.name)}")
    except BaseException:
        lock.close()
        raise
    return _Entrance(peers, lock, entry.key_uid, password)


def _take(directory: Path) -> DataDirectory | None:
    """Take a directory; None if a program holds the account there that can be asked.

    Another verb is waited for: it lets go, or can be asked in a moment.

    Raises:
        CommandError: A program holds the directory without an account.
    """
    deadline_s = time.monotonic() + HOLDER_WAIT_S
    while True:
        try:
            return DataDirectory(directory)
        except DirectoryInUseError:
            if ControlClient.is_served(directory):
                return None
        if time.monotonic() >= deadline_s:
            raise CommandError(
                f"the data directory {directory} is in use by a program that cannot be asked: a "
                "node without an account (stop it, or start it with sottovoce node run --account "
                "NAME), or a verb that waits for its password",
                ExitCode.USAGE,
            )
        time.sleep(_HOLDER_PAUSE_S)


def _peers(options: PersonOptions) -> tuple[str, ...]:
    """Return the peers to dial: those that are named, else those that are saved.

    Raises:
        CommandError: There are none.
    """
    peers = options.peers or tuple(str(each.enode) for each in read_peers(options.data_dir))
    if options.needs_peers and not peers:
        raise CommandError(
            "no peer to talk through: name one with --peer ENODE, or save one with "
            "sottovoce peer add ENODE (sottovoce node run prints such a line)",
            ExitCode.USAGE,
        )
    return peers


@asynccontextmanager
async def _session(options: PersonOptions, entrance: _Entrance) -> AsyncIterator[Session]:
    output = Output(as_json=options.as_json)
    async with AsyncExitStack() as stack:
        if entrance.lock is None:
            port = await stack.enter_async_context(_asked(options.data_dir))
            _check_who_it_is(port, options)
            if options.metered or options.day_mb:
                output.talk(_NODE_DECIDES)
            for peer in entrance.peers if options.is_online else ():
                await port.connect(peer, timeout_s=options.timeout_s)
            if options.is_online:
                tell_if_used_up(await port.query(ReadBudget()), output)
            yield Session(port, output, options, (), is_forwarded=True)
            return
        messenger = Messenger.open(
            options.data_dir,
            password=entrance.password,
            account=entrance.key_uid,
            peers=entrance.peers,
            is_locked=True,
            serves=options.is_online,
            duty_cycle=options.duty_cycle,
            transport=options.transport,
            metered=options.metered,
            day_bytes_max=options.day_mb * MB,
        )
        if not options.verbose:
            stack.enter_context(without_log(TROUBLE_LOG))
        await stack.enter_async_context(messenger)
        tell_if_used_up(messenger.budget(), output)
        with _trouble_told(messenger, output):
            yield Session(messenger, output, options, entrance.peers, is_forwarded=False)


@contextmanager
def _trouble_told(messenger: Messenger, output: Output) -> Iterator[None]:
    """Say at the end what is wrong with the store, unless an error says so.

    Raises:
        SottovoceError: What was raised within.
    """
    said = ""
    try:
        yield
    except SottovoceError as error:
        said = str(error)
        raise
    finally:
        if messenger.storage_trouble not in said:
            output.talk(f"not everything could be stored: {messenger.storage_trouble}")


@asynccontextmanager
async def _asked(directory: Path) -> AsyncIterator[ControlClient]:
    """Reach the program that holds the account.

    Raises:
        _HolderGoneError: It has just ended.
    """
    client = ControlClient(directory)
    try:
        await client.__aenter__()
    except ControlError as error:
        raise _HolderGoneError(str(error)) from None
    try:
        yield client
    finally:
        await client.close()


def _check_who_it_is(port: MessengerPort, options: PersonOptions) -> None:
    """Check that the running node has the account that is wanted, or one of this directory.

    Raises:
        CommandError: It has another one.
    """
    address = address_of(port.public_key)
    if options.account is None:
        if all(entry.chat_address != address for entry in list_accounts(options.data_dir)):
            raise CommandError(
                f"the program that answers for {options.data_dir} has none of the accounts that "
                "are there; stop it, and look who started it",
                ExitCode.USAGE,
            )
        return
    entry = find_account(options.data_dir, options.account)
    if address != entry.chat_address:
        raise CommandError(
            f"the node that runs in {options.data_dir} has another account than "
            f"{printable(entry.name)}; stop it first, or leave out --account to use its own",
            ExitCode.USAGE,
        )
