"""Envelopes of a world of history."""

from random import Random

from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.sim.mail_traffic import MailTraffic

TOPICS = (Topic(b"aaaa"), Topic(b"bbbb"))


def test_posted_envelope_is_a_real_one_and_is_remembered() -> None:
    traffic = MailTraffic(Random(1), TOPICS)
    envelope = traffic.post(1_590_000_000, 7.5)
    assert decode_envelope(envelope.raw) == envelope
    assert envelope.sent_unix_s == 1_590_000_000
    assert envelope.topic in TOPICS
    assert traffic.posted[envelope.hash] == (envelope, 7.5)


def test_invention_was_never_posted() -> None:
    traffic = MailTraffic(Random(1), TOPICS)
    invented = traffic.invent(traffic.unheard(), 1_590_000_000)
    assert invented.topic not in TOPICS
    assert not traffic.posted


def test_equal_seeds_make_equal_envelopes() -> None:
    one, other = (MailTraffic(Random(5), TOPICS).post(1_590_000_000, 0.0) for _ in range(2))
    assert one == other
