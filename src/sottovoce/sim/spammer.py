"""Somebody who floods one topic: as many envelopes with proof of work as processor and line allow.

It is a machine with the entrances of a node, and a peer that keeps the protocol: it only sends too
much. It needs not seal anything: one text of random bytes with another nonce is another envelope.
"""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.proof_of_work import search, target_bits
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.effects import CloseStream, Dial, Effect, WriteBytes
from sottovoce.node.settings import INBOUND_THROTTLE_S
from sottovoce.sim.entropy import SeededEntropy

# Bundles are cheaper to send, and limits that count packets hardly see them.
BUNDLE_S: Final = 0.1
# A node takes one connection of a public address in so much time. The simulator's addresses are
# private and would be taken at once, so that the attacker keeps to it by itself.
REDIAL_S: Final = INBOUND_THROTTLE_S
# Whole numbers of nonces at a time; a search that goes on begins behind them.
_TRIES_PER_SEARCH: Final = 1 << 20

_STATUS: Final = 0
_MESSAGES: Final = 1
# A full node without a requirement of work, which is light and therefore is offered nothing.
_GREETING: Final = rlp.encode([6, 0, bytes(64), 0])


class SpamMine:
    """Envelopes with enough work, in the order in which a search finds them.

    They are kept, so that attacks that differ in something else need no new search.

    Args:
        topic: Whose.
        data: What they carry.
        ttl_s: Seconds of life.
        pow_target: Proof of work to reach.
    """

    def __init__(self, topic: Topic, data: bytes, *, ttl_s: int, pow_target: float) -> None:
        self._topic: Final = topic
        self._data: Final = data
        self._ttl_s: Final = ttl_s
        self._bits: Final = target_bits(pow_target, self._unmined(0).size_bytes, ttl_s)
        self._found: Final[dict[int, list[tuple[int, bytes]]]] = {}

    def envelope(self, now_unix_s: int, place: int) -> tuple[int, bytes]:
        """Return how many nonces are tried for an envelope, and its RLP.

        Args:
            now_unix_s: The second in which it is sent.
            place: How many of this second were taken before.
        """
        found = self._found.setdefault(now_unix_s, [])
        while len(found) <= place:
            unmined = self._unmined(now_unix_s)
            first = found[-1][0] if found else 0
            nonce = None
            while nonce is None:
                nonce = search(unmined.prefix, self._bits, first, _TRIES_PER_SEARCH)
            found.append((nonce + 1, unmined.mined(nonce).raw))
        begin = found[place - 1][0] if place else 0
        end, raw = found[place]
        return end - begin, raw

    def _unmined(self, now_unix_s: int) -> UnminedEnvelope:
        return UnminedEnvelope(now_unix_s + self._ttl_s, self._ttl_s, self._topic, self._data)


class Spammer:
    """The attacker.

    Args:
        seed: Its keys follow from this.
        mine: Where its envelopes come from.
        target: The node that it dials, again whenever it is thrown out.
        hashes_per_s: Nonces that its processor tries in a second.
        line_bytes_per_s: What its line carries.
        begin_s: The second at which it begins.
        end_s: The second at which it ends.

    Attributes:
        tries: Nonces that it tried.
        sent_count: Envelopes that it sent.
        sent_bytes: Their RLP.
        ended_count: How often its connection was ended by the other side.
    """

    def __init__(
        self,
        seed: int,
        mine: SpamMine,
        target: Enode,
        *,
        hashes_per_s: float,
        line_bytes_per_s: float,
        begin_s: float,
        end_s: float,
    ) -> None:
        self._entropy: Final = SeededEntropy("spammer", seed)
        self._identity: Final = secp256k1.generate_private_key(self._entropy)
        self.public_key: Final = secp256k1.public_key(self._identity)
        self._mine: Final = mine
        self._target: Final = target
        self._hashes_per_s: Final = hashes_per_s
        self._line_bytes_per_s: Final = line_bytes_per_s
        self._end_s: Final = end_s
        self._connection: Connection | None = None
        self._stream: int | None = None
        self._is_greeted = False
        self._dial_s: float | None = 0.0
        self._attempt = 0
        self._bundle_s = begin_s
        # How long it could work so far, and for how long processor and line did.
        self._granted_s = 0.0
        self._granted_until_s = begin_s
        self._processor_s = 0.0
        self._line_s = 0.0
        self._second = 0
        self._place = 0
        self.tries = 0
        self.sent_count = 0
        self.sent_bytes = 0
        self.ended_count = 0

    def next_deadline(self) -> float | None:
        """Return when it wants to do something."""
        if self._bundle_s >= self._end_s:
            return None
        times = [self._dial_s, self._bundle_s if self._is_greeted else None]
        if self._connection is not None:
            times.append(self._connection.next_deadline())
        return min((time_s for time_s in times if time_s is not None), default=None)

    def handle(self, event: inputs.Input, now: Moment) -> list[Effect]:
        """Take one input."""
        match event:
            case inputs.StreamBytes(_, data):
                return self._tell(wire.BytesReceived(data), now)
            case inputs.DialSucceeded(_, stream, _):
                return self._open(stream, now)
            case inputs.DialFailed():
                self._dial_s = now.monotonic_s + REDIAL_S
            case inputs.StreamClosed():
                self._ended(now)
            case inputs.TimePassed():
                return self._time_passed(now)
            case _:
                pass
        return []

    def _time_passed(self, now: Moment) -> list[Effect]:
        effects: list[Effect] = []
        if self._dial_s is not None and self._dial_s <= now.monotonic_s:
            self._dial_s = None
            self._attempt += 1
            assert self._target.host is not None
            effects.append(Dial(self._attempt, self._target.host, self._target.tcp_port))
        if self._connection is not None:
            due_s = self._connection.next_deadline()
            if due_s is not None and due_s <= now.monotonic_s:
                effects += self._tell(wire.TimePassed(), now)
        if self._is_greeted and self._bundle_s <= now.monotonic_s:
            effects += self._flood(now)
        return effects

    def _open(self, stream: int, now: Moment) -> list[Effect]:
        self._stream = stream
        self._connection = Connection(
            ConnectionSettings("simulated/spammer", (WHISPER_V6,)),
            role=wire.Role.INITIATOR,
            identity=self._identity,
            remote=self._target.public_key,
            entropy=self._entropy,
        )
        return self._tell(wire.StreamOpened(), now)

    def _ended(self, now: Moment) -> None:
        if self._connection is not None:
            self.ended_count += self._is_greeted
            self._connection, self._stream, self._is_greeted = None, None, False
            self._dial_s = now.monotonic_s + REDIAL_S

    def _tell(self, event: wire.ConnectionEvent, now: Moment) -> list[Effect]:
        effects: list[Effect] = []
        if self._connection is None or self._stream is None:
            return effects
        stream = self._stream
        for output in self._connection.handle(event, now):
            match output:
                case wire.BytesToSend(data):
                    effects.append(WriteBytes(stream, data))
                case wire.PeerIdentified():
                    effects += self._tell(wire.Admitted(), now)
                case wire.PeerReady():
                    effects += self._send(Packet(_STATUS, _GREETING), now)
                    self._is_greeted = True
                    self._bundle_s = max(self._bundle_s, now.monotonic_s + BUNDLE_S)
                    # While it was not connected it did nothing.
                    self._granted_until_s = max(self._granted_until_s, now.monotonic_s)
                case wire.ConnectionEnded():
                    effects.append(CloseStream(stream))
                    self._ended(now)
                case wire.PacketsReceived() | wire.LargeFrameChanged():
                    pass
        return effects

    def _send(self, packet: Packet, now: Moment) -> list[Effect]:
        return self._tell(wire.PacketsSubmitted(WHISPER_V6.name, (packet,)), now)

    def _flood(self, now: Moment) -> list[Effect]:
        """Send what processor and line have done since the last bundle."""
        self._bundle_s = now.monotonic_s + BUNDLE_S
        self._granted_s += now.monotonic_s - self._granted_until_s
        self._granted_until_s = now.monotonic_s
        bundle: list[bytes] = []
        # The processor works while the line sends; the slower of the two sets the pace.
        while max(self._processor_s, self._line_s) < self._granted_s:
            bundle.append(self._make(now))
        if not bundle:
            return []
        self.sent_count += len(bundle)
        self.sent_bytes += sum(map(len, bundle))
        return self._send(Packet(_MESSAGES, rlp.encode_list(bundle)), now)

    def _make(self, now: Moment) -> bytes:
        second = now.unix_whole_s
        if second != self._second:
            self._second, self._place = second, 0
        tries, raw = self._mine.envelope(second, self._place)
        self._place += 1
        self.tries += tries
        self._processor_s += tries / self._hashes_per_s
        self._line_s += len(raw) / self._line_bytes_per_s
        return raw
