"""The mailserver: it archives envelopes and hands them out on request.

It puts its parts together: serving requests, storing what arrives, cleaning, and filling the
archive from another mailserver's. It knows neither chats nor how the archive is kept.

Spec: status-go mailserver/mailserver.go (docs/spec-deviations.md, "Requests of mailservers").
"""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.mail.cleaning import Cleaning
from sottovoce.mail.ingest import Ingest
from sottovoce.mail.replication import Fillings
from sottovoce.mail.server_events import (
    ArchivingChanged,
    Cleaned,
    CleaningFailed,
    EnvelopesReceived,
    FillAsked,
    FillGivenUp,
    PageFound,
    PeerBlocked,
    PeerDrained,
    PeerJoined,
    PeerLeft,
    QueryFailed,
    RequestReceived,
    ServerEvent,
    ServerOutput,
    Stored,
    StoreFailed,
    SyncArrived,
    SyncReceived,
    TimePassed,
)
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.serving import Serving
from sottovoce.mail.settings import ServerSettings


class MailServer:
    """The mailserver of one node.

    Attributes:
        statistics: What it did so far; it changes with every event.
        trouble: Why the archive cannot be written or read, one sentence; empty when it can.
    """

    def __init__(self, settings: ServerSettings, now: Moment) -> None:
        """Begin to serve.

        Args:
            settings: Keys and bounds.
            now: The first cleaning is counted from here.
        """
        self.statistics: Final = MailStatistics()
        self.trouble = ""
        self._ingest = Ingest(settings, self.statistics)
        self._serving = Serving(settings, self.statistics, self._ingest.page)
        self._cleaning = Cleaning(settings.retention, self.statistics, now)
        self._fillings = Fillings(settings.retention, self.statistics)

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return self._serving.sizes() | self._ingest.sizes() | self._fillings.sizes()

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any event."""
        deadlines = (
            self._ingest.next_deadline(),
            self._cleaning.next_deadline(),
            self._fillings.next_deadline(may_ask=self._ingest.has_room),
        )
        return min((due for due in deadlines if due is not None), default=None)

    def handle(self, event: ServerEvent, now: Moment) -> list[ServerOutput]:
        """Take one event and return what follows from it, in order."""
        outputs: list[ServerOutput] = []
        match event:
            case EnvelopesReceived():
                self._ingest.take(event.envelopes, now)
            case RequestReceived() | SyncReceived() | PageFound() | QueryFailed():
                outputs += self._serving.handle(event, now)
                if isinstance(event, QueryFailed):
                    self._cleaning.hurry(now)
            case PeerBlocked() | PeerDrained():
                outputs += self._serving.handle(event, now)
            case PeerLeft():
                outputs += self._serving.handle(event, now)
                self._fillings.peer_left(event.peer, now)
            case Stored() | StoreFailed() | Cleaned() | CleaningFailed():
                self._note_archive(event, now)
            case FillAsked() | FillGivenUp() | PeerJoined():
                self._fillings.handle(event, now)
            case SyncArrived():
                self._ingest.take(self._fillings.take(event, now), now)
            case TimePassed():
                self._fillings.pass_time(now)
        return outputs + self._go_on(now)

    def _note_archive(
        self, event: Stored | StoreFailed | Cleaned | CleaningFailed, now: Moment
    ) -> None:
        match event:
            case Stored():
                self._ingest.stored(event.new)
            case StoreFailed():
                self._ingest.failed(event, now)
            case Cleaned():
                self._cleaning.cleaned(event, now)
                self._serving.trouble = ""  # its size was read
            case CleaningFailed():
                self._cleaning.failed(event.detail, now)

    def _go_on(self, now: Moment) -> list[ServerOutput]:
        """Do what is due, whatever happened."""
        outputs: list[ServerOutput] = []
        batch = self._ingest.next_batch(now)
        if batch is not None:
            outputs.append(batch)
        cleaning = self._cleaning.next_cleaning(now)
        if cleaning is not None:
            outputs.append(cleaning)
        outputs += self._fillings.go_on(now, may_ask=self._ingest.has_room)
        trouble = self._ingest.trouble or self._serving.trouble or self._cleaning.trouble
        if trouble != self.trouble:
            self.trouble = trouble
            outputs.append(ArchivingChanged(trouble))
        return outputs
