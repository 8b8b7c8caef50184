"""The machine between chats and envelopes: the only place that knows the order of the layers.

It is told what to send and whom to hear, and asks for envelopes and filters. Everything that lasts
is in its stores; whoever runs it commits what one event wrote before letting anything out.

Spec: status-go protocol/message_processor.go and protocol/messenger.go; Status specs 10 (waku
usage) (docs/decisions/0007-a-person-is-a-machine.md).
"""

from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from typing_extensions import override

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import BundleWanted, InstallationSeen, SecretAgreed
from sottovoce.secure.settings import DAY_S
from sottovoce.stack.bundles import learn_bundle, own_bundle
from sottovoce.stack.delivery import Delivery
from sottovoce.stack.devices import Devices
from sottovoce.stack.events import (
    Arrived,
    BundleLearned,
    DeviceEnabled,
    Dropped,
    EnvelopeFailed,
    EnvelopeOpened,
    EnvelopePosted,
    EnvelopesStored,
    EnvelopesTaken,
    ForwardSecrecySet,
    KeyDerived,
    MessageSubmitted,
    MessageWithdrawn,
    OwnBundle,
    OwnBundleAsked,
    PeersChanged,
    PeopleChanged,
    StackEvent,
    StackOutput,
    Started,
    TimePassed,
)
from sottovoce.stack.inbound import Inbound
from sottovoce.stack.listening import Listening
from sottovoce.stack.outbound import Outbound
from sottovoce.stack.receipts import Receipts
from sottovoce.stack.routes import Routes, public_chats_of
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.statistics import StackStatistics
from sottovoce.stack.stores import StackStores
from sottovoce.sync.events import Delivered
from sottovoce.sync.synchronizer import Synchronizer

# What is seldom said; the second is about secrecy alone.
_Secrecy: TypeAlias = BundleLearned | ForwardSecrecySet | OwnBundleAsked | DeviceEnabled
_Setting: TypeAlias = (
    KeyDerived | PeersChanged | PeopleChanged | MessageWithdrawn | Started | _Secrecy
)


class Stack:
    """Everything of one person below the chats.

    Attributes:
        statistics: Counters.
    """

    def __init__(
        self,
        identity: PrivateKey,
        installation_id: str,
        stores: StackStores,
        entropy: Entropy,
        *,
        now: Moment,
        settings: StackSettings | None = None,
    ) -> None:
        """Begin with what the stores hold; nothing is asked for before `Started`.

        Args:
            identity: The identity's private key.
            installation_id: The id of this installation: a text of its own, 1 to 128 bytes.
            stores: Everything that lasts.
            entropy: Where keys are drawn from.
            now: The time.
            settings: By default those of the deployed clients.

        Raises:
            LocalProtocolError: The installation id is empty, too long or ``none``.
            InvalidKeyError: The private key is not below the order of the curve.
        """
        settings = settings or StackSettings()
        routes, receipts = Routes(identity), Receipts()
        channel = Channel(identity, installation_id, stores.secure, entropy, settings.secure)
        synchronizer = Synchronizer(stores.sync, now=now, settings=settings.sync)
        self.statistics: Final = StackStatistics(channel.unopened, synchronizer.statistics)
        self._settings: Final = settings
        self._routes: Final = routes
        self._channel: Final = channel
        self._listening: Final = Listening(routes, stores.stack)
        self._devices: Final = Devices(channel, routes.own)
        self._outbound: Final = Outbound(channel, routes, receipts, settings)
        self._inbound: Final = Inbound(routes.own, channel, synchronizer, self.statistics.dropped)
        self._delivery: Final = Delivery(
            self._outbound,
            self._listening,
            routes,
            self._devices,
            synchronizer,
            receipts,
            stores.stack,
            settings,
        )
        self._people = PeopleChanged(frozenset(), frozenset(), frozenset(), frozenset())
        self._expires_s = now.monotonic_s
        first_s = settings.contact_code_first_s
        self._contact_code_s = None if first_s is None else now.monotonic_s + first_s

    @override
    def __repr__(self) -> str:
        return "Stack(…)"

    def handle(self, event: StackEvent, now: Moment) -> list[StackOutput]:
        """Take one event and return what follows from it, in order.

        Raises:
            LocalProtocolError: A stored record is damaged.
            InvalidKeyError: A key that came from above is not on the curve.
        """
        match event:
            case EnvelopeOpened():
                return self._take(event, now)
            case EnvelopesTaken() | EnvelopesStored():
                return self._delivery.reached(event)
            case EnvelopePosted() | EnvelopeFailed():
                return self._delivery.answered(event, now)
            case MessageSubmitted():
                return self._delivery.submit(event, now)
            case TimePassed():
                return self._advance(now)
            case _:
                return self._set(event, now)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due, or None."""
        deadlines = [self._delivery.next_deadline(), self._expires_s]
        if self._can_publish():
            deadlines.append(self._contact_code_s)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _set(self, event: _Setting, now: Moment) -> list[StackOutput]:
        match event:
            case KeyDerived():
                return [
                    *self._listening.derived(event.name, event.key),
                    *self._delivery.leave(now),
                ]
            case PeersChanged():
                self._delivery.peer_count = event.count
                return self._delivery.leave(now)
            case PeopleChanged():
                return self._know(event, now)
            case MessageWithdrawn():
                self._delivery.withdraw(event.message_id, event.destination, now)
                return []
            case Started():
                return self._start(now)
            case _:
                return self._set_secrecy(event, now)

    def _set_secrecy(self, event: _Secrecy, now: Moment) -> list[StackOutput]:
        match event:
            case BundleLearned():
                if not learn_bundle(self._channel, event.owner, event.bundle, now):
                    self.statistics.dropped[Dropped.BAD_BUNDLE] += 1
            case ForwardSecrecySet():
                self._channel.set_forward_secrecy(event.peer, event.on)
            case OwnBundleAsked():
                return [OwnBundle(event.request, own_bundle(self._channel, now))]
            case DeviceEnabled():
                return self._enable(event, now)
            case _:
                assert_never(event)
        return []

    def _start(self, now: Moment) -> list[StackOutput]:
        self._listening.restore(self._channel.agreed_secrets())
        return [
            *self._listening.start(),
            *self._delivery.start(now),
            self._devices.own(),
        ]

    def _take(self, event: EnvelopeOpened, now: Moment) -> list[StackOutput]:
        if self._delivery.has_posted(event.message.hash):
            # Whoever shares a topic with others opens what they say there themselves.
            self.statistics.dropped[Dropped.ECHO] += 1
            return []
        names = self._listening.names_of(event.filters)
        public_chats = public_chats_of(names, self._routes)
        outputs: list[StackOutput] = []
        brought_all = self._inbound.take(event.message, public_chats, self._people, now)
        outputs += self._devices.seen(brought_all, self._people.answered)
        for brought in brought_all:
            match brought:
                case Arrived():
                    outputs.append(replace(brought, archived=True) if event.archived else brought)
                case Delivered():
                    outputs += self._delivery.delivered(brought)
                case SecretAgreed():
                    if self._is_answered(brought.peer):
                        outputs += self._listening.agree(brought.peer, brought.secret)
                case BundleWanted():
                    outputs += self._answer(brought, now)
                case InstallationSeen():
                    pass  # What is new of devices was told before anything of theirs.
                case _:
                    assert_never(brought)
        return outputs

    def _advance(self, now: Moment) -> list[StackOutput]:
        outputs = self._delivery.advance(now)
        if self._expires_s <= now.monotonic_s:
            self._expires_s = now.monotonic_s + DAY_S
            self._channel.expire(now)
        return outputs + self._publish(now)

    # ---- people

    def _is_answered(self, peer: PublicKey) -> bool:
        return peer in self._people.answered or peer == self._routes.own

    def _know(self, people: PeopleChanged, now: Moment) -> list[StackOutput]:
        added = people.answered - self._people.answered
        silenced = people.ignored - self._people.ignored
        self._people = people
        self._routes.want(
            public_chats=people.public_chats, followed=people.followed, silent=people.ignored
        )
        self._remember(added)
        if any(not self._routes.has_agreed(peer) for peer in added):
            # Of strangers no negotiated topic was heard; now they are none any more.
            for fact in self._channel.agreed_secrets():
                if fact.peer in added:
                    self._routes.agree(fact.peer, fact.secret)
        outputs: list[StackOutput] = [*self._listening.refresh()]
        for peer in silenced:
            outputs += self._delivery.silence(peer, now)
        return outputs

    def _remember(self, added: frozenset[PublicKey]) -> None:
        """See to it that no stranger takes the place of somebody whom we answer."""
        for peer in added:
            try:
                self._channel.remember(peer)
            except InvalidKeyError:
                # Nobody can sign or read with such a key, so there is nothing to remember.
                continue

    def _answer(self, wanted: BundleWanted, now: Moment) -> list[StackOutput]:
        if wanted.peer not in self._people.answered or not self._delivery.peer_count:
            return []
        return self._delivery.post(self._outbound.seal_answer(wanted, now), now)

    # ---- devices of our own

    def _enable(self, event: DeviceEnabled, now: Moment) -> list[StackOutput]:
        outputs: list[StackOutput] = [self._devices.enable(event)]
        if not self._devices.has_enabled():
            # A repetition would go to every device of ours, so also to the one that was disabled.
            outputs += self._delivery.keep_from_own(now)
        return outputs

    # ---- our contact code

    def _can_publish(self) -> bool:
        return self._delivery.peer_count > 0 and self._routes.has_followers_key()

    def _publish(self, now: Moment) -> list[StackOutput]:
        due_s = self._contact_code_s
        if due_s is None or due_s > now.monotonic_s or not self._can_publish():
            return []
        self._contact_code_s = now.monotonic_s + self._settings.contact_code_every_s
        routed = self._outbound.seal_contact_code(now)
        return [] if routed is None else self._delivery.post(routed, now)
