"""Those who wait for a peer to be connected, and why it is not yet."""

import asyncio

from sottovoce.base.errors import SottovoceError
from sottovoce.base.quantities import PublicKey
from sottovoce.sdk.errors import ConnectError
from sottovoce.sdk.messages import PeerInfo


class PeerWaiters:
    """The waiting, by peer."""

    def __init__(self) -> None:
        self._waiting: dict[PublicKey, list[asyncio.Future[PeerInfo]]] = {}
        self._last_failures: dict[PublicKey, str] = {}

    async def wait(self, key: PublicKey, timeout_s: float) -> PeerInfo:
        """Wait until a peer is connected.

        Raises:
            ConnectError: It was not within `timeout_s`.
        """
        waiter: asyncio.Future[PeerInfo] = asyncio.get_running_loop().create_future()
        waiters = self._waiting.setdefault(key, [])
        waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                return await waiter
        except TimeoutError:
            reason = self._last_failures.get(key, "no answer")
            raise ConnectError(
                f"the peer was not connected within {timeout_s:g} s: {reason}"
            ) from None
        finally:
            waiters.remove(waiter)
            if not waiters:
                del self._waiting[key]

    def connected(self, peer: PeerInfo) -> None:
        """Tell those who wait for a peer that it is there."""
        self._last_failures.pop(peer.public_key, None)
        for waiter in self._waiting.get(peer.public_key, ()):
            if not waiter.done():
                waiter.set_result(peer)

    def unreachable(self, key: PublicKey, detail: str) -> None:
        """Note why a peer is not there; it is tried again."""
        self._last_failures[key] = detail

    def give_up(self, key: PublicKey, error: SottovoceError) -> None:
        """Let those go who wait for a peer."""
        for waiter in self._waiting.get(key, ()):
            if not waiter.done():
                waiter.set_exception(error)

    def give_up_all(self, error: SottovoceError) -> None:
        """Let everybody go."""
        for key in list(self._waiting):
            self.give_up(key, error)
