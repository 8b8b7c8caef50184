"""How a mailserver lies: what it does to the answer that an honest one would have given.

A lie stands between a real `MailServer` and the peer that asked: it takes the packets of an answer
and returns those that leave in their place.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final, TypeAlias

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.direct_packets import (
    Completion,
    decode_completion_body,
    encode_completion_body,
)
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.server_events import SendArchived, SendCompletion
from sottovoce.sim.mail_traffic import MailTraffic

Answer: TypeAlias = SendArchived | SendCompletion

OMITTED: Final = 0.4  # share of envelopes that are left out
ERRORS: Final = 30  # completions that a flood of errors has
INVENTED_MAX: Final = 20
REPLAYED_MAX: Final = 40
MINUTE_S: Final = 60


class Lie(Enum):
    """What a mailserver does to its answers."""

    OMIT = "omits envelopes"
    REORDER = "reorders envelopes"
    LOOP = "loops its cursors"
    ENDLESS = "gives endless pages of envelopes"
    CURSORS = "gives cursors without end"
    REPLAY = "replays what it gave"
    STALL = "stalls amid an answer"
    WRONG_TOPICS = "gives other topics"
    FOREIGN = "gives foreign envelopes"
    EMPTY = "completes without envelopes"
    ERRORS = "floods with errors"
    SILENT = "says nothing"
    UNASKED = "answers what was not asked"


class Liar:
    """One mailserver's lies, one kind at a time.

    Args:
        random: What is drawn.
        traffic: Where its inventions come from.
        count: Told of each kind that it did, by name.

    Attributes:
        lie: What it does now; None to be honest.
    """

    def __init__(self, random: Random, traffic: MailTraffic, count: Callable[[str], None]) -> None:
        self._random: Final = random
        self._traffic: Final = traffic
        self._count: Final = count
        self._given: Final[list[bytes]] = []
        self._looping = b""
        self._unix_s = 0
        self.lie: Lie | None = None
        self._ways: Final[dict[Lie, Callable[[list[Answer]], list[Answer]]]] = {
            Lie.OMIT: self._omit,
            Lie.REORDER: self._reorder,
            Lie.LOOP: self._loop,
            Lie.ENDLESS: self._endless,
            Lie.CURSORS: self._cursors,
            Lie.REPLAY: self._replay,
            Lie.STALL: self._stall,
            Lie.WRONG_TOPICS: self._wrong_topics,
            Lie.FOREIGN: self._foreign,
            Lie.EMPTY: self._empty,
            Lie.ERRORS: self._errors,
            Lie.SILENT: lambda _: [],
            Lie.UNASKED: self._unasked,
        }

    def twist(self, answer: Sequence[Answer], unix_s: int) -> list[Answer]:
        """Return what leaves instead of the packets of an answer."""
        for raw in _envelopes(answer):
            if len(self._given) < REPLAYED_MAX or self._random.random() < 0.1:
                self._given.append(raw)
                del self._given[:-REPLAYED_MAX]
        if self.lie is None:
            return list(answer)
        self._count(self.lie.value)
        self._unix_s = unix_s
        return self._ways[self.lie](list(answer))

    # ---- ways of lying

    def _omit(self, answer: list[Answer]) -> list[Answer]:
        return _mapped(
            answer,
            lambda raws: [raw for raw in raws if self._random.random() >= OMITTED],
        )

    def _reorder(self, answer: list[Answer]) -> list[Answer]:
        packets = [item for item in answer if isinstance(item, SendArchived)]
        rest = [item for item in answer if isinstance(item, SendCompletion)]
        self._random.shuffle(packets)
        return _mapped([*packets, *rest], lambda raws: self._random.sample(list(raws), len(raws)))

    def _loop(self, answer: list[Answer]) -> list[Answer]:
        """Lead back to a place where the client was before, again and again."""
        for item in answer:
            cursor = _completion(item).cursor if isinstance(item, SendCompletion) else b""
            if cursor and not self._looping:
                self._looping = cursor
        cursor = self._looping or self._any_cursor()
        return [_with_cursor(item, cursor) for item in answer]

    def _endless(self, answer: list[Answer]) -> list[Answer]:
        """Invent what fits what was asked for, as much as one likes."""
        models = [decode_envelope(raw) for raw in _envelopes(answer)]
        inventions = [
            self._traffic.invent(model.topic, model.sent_unix_s).raw
            for model in models[:INVENTED_MAX]
        ]
        return self._before_end(answer, inventions or self._inventions(), cursor=self._any_cursor())

    def _cursors(self, answer: list[Answer]) -> list[Answer]:
        ends = [item for item in answer if isinstance(item, SendCompletion)]
        return [_with_cursor(item, self._any_cursor()) for item in ends]

    def _replay(self, answer: list[Answer]) -> list[Answer]:
        twice = [item for item in answer if isinstance(item, SendArchived)]
        return [*twice, *self._before_end(answer, self._given)]

    def _stall(self, answer: list[Answer]) -> list[Answer]:
        packets = [item for item in answer if isinstance(item, SendArchived)]
        return list(packets[: self._random.randint(0, len(packets))])

    def _wrong_topics(self, answer: list[Answer]) -> list[Answer]:
        return self._before_end(answer, self._inventions())

    def _foreign(self, answer: list[Answer]) -> list[Answer]:
        """Give what was sent at another time than was asked for: long ago, or in the future."""
        past_s = self._unix_s + self._random.choice((-1, 1)) * 400 * 86_400
        inventions = [
            self._traffic.invent(self._random.choice(self._traffic.topics), past_s).raw
            for _ in range(self._random.randint(1, INVENTED_MAX))
        ]
        return self._before_end(answer, inventions)

    def _empty(self, answer: list[Answer]) -> list[Answer]:
        ends = [item for item in answer if isinstance(item, SendCompletion)]
        return [_with_cursor(item, b"") for item in ends]

    def _errors(self, answer: list[Answer]) -> list[Answer]:
        ends = [item for item in answer if isinstance(item, SendCompletion)]
        return [_failure(item) for item in ends for _ in range(ERRORS)]

    def _unasked(self, answer: list[Answer]) -> list[Answer]:
        """Answer a request that nobody made, before and after the one that somebody did."""
        unasked: list[Answer] = []
        for item in answer:
            if isinstance(item, SendCompletion):
                body = encode_completion_body(Completion(self._random.randbytes(32)))
                unasked = [
                    SendArchived(item.peer, tuple(self._inventions())),
                    SendCompletion(item.peer, body),
                ]
        return [*unasked, *answer, *unasked]

    # ---- parts

    def _inventions(self) -> list[bytes]:
        """Return envelopes of now on topics that nobody named, for all that is known."""
        return [
            self._traffic.invent(self._traffic.unheard(), self._unix_s - MINUTE_S).raw
            for _ in range(self._random.randint(1, INVENTED_MAX))
        ]

    def _any_cursor(self) -> bytes:
        sent_unix_s = self._unix_s - self._random.randrange(86_400)
        return Cursor(sent_unix_s, EnvelopeHash(self._random.randbytes(32))).encode()

    def _before_end(
        self, answer: list[Answer], raws: Sequence[bytes], cursor: bytes | None = None
    ) -> list[Answer]:
        """Send something more before the end of an answer."""
        out: list[Answer] = []
        for item in answer:
            if isinstance(item, SendCompletion):
                if raws:
                    out.append(SendArchived(item.peer, tuple(raws)))
                out.append(item if cursor is None else _with_cursor(item, cursor))
            else:
                out.append(item)
        return out


def _envelopes(answer: Sequence[Answer]) -> list[bytes]:
    return [raw for item in answer if isinstance(item, SendArchived) for raw in item.envelopes]


def _mapped(
    answer: list[Answer], change: Callable[[Sequence[bytes]], Sequence[bytes]]
) -> list[Answer]:
    out: list[Answer] = []
    for item in answer:
        if isinstance(item, SendCompletion):
            out.append(item)
            continue
        raws = tuple(change(item.envelopes))
        if raws:
            out.append(SendArchived(item.peer, raws))
    return out


def _completion(item: SendCompletion) -> Completion:
    return decode_completion_body(item.body)


def _with_cursor(item: Answer, cursor: bytes) -> Answer:
    if isinstance(item, SendArchived):
        return item
    said = _completion(item)
    if said.error is not None:
        return item
    lied = Completion(said.request_id, said.last_envelope, cursor)
    return SendCompletion(item.peer, encode_completion_body(lied))


def _failure(item: SendCompletion) -> SendCompletion:
    said = Completion(_completion(item).request_id, error="no history today")
    return SendCompletion(item.peer, encode_completion_body(said))
