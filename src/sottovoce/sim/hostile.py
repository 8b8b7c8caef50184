"""A hostile node: it finishes the handshake like anybody, and then misbehaves in every known way.

It is a machine with the entrances of a node, so the world treats it as one. What it does is drawn
from its own seeded stream, and each kind of misbehaviour is counted.
"""

import math
from collections import Counter
from collections.abc import Callable
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import topic
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.devp2p import events as wire
from sottovoce.devp2p.connection import Connection
from sottovoce.devp2p.enode import Enode
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip.envelope import Envelope, UnminedEnvelope
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.whisper_v6 import WHISPER_V6
from sottovoce.node import inputs
from sottovoce.node.effects import CloseStream, Dial, Effect, WriteBytes
from sottovoce.sim.entropy import SeededEntropy

# Codes of shh/6, as the dialect tables have them; written out, for the enemy has its own tables.
_STATUS: Final = 0
_MESSAGES: Final = 1
_POW: Final = 2
_BLOOM: Final = 3
_CODES: Final = (*range(24), 123, 124, 125, 126, 127)
_GOOD_STATUS: Final = rlp.encode([6, 0, b"", 0])
_LYING_STATUS: Final = (
    rlp.encode([5]),
    rlp.encode([6, 0x7FF8000000000001]),
    rlp.encode([6, 0, bytes(63)]),
    b"\x06",
    b"",
)
# Each connection lives for an attack or a few: most end it.
_ATTACK_PAUSE_S: Final = 0.4
_REDIAL_S: Final = 1.5
# Of its greetings, each seventh never comes and each fifth is a lie.
_SILENT_EACH: Final = 7
_LYING_EACH: Final = 5
_TTL_S: Final = 50


class HostileNode:
    """The enemy.

    Args:
        seed: What it does follows from this.
        number: Its place in the world.
        targets: Whom it dials, again and again.

    Attributes:
        misdeeds: How often it did what, by kind.
    """

    def __init__(self, seed: int, number: int, targets: list[Enode]) -> None:
        self._random = Random(f"hostile {seed} {number}")  # noqa: S311
        self._entropy = SeededEntropy("hostile", seed, number)
        self._identity = secp256k1.generate_private_key(self._entropy)
        self.public_key = secp256k1.public_key(self._identity)
        self._targets = targets
        self._links: dict[int, Connection] = {}
        self._ready: set[int] = set()
        self._attempts: dict[int, Enode] = {}
        self._next_attempt = 0
        self._next_attack_s = 0.0
        self._next_dial_s = 0.0
        self._greeting_count = 0
        self._deck: list[int] = []
        self.misdeeds: Counter[str] = Counter()
        self._attacks: list[tuple[str, Callable[[Moment], list[Packet] | bytes]]] = [
            ("garbage bytes", self._garbage_bytes),
            ("garbage packet", self._garbage_packet),
            ("oversized packet", self._oversized_packet),
            ("second status", lambda _: [Packet(_STATUS, self._random.choice(_LYING_STATUS))]),
            ("low work", self._low_work),
            ("expired envelope", lambda now: self._envelopes(now, -100)),
            ("future envelope", lambda now: self._envelopes(now, 100)),
            ("duplicates", self._duplicates),
            ("malformed envelope", self._malformed_envelope),
            ("nested list", lambda _: [Packet(_MESSAGES, _nested(5000))]),
            ("wishes", self._wishes),
        ]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Everything that it may do."""
        return (*(kind for kind, _ in self._attacks), "status never comes", "lying status")

    def next_deadline(self) -> float | None:
        """Return when it wants to do something."""
        next_s = min(self._next_attack_s, self._next_dial_s)
        return next_s if math.isfinite(next_s) else None

    def handle(self, event: inputs.Input, now: Moment) -> list[Effect]:
        """Take one input and answer with malice."""
        match event:
            case inputs.StreamBytes(stream, data):
                return self._tell(stream, wire.BytesReceived(data), now)
            case inputs.StreamAccepted(stream, _):
                return self._open(stream, None, now)
            case inputs.DialSucceeded(attempt, stream, _):
                return self._open(stream, self._attempts.pop(attempt), now)
            case inputs.StreamClosed(stream):
                self._links.pop(stream, None)
                self._ready.discard(stream)
            case inputs.ShutDown():
                self._next_attack_s = self._next_dial_s = math.inf
            case inputs.TimePassed():
                return [*self._dial(now), *self._attack(now)]
            case _:
                pass
        return []

    def _dial(self, now: Moment) -> list[Effect]:
        if now.monotonic_s < self._next_dial_s:
            return []
        self._next_dial_s = now.monotonic_s + _REDIAL_S
        target = self._random.choice(self._targets)
        assert target.host is not None
        self._next_attempt += 1
        self._attempts[self._next_attempt] = target
        return [Dial(self._next_attempt, target.host, target.tcp_port)]

    def _open(self, stream: int, target: Enode | None, now: Moment) -> list[Effect]:
        self._links[stream] = Connection(
            ConnectionSettings("hostile", (WHISPER_V6,)),
            role=wire.Role.RECIPIENT if target is None else wire.Role.INITIATOR,
            identity=self._identity,
            remote=None if target is None else target.public_key,
            entropy=self._entropy,
        )
        return self._tell(stream, wire.StreamOpened(), now)

    def _tell(self, stream: int, event: wire.ConnectionEvent, now: Moment) -> list[Effect]:
        effects: list[Effect] = []
        connection = self._links.get(stream)
        if connection is None:
            return effects
        for output in connection.handle(event, now):
            match output:
                case wire.BytesToSend(data):
                    effects.append(WriteBytes(stream, data))
                case wire.PeerIdentified():
                    effects += self._tell(stream, wire.Admitted(), now)
                case wire.PeerReady():
                    effects += self._greet(stream, now)
                case wire.ConnectionEnded():
                    effects.append(CloseStream(stream))
                case wire.PacketsReceived() | wire.LargeFrameChanged():
                    pass
        return effects

    def _greet(self, stream: int, now: Moment) -> list[Effect]:
        self._greeting_count += 1
        if self._greeting_count % _SILENT_EACH == 0:
            self.misdeeds["status never comes"] += 1
            return []
        status = _GOOD_STATUS
        if self._greeting_count % _LYING_EACH == 0:
            self.misdeeds["lying status"] += 1
            status = self._random.choice(_LYING_STATUS)
        self._ready.add(stream)
        return self._send(stream, [Packet(_STATUS, status)], now)

    def _send(self, stream: int, packets: list[Packet], now: Moment) -> list[Effect]:
        return self._tell(stream, wire.PacketsSubmitted(WHISPER_V6.name, tuple(packets)), now)

    def _attack(self, now: Moment) -> list[Effect]:
        if now.monotonic_s < self._next_attack_s:
            return []
        self._next_attack_s = now.monotonic_s + _ATTACK_PAUSE_S
        effects: list[Effect] = []
        for stream in sorted(self._ready & self._links.keys()):
            kind, make = self._next_attack()
            self.misdeeds[kind] += 1
            made = make(now)
            if isinstance(made, bytes):
                effects.append(WriteBytes(stream, made))
            else:
                effects += self._send(stream, made, now)
        return effects

    def _next_attack(self) -> tuple[str, Callable[[Moment], list[Packet] | bytes]]:
        """Draw from a shuffled deck, so that every kind has its turn."""
        if not self._deck:
            self._deck = list(range(len(self._attacks)))
            self._random.shuffle(self._deck)
        return self._attacks[self._deck.pop()]

    # ---- what it sends

    def _garbage_bytes(self, _: Moment) -> bytes:
        return self._entropy.take(self._random.randint(1, 2000))

    def _garbage_packet(self, _: Moment) -> list[Packet]:
        payload = self._entropy.take(self._random.randint(0, 300))
        return [Packet(self._random.choice(_CODES), payload)]

    def _oversized_packet(self, _: Moment) -> list[Packet]:
        return [Packet(_MESSAGES, rlp.encode([bytes(1024 * 1024)]))]

    def _envelope(self, now: Moment, shift_s: int, *, work: float = 0.01) -> Envelope:
        unmined = UnminedEnvelope(
            expiry_unix_s=now.unix_whole_s + _TTL_S + shift_s,
            ttl_s=_TTL_S,
            topic=topic(self._entropy.take(4)),
            data=self._entropy.take(self._random.randint(0, 400)),
        )
        return mine(unmined, work, 1_000_000) if work else unmined.mined(0)

    def _envelopes(self, now: Moment, shift_s: int) -> list[Packet]:
        return [_messages([self._envelope(now, shift_s) for _ in range(3)])]

    def _low_work(self, now: Moment) -> list[Packet]:
        return [_messages([self._envelope(now, 0, work=0.0)])]

    def _duplicates(self, now: Moment) -> list[Packet]:
        return [_messages([self._envelope(now, 0)] * 5)] * 2

    def _malformed_envelope(self, now: Moment) -> list[Packet]:
        raw = bytearray(self._envelope(now, 0).raw)
        raw[self._random.randrange(len(raw))] ^= 1 << self._random.randrange(8)
        return [Packet(_MESSAGES, rlp.encode_list([bytes(raw)]))]

    def _wishes(self, _: Moment) -> list[Packet]:
        if self._random.random() < 0.5:
            return [Packet(_POW, rlp.encode(self._random.getrandbits(64)))]
        return [Packet(_BLOOM, rlp.encode(self._entropy.take(64)))]


def _messages(envelopes: list[Envelope]) -> Packet:
    return Packet(_MESSAGES, rlp.encode_list([envelope.raw for envelope in envelopes]))


def _nested(depth: int) -> bytes:
    payload = b"\xc0"
    for _ in range(depth):
        payload = rlp.encode_list([payload])
    return payload
