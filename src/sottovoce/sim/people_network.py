"""The virtual network between people's nodes: envelopes that get lost, late, doubled, or echoed.

It stands at the seam between a person and a node, so an envelope here is a route and a payload, and
neither sealed nor mined: whoever has a filter with its topic and key is given what is inside. What
relays do to real envelopes is the other storm's business.

A node keeps what it carried for as long as an envelope lives, as pools do: nobody is given one
twice in one life, whoever comes back in time is given all of it, and a new filter looks through it.
"""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final, NamedTuple, TypeAlias

from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import sha256
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.node import effects, inputs

RELAY: Final = PublicKey(b"the relay between all people".ljust(64, b"."))

# Proof of work of a second, and some hops.
POST_S_MAX: Final = 0.3
FLIGHT_S_MIN: Final = 0.02
FLIGHT_S_MAX: Final = 0.4
# What mailservers hand out and slow paths bring comes past every pool, so late.
LATE_S_MAX: Final = 600.0


@dataclass(slots=True)
class Weather:
    """How bad the network is now; each is a share of what is carried to one node.

    Attributes:
        loss: Lost on the way.
        late: Brought only after seconds or minutes.
        twice: Brought a second time after seconds or minutes.
    """

    loss: float = 0.0
    late: float = 0.0
    twice: float = 0.0


NodeFact: TypeAlias = (
    effects.MessageArrived | effects.SentToPeer | effects.PostSucceeded | effects.PostFailed
)


class CarriedEnvelope(NamedTuple):
    """An envelope in nobody's pool yet."""

    hash: EnvelopeHash
    author: int
    wish: inputs.PostMessage
    sent_unix_s: int
    ends_s: float


@dataclass(slots=True)
class Mailbox:
    """What a node has for its person in one life.

    Attributes:
        number: Whose it is.
        hear: Takes facts for the person.
        online: Whether the node has its peer.
        filters: Installed filters by number.
        pool: Envelopes that the node carried and that live still.
        unsent: Hashes of our own envelopes that no peer has.
    """

    number: int
    hear: Callable[[NodeFact], None]
    online: bool = False
    filters: dict[int, Filter] = field(default_factory=dict)
    pool: dict[EnvelopeHash, CarriedEnvelope] = field(default_factory=dict)
    unsent: list[CarriedEnvelope] = field(default_factory=list)
    ended: bool = False


class PeopleNetwork:
    """Carries envelopes between mailboxes.

    Args:
        seed: What is drawn follows from it.
        at: Plans something for a moment.

    Attributes:
        weather: How bad it is now.
        latest_s: When late envelopes are there at the latest.
        one_way: Ways that carry nothing now: from a device to another one.
        faults: How often each fault fired.
        carried_count: Envelopes that were posted.
        watchers: Told each posted envelope, with the number of its author.
    """

    def __init__(self, seed: int, at: Callable[[float, Callable[[], None]], None]) -> None:
        self._random = Random(f"people network {seed}")  # noqa: S311
        self._at = at
        self._boxes: dict[int, Mailbox] = {}
        self._pool: dict[EnvelopeHash, CarriedEnvelope] = {}
        self.weather = Weather()
        self.latest_s = math.inf
        self.one_way: set[tuple[int, int]] = set()
        self.faults: Counter[str] = Counter()
        self.carried_count = 0
        self.watchers: list[Callable[[int, inputs.PostMessage], None]] = []

    def enter(self, box: Mailbox) -> None:
        """Let a node of a new life take part, offline at first."""
        self._boxes[box.number] = box

    def leave(self, number: int) -> None:
        """End a node's life with all that it has in memory."""
        box = self._boxes.pop(number, None)
        if box is not None:
            box.ended = True

    # ---- a node's wishes

    def post(self, box: Mailbox, wish: inputs.PostMessage, *, now_s: float, unix_s: int) -> None:
        """Put an envelope into the node's pool, and let it leave if there is a peer."""
        self.carried_count += 1
        for watch in self.watchers:
            watch(box.number, wish)
        name = sha256(f"{self.carried_count}".encode() + wish.payload)
        mined_s = now_s + self._random.uniform(0.01, POST_S_MAX)
        ends_s = mined_s + wish.ttl_s
        envelope = CarriedEnvelope(EnvelopeHash(name), box.number, wish, unix_s, ends_s)
        self._at(mined_s, lambda: self._mined(box, envelope, mined_s))

    def install(self, box: Mailbox, wish: inputs.InstallFilter, *, now_s: float) -> None:
        """Install a filter, and try it on the pool."""
        box.filters[wish.number] = wish.filter
        if wish.searches_pool:
            for envelope in list(box.pool.values()):
                if envelope.ends_s > now_s and _fits(wish.filter, envelope.wish):
                    box.hear(_opened((wish.number,), envelope))

    def connect(self, box: Mailbox, *, now_s: float) -> None:
        """Find the peer: both hand over what they have and the other has not."""
        box.online = True
        unsent, box.unsent = box.unsent, []
        for envelope in unsent:
            if envelope.ends_s > now_s:
                self._sent(box, envelope, now_s)
        for envelope in list(self._pool.values()):
            if envelope.ends_s <= now_s:
                del self._pool[envelope.hash]
            elif envelope.hash not in box.pool:
                self._carry(envelope, box, now_s)

    def disconnect(self, box: Mailbox) -> None:
        """Lose the peer; what is under way still arrives."""
        box.online = False

    # ---- an envelope's way

    def _mined(self, box: Mailbox, envelope: CarriedEnvelope, now_s: float) -> None:
        if box.ended:
            return
        box.pool[envelope.hash] = envelope
        size_bytes = len(envelope.wish.payload)
        request = envelope.wish.request
        box.hear(effects.PostSucceeded(request, envelope.hash, size_bytes, 1, 1.0))
        self._give(box, envelope)
        if box.online:
            self._sent(box, envelope, now_s)
        else:
            box.unsent.append(envelope)

    def _sent(self, box: Mailbox, envelope: CarriedEnvelope, now_s: float) -> None:
        """Hand an envelope to the relay, which hands it to whoever is there."""
        taken_s = now_s + self._random.uniform(FLIGHT_S_MIN, FLIGHT_S_MAX)
        self._pool[envelope.hash] = envelope
        taken = effects.SentToPeer(RELAY, (envelope.hash,))
        self._at(taken_s, lambda: None if box.ended else box.hear(taken))
        for other in list(self._boxes.values()):
            if other is not box and other.online:
                self._carry(envelope, other, taken_s)

    def _late_s(self, now_s: float) -> float:
        late_s = now_s + self._random.uniform(1.0, LATE_S_MAX)
        return min(late_s, max(self.latest_s, now_s + FLIGHT_S_MAX))

    def _carry(self, envelope: CarriedEnvelope, box: Mailbox, now_s: float) -> None:
        random, weather = self._random, self.weather
        if (envelope.author, box.number) in self.one_way:
            self.faults["one way"] += 1
            return
        if random.random() < weather.twice:
            self.faults["duplicate"] += 1
            self._at(self._late_s(now_s), lambda: self._bring_past_pool(envelope, box.number))
        draw = random.random()
        if draw < weather.loss:
            self.faults["loss"] += 1
        elif draw < weather.loss + weather.late:
            self.faults["late"] += 1
            self._at(self._late_s(now_s), lambda: self._bring_past_pool(envelope, box.number))
        else:
            arrival_s = now_s + random.uniform(FLIGHT_S_MIN, FLIGHT_S_MAX)
            self._at(arrival_s, lambda: self._bring(envelope, box))

    def _bring(self, envelope: CarriedEnvelope, box: Mailbox) -> None:
        if not box.ended and envelope.hash not in box.pool:
            box.pool[envelope.hash] = envelope
            self._give(box, envelope)

    def _bring_past_pool(self, envelope: CarriedEnvelope, number: int) -> None:
        """Bring an envelope as a mailserver does: whether or not it was here, in whatever life."""
        box = self._boxes.get(number)
        if box is not None and box.online:
            self._give(box, envelope)

    def _give(self, box: Mailbox, envelope: CarriedEnvelope) -> None:
        numbers = tuple(
            number for number, wanted in box.filters.items() if _fits(wanted, envelope.wish)
        )
        if numbers:
            box.hear(_opened(numbers, envelope))


def quick_key(name: str) -> SymmetricKey:
    """Return a key of a name that takes no time; real ones take tens of milliseconds."""
    return SymmetricKey(sha256(b"quick" + name.encode()))


def _fits(wanted: Filter, wish: inputs.PostMessage) -> bool:
    return wish.route.topic in wanted.topics and _opens(wanted.key, wish)


def _opens(key: SymmetricKey | PrivateKey, wish: inputs.PostMessage) -> bool:
    envelope_key = wish.route.envelope_key
    if isinstance(key, SymmetricKey):
        return key == envelope_key
    return secp256k1.kept_public_key(key) == envelope_key


def _opened(numbers: tuple[int, ...], envelope: CarriedEnvelope) -> effects.MessageArrived:
    route = envelope.wish.route
    signer, key = route.signer, route.envelope_key
    message = OpenedMessage(
        payload=envelope.wish.payload,
        padding=b"",
        transport_sender=None if signer is None else secp256k1.kept_public_key(signer),
        recipient=key if isinstance(key, PublicKey) else None,
        topic=Topic(route.topic),
        ttl_s=envelope.wish.ttl_s,
        sent_unix_s=envelope.sent_unix_s,
        pow=1.0,
        hash=envelope.hash,
    )
    return effects.MessageArrived(numbers, message, direct=False)
