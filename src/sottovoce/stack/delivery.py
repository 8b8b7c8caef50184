"""The life of a message on its way: submitted, sealed, taken by peers, acknowledged or given up.

Private messages go through data sync, which repeats them until they are acknowledged. What goes
without it is done when a peer has taken it, and is sealed anew while nobody has. With no peers
nothing is sealed, for keys and attempts would be spent on envelopes that only expire.

Spec: status-go protocol/message_processor.go and protocol/transport/waku/envelopes.go
(docs/spec-deviations.md, "Sending again").
"""

from collections import Counter
from typing import Final

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import SecretAgreed
from sottovoce.secure.settings import DAY_S
from sottovoce.stack.budget import largest_message_bytes
from sottovoce.stack.destinations import (
    Destination,
    EveryOwnDevice,
    OwnDevices,
    OwnDevicesOnce,
    Private,
    PublicChat,
)
from sottovoce.stack.devices import Devices
from sottovoce.stack.events import (
    Acknowledged,
    EnvelopeFailed,
    EnvelopePosted,
    EnvelopesStored,
    EnvelopesTaken,
    MessageSubmitted,
    Sealed,
    SentToPeers,
    StackOutput,
    Stored,
    Undeliverable,
)
from sottovoce.stack.listening import Listening
from sottovoce.stack.outbound import Content, Outbound, Routed, Unsealable
from sottovoce.stack.receipts import Leg, Receipts
from sottovoce.stack.routes import Routes
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.stores import Submission, SubmissionStore
from sottovoce.stack.submissions import Submissions
from sottovoce.sync.events import (
    BodyQueued,
    BodyRefused,
    BodySubmitted,
    BodyWithdrawn,
    Delivered,
    PayloadToSend,
    PeerForgotten,
    Refusal,
    TimePassed,
)
from sottovoce.sync.group_id import group_of_two
from sottovoce.sync.records import MessageId as SyncId
from sottovoce.sync.synchronizer import Synchronizer

_BLOCKED: Final = (
    "you have blocked this person before it was acknowledged; it may have arrived all the same: "
    "unblock them before you send it again"
)
_UNPAIRED: Final = "no other device of yours is enabled; enable one first"
_REFUSALS: Final = {
    Refusal.TOO_LARGE: "the message is too large; shorten it",
    Refusal.PEER_FULL: (
        "too many messages wait for this person already; send it again when they have arrived"
    ),
    Refusal.FULL: "too many messages wait for people already; send it again when some have arrived",
}


class Delivery:
    """The messages of one person that are on their way.

    Attributes:
        peer_count: How many peers are connected.
    """

    def __init__(
        self,
        outbound: Outbound,
        listening: Listening,
        routes: Routes,
        devices: Devices,
        synchronizer: Synchronizer,
        receipts: Receipts,
        store: SubmissionStore,
        settings: StackSettings,
    ) -> None:
        self._outbound: Final = outbound
        self._listening: Final = listening
        self._routes: Final = routes
        self._devices: Final = devices
        self._synchronizer: Final = synchronizer
        self._receipts: Final = receipts
        self._stored: Final = store
        self._settings: Final = settings
        self._submissions: Final = Submissions(store, give_up_s=settings.give_up_s)
        self._to_public: Final[Counter[str]] = Counter()
        self.peer_count = 0

    def start(self, now: Moment) -> list[StackOutput]:
        """Take up what was not done when the program ended."""
        outputs: list[StackOutput] = []
        for row in self._stored.submissions():
            if isinstance(row.destination, PublicChat):
                self._submissions.restore(row, None, now)
                outputs += self._need_key(row.destination.name)
            else:
                self._submissions.restore(row, self._routes.peer_of(row.destination), now)
        return outputs

    # ---- what is asked for

    def submit(self, event: MessageSubmitted, now: Moment) -> list[StackOutput]:
        """Take a message; one that is on its way to that destination already changes nothing."""
        leg = Leg(event.message_id, event.destination)
        if self._submissions.get(leg) is not None:
            return []
        refusal = self._size_refusal(event)
        if refusal is not None:
            return [Undeliverable(*leg, refusal)]
        if isinstance(event.destination, PublicChat):
            return self._submit_direct(leg, event.raw, None, now)
        return self._submit_private(leg, event.raw, event.destination, now)

    def withdraw(self, message_id: MessageId, to: Destination | None, now: Moment) -> None:
        """Send a message to a destination no more, or to nobody at all."""
        for leg in self._submissions.legs_of(message_id):
            if to is None or leg.destination == to:
                self._drop(leg, now)

    def silence(self, peer: PublicKey, now: Moment) -> list[StackOutput]:
        """Send nothing to a person any more of what waits now, acknowledgements included."""
        outputs = self._give_up(self._submissions.legs_to(peer), _BLOCKED, now)
        self._synchronizer.handle(PeerForgotten(peer), now)
        return outputs

    def keep_from_own(self, now: Moment) -> list[StackOutput]:
        """Give up what waits for other devices of our own that are enabled: none is any more."""
        legs = self._submissions.legs_to(self._routes.own)
        paired = tuple(leg for leg in legs if not isinstance(leg.destination, EveryOwnDevice))
        return self._give_up(paired, _UNPAIRED, now)

    # ---- what became of envelopes

    def answered(self, event: EnvelopePosted | EnvelopeFailed, now: Moment) -> list[StackOutput]:
        """Note that a wanted envelope is in our pool, or give up what was in it."""
        if isinstance(event, EnvelopeFailed):
            return self._give_up(self._receipts.failed(event.request), event.detail, now)
        self._receipts.posted(event.request, event.hash, now.monotonic_s + self._settings.ttl_s)
        return []

    def has_posted(self, hash: EnvelopeHash) -> bool:
        """Tell whether an envelope is one of ours that is on its way."""
        return self._receipts.has_posted(hash)

    def reached(self, event: EnvelopesTaken | EnvelopesStored) -> list[StackOutput]:
        """Tell what a peer was sent, or what a mailserver has.

        What goes without data sync is done with the first peer. What a mailserver has goes on being
        sent until its reader has it.
        """
        if isinstance(event, EnvelopesStored):
            return [Stored(*leg) for leg in self._receipts.stored(event.hashes)]
        outputs: list[StackOutput] = []
        for leg, peer_count in self._receipts.taken(event.peer, event.hashes):
            underway = self._submissions.get(leg)
            if underway is not None and underway.row.sync_id is None:
                self._remove(leg)
            outputs.append(SentToPeers(*leg, peer_count))
        return outputs

    def delivered(self, event: Delivered) -> list[StackOutput]:
        """Tell what a person's device has."""
        legs = self._submissions.legs_of_synced(event.peer, event.message_ids)
        for leg in legs:
            self._remove(leg)
            self._receipts.forget(leg)
        return [Acknowledged(*leg) for leg in legs]

    # ---- what leaves

    def advance(self, now: Moment) -> list[StackOutput]:
        """Do what is due: envelopes that nobody took, messages that failed, repetitions."""
        for leg in self._receipts.expire(now.monotonic_s):
            underway = self._submissions.get(leg)
            if underway is not None and underway.row.sync_id is None:
                self._submissions.let_wait(leg)
        days = self._settings.give_up_s / DAY_S
        reason = f"it did not arrive within {days:g} days; send it again"
        outputs = self._give_up(self._submissions.too_old(now.monotonic_s), reason, now)
        if self.peer_count:
            outputs += self.leave(now)
            outputs += self._flush(now)
        return outputs

    def leave(self, now: Moment) -> list[StackOutput]:
        """Send what goes without data sync and is in no envelope, if there are peers."""
        outputs: list[StackOutput] = []
        if self.peer_count:
            for leg in self._submissions.waiting():
                outputs += self._send(leg, now)
        return outputs

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due, or None."""
        deadlines = [self._receipts.next_deadline(), self._submissions.next_deadline()]
        if self.peer_count:
            deadlines.append(self._synchronizer.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def post(self, routed: Routed, now: Moment) -> list[StackOutput]:
        """Ask for an envelope; tells of each message how it is protected, if that is new."""
        outputs: list[StackOutput] = []
        for fact in routed.facts:
            if isinstance(fact, SecretAgreed):
                outputs += self._listening.agree(fact.peer, fact.secret)
        for leg in routed.legs:
            underway = self._submissions.get(leg)
            if underway is not None and underway.told_secrecy is not routed.secrecy:
                underway.told_secrecy = routed.secrecy
                outputs.append(Sealed(*leg, routed.secrecy))
        return [*outputs, self._outbound.post(routed, now)]

    def _size_refusal(self, event: MessageSubmitted) -> str | None:
        largest_bytes = largest_message_bytes(
            event.destination,
            data_sync=self._settings.data_sync,
            devices=self._settings.secure.installations_max,
        )
        if len(event.raw) <= largest_bytes:
            return None
        return (
            f"the message has {len(event.raw)} bytes with all that belongs to it, and at most "
            f"{largest_bytes} can be sent at once; shorten it, or send it in parts"
        )

    def _submit_private(
        self, leg: Leg, raw: bytes, destination: Private, now: Moment
    ) -> list[StackOutput]:
        peer = self._routes.peer_of(destination)
        try:
            group = group_of_two(self._routes.own, peer)
        except InvalidKeyError:
            return [Undeliverable(*leg, "the contact's key is no key; ask them for a new link")]
        if isinstance(destination, OwnDevices | OwnDevicesOnce) and not self._devices.has_enabled():
            # Without a session it would be sealed for all devices that there ever were.
            return [Undeliverable(*leg, _UNPAIRED)]
        is_once = isinstance(destination, OwnDevicesOnce | EveryOwnDevice)
        if is_once or not self._settings.data_sync:
            return self._submit_direct(leg, raw, peer, now)
        for output in self._synchronizer.handle(BodySubmitted(group, peer, raw), now):
            if isinstance(output, BodyRefused):
                return [Undeliverable(*leg, _REFUSALS[output.reason])]
            if isinstance(output, BodyQueued):
                row = Submission(*leg, now.unix_whole_s, b"", output.message_id)
                self._submissions.save(row, peer, now)
        return []

    def _submit_direct(
        self, leg: Leg, raw: bytes, peer: PublicKey | None, now: Moment
    ) -> list[StackOutput]:
        if not self._submissions.has_room(len(raw)):
            return [Undeliverable(*leg, "too many messages wait to leave; send it again later")]
        self._submissions.save(Submission(*leg, now.unix_whole_s, raw, None), peer, now)
        outputs: list[StackOutput] = []
        if isinstance(leg.destination, PublicChat):
            outputs += self._need_key(leg.destination.name)
        if self.peer_count:
            outputs += self._send(leg, now)
        return outputs

    def _need_key(self, name: str) -> list[StackOutput]:
        self._to_public[name] += 1
        return [*self._listening.need_key(name)]

    def _send(self, leg: Leg, now: Moment) -> list[StackOutput]:
        underway = self._submissions.get(leg)
        assert underway is not None, "what waits is not done"
        raw = underway.row.raw
        routed: Routed | Unsealable | None
        if isinstance(leg.destination, PublicChat):
            routed = self._outbound.seal_public(leg, leg.destination.name, raw, now)
        else:
            peer = self._routes.peer_of(leg.destination)
            for_every_device = isinstance(leg.destination, EveryOwnDevice)
            content = Content(peer, raw, (leg,), for_every_device)
            routed = self._outbound.seal(content, now)
        if routed is None:
            return []  # Its key is on the way.
        self._submissions.let_wait(leg, False)
        return self._leave_sealed(routed, now)

    def _flush(self, now: Moment) -> list[StackOutput]:
        outputs: list[StackOutput] = []
        for output in self._synchronizer.handle(TimePassed(), now):
            if isinstance(output, PayloadToSend):
                legs = self._submissions.legs_of_synced(output.peer, output.message_ids)
                content = Content(output.peer, output.raw, legs)
                outputs += self._leave_sealed(self._outbound.seal(content, now), now)
        return outputs

    def _leave_sealed(self, routed: Routed | Unsealable, now: Moment) -> list[StackOutput]:
        if isinstance(routed, Unsealable):
            return self._give_up(routed.legs, routed.reason, now)
        return self.post(routed, now)

    # ---- what ends

    def _give_up(self, legs: tuple[Leg, ...], reason: str, now: Moment) -> list[StackOutput]:
        return [Undeliverable(*leg, reason) for leg in legs if self._drop(leg, now)]

    def _drop(self, leg: Leg, now: Moment) -> bool:
        """Forget a message and let data sync forget it; False if it was done."""
        underway = self._submissions.get(leg)
        if underway is None:
            return False
        self._remove(leg)
        self._receipts.forget(leg)
        peer, row = underway.peer, underway.row
        if peer is not None and row.sync_id is not None:
            id = SyncId(row.sync_id)
            if not self._submissions.legs_of_synced(peer, (id,)):
                self._synchronizer.handle(BodyWithdrawn(peer, id), now)
        return True

    def _remove(self, leg: Leg) -> None:
        self._submissions.remove(leg)
        if isinstance(leg.destination, PublicChat):
            name = leg.destination.name
            self._to_public[name] -= 1
            if not self._to_public[name]:
                del self._to_public[name]
                self._listening.release_key(name)
