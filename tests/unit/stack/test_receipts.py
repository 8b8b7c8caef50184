from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.receipts import Leg, Receipts

ONE = Leg(MessageId(b"one"), PublicChat("lobby"))
TWO = Leg(MessageId(b"two"), PublicChat("lobby"))
HASH, OTHER_HASH = EnvelopeHash(b"h" * 32), EnvelopeHash(b"o" * 32)
ANNA, BEN = PublicKey(b"a" * 64), PublicKey(b"b" * 64)


def posted(*legs: Leg) -> Receipts:
    receipts = Receipts()
    receipts.start(1, legs, 20.0)
    receipts.posted(1, HASH, 15.0)
    return receipts


def test_every_peer_that_takes_an_envelope_counts_once_for_each_message_in_it() -> None:
    receipts = posted(ONE, TWO)
    assert list(receipts.taken(ANNA, [HASH])) == [(ONE, 1), (TWO, 1)]
    assert list(receipts.taken(ANNA, [HASH])) == []
    assert list(receipts.taken(BEN, [OTHER_HASH, HASH])) == [(ONE, 2), (TWO, 2)]


def test_only_the_latest_envelope_of_a_message_counts() -> None:
    receipts = posted(ONE, TWO)
    receipts.start(2, (ONE,), 40.0)
    receipts.posted(2, OTHER_HASH, 35.0)
    assert list(receipts.taken(ANNA, [HASH])) == [(TWO, 1)]
    assert list(receipts.taken(ANNA, [OTHER_HASH])) == [(ONE, 1)]


def test_failed_envelope_gives_back_what_it_was_the_latest_of() -> None:
    receipts = posted(ONE, TWO)
    receipts.start(2, (ONE,), 40.0)
    assert receipts.failed(1) == (TWO,)
    assert receipts.failed(1) == ()
    assert receipts.failed(99) == ()


def test_untaken_envelope_gives_its_messages_back_when_the_network_forgets_it() -> None:
    receipts = posted(ONE)
    assert receipts.expire(14.9) == []
    assert receipts.expire(15.0) == [ONE]
    assert len(receipts) == 0
    assert receipts.expire(20.0) == []


def test_taken_envelope_is_forgotten_in_silence() -> None:
    receipts = posted(ONE)
    assert len(list(receipts.taken(ANNA, [HASH]))) == 1
    assert receipts.expire(15.0) == []
    assert list(receipts.taken(BEN, [HASH])) == []


def test_envelope_that_was_never_posted_ends_as_well() -> None:
    receipts = Receipts()
    receipts.start(1, (ONE,), 20.0)
    assert receipts.next_deadline() == 20.0
    assert receipts.expire(20.0) == [ONE]
    assert receipts.next_deadline() is None


def test_deadline_is_that_of_the_envelope_that_ends_first() -> None:
    receipts = Receipts()
    receipts.start(1, (ONE,), 20.0)
    receipts.posted(1, HASH, 30.0)
    assert receipts.next_deadline() == 30.0
    receipts.start(2, (TWO,), 25.0)
    assert receipts.next_deadline() == 25.0
    assert receipts.expire(25.0) == [TWO]
    assert receipts.next_deadline() == 30.0


def test_forgotten_message_is_told_of_no_more() -> None:
    receipts = posted(ONE, TWO)
    receipts.forget(ONE)
    assert list(receipts.taken(ANNA, [HASH])) == [(TWO, 1)]
    assert receipts.expire(15.0) == []


def test_answer_that_nobody_waits_for_is_no_error() -> None:
    receipts = Receipts()
    receipts.posted(5, HASH, 15.0)
    assert list(receipts.taken(ANNA, [HASH])) == []


def test_text_form_of_a_leg_shows_nothing() -> None:
    assert repr(ONE) == "Leg(…)"


def test_envelope_is_known_as_ours_from_posting_to_its_end() -> None:
    receipts = posted()
    assert receipts.has_posted(HASH)
    assert not receipts.has_posted(OTHER_HASH)
    assert list(receipts.taken(ANNA, [HASH])) == []
    assert receipts.expire(15.0) == []
    assert not receipts.has_posted(HASH)


def test_stored_envelope_tells_each_message_in_it_once() -> None:
    receipts = posted(ONE, TWO)
    assert list(receipts.stored([OTHER_HASH, HASH])) == [ONE, TWO]
    assert list(receipts.stored([HASH])) == []
    assert list(receipts.taken(ANNA, [HASH])) == [(ONE, 1), (TWO, 1)]


def test_earlier_envelope_of_a_message_counts_as_stored_too() -> None:
    receipts = posted(ONE)
    receipts.start(2, (ONE,), 40.0)
    receipts.posted(2, OTHER_HASH, 35.0)
    assert list(receipts.stored([HASH])) == [ONE]


def test_message_is_stored_until_its_envelope_expires_and_not_if_it_was_forgotten() -> None:
    receipts = posted(ONE, TWO)
    receipts.forget(TWO)
    assert receipts.expire(14.9) == []
    assert list(receipts.stored([HASH])) == [ONE]
    late = posted(ONE)
    assert late.expire(15.0) == [ONE]
    assert list(late.stored([HASH])) == []
