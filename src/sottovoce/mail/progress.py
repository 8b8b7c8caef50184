"""What came since fetching began, and who waits for its end."""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.mail.client_events import FetchDone, FetchProgress

# Nobody reads faster, and each one costs a look at everything that is open.
PROGRESS_EVERY_S: Final = 0.25
# A program asks once and waits.
ASKERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who waits for the end.

    Attributes:
        request: The asker's number; None for ourselves.
        topics: Which topics; None for all that are heard.
        envelopes: How many had come in this life when it asked.
        new: How many of these had not been known.
    """

    request: int | None
    topics: frozenset[Topic] | None = field(repr=False)
    envelopes: int
    new: int


class Tally:
    """Counts what comes, and says when there is something to tell."""

    def __init__(self) -> None:
        self._envelopes = 0
        self._new = 0
        self._bytes = 0
        self._done_s = 0
        self._at_beginning = (0, 0, 0, 0)
        self._server: PublicKey | None = None
        self._note = ""
        self._news = False
        self._changed = False
        self._told_s: float | None = None

    # ---- what happens

    def begin(self) -> None:
        """Count from here."""
        self._at_beginning = (self._envelopes, self._new, self._bytes, self._done_s)
        self._note, self._changed = "", True

    def asked(self, server: PublicKey) -> None:
        """Note who is being asked."""
        self._news = True
        self._server = server

    def add(self, *, envelopes: int, new: int, bytes: int) -> None:
        """Note what came."""
        self._envelopes += envelopes
        self._new += new
        self._bytes += bytes
        self._news, self._note = True, ""

    def closed(self, seconds: int) -> None:
        """Note seconds of history that are open no more."""
        self._done_s += seconds
        self._changed, self._note = True, ""

    def say(self, note: str) -> None:
        """Note what people should know."""
        self._changed = self._changed or note != self._note
        self._note = note

    # ---- what is told

    def asker(self, request: int | None, topics: frozenset[Topic] | None) -> Asker:
        """Return somebody for whom counting begins here."""
        return Asker(request, topics, self._envelopes, self._new)

    def done(self, asker: Asker, detail: str) -> FetchDone:
        """Return what an asker is told at the end."""
        return FetchDone(
            asker.request,
            complete=not detail,
            envelopes=self._envelopes - asker.envelopes,
            new=self._new - asker.new,
            detail=detail,
        )

    def is_due(self, now_s: float) -> bool:
        """Tell whether progress is to be told now."""
        due_s = self.next_deadline()
        return self._changed or (due_s is not None and due_s <= now_s)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which progress is to be told, or None."""
        if not self._news and not self._changed:
            return None
        return 0.0 if self._told_s is None else self._told_s + PROGRESS_EVERY_S

    def progress(self, open_s: int, now_s: float, *, is_busy: bool) -> FetchProgress:
        """Return how far it is, and take that as told."""
        envelopes, new, bytes, done_s = self._at_beginning
        self._news = self._changed = False
        self._told_s = now_s
        return FetchProgress(
            self._server if is_busy else None,
            self._envelopes - envelopes,
            self._new - new,
            self._bytes - bytes,
            self._done_s - done_s,
            open_s,
            self._note,
        )
