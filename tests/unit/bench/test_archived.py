"""The month of envelopes for archives."""

from bench.archived import BATCH, ENVELOPE_BYTES, TOPICS, Month, topic_of


def test_a_month_is_the_same_each_time_and_in_order() -> None:
    month = Month(BATCH + 10)
    envelopes = [each for batch in month.batches() for each in batch]
    assert envelopes == [each for batch in month.batches() for each in batch]
    assert len({each.raw for each in envelopes}) == len(envelopes)
    assert {len(each.raw) for each in envelopes} == {ENVELOPE_BYTES}
    sent = [each.sent_unix_s for each in envelopes]
    assert sent == sorted(sent)
    assert month.day_unix_s(0)[0] <= sent[0]
    assert month.day_unix_s(29)[0] < sent[-1] <= month.day_unix_s(29)[1]


def test_topics_are_distinct_and_all_used() -> None:
    topics = {topic_of(number) for number in range(TOPICS)}
    assert len(topics) == TOPICS
    used = {each.topic for batch in Month(12_000).batches() for each in batch}
    assert used == topics
