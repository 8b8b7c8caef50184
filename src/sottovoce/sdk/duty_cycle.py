"""A duty cycle, for those who pay for data: connect, fetch, leave, at an interval.

Outside its windows a person has neither peers nor mailservers. What is said then waits for a
window, which begins at once. A window ends when what was missed is here and what was said has left,
or when its time is over; without mailservers it lasts for the whole of its time, to hear what is
said meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.chat import commands
from sottovoce.mail.client_events import OnlineChanged
from sottovoce.node import effects, inputs
from sottovoce.runtime.person_ports import NodeWish
from sottovoce.sdk.client import Client

if TYPE_CHECKING:
    from sottovoce.base.quantities import EnvelopeHash, PublicKey
    from sottovoce.devp2p.enode import Enode

# What follows from a message, an acknowledgement for instance, is on its way sooner.
QUIET_S: Final = 5.0

# Nobody hears of these, so no window begins for them.
_SILENT: Final = (
    commands.OpenOneToOne,
    commands.ClearChat,
    commands.MuteChat,
    commands.MarkRead,
    commands.VerifyContact,
    commands.SetForwardSecrecy,
)


@dataclass(frozen=True, slots=True)
class DutyCycle:
    """When a person is connected.

    Attributes:
        every: From the beginning of one window to that of the next.
        online: How long a window may last.

    Raises:
        LocalProtocolError: A window has no time, or as much as there is.
    """

    every: timedelta
    online: timedelta

    def __post_init__(self) -> None:
        if not timedelta(0) < self.online < self.every:
            raise LocalProtocolError(
                "a duty cycle is online for some time, and for less than there is between windows"
            )


class NetworkGate:
    """The way from a person to its node, which can be closed.

    Args:
        client: The node.
        number: The first number of the person's range.
        peers: Enodes of the owner's peers, each with whether it is trusted.
    """

    def __init__(self, client: Client, number: int, peers: Iterable[tuple[str, bool]]) -> None:
        self._client = client
        self._number = number
        self._peers = tuple(peers)
        self._servers: dict[PublicKey, Enode] = {}
        self._searching: set[int] = set()
        self._leaving: set[EnvelopeHash] = set()
        self._is_open = False
        self.stirred = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether peers are connected."""
        return self._is_open

    @property
    def is_empty(self) -> bool:
        """Whether everything that was posted went out to somebody."""
        return not self._searching and not self._leaving

    def open(self) -> None:
        """Connect the peers, and the mailservers that are wanted now.

        Raises:
            SottovoceError: An enode is none, or the node does not run.
        """
        self._is_open = True
        for enode, trusted in self._peers:
            self._client.add_peer(enode, trusted=trusted)
        for server in self._servers.values():
            self._client.wish(self._number, inputs.AddPeer(server))

    def close(self) -> None:
        """Let go of them.

        Raises:
            SottovoceError: The node does not run.
        """
        self._is_open = False
        self._searching.clear()
        self._leaving.clear()
        for enode, _ in self._peers:
            self._client.disconnect(enode)
        for key in self._servers:
            self._client.wish(self._number, inputs.RemovePeer(key))

    def wish(self, wish: NodeWish) -> None:
        """Do what the person wants of the node; mailservers wait until the gate is open.

        Raises:
            SottovoceError: The node refuses it.
        """
        match wish:
            case inputs.AddPeer(enode):
                self._servers[enode.public_key] = enode
            case inputs.RemovePeer(key):
                self._servers.pop(key, None)
            case inputs.PostMessage(request):
                self._searching.add(request)
                self.stirred.set()
            case _:
                pass
        if self._is_open or not isinstance(wish, inputs.AddPeer | inputs.RemovePeer):
            self._client.wish(self._number, wish)

    def passing(self, on_fact: Callable[[effects.Fact], None]) -> Callable[[effects.Fact], None]:
        """Return what hands facts on, and takes note of them."""

        def take(fact: effects.Fact) -> None:
            self._note(fact)
            on_fact(fact)

        return take

    def _note(self, fact: effects.Fact) -> None:
        match fact:
            case effects.PostSucceeded(request, hash) if request in self._searching:
                self._searching.discard(request)
                self._leaving.add(hash)
            case effects.PostFailed(request):
                self._searching.discard(request)
            case effects.SentToPeer(_, hashes):
                self._leaving.difference_update(hashes)
            case effects.MessageArrived():
                pass
            case _:
                return
        self.stirred.set()


class Cycle:
    """A duty cycle that runs.

    Args:
        times: When to be connected.
        gate: What is opened and closed.
        tell: Hands the person the news whether mailservers may be dialled.
        fetch: Fetches what was missed, within so many seconds; returns whether there was anybody
            to ask.
    """

    def __init__(
        self,
        times: DutyCycle,
        gate: NetworkGate,
        *,
        tell: Callable[[OnlineChanged], None],
        fetch: Callable[[float], Awaitable[bool]],
    ) -> None:
        self._every_s = times.every.total_seconds()
        self._online_s = times.online.total_seconds()
        self._gate = gate
        self._tell = tell
        self._fetch = fetch
        self._woken = asyncio.Event()
        self._woken_s = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with a window.

        Raises:
            SottovoceError: A peer's enode is none.
        """
        self._gate.open()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Begin no more windows; harmless when repeated."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Begin a window at once, or let the one that is open see what there is to do."""
        self._woken_s = asyncio.get_running_loop().time()
        self._woken.set()
        self._gate.stirred.set()

    def said(self, command: commands.Command) -> None:
        """Begin a window for a command that others hear of."""
        if not isinstance(command, _SILENT):
            self.wake()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + self._every_s
            self._woken.clear()
            await self._window()
            if loop.time() - self._woken_s >= min(QUIET_S, self._online_s / 2):
                self._woken.clear()  # It had its window, be it in vain; only the last is owed one.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    await self._woken.wait()
            self._gate.open()

    async def _window(self) -> None:
        self._tell(OnlineChanged(online=True))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._online_s):
                    if not await self._fetch(self._online_s):
                        await asyncio.sleep(self._online_s)
                    await self._quiet()
                    self._woken.clear()  # Whatever was said has left.
        finally:
            self._tell(OnlineChanged(online=False))
            self._gate.close()

    async def _quiet(self) -> None:
        """Wait until everything left and nothing more comes."""
        while True:
            self._gate.stirred.clear()
            try:
                async with asyncio.timeout(QUIET_S if self._gate.is_empty else None):
                    await self._gate.stirred.wait()
            except TimeoutError:
                return
