"""Mailservers that lie, each in one way."""

from itertools import count

from typing_extensions import override

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.request import HistoryRequest
from unit.mail.history import TOPIC, Answer, Archive, Kept


class Omitting(Archive):
    """Says that there is nothing."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        super().answer(wanted)
        return Answer()


class Stalling(Archive):
    """Takes requests and says nothing."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        super().answer(wanted)
        return Answer(is_silent=True)


class Looping(Archive):
    """Leads back to the first page."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        self.wanted.append(wanted)
        found = sorted(it for it in self.kept if it.sent_unix_s >= wanted.from_unix_s)[:10]
        return Answer(found, found[-1].place.encode() if found else b"")


class Endless(Archive):
    """Sends empty pages that lead on and on."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        self.wanted.append(wanted)
        place = Cursor(wanted.from_unix_s, EnvelopeHash(len(self.wanted).to_bytes(32, "big")))
        return Answer([], place.encode())


class Replaying(Endless):
    """Sends the same envelopes on and on."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        answer.found = sorted(self.kept)[:1000]
        return answer


class Inventing(Endless):
    """Makes envelopes, on and on."""

    numbers = count()

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        made = EnvelopeHash(next(self.numbers).to_bytes(32, "little"))
        answer.found = [Kept(wanted.from_unix_s, made, TOPIC)]
        return answer


class Straying(Archive):
    """Sends what was not asked for."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        super().answer(wanted)
        return Answer(end=PageEnd.DISHONEST, detail="it sent other topics")


class Flooding(Archive):
    """Sends all at once, whatever the limit is."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        super().answer(wanted)
        return Answer(self.kept * (1 + 1001 // len(self.kept)))


class Putting(Archive):
    """Always wants to be asked later."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        super().answer(wanted)
        return Answer(end=PageEnd.REFUSED, detail="rate limit exceeded")


class Reordering(Archive):
    """Sends pages in no order."""

    @override
    def answer(self, wanted: HistoryRequest) -> Answer:
        answer = super().answer(wanted)
        if answer.cursor and len(self.wanted) % 2:
            place = self.selected(wanted)[-1].place
            answer.cursor = place.encode()
        return answer


LIARS = (
    Omitting,
    Stalling,
    Looping,
    Endless,
    Replaying,
    Inventing,
    Straying,
    Flooding,
    Putting,
    Reordering,
)
