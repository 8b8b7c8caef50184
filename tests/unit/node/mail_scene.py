"""A node that asks for history, and a mailserver that the test plays."""

from typing import Final

from seeded import SeededEntropy
from sottovoce.base.moment import Moment
from sottovoce.base.packets import Capability, Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.direct_packets import (
    Completion,
    encode_completion_body,
    encode_request_complete,
)
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage, open_envelope, seal
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest, bloom_of, decode_request
from sottovoce.node import inputs
from sottovoce.node.effects import HistoryArriving, HistoryDone
from unit.node.pump import SHARED, START_UNIX_S, TOPIC, Party, Pump, Stranger, key_number

PASSWORD: Final = SymmetricKey(b"what the server's password gives")
REQUEST: Final = 126
FROM_UNIX_S: Final = int(START_UNIX_S) - 1000
TO_UNIX_S: Final = int(START_UNIX_S)
FILTER: Final = 5
HEARING: Final = make_filter(symmetric_key=SHARED, topics=[TOPIC], allows_direct=True)
WANTED: Final = HistoryRequest(
    FROM_UNIX_S, TO_UNIX_S, bloom_of(frozenset({TOPIC})), topics=(TOPIC,), limit=10
)


def old(
    payload: bytes, *, topic: Topic = TOPIC, sent_unix_s: int = TO_UNIX_S - 500, pow: float = 0.0
) -> Envelope:
    """Return an envelope that was sent some time ago."""
    now = Moment(0.0, float(sent_unix_s))
    entropy = SeededEntropy(int.from_bytes(payload[:4], "big"))
    route = EnvelopeRoute(topic, SHARED, None)
    return mine(seal(payload, route, ttl_s=50, now=now, entropy=entropy), pow, 100_000)


class ServerPlay:
    """A mailserver of which only the packets are real."""

    def __init__(
        self,
        pump: Pump,
        client: Party,
        number: int = 50,
        offers: tuple[Capability, ...] = (WHISPER_V6,),
    ) -> None:
        self.key = key_number(number)
        self._pump, self._client, self._number, self.offers = pump, client, number, offers
        self.world = WHISPER_V6.name
        self.connect()
        enode = Enode(secp256k1.public_key(self.key), "10.9.9.9", 30303)
        self.mailserver = Mailserver(enode, PASSWORD)

    def connect(self) -> None:
        """Connect, or come back."""
        address = f"10.9.9.{self._number}"
        self.wire = Stranger(
            self._pump, self._client, self.key, address=address, offers=self.offers
        ).greet()

    def requests(self, on: str | None = None) -> list[Envelope]:
        """Return the envelopes of the requests that came, in one world or in all."""
        packets = self.wire.packets if on is None else self.wire.heard.get(on, [])
        return [decode_envelope(packet.payload) for packet in packets if packet.code == REQUEST]

    def opened(self) -> OpenedMessage:
        """Return the last request, opened with the password's key."""
        message = open_envelope(self.requests()[-1], PASSWORD, pow=0.0)
        assert message is not None
        return message

    def asked(self) -> HistoryRequest:
        """Return what was asked for last."""
        return decode_request(self.opened().payload)

    def send(self, *envelopes: Envelope) -> None:
        """Send envelopes in one packet."""
        raw = [envelope.raw for envelope in envelopes]
        is_bare = len(raw) == 1 and self.world == WHISPER_V6.name
        payload = raw[0] if is_bare else rlp.encode_list(raw)
        self.wire.send(Packet(127, payload), on=self.world)

    def complete(
        self, *, cursor: bytes = b"", error: str | None = None, id: bytes | None = None
    ) -> None:
        """Say that the last request, or another one, is done."""
        completion = Completion(id or self.requests()[-1].hash, cursor=cursor, error=error)
        body = encode_request_complete(encode_completion_body(completion))
        self.wire.send(Packet(125, body), on=self.world)


class Scene:
    """A client that listens to one topic, and its servers."""

    def __init__(self, servers: int = 1, offers: tuple[Capability, ...] = (WHISPER_V6,)) -> None:
        self.pump = Pump()
        self.client = self.pump.add()
        self.client.command(inputs.InstallFilter(FILTER, HEARING))
        self.servers = [ServerPlay(self.pump, self.client, 50 + i, offers) for i in range(servers)]
        self.server = self.servers[0]

    def ask(
        self, request: int = 1, wanted: HistoryRequest = WANTED, server: ServerPlay | None = None
    ) -> None:
        asked = (server or self.server).mailserver
        self.client.command(inputs.AskHistory(request, asked, wanted))

    def done(self) -> list[HistoryDone]:
        return self.client.told(HistoryDone)

    def arriving(self) -> list[HistoryArriving]:
        return self.client.told(HistoryArriving)
