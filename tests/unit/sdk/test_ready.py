import pytest

from patience import run
from sottovoce.app.person import PersonSettings, open_store
from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.sdk.client import Client
from sottovoce.sdk.ready import Ready
from sottovoce.sim.entropy import SeededEntropy

SETTINGS = PersonSettings(secp256k1.generate_private_key(SeededEntropy("ready", 1)), "one")


def test_own_node_is_started_and_dials_its_peers() -> None:
    async def main() -> None:
        async with Client() as peer:
            node = Client(listen=None)
            opened = open_store(SETTINGS, SeededEntropy("ready", 2))
            ready = Ready(SETTINGS, opened, node, owned=True, peers=[(peer.enode or "", False)])
            await ready.start_node()
            assert (await node.connect(peer.enode or "")).client_id
            await node.close()
            opened.close()

    run(main())


def test_node_of_somebody_else_is_left_as_it_is() -> None:
    async def main() -> None:
        async with Client(listen=None) as node:
            opened = open_store(SETTINGS, SeededEntropy("ready", 2))
            ready = Ready(SETTINGS, opened, node, owned=False, peers=[("enode://", False)])
            with pytest.raises(LocalProtocolError):
                await ready.start_node()
            assert node.peers == ()
            opened.close()

    run(main())
