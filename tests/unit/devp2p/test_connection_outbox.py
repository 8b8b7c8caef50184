"""Order and grouping of what one call gives back."""

from sottovoce.base.packets import Packet
from sottovoce.devp2p.connection_outbox import ConnectionOutbox
from sottovoce.devp2p.events import BytesToSend, ConnectionEnded, PacketsReceived

END = ConnectionEnded(None, False, "over")


def test_bytes_are_joined_and_come_first() -> None:
    outbox = ConnectionOutbox()
    outbox.send(b"one")
    outbox.tell(END)
    outbox.send(b"two")
    assert outbox.collect() == [BytesToSend(b"onetwo"), END]


def test_runs_of_one_protocol_are_one_output() -> None:
    outbox = ConnectionOutbox()
    for protocol, code in (("shh", 1), ("shh", 2), ("waku", 3), ("shh", 4)):
        outbox.deliver(protocol, Packet(code, b""))
    outbox.tell(END)
    assert outbox.collect() == [
        PacketsReceived("shh", (Packet(1, b""), Packet(2, b""))),
        PacketsReceived("waku", (Packet(3, b""),)),
        PacketsReceived("shh", (Packet(4, b""),)),
        END,
    ]


def test_collecting_empties_it() -> None:
    outbox = ConnectionOutbox()
    outbox.send(b"one")
    outbox.deliver("shh", Packet(1, b""))
    outbox.collect()
    assert outbox.collect() == []
