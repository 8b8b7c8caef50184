from bench.archived import Month
from sottovoce.adapters.sqlite.archive_batch import batch_of


def test_batch_has_each_envelope_once_in_the_order_of_days_and_topics() -> None:
    [envelopes] = Month(50).batches()
    batch = batch_of([*reversed(envelopes), *envelopes])
    in_order = sorted(envelopes, key=lambda each: (each.sent_unix_s // 86_400, each.topic))
    assert (batch.envelopes, batch.bytes) == (50, sum(len(each.raw) for each in envelopes))
    assert batch.values[1] == b"".join(each.raw for each in in_order)
    assert batch.values[2] == 50
