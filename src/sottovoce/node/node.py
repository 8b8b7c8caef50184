"""The node: connections, relay, dialling and posting, composed into one machine.

`Node` owns the order in which they hear of things and nothing of what they do. It knows no socket
and no clock: the driver and the simulator feed it the same inputs and carry out the same effects.
"""

import itertools
from dataclasses import replace
from typing import TypeAlias, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment, earliest
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.devp2p.settings import ConnectionSettings
from sottovoce.gossip import events as gossip
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.registry import capabilities_for
from sottovoce.gossip.relay import Relay
from sottovoce.gossip.settings import GossipSettings
from sottovoce.gossip.statistics import RelayStatistics
from sottovoce.gossip.wishes import Wishes
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import inputs
from sottovoce.node.budget import Budget, DayBudget, Spent, refusal_of
from sottovoce.node.effects import (
    BudgetChanged,
    Compute,
    ConfirmedByPeer,
    Effect,
    HistoryDone,
    MessageArrived,
    PostFailed,
    PostSucceeded,
    SentToPeer,
)
from sottovoce.node.heard import Heard
from sottovoce.node.history import HistoryBook
from sottovoce.node.links import Links
from sottovoce.node.posting import Mined, Posting
from sottovoce.node.serving import Serving
from sottovoce.node.settings import NodeSettings
from sottovoce.node.statistics import LinkStatistics
from sottovoce.node.traffic import NodeTraffic

_OF_A_CONNECTION = (gossip.PeerBlocked, gossip.PeerDrained, gossip.PeerLeft)
# What gossip hands up for others than the peers and the filters.
_HandedUp: TypeAlias = (
    gossip.DirectReceived
    | gossip.RequestCompleted
    | gossip.OpenedUpTo
    | gossip.PostAccepted
    | gossip.PostRefused
    | gossip.EnvelopesToArchive
    | gossip.DirectRequestReceived
    | gossip.SyncRequested
    | gossip.SyncReceived
)


class Node:
    """A relay with an owner, as one sans-I/O machine.

    Args:
        identity: The node key; its public half is the address in our enode.
        client_id: How we call ourselves to peers.
        entropy: Where keys, nonces, padding and delays come from.
        settings: Limits on peers.
        gossip_settings: Limits on envelopes.
        mail: Keys and bounds of the mailserver that it is, or None if it is none.
        spent: What an earlier life used of the day's budget, or None.
    """

    def __init__(
        self,
        *,
        identity: PrivateKey,
        client_id: str,
        entropy: Entropy,
        settings: NodeSettings,
        gossip_settings: GossipSettings,
        mail: ServerSettings | None = None,
        spent: Spent | None = None,
    ) -> None:
        self._settings = settings
        self._mail = mail
        self._serving: Serving | None = None
        if mail is not None:
            gossip_settings = replace(gossip_settings, serves_mail=True)
        self._relay = Relay(gossip_settings, entropy=entropy)
        self._budget: DayBudget | None = None
        if settings.day_bytes_max:
            self._budget = DayBudget(settings.day_bytes_max, spent)
        self._effects: list[Effect] = []
        self._heard = Heard()
        job_numbers = itertools.count(1)
        self._posting = Posting(entropy, job_numbers, asked_pow=lambda: self._relay.asked_pow)
        self._links = Links(
            settings,
            # Gossip ends a connection over any larger packet, so none is taken in at all.
            ConnectionSettings(
                client_id,
                capabilities_for(gossip_settings.transport),
                payload_bytes_max=gossip_settings.packet_bytes_max,
                ping_interval_s=settings.ping_interval_s,
                read_timeout_s=settings.read_timeout_s,
            ),
            identity=identity,
            entropy=entropy,
            tell_relay=self._tell_relay,
            emit=self._emit,
        )
        self._history = HistoryBook(
            entropy,
            job_numbers=job_numbers,
            heard=self._heard,
            find_sessions=self._links.greeted_sessions,
            tell_relay=self._tell_relay,
            emit=self._emit,
        )

    @property
    def public_key(self) -> PublicKey:
        """The public half of the node key."""
        return self._links.public_key

    @property
    def link_statistics(self) -> LinkStatistics:
        """The counters of the streams, live."""
        return self._links.statistics

    @property
    def relay_statistics(self) -> RelayStatistics:
        """The relay's counters, live."""
        return self._relay.statistics

    @property
    def mail_statistics(self) -> MailStatistics | None:
        """The mailserver's counters, live; None before its first event, or if there is none."""
        return None if self._serving is None else self._serving.statistics

    @property
    def archive_trouble(self) -> str:
        """Why the archive cannot be used, one sentence; empty if all is well, or there is none."""
        return "" if self._serving is None else self._serving.trouble

    @property
    def peer_count(self) -> int:
        """How many peers are connected and greeted."""
        return self._links.peer_count

    @property
    def gossip_settings(self) -> GossipSettings:
        """The limits on envelopes."""
        return self._relay.settings

    @property
    def settings(self) -> NodeSettings:
        """The limits on peers."""
        return self._settings

    def has_envelope(self, envelope: EnvelopeHash) -> bool:
        """Tell whether an envelope is in the pool; looks through all of it."""
        return self._relay.pool.holds(envelope)

    def wishes_of(self, key: PublicKey) -> tuple[Wishes, ...]:
        """Return what a peer told us that it wants, to look at.

        Args:
            key: The peer's node key.

        Returns:
            One for each session with it, that of Waku first; none if it is not connected.
        """
        sessions = (self._relay.peer(number) for number in self._links.greeted_sessions(key))
        return tuple(session.wishes for session in sessions if session is not None)

    @property
    def budget(self) -> Budget | None:
        """How today's budget stands; None if there is none."""
        return None if self._budget is None else self._budget.state()

    @property
    def spent(self) -> Spent | None:
        """What was used of today's budget, to be handed to the next life; None without a budget."""
        return None if self._budget is None else self._budget.spent

    def traffic(self) -> NodeTraffic:
        """Return what was carried so far, by peer and by topic."""
        carried = self._relay.traffic()
        return NodeTraffic(
            carried.total,
            tuple(self._links.traffic_of(session) for session in carried.sessions),
            carried.topics,
            self.link_statistics.received_bytes,
            self.link_statistics.sent_bytes,
            self.budget,
        )

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        heard = {"heard": len(self._heard)}
        serving = {} if self._serving is None else self._serving.sizes()
        return self._links.sizes() | self._relay.sizes() | self._history.sizes() | heard | serving

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        serving_s = None if self._serving is None else self._serving.next_deadline()
        budget_s = None if self._budget is None else self._budget.next_deadline()
        machines = (self._relay, self._links, self._history)
        return earliest((*[machine.next_deadline() for machine in machines], serving_s, budget_s))

    def handle(self, event: inputs.Input, now: Moment) -> list[Effect]:
        """Take one input and return its effects in order.

        Raises:
            LocalProtocolError: The owner asked for something impossible; nothing has changed.
        """
        if self._mail is not None and self._serving is None:
            self._serving = self._serve(self._mail, now)
        # If a bug of ours raises halfway, what was ready before it leaves with the next input: a
        # sealed frame that never leaves would make every later frame of its stream unreadable.
        self._dispatch(event, now)
        if self._budget is not None:
            self._look_at_budget(self._budget, now)
        effects, self._effects = self._effects, []
        return effects

    def _dispatch(self, event: inputs.Input, now: Moment) -> None:
        match event:
            case inputs.StreamBytes() | inputs.WriteBlocked() | inputs.WriteDrained():
                self._links.handle(event, now)
            case inputs.TimePassed():
                self._time_passed(now)
            case (
                inputs.StreamAccepted()
                | inputs.DialSucceeded()
                | inputs.DialFailed()
                | inputs.StreamClosed()
            ):
                self._links.handle(event, now)
            case inputs.PostMessage() | inputs.CancelPost() | inputs.Computed():
                self._post(event, now)
            case inputs.AddPeer() | inputs.RemovePeer() | inputs.TrustPeer() | inputs.ShutDown():
                self._peers_wanted(event, now)
            case inputs.AskHistory():
                self._ask_history(event, now)
            case inputs.CancelHistory(request):
                self._history.cancel(request, now)
            case inputs.AskSync() | inputs.ArchiveAnswered():
                self._mail_wanted(event, now)
            case _:
                self._gossip_wanted(event, now)

    def _look_at_budget(self, budget: DayBudget, now: Moment) -> None:
        statistics, was_bound = self._links.statistics, budget.is_bound
        changed = budget.look(statistics.received_bytes + statistics.sent_bytes, now)
        if changed is None:
            return
        if changed.is_bound != was_bound:
            self._tell_relay(gossip.ReceivingPaused(changed.is_bound), now)
        self._effects.append(BudgetChanged(changed))

    def _ask_history(self, wish: inputs.AskHistory, now: Moment) -> None:
        if self._budget is not None and self._budget.is_bound:
            detail = refusal_of(self._budget.state())
            self._effects.append(HistoryDone(wish.request, PageEnd.REFUSED, detail=detail))
            return
        self._history.ask(wish, self._relay.minimum_pow, now)

    def _time_passed(self, now: Moment) -> None:
        self._links.time_passed(now)
        self._history.time_passed(now)
        deadline = self._relay.next_deadline()
        if deadline is not None and deadline <= now.monotonic_s:
            self._tell_relay(gossip.TimePassed(), now)
        if self._serving is not None:
            self._serving.time_passed(now)

    def _peers_wanted(
        self,
        event: inputs.AddPeer | inputs.RemovePeer | inputs.TrustPeer | inputs.ShutDown,
        now: Moment,
    ) -> None:
        match event:
            case inputs.AddPeer(enode, trusted):
                self._links.add_peer(enode, trusted=trusted, now=now)
            case inputs.RemovePeer(key):
                if self._serving is not None:
                    self._serving.give_up_filling(key, now)
                self._links.remove_peer(key, now)
            case inputs.TrustPeer(key, trusted):
                self._links.trust(key, trusted=trusted, now=now)
            case inputs.ShutDown():
                self._links.shut_down(now)
            case _:
                assert_never(event)

    # ---- gossip

    def _gossip_wanted(
        self,
        event: inputs.InstallFilter
        | inputs.RemoveFilter
        | inputs.MessageDropped
        | inputs.SetMinimumPow
        | inputs.SetBloom,
        now: Moment,
    ) -> None:
        match event:
            case inputs.InstallFilter(number, wanted, searches_pool):
                self._tell_relay(gossip.FilterInstalled(number, wanted, searches_pool), now)
                self._heard.filter_installed(number)
            case inputs.RemoveFilter(number):
                self._tell_relay(gossip.FilterRemoved(number), now)
                self._heard.filter_removed(number)
            case inputs.MessageDropped(hash):
                self._heard.forget(hash)
            case inputs.SetMinimumPow(minimum_pow):
                self._tell_relay(gossip.MinimumPowChanged(minimum_pow), now)
            case inputs.SetBloom(bloom):
                self._tell_relay(gossip.BloomChanged(bloom), now)
            case _:
                assert_never(event)

    def _tell_relay(self, event: gossip.GossipEvent, now: Moment) -> None:
        for output in self._relay.handle(event, now):
            self._relay_said(output, now)
        if isinstance(event, gossip.PeerLeft):
            self._history.peer_left(event.peer, now)
        if self._serving is not None and isinstance(event, _OF_A_CONNECTION):
            self._serving.peer_changed(event, now)

    def _relay_said(self, output: gossip.GossipOutput, now: Moment) -> None:
        match output:
            case gossip.PacketsToSend(peer, packets):
                self._links.send(peer, packets, now)
            case gossip.MessageOpened(filters, message, direct):
                untold = self._heard.take_untold(message.hash, filters)
                if untold:
                    page = self._history.page_of(message.hash) if direct else None
                    self._effects.append(MessageArrived(untold, message, direct, page))
            case gossip.EnvelopesSent(peer, hashes):
                self._effects.append(SentToPeer(self._links.key_of(peer), hashes))
            case gossip.BatchConfirmed(peer, batch, refused, accepted):
                key = self._links.key_of(peer)
                self._effects.append(ConfirmedByPeer(key, batch, refused, accepted))
            case gossip.PeerGreeted(peer):
                self._links.greeted(peer)
                self._fill_from(self._links.key_of(peer), now)
            case gossip.PeerFailed(peer, detail):
                self._links.fail(peer, detail, now)
            case _:
                self._history_said(output, now)

    def _emit(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _history_said(self, output: _HandedUp, now: Moment) -> None:
        match output:
            case gossip.DirectReceived():
                self._history.received(output, now)
            case gossip.RequestCompleted():
                self._history.completed(output, now)
            case gossip.OpenedUpTo(mark):
                self._history.opened_up_to(mark)
            case gossip.PostAccepted() | gossip.PostRefused():
                pass  # Whoever posted has read it already.
            case _:
                if self._serving is not None:
                    self._serving.relay_said(output, now)

    # ---- mail

    def _serve(self, settings: ServerSettings, now: Moment) -> Serving:
        return Serving(
            settings,
            now,
            key_of=self._links.key_of,
            tell_relay=self._tell_relay,
            emit=self._emit,
        )

    def _mail_wanted(self, event: inputs.AskSync | inputs.ArchiveAnswered, now: Moment) -> None:
        if self._serving is None:
            raise LocalProtocolError("this node is no mailserver and has no archive")
        match event:
            case inputs.ArchiveAnswered(answer):
                self._serving.archive_answered(answer, now)
            case inputs.AskSync(key, from_unix_s):
                if not self._links.is_trusted(key):
                    raise LocalProtocolError("an archive is filled from a trusted peer only")
                self._serving.fill(key, from_unix_s, now)
                self._fill_from(key, now)
            case _:
                assert_never(event)

    def _fill_from(self, key: PublicKey, now: Moment) -> None:
        """Let the mailserver go on with a filling if the peer is connected that it is from."""
        if self._serving is not None and self._links.greeted_sessions(key):
            self._serving.peer_connected(key, self._links.greeted_on_whisper(key), now)

    # ---- posting

    def _post(
        self, event: inputs.PostMessage | inputs.CancelPost | inputs.Computed, now: Moment
    ) -> None:
        match event:
            case inputs.PostMessage():
                self._post_step(self._posting.start(event, now), now)
            case inputs.Computed():
                self._post_step(self._posting.finish(event), now)
                self._history.computed(event, now)
            case inputs.CancelPost(request):
                self._effects.extend(self._posting.cancel(request))
            case _:
                assert_never(event)

    def _post_step(self, step: Mined | Compute | PostFailed | None, now: Moment) -> None:
        match step:
            case Mined():
                self._publish(step, now)
            case Compute() | PostFailed():
                self._effects.append(step)
            case None:
                pass
            case _:
                assert_never(step)

    def _publish(self, mined: Mined, now: Moment) -> None:
        if mined.wish.target is not None:
            self._send_direct(mined, mined.wish.target, now)
            return
        outputs = self._relay.handle(gossip.EnvelopePosted(mined.envelope), now)
        # The owner hears that the post succeeded before hearing who got it.
        for output in outputs:
            if isinstance(output, gossip.PostAccepted):
                self._effects.append(_success(mined))
            elif isinstance(output, gossip.PostRefused):
                detail = f"the envelope was refused by our own node: {output.reason.value}"
                self._effects.append(PostFailed(mined.wish.request, detail))
        for output in outputs:
            self._relay_said(output, now)

    def _send_direct(self, mined: Mined, target: PublicKey, now: Moment) -> None:
        peer = self._links.greeted_peer(target)
        if peer is None:
            detail = "the peer that the message is for is not connected"
            self._effects.append(PostFailed(mined.wish.request, detail))
            return
        self._tell_relay(gossip.DirectPosted(peer, (mined.envelope,)), now)
        self._effects.append(_success(mined))
        self._effects.append(SentToPeer(target, (mined.envelope.hash,)))


def _success(mined: Mined) -> PostSucceeded:
    envelope = mined.envelope
    return PostSucceeded(
        request=mined.wish.request,
        hash=envelope.hash,
        size_bytes=len(envelope.raw),
        tries=envelope.nonce + 1 if mined.target > 0 else 0,
        pow=envelope_pow(envelope),
    )
