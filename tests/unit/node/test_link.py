"""A stream that carries two worlds: one connection, two sessions of gossip."""

from collections import deque

import pytest

from seeded import SeededEntropy
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.events import (
    Admitted,
    BytesReceived,
    BytesToSend,
    DisconnectReason,
    PeerIdentified,
    Role,
    StreamOpened,
)
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.events import PeerJoined
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.gossip.waku_v0 import WAKU_V0
from sottovoce.gossip.waku_v1 import WAKU_V1
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.effects import (
    PeerConnected,
    PeerUnreachable,
    WriteBytes,
)
from sottovoce.node.link import is_whisper, protocol_of, session_number, stream_of
from sottovoce.node.links import Links
from sottovoce.node.settings import NodeSettings
from unit.node.mail_scene import TO_UNIX_S, old
from unit.node.pump import (
    SHARED,
    STATUSES,
    TOPIC,
    Pump,
    Stranger,
    key_number,
)

TAKES_DIRECT = make_filter(symmetric_key=SHARED, topics=[TOPIC], allows_direct=True)


def reason(stranger: Stranger) -> DisconnectReason | None:
    assert stranger.end is not None
    assert stranger.end.by_remote
    return stranger.end.reason


BOTH_WORLDS = (WHISPER_V6, WAKU_V0, WAKU_V1)


def test_peer_of_both_worlds_is_connected_once_both_greetings_are_done() -> None:
    pump = Pump()
    party = pump.add()
    stranger = Stranger(pump, party, key_number(50), offers=BOTH_WORLDS).call()
    assert stranger.shared == (WHISPER_V6, WAKU_V1)
    stranger.send(STATUSES[WAKU_V1], on="waku")
    assert party.told(PeerConnected) == []
    assert party.node.peer_count == 0
    stranger.send(STATUSES[WHISPER_V6], on="shh")
    [connected] = party.told(PeerConnected)
    assert connected.protocols == ("shh/6", "waku/1")
    assert party.node.peer_count == 1
    assert party.node.sizes()["sessions"] == 2


@pytest.mark.parametrize(
    ("transport", "offered", "spoken"),
    [
        (Transport.WHISPER, (WHISPER_V6,), ("shh/6",)),
        (Transport.WAKU, (WAKU_V1,), ("waku/1",)),
        (Transport.EITHER, (WHISPER_V6, WAKU_V1), ("shh/6", "waku/1")),
        (Transport.BOTH, (WHISPER_V6, WAKU_V1), ("shh/6", "waku/1")),
    ],
)
def test_what_is_spoken_with_a_peer_of_both_worlds_follows_from_the_transport(
    transport: Transport, offered: tuple[Capability, ...], spoken: tuple[str, ...]
) -> None:
    pump = Pump()
    party = pump.add(gossip=GossipSettings(transport=transport))
    stranger = Stranger(pump, party, key_number(50), offers=BOTH_WORLDS).greet()
    assert stranger.shared == offered
    assert [fact.protocols for fact in party.told(PeerConnected)] == [spoken]


def test_peer_of_the_old_waku_is_spoken_to_in_it() -> None:
    pump = Pump()
    party = pump.add()
    Stranger(pump, party, key_number(50), offers=(WAKU_V0,)).greet()
    assert [fact.protocols for fact in party.told(PeerConnected)] == [("waku/0",)]


def test_peers_of_different_worlds_part_and_read_what_each_side_speaks() -> None:
    pump = Pump()
    one = pump.add(gossip=GossipSettings(transport=Transport.WHISPER))
    other = pump.add(gossip=GossipSettings(transport=Transport.WAKU))
    pump.connect(one, other)
    [unreachable] = one.told(PeerUnreachable)
    assert unreachable.detail == (
        "no subprotocol is shared: we speak shh/6, the peer waku/0, waku/1"
    )


@pytest.mark.parametrize(("broken", "other"), [("shh", "waku"), ("waku", "shh")])
def test_breaking_the_protocol_of_one_world_ends_both_sessions(broken: str, other: str) -> None:
    pump = Pump()
    party = pump.add()
    stranger = Stranger(pump, party, key_number(50), offers=BOTH_WORLDS).call()
    by_name = {capability.name: STATUSES[capability] for capability in stranger.shared}
    stranger.send(by_name[other], on=other)
    stranger.send(Packet(1, b"no list"), on=broken)
    assert reason(stranger) is DisconnectReason.SUBPROTOCOL_ERROR
    assert party.node.sizes()["sessions"] == 0
    assert party.told(PeerConnected) == []


@pytest.mark.parametrize("world", ["shh", "waku"])
def test_trust_is_for_both_sessions_of_a_peer(world: str) -> None:
    pump = Pump()
    party = pump.add()
    party.command(inputs.InstallFilter(1, TAKES_DIRECT))
    stranger = Stranger(pump, party, key_number(50), offers=BOTH_WORLDS).greet()
    direct = Packet(127, rlp.encode_list([old(b"direct").raw]))
    stranger.send(direct, on=world)
    assert party.heard() == []
    party.command(inputs.TrustPeer(secp256k1.public_key(key_number(50)), trusted=True))
    stranger.send(direct, on=world)
    assert party.heard() == [b"direct"]


def test_full_socket_holds_what_is_relayed_on_both_sessions() -> None:
    pump = Pump()
    party = pump.add()
    source = Stranger(pump, party, key_number(50)).greet()
    sink = Stranger(pump, party, key_number(51), offers=BOTH_WORLDS).greet()
    party.command(inputs.WriteBlocked(sink.stream))
    source.send(Packet(1, rlp.encode_list([old(b"held", sent_unix_s=TO_UNIX_S, pow=0.01).raw])))
    assert sink.envelopes() == []
    party.command(inputs.WriteDrained(sink.stream))
    assert len(sink.envelopes("shh")) == len(sink.envelopes("waku")) == 1


class Caller:
    """Links without a node, and strangers who call them."""

    def __init__(self, settings: NodeSettings) -> None:
        self.joined: list[PeerJoined] = []
        self._written: list[WriteBytes] = []
        self._links = Links(
            settings,
            ConnectionSettings("links/v1", BOTH_WORLDS),
            identity=key_number(1),
            entropy=SeededEntropy(1),
            tell_relay=lambda event, _: self._note(event),
            emit=lambda effect: self._note(effect),
        )

    def _note(self, said: object) -> None:
        if isinstance(said, PeerJoined):
            self.joined.append(said)
        elif isinstance(said, WriteBytes):
            self._written.append(said)

    def call(self, stream: int, address: str) -> None:
        """Let a stranger of both worlds connect and say Hello."""
        stranger = Connection(
            ConnectionSettings("stranger/v1", BOTH_WORLDS),
            role=Role.INITIATOR,
            identity=key_number(stream),
            remote=self._links.public_key,
            entropy=SeededEntropy(stream),
        )
        now = Moment(0.0, 0.0)
        self._links.handle(inputs.StreamAccepted(stream, address), now)
        outputs = deque(stranger.handle(StreamOpened(), now))
        while outputs:
            match outputs.popleft():
                case BytesToSend(data):
                    self._links.handle(inputs.StreamBytes(stream, data), now)
                case PeerIdentified():
                    outputs.extend(stranger.handle(Admitted(), now))
                case _:
                    pass
            written, self._written = self._written, []
            for part in written:
                outputs.extend(stranger.handle(BytesReceived(part.data), now))


def test_gossip_hears_whose_sessions_belong_together_and_who_is_exempt() -> None:
    caller = Caller(NodeSettings(exempt_addresses=frozenset({"10.9.9.9"})))
    caller.call(3, "10.9.9.9")
    caller.call(4, "10.9.9.8")
    assert caller.joined == [
        PeerJoined(6, WHISPER_V6, address="10.9.9.9", exempt=True, twin=7),
        PeerJoined(7, WAKU_V1, address="10.9.9.9", exempt=True, twin=6),
        PeerJoined(8, WHISPER_V6, address="10.9.9.8", twin=9),
        PeerJoined(9, WAKU_V1, address="10.9.9.8", twin=8),
    ]


def test_numbers_of_sessions_lead_back_to_their_stream() -> None:
    numbers = [session_number(stream, name) for stream in range(3) for name in ("shh", "waku")]
    assert numbers == list(range(6))
    assert [stream_of(number) for number in numbers] == [0, 0, 1, 1, 2, 2]
    assert [protocol_of(number) for number in numbers] == ["shh", "waku"] * 3
    assert [is_whisper(number) for number in numbers] == [True, False] * 3
