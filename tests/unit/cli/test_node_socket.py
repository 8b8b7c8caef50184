from pathlib import Path

import pytest

from patience import run
from sottovoce.cli.node_socket import asked_for_statistics
from sottovoce.cli.output import Output
from sottovoce.sdk.client import Client
from sottovoce.sdk.control_client import ControlClient
from sottovoce.sdk.control_form import NODE_SOCKET_NAME
from unit.sdk.control_scene import place as place


def test_node_can_be_asked_while_it_runs(place: Path) -> None:
    async def main() -> None:
        output = Output(as_json=False)
        async with (
            Client(listen=None) as client,
            asked_for_statistics(client, place, output),
            ControlClient(place, NODE_SOCKET_NAME) as asking,
        ):
            assert (await asking.traffic()).traffic == client.traffic()
        assert not ControlClient.is_served(place, NODE_SOCKET_NAME)

    run(main())


def test_node_that_can_have_no_socket_runs_all_the_same(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / NODE_SOCKET_NAME).write_text("something of value")

    async def main() -> bool:
        async with (
            Client() as client,
            asked_for_statistics(client, place, Output(as_json=False)),
        ):
            return client.enode is not None

    assert run(main())
    assert "cannot ask this node" in capsys.readouterr().err
