"""Filters: which keys are tried, and who is served."""

import math

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip import filters
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import Filter, FilterTable, make_filter
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.seal import EnvelopeRoute, OpenedMessage, seal
from vectors.scripted_entropy import SeededEntropy

FIRST_TOPIC = Topic(b"\x01\x02\x03\x04")
SECOND_TOPIC = Topic(b"\x05\x06\x07\x00")
OTHER_TOPIC = Topic(b"\x08\x09\x0a\x00")
FIRST_KEY = SymmetricKey(b"\x05" * 32)
SECOND_KEY = SymmetricKey(b"\x06" * 32)
OWN_KEY = PrivateKey(b"\x07" * 32)
FRIEND = PrivateKey(b"\x08" * 32)
STRANGER = PrivateKey(b"\x09" * 32)
FIRST_ONLY = frozenset({FIRST_TOPIC})


def envelope_for(
    key: SymmetricKey = FIRST_KEY,
    topic: Topic = FIRST_TOPIC,
    signer: PrivateKey | None = None,
) -> Envelope:
    route = EnvelopeRoute(topic, key, signer)
    now = Moment(0.0, 1_590_000_000.0)
    return seal(b"hello", route, ttl_s=50, now=now, entropy=SeededEntropy()).mined(0)


def table_of(*installed: Filter) -> FilterTable:
    table = FilterTable()
    for number, one in enumerate(installed):
        table.install(number, one)
    return table


def served(
    table: FilterTable, envelope: Envelope, *, direct: bool = False, pow: float | None = 1.0
) -> tuple[int, ...]:
    opened = table.open(envelope, direct=direct, pow=pow)
    return () if opened is None else opened[1]


def test_filter_of_the_topic_and_the_key_is_served() -> None:
    opened = table_of(Filter(FIRST_KEY, FIRST_ONLY)).open(envelope_for(), direct=False, pow=1.0)
    assert opened is not None
    message, numbers = opened
    assert message.payload == b"hello"
    assert message.pow == 1.0
    assert numbers == (0,)


def test_filter_of_another_topic_or_key_is_not_served() -> None:
    assert served(table_of(Filter(FIRST_KEY, frozenset({SECOND_TOPIC}))), envelope_for()) == ()
    assert served(table_of(Filter(SECOND_KEY, FIRST_ONLY)), envelope_for()) == ()


def test_filter_without_topics_is_served_with_any() -> None:
    table = table_of(Filter(FIRST_KEY))
    assert served(table, envelope_for(topic=FIRST_TOPIC)) == (0,)
    assert served(table, envelope_for(topic=SECOND_TOPIC)) == (0,)


def test_all_filters_of_the_key_are_served_in_order_of_installation() -> None:
    table = FilterTable()
    for number, topics in [(7, FIRST_ONLY), (3, frozenset()), (9, FIRST_ONLY), (1, frozenset())]:
        table.install(number, Filter(FIRST_KEY, topics))
    assert served(table, envelope_for()) == (7, 3, 9, 1)


def test_filter_installed_anew_comes_last() -> None:
    table = table_of(Filter(FIRST_KEY), Filter(FIRST_KEY, FIRST_ONLY))
    table.remove(0)
    table.install(0, Filter(FIRST_KEY))
    assert served(table, envelope_for()) == (1, 0)


def test_asymmetric_filter_is_served() -> None:
    route = EnvelopeRoute(FIRST_TOPIC, secp256k1.public_key(OWN_KEY), FRIEND)
    now = Moment(0.0, 1_590_000_000.0)
    envelope = seal(b"hi", route, ttl_s=50, now=now, entropy=SeededEntropy()).mined(0)
    assert served(table_of(Filter(FIRST_KEY), Filter(OWN_KEY)), envelope) == (1,)


def test_source_must_have_signed() -> None:
    table = table_of(Filter(FIRST_KEY, source=secp256k1.public_key(FRIEND)))
    assert served(table, envelope_for(signer=FRIEND)) == (0,)
    assert served(table, envelope_for(signer=STRANGER)) == ()
    assert served(table, envelope_for(signer=None)) == ()


def test_minimum_of_work_counts_per_filter() -> None:
    table = table_of(Filter(FIRST_KEY, minimum_pow=0.5), Filter(FIRST_KEY, minimum_pow=1.5))
    assert served(table, envelope_for(), pow=1.0) == (0,)
    assert served(table, envelope_for(), pow=1.5) == (0, 1)
    assert served(table, envelope_for(), pow=math.inf) == (0, 1)


def test_direct_envelope_reaches_only_filters_that_allow_it() -> None:
    table = table_of(Filter(FIRST_KEY), Filter(FIRST_KEY, allows_direct=True))
    assert served(table, envelope_for(), direct=True) == (1,)
    assert served(table, envelope_for(), direct=False) == (0, 1)


def test_unknown_work_counts_as_zero_but_is_told_truly() -> None:
    table = table_of(
        Filter(FIRST_KEY, allows_direct=True),
        Filter(FIRST_KEY, allows_direct=True, minimum_pow=1e-9),
    )
    opened = table.open(envelope_for(), direct=True, pow=None)
    assert opened is not None
    assert opened[0].pow == envelope_pow(envelope_for()) > 1e-9
    assert opened[1] == (0,)


def test_each_distinct_key_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []

    def count(
        _envelope: Envelope, key: SymmetricKey | PrivateKey, *, pow: float
    ) -> OpenedMessage | None:
        assert pow == 1.0
        tried.append(key)
        return None

    monkeypatch.setattr(filters, "open_envelope", count)
    twins = [Filter(FIRST_KEY), Filter(SECOND_KEY), Filter(FIRST_KEY, FIRST_ONLY)]
    assert served(table_of(*twins, *twins), envelope_for()) == ()
    assert tried == [FIRST_KEY, SECOND_KEY]


def test_filters_of_other_topics_cost_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "open_envelope", None)
    table = table_of(*(Filter(FIRST_KEY, frozenset({SECOND_TOPIC})) for _ in range(50)))
    assert served(table, envelope_for(topic=FIRST_TOPIC)) == ()


def test_removed_filter_is_not_served() -> None:
    table = table_of(Filter(FIRST_KEY, FIRST_ONLY), Filter(FIRST_KEY, FIRST_ONLY))
    table.remove(0)
    assert served(table, envelope_for()) == (1,)
    table.remove(1)
    assert served(table, envelope_for()) == ()
    assert len(table) == 0


def test_removing_an_unknown_number_changes_nothing() -> None:
    table = table_of(Filter(FIRST_KEY))
    table.remove(5)
    assert len(table) == 1


def test_number_in_use_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        table_of(Filter(FIRST_KEY)).install(0, Filter(SECOND_KEY))


def test_topics_that_peers_may_be_told_are_those_of_announced_filters() -> None:
    table = table_of(
        Filter(FIRST_KEY, FIRST_ONLY), Filter(FIRST_KEY, frozenset({SECOND_TOPIC})), Filter(OWN_KEY)
    )
    table.install(7, Filter(SECOND_KEY, frozenset({OTHER_TOPIC}), announced=False))
    assert table.announced_topics() == {FIRST_TOPIC, SECOND_TOPIC}
    table.remove(0)
    assert table.announced_topics() == {SECOND_TOPIC}
    assert FilterTable().announced_topics() == frozenset()


def test_one_filter_keeps_its_topics_from_peers_whatever_others_say() -> None:
    table = table_of(Filter(FIRST_KEY, FIRST_ONLY))
    table.install(8, Filter(OWN_KEY, FIRST_ONLY, announced=False))
    assert table.announced_topics() == frozenset()
    # Its coming and going would tell peers whose topic it is.
    table.remove(8)
    assert table.announced_topics() == frozenset()


def test_made_filter_has_exactly_one_key() -> None:
    assert make_filter(symmetric_key=FIRST_KEY).key == FIRST_KEY
    assert make_filter(private_key=OWN_KEY).key == OWN_KEY
    with pytest.raises(LocalProtocolError):
        make_filter()
    with pytest.raises(LocalProtocolError):
        make_filter(symmetric_key=FIRST_KEY, private_key=OWN_KEY)


def test_short_topic_is_filled_up_with_zeros() -> None:
    made = make_filter(symmetric_key=FIRST_KEY, topics=[b"\x05\x06\x07", FIRST_TOPIC])
    assert made.topics == {SECOND_TOPIC, FIRST_TOPIC}


def test_long_topic_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        make_filter(symmetric_key=FIRST_KEY, topics=[b"\x01" * 5])


@pytest.mark.parametrize("minimum", [-1.0, math.nan, math.inf])
def test_minimum_that_is_no_amount_of_work_is_refused(minimum: float) -> None:
    with pytest.raises(LocalProtocolError):
        make_filter(symmetric_key=FIRST_KEY, minimum_pow=minimum)
