from sottovoce.gossip.batch import Batch
from sottovoce.gossip.traffic import Amount, Tally, TopicRow


def test_batch_is_added_to_any_tally() -> None:
    batch, row = Batch(), TopicRow()
    batch.take(3, 300)
    batch.repeat(row, 10)
    batch.refuse(row, 20)
    batch.take_unheard(row, 30)
    tally = Tally()
    batch.count(tally)
    received = tally.carried().received
    assert received.useful == Amount(3, 300)
    assert received.duplicate == Amount(1, 10)
    assert received.unwanted == Amount(2, 50)
    assert batch.pooled == 4


def test_rows_are_counted_at_once_but_for_what_is_useful() -> None:
    batch, row = Batch(), TopicRow()
    batch.take(1, 100)
    batch.repeat(row, 10)
    batch.take_unheard(row, 30)
    received = row.tally.carried().received
    assert (received.useful, received.duplicate, received.unwanted) == (
        Amount(),
        Amount(1, 10),
        Amount(1, 30),
    )
