"""What a lying mailserver makes of an answer."""

from collections import Counter
from random import Random

import pytest

from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.gossip.direct_packets import (
    Completion,
    decode_completion_body,
    encode_completion_body,
)
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.mail.cursor import Cursor
from sottovoce.mail.server_events import SendArchived, SendCompletion
from sottovoce.sim.mail_lies import ERRORS, Answer, Liar, Lie
from sottovoce.sim.mail_traffic import MailTraffic

NOW = 1_590_000_000
TOPIC = Topic(b"aaaa")
REQUEST = bytes(range(32))
CURSOR = Cursor(NOW - 5, EnvelopeHash(bytes(32))).encode()


class Scene:
    """A liar with an honest answer of six envelopes in two packets."""

    def __init__(self, lie: Lie | None, cursor: bytes = CURSOR) -> None:
        traffic = MailTraffic(Random(1), (TOPIC,))
        self.honest = [traffic.invent(TOPIC, NOW - 60 + place) for place in range(6)]
        self.counts: Counter[str] = Counter()
        self.liar = Liar(Random(2), traffic, lambda kind: self.counts.update([kind]))
        self.liar.lie = lie
        raws = [envelope.raw for envelope in self.honest]
        body = encode_completion_body(Completion(REQUEST, self.honest[-1].hash, cursor))
        self.answer: list[Answer] = [
            SendArchived(7, tuple(raws[:3])),
            SendArchived(7, tuple(raws[3:])),
            SendCompletion(7, body),
        ]

    def twist(self) -> tuple[list[Envelope], list[Completion]]:
        twisted = self.liar.twist(self.answer, NOW)
        assert {item.peer for item in twisted} <= {7}
        envelopes = [
            decode_envelope(raw)
            for item in twisted
            if isinstance(item, SendArchived)
            for raw in item.envelopes
        ]
        ends = [
            decode_completion_body(item.body)
            for item in twisted
            if isinstance(item, SendCompletion)
        ]
        return envelopes, ends


def test_liar_that_does_not_lie_says_what_it_was_given() -> None:
    scene = Scene(None)
    assert scene.liar.twist(scene.answer, NOW) == scene.answer
    assert not scene.counts


@pytest.mark.parametrize("lie", list(Lie))
def test_every_lie_changes_the_answer_and_is_counted(lie: Lie) -> None:
    scene = Scene(lie, cursor=b"")
    assert scene.liar.twist(scene.answer, NOW) != scene.answer
    assert scene.counts == {lie.value: 1}


def test_omission_leaves_the_end_as_it_was() -> None:
    scene = Scene(Lie.OMIT)
    envelopes, ends = scene.twist()
    assert set(envelopes) < set(scene.honest)
    assert [end.cursor for end in ends] == [CURSOR]


def test_reordering_keeps_everything() -> None:
    scene = Scene(Lie.REORDER)
    envelopes, _ = scene.twist()
    assert envelopes != scene.honest
    assert set(envelopes) == set(scene.honest)


def test_looping_cursor_is_the_same_for_ever() -> None:
    scene = Scene(Lie.LOOP)
    cursors = {scene.twist()[1][0].cursor for _ in range(3)}
    assert cursors == {CURSOR}


def test_cursors_without_end_never_end_and_bring_nothing() -> None:
    scene = Scene(Lie.CURSORS, cursor=b"")
    for _ in range(3):
        envelopes, ends = scene.twist()
        assert not envelopes
        assert len(ends[0].cursor) == 36


def test_endless_pages_bring_what_nobody_sent_on_topics_that_were_asked_for() -> None:
    scene = Scene(Lie.ENDLESS)
    envelopes, ends = scene.twist()
    invented = set(envelopes) - set(scene.honest)
    assert len(invented) == 6
    assert {envelope.topic for envelope in invented} == {TOPIC}
    assert len(ends[0].cursor) == 36


def test_replay_gives_what_was_given_before() -> None:
    scene = Scene(Lie.REPLAY)
    envelopes, _ = scene.twist()
    assert len(envelopes) > 6
    assert set(envelopes) == set(scene.honest)


@pytest.mark.parametrize("lie", [Lie.STALL, Lie.SILENT])
def test_stalled_answer_never_ends(lie: Lie) -> None:
    assert not Scene(lie).twist()[1]


def test_wrong_topics_are_others() -> None:
    envelopes, _ = Scene(Lie.WRONG_TOPICS).twist()
    assert {envelope.topic for envelope in envelopes} > {TOPIC}


def test_foreign_envelopes_are_of_another_time() -> None:
    envelopes, _ = Scene(Lie.FOREIGN).twist()
    assert any(abs(envelope.sent_unix_s - NOW) > 30 * 86_400 for envelope in envelopes)


def test_completion_without_envelopes_claims_success() -> None:
    envelopes, ends = Scene(Lie.EMPTY).twist()
    assert not envelopes
    assert [(end.cursor, end.error) for end in ends] == [(b"", None)]


def test_flood_of_errors_is_about_the_request() -> None:
    _, ends = Scene(Lie.ERRORS).twist()
    assert len(ends) == ERRORS
    assert {end.request_id for end in ends} == {REQUEST}
    assert all(end.error for end in ends)


def test_what_was_not_asked_comes_before_and_after() -> None:
    _, ends = Scene(Lie.UNASKED).twist()
    assert [end.request_id == REQUEST for end in ends] == [False, True, False]
