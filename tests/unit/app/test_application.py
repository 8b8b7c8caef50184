import asyncio
import re
from contextlib import suppress

import pytest

from patience import run, until
from sottovoce.app.application import Application, ApplicationSettings, client_id
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import parse_enode
from sottovoce.node import inputs
from sottovoce.node.effects import Fact, PeerConnected
from sottovoce.runtime.tcp import ListenError
from unit.node.pump import key_number


def ignore(_: Fact) -> None:
    pass


def enode_of(settings: ApplicationSettings) -> str:
    async def main() -> str:
        application = Application(settings, ignore)
        assert application.enode is None
        await application.start()
        try:
            return str(application.enode)
        finally:
            await application.stop()

    return run(main())


def test_enode_names_the_key_and_the_port_that_was_chosen() -> None:
    key = key_number(5)
    enode = parse_enode(enode_of(ApplicationSettings(node_key=key)))
    assert enode.public_key == secp256k1.public_key(key)
    assert (enode.host, enode.tcp_port > 0) == ("127.0.0.1", True)


def test_node_without_a_key_gets_a_fresh_one() -> None:
    first, second = (enode_of(ApplicationSettings()) for _ in range(2))
    assert parse_enode(first).public_key != parse_enode(second).public_key


def test_advertised_host_stands_in_the_enode() -> None:
    settings = ApplicationSettings(advertised_host="node.example")
    assert parse_enode(enode_of(settings)).host == "node.example"


def test_node_that_listens_everywhere_names_an_address_that_can_be_dialled() -> None:
    assert parse_enode(enode_of(ApplicationSettings(listen=("0.0.0.0", 0)))).host == "127.0.0.1"


def test_node_that_listens_nowhere_has_no_enode() -> None:
    assert enode_of(ApplicationSettings(listen=None)) == "None"


def test_node_listens_on_ipv6_where_there_is_one() -> None:
    # A machine without IPv6 says so in one sentence.
    host: str | None = "::1"
    with suppress(ListenError):
        host = parse_enode(enode_of(ApplicationSettings(listen=("::1", 0)))).host
    assert host == "::1"


def test_two_applications_connect_and_count_their_traffic() -> None:
    async def main() -> None:
        facts: list[Fact] = []
        one = Application(ApplicationSettings(listen=None), facts.append)
        other = Application(ApplicationSettings(), ignore)
        await one.start()
        await other.start()
        assert other.enode is not None
        one.command(inputs.AddPeer(other.enode))
        await until(lambda: facts)
        [fact] = facts
        assert isinstance(fact, PeerConnected)
        assert fact.public_key == other.node_public_key
        assert fact.client_id == client_id()
        [traffic] = one.traffic()
        assert traffic.remote_port == other.enode.tcp_port
        assert min(traffic.sent_bytes, traffic.received_bytes) > 0
        assert one.relay_statistics().peers_greeted == 1  # in both worlds
        assert one.failed_inputs() == 0
        await one.stop()
        await other.stop()

    run(main())


def test_port_in_use_fails_the_start_and_leaves_nothing_running() -> None:
    async def main() -> None:
        holder = Application(ApplicationSettings(), ignore)
        await holder.start()
        assert holder.enode is not None
        late = Application(ApplicationSettings(listen=("127.0.0.1", holder.enode.tcp_port)), ignore)
        with pytest.raises(ListenError):
            await late.start()
        assert not late.running
        assert late.enode is None
        await late.stop()
        await holder.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


def test_stopped_application_has_no_traffic_and_stops_twice() -> None:
    async def main() -> None:
        application = Application(ApplicationSettings(), ignore)
        states = [application.running]
        await application.start()
        states.append(application.running)
        await application.stop()
        await application.stop()
        states.append(application.running)
        assert states == [False, True, False]
        assert application.traffic() == []
        assert application.failed_inputs() == 0

    run(main())


def test_client_id_has_the_customary_form() -> None:
    assert re.fullmatch(r"sottovoce/v[\d.]+\w*/[a-z]+-\w+/python3\.\d+\.\d+\S*", client_id())
