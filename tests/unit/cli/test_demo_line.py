import pytest

from patience import run, until
from sottovoce.cli.demo_line import Hop, HopEnd, check_hops, relay_line
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from unit.sdk.line import PROMPT, pair


@pytest.mark.parametrize(("carried", "hop"), [((0, 500), 1), ((500, 499), 2), ((500, 0, 0), 2)])
def test_hop_that_did_not_carry_the_message_fails_the_demo(
    carried: tuple[int, ...], hop: int
) -> None:
    with pytest.raises(CommandError, match=f"counter of hop {hop} moved by") as caught:
        check_hops(carried, 500)
    assert caught.value.code is ExitCode.NOT_DELIVERED


def test_hops_that_carried_the_message_pass() -> None:
    check_hops((500, 501, 9000), 500)


def test_hop_counts_the_bytes_of_its_own_socket_in_one_direction() -> None:
    async def main() -> None:
        async with pair() as (left, right):
            [stream] = left.statistics().streams
            near, far = stream.local_port, stream.remote_port
            hop = Hop(HopEnd(left, near, far), HopEnd(right, far, near))
            assert hop.ports == [near, far]
            ear = await right.channel("lobby").subscribe()
            before = [hop.carried_bytes(rightward=rightward) for rightward in (True, False)]
            sent = await left.channel("lobby").send_text("x" * 5000)
            await anext(ear)
            assert hop.carried_bytes(rightward=True) - before[0] >= sent.size_bytes
            assert hop.carried_bytes(rightward=False) - before[1] < 500
            elsewhere = Hop(HopEnd(left, near, 1), None)
            assert elsewhere.carried_bytes(rightward=True) == 0

    run(main())


def test_hop_to_a_person_counts_what_the_relay_sent_and_received() -> None:
    async def main() -> None:
        async with relay_line(1, PROMPT) as line, Client() as person:
            enode, same = line.ends
            assert enode == same
            await person.connect(enode)
            [stream] = person.statistics().streams
            first, last = line.hops(stream.local_port, stream.local_port)
            assert first.ports == [stream.local_port, stream.remote_port]
            assert last.ports == [stream.remote_port, stream.local_port]
            assert first.carried_bytes(rightward=True) == last.carried_bytes(rightward=False) > 0
            assert last.carried_bytes(rightward=True) == first.carried_bytes(rightward=False) > 0

    run(main())


def test_line_tells_what_its_relays_dropped() -> None:
    async def main() -> None:
        async with (
            relay_line(2, GossipSettings(pool_bytes_max=1)) as line,
            Client(gossip=PROMPT) as person,
        ):
            assert line.drops() == []
            assert len(line.hops(1, 2)) == 3
            await person.connect(line.ends[0])
            await person.channel("lobby").send_text("Ciao")
            await until(line.drops)
            assert line.drops() == ["relay 1 dropped 1 as 'the pool is full of better envelopes'"]

    run(main())
