"""Requests from their arrival to their answer.

It owns the order of judging: whether a request is read at all, what it means, whether its peer may
ask now, whether there is room; and then the answer. Every end of a request is told to whoever
asked; a limit is never an empty answer. What waits to be archived is part of an answer.

Spec: status-go mailserver/mailserver.go (docs/spec-deviations.md, "Requests of mailservers").
"""

from collections.abc import Callable

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.mail import answers
from sottovoce.mail.archive import Page, Selection
from sottovoce.mail.asker_limits import AskerLimits
from sottovoce.mail.open_requests import OpenRequest, OpenRequests
from sottovoce.mail.paging import merged
from sottovoce.mail.reading import (
    Refused,
    Wanted,
    recognize,
    request_id,
    understand,
    understand_sync,
)
from sottovoce.mail.server_events import (
    PageFound,
    PeerBlocked,
    PeerDrained,
    PeerLeft,
    QueryFailed,
    RefuseSync,
    RequestReceived,
    SendArchived,
    SendCompletion,
    SendSynced,
    ServerOutput,
    SyncReceived,
)
from sottovoce.mail.server_statistics import MailStatistics, Refusal
from sottovoce.mail.settings import ServerSettings


class Serving:
    """What peers ask of the archive.

    Attributes:
        trouble: Why the archive could not be read when it was asked last, one sentence; or empty.
    """

    def __init__(
        self,
        settings: ServerSettings,
        statistics: MailStatistics,
        waiting: Callable[[Selection], Page],
    ) -> None:
        """Begin with no requests.

        Args:
            settings: Keys and bounds.
            statistics: Where to count.
            waiting: Returns one page of what waits to be archived at that moment.
        """
        self._settings = settings
        self._statistics = statistics
        self._limits = AskerLimits(settings)
        self._requests = OpenRequests(settings)
        self._waiting = waiting
        # What waited when the archive was asked, by job, so no more than the queries at once.
        self._waited: dict[int, Page] = {}
        self._outputs: list[ServerOutput] = []
        self.trouble = ""

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return self._requests.sizes() | {"askers": len(self._limits)}

    def handle(
        self,
        event: RequestReceived
        | SyncReceived
        | PageFound
        | QueryFailed
        | PeerBlocked
        | PeerDrained
        | PeerLeft,
        now: Moment,
    ) -> list[ServerOutput]:
        """Take one event and return what follows from it, in order."""
        match event:
            case RequestReceived():
                self._take_request(event, now)
            case SyncReceived():
                self._take_sync(event, now)
            case PageFound():
                self._take_page(event.job, event.page, now)
            case QueryFailed():
                self._fail(event)
            case PeerBlocked():
                self._requests.block(event.peer)
            case PeerDrained():
                for body in self._requests.unblock(event.peer):
                    self._outputs.append(SendCompletion(event.peer, body))
            case PeerLeft():
                self._requests.forget(event.peer)
        self._ask_archive()
        self._statistics.open_requests = len(self._requests)
        outputs, self._outputs = self._outputs, []
        return outputs

    def _take_request(self, event: RequestReceived, now: Moment) -> None:
        recognized = recognize(event.payload)
        if recognized is None:
            # It has no name by which whoever asked would know the answer.
            self._statistics.refused[Refusal.UNREADABLE] += 1
            self._limits.note_refused(event.key, now.monotonic_s, size=len(event.payload))
            return
        name = request_id(recognized)
        judged = self._limits.refusal_unread(event.key, now.monotonic_s) or understand(
            recognized, event.key, self._settings, now, world=event.world
        )
        if not self._admit(event.peer, event.key, name, judged, now):
            self._limits.note_refused(event.key, now.monotonic_s, size=len(event.payload))

    def _take_sync(self, event: SyncReceived, now: Moment) -> None:
        judged = self._limits.refusal_unread(event.key, now.monotonic_s) or understand_sync(
            event.request, event.key, self._settings, now
        )
        if not self._admit(event.peer, event.key, b"", judged, now):
            self._limits.note_refused(event.key, now.monotonic_s)

    def _admit(
        self, peer: int, key: PublicKey, name: bytes, judged: Wanted | Refused, now: Moment
    ) -> bool:
        """Let a request wait for its answer, or refuse it; a name of none means sync.

        Returns:
            Whether it is going to be answered.
        """
        if isinstance(judged, Wanted):
            refused = self._limits.refusal(
                key, now.monotonic_s, sync=not name
            ) or self._requests.refusal(peer, judged)
            if refused is None:
                self._accept(OpenRequest(peer, key, name, judged), now)
                return True
            judged = refused
        self._refuse(peer, name, judged)
        return False

    def _accept(self, request: OpenRequest, now: Moment) -> None:
        self._limits.note_request(request.key, now.monotonic_s)
        if request.wanted.finds_nothing:
            self._answer(request, Page())
        else:
            self._requests.add(request)

    def _ask_archive(self) -> None:
        for query in self._requests.next_queries():
            # Now, and not when the answer comes: an envelope that is stored between the search and
            # its answer would be in neither. One that was stored before is found by the search.
            waited = self._waiting(query.selection)
            if waited.envelopes:
                self._waited[query.job] = waited
            self._outputs.append(query)

    def _take_page(self, job: int, page: Page, now: Moment) -> None:
        self.trouble = ""
        waited = self._waited.pop(job, None)
        request = self._requests.take(job)
        if request is None:
            return
        if waited is not None:
            page = merged(page, waited, request.wanted.selection)
        envelopes, size = len(page.envelopes), sum(map(len, page.envelopes))
        self._limits.note_sent(request.key, now.monotonic_s, envelopes=envelopes, bytes=size)
        self._statistics.envelopes_sent += envelopes
        self._statistics.bytes_sent += size
        self._answer(request, page)

    def _answer(self, request: OpenRequest, page: Page) -> None:
        self._statistics.answered += 1
        peer, wanted = request.peer, request.wanted
        limit = wanted.selection.limit
        packets = answers.packed(
            page.envelopes,
            batch=wanted.batch,
            bytes_max=self._settings.packet_bytes_max,
            limit_reached=len(page.envelopes) >= limit,
        )
        if request.is_sync:
            self._outputs += [SendSynced(peer, packet) for packet in packets]
            cursor = answers.next_cursor(page, limit)
            self._outputs.append(SendSynced(peer, (), cursor, final=True))
            return
        self._outputs += [SendArchived(peer, packet) for packet in packets]
        body = answers.completion(request.request_id, page, limit)
        self._outputs.append(SendCompletion(peer, body))

    def _fail(self, event: QueryFailed) -> None:
        self.trouble = event.detail
        self._waited.pop(event.job, None)
        request = self._requests.take(event.job)
        if request is not None:
            # The owner reads why; a stranger learns no more than that it is not its fault.
            detail = "the archive cannot be read at present; ask again later"
            self._refuse(request.peer, request.request_id, Refused(Refusal.ARCHIVE, detail))

    def _refuse(self, peer: int, name: bytes, refused: Refused) -> None:
        self._statistics.refused[refused.reason] += 1
        if not name:
            self._outputs.append(RefuseSync(peer, refused.detail))
            return
        body = answers.refusal(name, refused.detail)
        if not self._requests.is_blocked(peer):
            self._outputs.append(SendCompletion(peer, body))
        elif not self._requests.hold_refusal(peer, body):
            self._statistics.untold += 1
