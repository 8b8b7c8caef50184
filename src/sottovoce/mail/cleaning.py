"""When an archive is cleaned: once an hour of what is too old or too much.

A cleaning asks for the size, too; so it shows whether an archive can be read and written.

Spec: status-go mailserver/cleaner.go.
"""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.mail.server_events import CleanArchive, Cleaned
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import DAY_S, Retention

CLEANING_PERIOD_S: Final = 3600.0
# A server that is restarted every hour has to be cleaned, too; status-go's never would be.
FIRST_CLEANING_S: Final = 60.0
CLEANING_RETRY_S: Final = 60.0


class Cleaning:
    """The rhythm of cleaning."""

    def __init__(self, retention: Retention, statistics: MailStatistics, now: Moment) -> None:
        """Begin to wait for the first one."""
        self._retention = retention
        self._statistics = statistics
        self._due_s: float | None = now.monotonic_s + FIRST_CLEANING_S
        self.trouble = ""

    def next_deadline(self) -> float | None:
        """Return the monotonic second of the next cleaning; None while one is under way."""
        return self._due_s

    def next_cleaning(self, now: Moment) -> CleanArchive | None:
        """Return what is to be cleaned now, if anything."""
        if self._due_s is None or now.monotonic_s < self._due_s:
            return None
        self._due_s = None
        days = self._retention.days
        return CleanArchive(
            before_unix_s=None if days is None else max(0, now.unix_whole_s - days * DAY_S),
            envelopes_max=self._retention.envelopes_max,
            bytes_max=self._retention.bytes_max,
        )

    def hurry(self, now: Moment) -> None:
        """Clean soon: the archive has trouble, and this will show whether it still has."""
        if self._due_s is not None:
            self._due_s = min(self._due_s, now.monotonic_s + CLEANING_RETRY_S)

    def cleaned(self, event: Cleaned, now: Moment) -> None:
        """Note how much there is now."""
        self._due_s = now.monotonic_s + CLEANING_PERIOD_S
        self.trouble = ""
        self._statistics.cleaned += event.deleted
        self._statistics.archive_envelopes = event.size.envelopes
        self._statistics.archive_bytes = event.size.bytes
        self._statistics.archive_oldest_unix_s = event.size.oldest_unix_s

    def failed(self, detail: str, now: Moment) -> None:
        """Try again soon: what is too old must not stay."""
        self._due_s = now.monotonic_s + CLEANING_RETRY_S
        self._statistics.cleaning_failures += 1
        self.trouble = detail
