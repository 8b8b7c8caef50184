import asyncio

import pytest

from patience import run
from sottovoce.crypto import secp256k1
from sottovoce.sdk.errors import ClientClosedError, ConnectError
from sottovoce.sdk.messages import PeerInfo
from sottovoce.sdk.peer_waiters import PeerWaiters
from unit.node.pump import key_number

KEY = secp256k1.public_key(key_number(1))
PEER = PeerInfo(KEY, "peer/v1", "10.0.0.1", inbound=False)


def test_all_who_wait_for_a_peer_get_it() -> None:
    async def main() -> None:
        waiters = PeerWaiters()
        waits = [asyncio.ensure_future(waiters.wait(KEY, 10.0)) for _ in range(2)]
        await asyncio.sleep(0)
        waiters.connected(PEER)
        assert await asyncio.gather(*waits) == [PEER, PEER]

    run(main())


def test_whoever_waited_too_long_reads_what_went_wrong_last() -> None:
    async def main() -> None:
        waiters = PeerWaiters()
        waiters.unreachable(KEY, "nobody is there")
        with pytest.raises(ConnectError, match="within 0 s: nobody is there"):
            await waiters.wait(KEY, 0.0)

    run(main())


def test_everybody_is_let_go_in_the_end() -> None:
    async def main() -> None:
        waiters = PeerWaiters()
        wait = asyncio.ensure_future(waiters.wait(KEY, 10.0))
        await asyncio.sleep(0)
        waiters.give_up_all(ClientClosedError("closed"))
        with pytest.raises(ClientClosedError):
            await wait

    run(main())
