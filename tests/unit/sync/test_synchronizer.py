"""Bodies on their way out: when they leave, when they leave again, and when they stop."""

import pytest

from sottovoce.sync.events import (
    BodyQueued,
    BodyRefused,
    BodySubmitted,
    BodyWithdrawn,
    PayloadToSend,
    PeerForgotten,
    Refusal,
    StillWaiting,
)
from sottovoce.sync.records import Payload
from sottovoce.sync.settings import (
    BODY_BYTES_MAX,
    EPOCH_S,
    PAYLOAD_BYTES_SENT_MAX,
    WAITING_BYTES_PER_PEER_MAX,
    WAITING_MAX,
    WAITING_PER_PEER_MAX,
    Mode,
    SyncSettings,
)
from unit.sync.people import ANNA, BRUNO, CARLA, EAGER, GROUP, Person, message, only

INTERACTIVE = SyncSettings(mode=Mode.INTERACTIVE)
DAY_S = 24 * 3600.0


def test_idle_machine_has_no_deadline() -> None:
    person = Person()
    assert person.sync.next_deadline() is None
    assert person.flush() == []


def test_new_body_leaves_at_once() -> None:
    person = Person()
    person.now_s += 12.345
    id = person.submit(b"ciao")
    assert person.sync.next_deadline() == person.now_s
    (output,) = person.flush()
    assert isinstance(output, PayloadToSend)
    assert (output.peer, output.message_ids) == (BRUNO, (id,))


def test_message_carries_the_wall_clock_in_whole_seconds() -> None:
    person = Person()
    person.unix_s = 1_590_000_000.9
    person.submit(b"ciao")
    assert person.sent() == [Payload(messages=(message(b"ciao", 1_590_000_000),))]


def test_bodies_of_one_batch_share_a_payload_in_their_order() -> None:
    person = Person()
    for body in (b"one", b"two", b"three"):
        person.submit(body)
    (payload,) = person.sent()
    assert [each.body for each in payload.messages] == [b"one", b"two", b"three"]


def test_each_peer_gets_its_own_payload() -> None:
    person = Person()
    person.submit(b"to Bruno", BRUNO)
    person.submit(b"to Carla", CARLA)
    assert [output.peer for output in only(PayloadToSend, person.flush())] == [BRUNO, CARLA]


def test_body_after_one_that_is_not_answered_waits_for_the_next_step() -> None:
    person = Person()
    person.submit(b"one")
    person.flush()
    person.submit(b"two")
    person.submit(b"three")
    assert person.sync.next_deadline() == pytest.approx(person.now_s + EPOCH_S)
    assert person.sent() == []
    (payload,) = person.wait(EPOCH_S)
    assert [each.body for each in payload.messages] == [b"two", b"three"]


def test_answer_of_the_peer_lets_what_waits_for_it_leave_at_once() -> None:
    person = Person()
    first = person.submit(b"one")
    person.flush()
    second = person.submit(b"two")
    person.receive(Payload(acks=(first,)))
    assert person.sync.next_deadline() == person.now_s
    (payload,) = person.sent()
    assert [each.body for each in payload.messages] == [b"two"]
    assert person.delivered == [first]
    person.receive(Payload(acks=(second,)))
    assert person.sync._ledger._peers == {}


def test_acknowledgement_takes_along_what_waits_for_the_same_peer() -> None:
    person = Person()
    person.submit(b"one")
    person.flush()
    person.submit(b"two")
    person.receive(Payload(messages=(message(b"theirs"),)))
    (payload,) = person.sent()
    assert (len(payload.acks), len(payload.messages)) == (1, 1)
    assert person.wait(EPOCH_S) == []


def test_body_that_was_withdrawn_while_it_waited_never_leaves() -> None:
    person = Person()
    first = person.submit(b"one")
    person.flush()
    person.handle(BodyWithdrawn(BRUNO, person.submit(b"two")))
    person.receive(Payload(acks=(first,)))
    assert person.sync.next_deadline() is None
    assert person.wait(EPOCH_S) == []


def test_bodies_for_others_do_not_wait_for_one_who_is_silent() -> None:
    person = Person()
    person.submit(b"one", BRUNO)
    person.flush()
    person.submit(b"two", CARLA)
    assert len(person.sent()) == 1


def test_large_bodies_are_spread_over_payloads_below_the_bound() -> None:
    person = Person()
    for letter in (b"x", b"y", b"z"):
        person.submit(letter * BODY_BYTES_MAX)
    outputs = only(PayloadToSend, person.flush())
    assert [len(output.message_ids) for output in outputs] == [1, 1, 1]
    assert max(len(output.raw) for output in outputs) <= PAYLOAD_BYTES_SENT_MAX


def test_unacknowledged_body_is_repeated_in_the_rhythm_of_the_schedule() -> None:
    person = Person()
    person.submit(b"ciao")
    start_s, seconds = person.now_s, []
    for _ in range(5):
        deadline_s = person.sync.next_deadline()
        assert deadline_s is not None
        person.now_s = deadline_s
        assert len(person.sent()) == 1
        seconds.append(round(deadline_s - start_s, 3))
    # At once, counted for epoch 1; then 16, 32, 64 and 128 epochs of 0.3 s after it.
    assert seconds == [0.0, 5.1, 14.7, 33.9, 72.3]


def test_repetition_says_that_the_body_still_waits() -> None:
    person = Person()
    id = person.submit(b"ciao")
    assert only(StillWaiting, person.flush()) == []
    person.now_s += 6
    assert only(StillWaiting, person.flush()) == [StillWaiting(BRUNO, (id,))]


def test_acknowledged_body_leaves_nothing_behind() -> None:
    person = Person()
    id = person.submit(b"ciao")
    person.flush()
    person.receive(Payload(acks=(id,)))
    assert person.delivered == [id]
    assert person.sync.next_deadline() is None
    assert person.sync._ledger._peers == {}
    assert list(person.store.waiting()) == []


def test_body_that_is_acknowledged_before_it_leaves_is_not_sent() -> None:
    person = Person()
    person.receive(Payload(acks=(person.submit(b"ciao"),)))
    assert person.sent() == []


def test_same_body_in_one_second_is_one_message() -> None:
    person = Person()
    assert person.submit(b"ciao") == person.submit(b"ciao")
    (payload,) = person.sent()
    assert len(payload.messages) == 1


def test_same_body_a_second_later_is_another_message() -> None:
    person = Person()
    first = person.submit(b"ciao")
    person.unix_s += 1
    assert person.submit(b"ciao") != first


def test_same_body_for_two_peers_waits_for_both() -> None:
    person = Person()
    id = person.submit(b"ciao", BRUNO)
    assert person.submit(b"ciao", CARLA) == id
    person.receive(Payload(acks=(id,)), BRUNO)
    assert (person.sync.waiting(BRUNO), person.sync.waiting(CARLA)) == ((), (id,))


def test_interactive_body_is_offered_first() -> None:
    person = Person(settings=INTERACTIVE)
    id = person.submit(b"ciao")
    assert person.sent() == [Payload(offers=(id,))]


def test_offer_and_requested_message_are_repeated_until_the_acknowledgement() -> None:
    person = Person(settings=SyncSettings(mode=Mode.INTERACTIVE, schedule=EAGER))
    id = person.submit(b"ciao")
    person.flush()
    person.receive(Payload(requests=(id,)))
    sent = person.wait(0.9)
    assert [len(payload.messages) for payload in sent] == [1, 1, 1]
    assert [payload.offers for payload in sent[-2:]] == [(id,), (id,)]
    person.receive(Payload(acks=(id,)))
    assert person.wait(60) == []


# ---- a peer that never acknowledges


def test_peer_that_never_acknowledges_costs_170_payloads_a_day() -> None:
    person = Person()
    person.submit(b"ciao")
    assert len(person.wait(DAY_S)) == 166
    person.wait(0.0)
    assert len(person.wait(DAY_S)) == 160


def test_peer_that_never_acknowledges_costs_no_more_memory_with_time() -> None:
    person = Person(settings=SyncSettings(schedule=EAGER))
    person.submit(b"ciao")
    person.wait(300)
    ledger = person.sync._ledger
    assert (len(ledger), len(ledger._agenda._epochs), len(ledger._agenda._due)) == (1, 1, 1)


def test_bodies_beyond_the_bound_of_a_peer_are_refused_and_change_nothing() -> None:
    person = Person()
    for n in range(WAITING_PER_PEER_MAX):
        person.submit(str(n).encode())
    refused = person.handle(BodySubmitted(GROUP, BRUNO, b"one more"))
    assert refused == [BodyRefused(BRUNO, Refusal.PEER_FULL)]
    assert len(person.sync.waiting(BRUNO)) == WAITING_PER_PEER_MAX
    person.submit(b"another peer", CARLA)
    person.submit(b"0")


def test_bytes_beyond_the_bound_of_a_peer_are_refused() -> None:
    person = Person()
    for n in range(WAITING_BYTES_PER_PEER_MAX // BODY_BYTES_MAX):
        person.submit(bytes([n]) * BODY_BYTES_MAX)
    refused = person.handle(BodySubmitted(GROUP, BRUNO, b"one more"))
    assert refused == [BodyRefused(BRUNO, Refusal.PEER_FULL)]


def test_bodies_beyond_the_bound_of_all_are_refused() -> None:
    person = Person()
    person.sync._ledger.waiting_count = WAITING_MAX
    refused = person.handle(BodySubmitted(GROUP, BRUNO, b"one more"))
    assert refused == [BodyRefused(BRUNO, Refusal.FULL)]


def test_body_larger_than_a_payload_is_refused() -> None:
    person = Person()
    outputs = person.handle(BodySubmitted(GROUP, BRUNO, bytes(BODY_BYTES_MAX + 1)))
    assert outputs == [BodyRefused(BRUNO, Refusal.TOO_LARGE)]
    (accepted,) = person.handle(BodySubmitted(GROUP, BRUNO, bytes(BODY_BYTES_MAX)))
    assert isinstance(accepted, BodyQueued)


# ---- giving up


def test_withdrawn_body_is_not_sent_again() -> None:
    person = Person()
    id = person.submit(b"ciao")
    person.handle(BodyWithdrawn(CARLA, id))
    assert person.sync.waiting(BRUNO) == (id,)
    person.handle(BodyWithdrawn(BRUNO, id))
    person.handle(BodyWithdrawn(BRUNO, id))
    assert person.wait(60) == []
    assert list(person.store.waiting()) == []


def test_forgotten_peer_gets_nothing_and_others_do() -> None:
    person = Person()
    person.submit(b"one")
    person.submit(b"two")
    person.receive(Payload(messages=(message(b"in"),), offers=(b"o" * 32,)))
    person.submit(b"three", CARLA)
    person.handle(PeerForgotten(BRUNO))
    person.handle(PeerForgotten(ANNA))
    assert {output.peer for output in only(PayloadToSend, person.flush())} == {CARLA}
    assert person.sync._ledger.state(BRUNO) is None


# ---- clocks that jump


@pytest.mark.parametrize("jump_s", [-3600.0, 3 * DAY_S, -50 * 365 * DAY_S, 100 * 365 * DAY_S])
def test_wall_clock_that_jumps_does_not_touch_the_schedule(jump_s: float) -> None:
    person = Person()
    person.submit(b"ciao")
    person.flush()
    person.unix_s += jump_s
    assert person.wait(5.0) == []
    assert len(person.wait(0.2)) == 1


def test_monotonic_clock_that_goes_back_neither_repeats_nor_loses() -> None:
    person = Person()
    person.submit(b"ciao")
    person.flush()
    person.now_s -= 500
    assert person.sent() == []
    person.submit(b"more", CARLA)
    assert len(person.sent()) == 1
    person.now_s += 506
    assert [len(payload.messages) for payload in person.sent()] == [1, 1]


def test_long_sleep_ends_in_one_payload_and_no_burst() -> None:
    person = Person()
    person.submit(b"ciao")
    person.flush()
    person.now_s += 3 * DAY_S
    assert len(person.sent()) == 1
    assert person.sent() == []
    assert person.sync.next_deadline() == pytest.approx(person.now_s + 32 * 0.3, abs=0.31)


# ---- restarts


def test_what_waits_leaves_with_the_first_epoch_after_a_restart() -> None:
    person = Person()
    ids = [person.submit(body) for body in (b"one", b"two")]
    person.flush()
    person.start()
    assert person.sent() == []
    (payload,) = person.wait(0.3)
    assert [each.body for each in payload.messages] == [b"one", b"two"]
    assert person.sync.waiting(BRUNO) == tuple(ids)


def test_delays_go_on_where_they_were_before_a_restart() -> None:
    person = Person()
    person.submit(b"ciao")
    person.wait(100)
    person.start()
    person.wait(0.3)
    assert person.sync.next_deadline() == pytest.approx(person.now_s + 512 * 0.3)


def test_restart_keeps_the_way_a_body_began() -> None:
    person = Person(settings=INTERACTIVE)
    id = person.submit(b"ciao")
    person.settings = None
    person.start()
    assert person.wait(0.3) == [Payload(offers=(id,))]


def test_statistics_count_what_left_and_came() -> None:
    person = Person()
    id = person.submit(b"ciao")
    person.wait(6)
    person.receive(Payload(acks=(id,), messages=(message(),)))
    person.flush()
    statistics = person.sync.statistics
    assert (statistics.payloads_sent, statistics.messages_sent) == (3, 2)
    assert (statistics.bodies_delivered, statistics.bodies_received) == (1, 1)
    assert statistics.payloads_received == 1


def test_acknowledgement_is_not_held_up_by_large_bodies() -> None:
    person = Person()
    for letter in (b"x", b"y"):
        person.submit(letter * BODY_BYTES_MAX)
    person.receive(Payload(messages=(message(),)))
    sent = person.sent()
    assert [len(payload.acks) for payload in sent] == [1, 0]
