"""Links between clients and mailservers."""

from typing import TYPE_CHECKING

from sottovoce.base.quantities import PublicKey
from sottovoce.mail.server_events import SendCompletion
from sottovoce.sim.mail_links import FLIGHT_S_MAX, Link, Wire
from sottovoce.sim.mail_world import MailWorld

if TYPE_CHECKING:
    from sottovoce.sim.mail_lies import Answer

KEY = PublicKey(b"a".ljust(64, b"."))


class Ends:
    """A link and what came out at its ends."""

    def __init__(self) -> None:
        self.world = MailWorld(1)
        self.wire = Wire(self.world)
        self.down: list[Answer] = []
        self.up: list[int] = []
        self.link = Link(self.wire.next_peer(), 0, KEY, self.down.append, lambda: None)


def test_packets_keep_their_order_both_ways() -> None:
    ends = Ends()
    packets = [SendCompletion(1, bytes([number])) for number in range(20)]
    for number, packet in enumerate(packets):
        ends.wire.send_down(ends.link, packet)
        ends.wire.send_up(ends.link, lambda number=number: ends.up.append(number))  # type: ignore[misc]
    ends.world.run_until(20 * FLIGHT_S_MAX)
    assert ends.down == packets
    assert ends.up == list(range(20))


def test_lagging_packet_holds_up_what_is_behind_it() -> None:
    ends = Ends()
    ends.wire.send_down(ends.link, SendCompletion(1, b"slow"), lag_s=5.0)
    ends.wire.send_down(ends.link, SendCompletion(1, b"fast"))
    ends.world.run_until(4.0)
    assert ends.down == []
    ends.world.run_until(6.0)
    assert len(ends.down) == 2


def test_what_is_under_way_ends_with_its_link() -> None:
    ends = Ends()
    ends.wire.send_down(ends.link, SendCompletion(1, b"lost"))
    ends.wire.cut(ends.link)
    ends.world.run_until(5.0)
    assert ends.down == []


def test_no_two_links_share_a_number() -> None:
    wire = Wire(MailWorld(1))
    assert len({wire.next_peer() for _ in range(5)}) == 5
