"""What of an answer was asked for, how much of it may come, and in which world it is waited for."""

import math
from dataclasses import replace

import pytest

from sottovoce.base.quantities import Topic
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.mail.request import HistoryRequest
from sottovoce.node.inputs import AskHistory
from sottovoce.node.open_history import OpenHistory, limit_of
from unit.node.mail_scene import FROM_UNIX_S, TO_UNIX_S, WANTED, ServerPlay, old
from unit.node.pump import TOPIC, Pump

ON_WAKU, ON_WHISPER = 3, 2


def opened(wanted: HistoryRequest = WANTED) -> OpenHistory:
    """Return a request that was sent in both worlds."""
    pump = Pump()
    server = ServerPlay(pump, pump.add()).mailserver
    return OpenHistory(AskHistory(1, server, wanted), [ON_WAKU, ON_WHISPER], other_world_s=5.0)


def test_first_word_in_a_world_ends_waiting_in_the_other() -> None:
    open = opened()
    assert open.heard(ON_WHISPER, strays_max=0) == [ON_WAKU]
    assert (open.sessions, open.is_heard, open.other_world_s) == ([ON_WHISPER], True, math.inf)


@pytest.mark.parametrize(
    ("sent_unix_s", "is_asked_for"),
    [(FROM_UNIX_S - 1, False), (FROM_UNIX_S, True), (TO_UNIX_S, True), (TO_UNIX_S + 1, False)],
)
def test_what_was_sent_between_the_bounds_was_asked_for(
    sent_unix_s: int, is_asked_for: bool
) -> None:
    assert opened().asked_for(old(b"one", sent_unix_s=sent_unix_s)) is is_asked_for


def test_upper_bound_of_0_is_now_by_the_server_s_clock() -> None:
    assert opened(replace(WANTED, to_unix_s=0)).asked_for(old(b"one", sent_unix_s=TO_UNIX_S + 500))


def test_topic_that_is_neither_named_nor_in_the_filter_was_not_asked_for() -> None:
    topic = Topic(b"else")
    assert topic_bloom(topic) & ~topic_bloom(TOPIC)
    assert not opened().asked_for(old(b"one", topic=topic))


def test_answer_may_have_as_many_envelopes_as_were_asked_for_and_the_strays_of_earlier_ones() -> (
    None
):
    open, one = opened(replace(WANTED, limit=2)), old(b"one")
    open.heard(ON_WAKU, strays_max=1)
    assert open.take((one, one), asked_for=1, size_bytes=1) is None
    assert open.take((one,), asked_for=1, size_bytes=1) is None
    assert open.take((one,), asked_for=1, size_bytes=1) is not None


def test_stray_is_a_lie_where_none_is_expected() -> None:
    open = opened()
    open.heard(ON_WAKU, strays_max=0)
    assert open.take((old(b"one"),), asked_for=0, size_bytes=1) is not None


def test_limit_of_0_is_the_largest() -> None:
    assert limit_of(replace(WANTED, limit=0)) == 1000
    assert limit_of(WANTED) == 10
