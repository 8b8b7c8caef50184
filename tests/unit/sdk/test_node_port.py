from pathlib import Path

import pytest

from patience import run
from sottovoce.sdk.client import Client
from sottovoce.sdk.control import ControlServer
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import NODE_SOCKET_NAME
from sottovoce.sdk.errors import RefusedError
from sottovoce.sdk.node_port import NodePort
from unit.sdk.control_scene import place as place


def test_node_without_an_account_tells_its_traffic_and_nothing_else(place: Path) -> None:
    async def main() -> None:
        async with Client(listen=None) as node:
            server = ControlServer(NodePort(node), place, NODE_SOCKET_NAME)
            await server.start()
            try:
                # Nobody who looks for an account finds one.
                assert not ControlClient.is_served(place)
                assert ControlClient.is_served(place, NODE_SOCKET_NAME)
                async with ControlClient(place, NODE_SOCKET_NAME) as client:
                    report = await client.traffic()
                    assert (report.traffic, report.names) == (node.traffic(), ())
                    for refused in (client.peers(), client.join("lobby"), client.events()):
                        with pytest.raises(RefusedError, match="without an account"):
                            await refused
            finally:
                await server.stop()
            assert not (place / NODE_SOCKET_NAME).exists()

    run(main())
