"""A mailserver inside a node: what gossip hears becomes its events, what it says becomes effects.

What is archived, who may ask, and how much of it, is its own business. It waits for nobody: the
archive is asked with an effect and answers with an input.

Spec: none of its own; see `mail.server`.
"""

from collections.abc import Callable
from typing import assert_never

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.gossip import events as gossip
from sottovoce.gossip.sync_packets import SyncResponse
from sottovoce.mail import server_events as mail
from sottovoce.mail.server import MailServer
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ServerSettings
from sottovoce.node.effects import ArchivingChanged, AskArchive, Effect, SyncDone


class Serving:
    """The mailserver of a node.

    Args:
        settings: Its keys and bounds.
        now: When it begins.
        key_of: Gives the node key of a peer.
        tell_relay: Told what gossip has to know, in order.
        emit: Told each effect, in order.
    """

    def __init__(
        self,
        settings: ServerSettings,
        now: Moment,
        *,
        key_of: Callable[[int], PublicKey],
        tell_relay: Callable[[gossip.GossipEvent, Moment], None],
        emit: Callable[[Effect], None],
    ) -> None:
        self._server = MailServer(settings, now)
        self._key_of = key_of
        self._tell_relay = tell_relay
        self._emit = emit

    @property
    def statistics(self) -> MailStatistics:
        """The mailserver's counters, live."""
        return self._server.statistics

    @property
    def trouble(self) -> str:
        """Why the archive cannot be used, one sentence; empty when it can."""
        return self._server.trouble

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return self._server.sizes()

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        return self._server.next_deadline()

    def fill(self, key: PublicKey, from_unix_s: int, now: Moment) -> None:
        """Fill the archive from that of a peer, which is waited for if it is not connected."""
        self._handle(mail.FillAsked(None, key, from_unix_s), now)

    def peer_connected(self, key: PublicKey, peer: int | None, now: Moment) -> None:
        """Go on with a filling from a peer; its number is None without a session of Whisper."""
        self._handle(mail.PeerJoined(peer, key), now)

    def give_up_filling(self, key: PublicKey, now: Moment) -> None:
        """End filling from a peer that our owner wants no more."""
        self._handle(mail.FillGivenUp(key), now)

    def archive_answered(self, answer: mail.ArchiveAnswer, now: Moment) -> None:
        """Take what became of a wish to the archive."""
        self._handle(answer, now)

    def time_passed(self, now: Moment) -> None:
        """Let the mailserver have what is due to it."""
        deadline = self._server.next_deadline()
        if deadline is not None and deadline <= now.monotonic_s:
            self._handle(mail.TimePassed(), now)

    def peer_changed(
        self, event: gossip.PeerBlocked | gossip.PeerDrained | gossip.PeerLeft, now: Moment
    ) -> None:
        """Take what happened to a connection."""
        match event:
            case gossip.PeerBlocked(peer):
                self._handle(mail.PeerBlocked(peer), now)
            case gossip.PeerDrained(peer):
                self._handle(mail.PeerDrained(peer), now)
            case gossip.PeerLeft(peer):
                self._handle(mail.PeerLeft(peer), now)
            case _:
                assert_never(event)

    def relay_said(
        self,
        output: gossip.EnvelopesToArchive
        | gossip.DirectRequestReceived
        | gossip.SyncRequested
        | gossip.SyncReceived,
        now: Moment,
    ) -> None:
        """Take what gossip hands up for a mailserver."""
        match output:
            case gossip.EnvelopesToArchive(envelopes):
                self._handle(mail.EnvelopesReceived(envelopes), now)
            case gossip.DirectRequestReceived(peer, payload, world):
                self._handle(mail.RequestReceived(peer, self._key_of(peer), payload, world), now)
            case gossip.SyncRequested(peer, request):
                self._handle(mail.SyncReceived(peer, self._key_of(peer), request), now)
            case gossip.SyncReceived(peer, envelopes, cursor, final, error):
                response = SyncResponse(envelopes, cursor, final, error)
                self._handle(mail.SyncArrived(peer, response), now)
            case _:
                assert_never(output)

    def _handle(self, event: mail.ServerEvent, now: Moment) -> None:
        """Let the mailserver take an event, and carry out what it says."""
        for output in self._server.handle(event, now):
            match output:
                case mail.StoreBatch() | mail.QueryArchive() | mail.CleanArchive():
                    self._emit(AskArchive(output))
                case mail.ArchivingChanged(trouble):
                    self._emit(ArchivingChanged(trouble))
                case mail.FillDone(key, envelopes, detail):
                    self._emit(SyncDone(key, envelopes, detail))
                case _:
                    self._tell_relay(_to_relay(output), now)


def _to_relay(
    output: mail.SendArchived
    | mail.SendCompletion
    | mail.SendSynced
    | mail.RefuseSync
    | mail.AskSync,
) -> gossip.GossipEvent:
    match output:
        case mail.SendArchived(peer, envelopes):
            return gossip.ArchivedPosted(peer, envelopes)
        case mail.SendCompletion(peer, body):
            return gossip.DirectRequestAnswered(peer, body)
        case mail.SendSynced(peer, envelopes, cursor, final):
            return gossip.SyncAnswered(peer, envelopes, cursor, final)
        case mail.RefuseSync(peer, detail):
            return gossip.SyncRefused(peer, detail)
        case mail.AskSync(peer, request):
            return gossip.SyncRequestPosted(peer, request)
        case _:
            assert_never(output)
