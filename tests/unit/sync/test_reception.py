"""What received records do, honest and hostile ones."""

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.sync import reception
from sottovoce.sync.events import BodiesReceived, BodyPostponed, Delivered, Ignored, NotDataSync
from sottovoce.sync.records import Message, MessageId, Payload, RecordType
from sottovoce.sync.settings import (
    ACKS_PER_PEER_MAX,
    RECEIVED_PER_PEER_MAX,
    REQUEST_ATTEMPTS_MAX,
    REQUESTED_PER_PEER_MAX,
    STRANGE_PER_PEER_MAX,
    Mode,
    SyncSettings,
)
from sottovoce.sync.wire import encode_payload
from unit.sync.people import ANNA, BRUNO, CARLA, EAGER, GROUP, Person, id_of, message, only

UNKNOWN = b"u" * 32


def test_message_is_handed_up_and_acknowledged_at_once() -> None:
    person = Person()
    outputs = person.receive(Payload(messages=(message(),)))
    assert outputs == [BodiesReceived(BRUNO, (message(),))]
    assert person.sync.next_deadline() == person.now_s
    assert person.sent() == [Payload(acks=(id_of(),))]


def test_acknowledgement_is_not_repeated() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    assert person.wait(3600) == [Payload(acks=(id_of(),))]
    assert person.sync.next_deadline() is None


def test_messages_of_one_payload_are_acknowledged_in_one() -> None:
    person = Person()
    bodies = [str(n).encode() for n in range(5)]
    person.receive(Payload(messages=tuple(map(message, bodies))))
    assert person.bodies == bodies
    assert person.sent() == [Payload(acks=tuple(map(id_of, bodies)))]


def test_repeated_message_is_acknowledged_again_and_not_handed_up_again() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    person.flush()
    assert person.receive(Payload(messages=(message(),))) == []
    assert person.wait(0.3) == [Payload(acks=(id_of(),))]
    assert person.ignored(Ignored.REPEATED) == 1


def test_postponed_message_is_not_acknowledged_until_it_comes_again() -> None:
    person = Person()
    person.receive(Payload(messages=(message(), message(b"other"))))
    person.sync.handle(BodyPostponed(BRUNO, id_of()), person.now)
    assert person.wait(0.3) == [Payload(acks=(id_of(b"other"),))]
    assert person.receive(Payload(messages=(message(),))) == [BodiesReceived(BRUNO, (message(),))]
    assert person.wait(0.3) == [Payload(acks=(id_of(),))]


def test_postponing_what_never_came_changes_nothing() -> None:
    person = Person()
    person.sync.handle(BodyPostponed(BRUNO, id_of()), person.now)
    assert person.sync.next_deadline() is None


def test_message_twice_in_one_payload_is_one() -> None:
    person = Person()
    person.receive(Payload(messages=(message(), message())))
    assert person.bodies == [b"body"]
    assert person.sent() == [Payload(acks=(id_of(),))]


def test_second_acknowledgements_come_behind_first_ones() -> None:
    # A client of 2020 reads no further than to the first one that it does not expect.
    person = Person()
    person.receive(Payload(messages=(message(b"old"),)))
    person.flush()
    person.receive(Payload(messages=(message(b"old"),)))
    person.now_s += 0.3
    person.receive(Payload(messages=(message(b"new"),)))
    assert person.sent() == [Payload(acks=(id_of(b"new"), id_of(b"old")))]


def test_empty_body_is_a_body() -> None:
    person = Person()
    person.receive(Payload(messages=(message(b""),)))
    assert person.bodies == [b""]


def test_message_with_a_group_of_another_length_is_taken_under_its_own_id() -> None:
    person = Person()
    person.receive(Payload(messages=(Message(b"short", 7, b"x"), Message(b"", 7, b"x"))))
    assert person.bodies == [b"x", b"x"]


def test_same_message_from_two_peers_is_handed_up_from_each() -> None:
    # Else a stranger who knows a message could keep the real one from coming up.
    person = Person()
    for peer in (BRUNO, CARLA):
        assert only(BodiesReceived, person.receive(Payload(messages=(message(),)), peer))


def test_acknowledgement_delivers_for_its_peer_alone() -> None:
    person = Person()
    id = person.submit(b"ciao", BRUNO)
    assert person.receive(Payload(acks=(id,)), CARLA) == []
    assert person.ignored(Ignored.UNKNOWN_ACK) == 1
    assert person.receive(Payload(acks=(id,)), BRUNO) == [Delivered(BRUNO, (id,))]


def test_second_acknowledgement_from_another_device_has_no_effect() -> None:
    person = Person()
    id = person.submit(b"ciao")
    person.receive(Payload(acks=(id, id)))
    assert person.receive(Payload(acks=(id,))) == []
    assert person.delivered == [id]


def test_acknowledgements_and_messages_come_together() -> None:
    person = Person()
    id = person.submit(b"ciao")
    outputs = person.receive(Payload(acks=(id,), messages=(message(),)))
    assert outputs == [Delivered(BRUNO, (id,)), BodiesReceived(BRUNO, (message(),))]


def test_offer_is_requested_with_the_next_epoch() -> None:
    person = Person()
    person.receive(Payload(offers=(UNKNOWN,)))
    assert person.sent() == []
    assert person.wait(0.3) == [Payload(requests=(UNKNOWN,))]


def test_request_ends_with_its_message() -> None:
    person = Person()
    person.receive(Payload(offers=(id_of(),)))
    person.wait(0.3)
    person.receive(Payload(messages=(message(),)))
    assert person.wait(3600) == [Payload(acks=(id_of(),))]


def test_request_that_nobody_answers_ends() -> None:
    person = Person()
    person.receive(Payload(offers=(UNKNOWN,)))
    assert person.wait(24 * 3600) == [Payload(requests=(UNKNOWN,))] * REQUEST_ATTEMPTS_MAX
    assert person.sync._ledger._peers == {}
    person.receive(Payload(offers=(UNKNOWN,)))
    assert person.wait(0.3) == [Payload(requests=(UNKNOWN,))]


def test_offer_of_what_we_have_is_acknowledged_again() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    person.flush()
    person.receive(Payload(offers=(id_of(),)))
    assert person.wait(0.3) == [Payload(acks=(id_of(),))]
    assert person.ignored(Ignored.KNOWN_OFFER) == 1


def test_requested_message_is_sent_with_the_next_epoch() -> None:
    person = Person(settings=SyncSettings(mode=Mode.INTERACTIVE))
    id = person.submit(b"ciao")
    person.flush()
    person.receive(Payload(requests=(id,)))
    assert person.sent() == []
    (payload,) = person.wait(0.3)
    assert [each.body for each in payload.messages] == [b"ciao"]


def test_message_that_was_sent_to_somebody_else_is_not_given_away() -> None:
    person = Person()
    id = person.submit(b"for Bruno", BRUNO)
    person.flush()
    person.receive(Payload(requests=(id,)), CARLA)
    assert person.wait(0.3) == []
    assert person.ignored(Ignored.UNKNOWN_REQUEST) == 1


def test_message_of_somebody_else_is_not_given_away() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)), BRUNO)
    person.flush()
    person.receive(Payload(requests=(id_of(),)), CARLA)
    assert person.wait(0.3) == []


def test_own_message_that_comes_back_is_neither_delivered_nor_handed_up() -> None:
    person = Person()
    id = person.submit(b"to my other device")
    (payload,) = person.sent()
    assert person.receive(payload) == []
    assert person.receive(Payload(offers=(id,))) == []
    assert person.ignored(Ignored.ECHO) == 2
    assert person.wait(0.3) == []
    assert person.sync.waiting(BRUNO) == (id,)


# ---- strangers


def test_stranger_is_heard_and_not_answered() -> None:
    person = Person()
    raw = Payload(messages=(message(),), offers=(UNKNOWN,))
    person.receive(raw, answered=False)
    person.receive(raw, answered=False)
    assert person.bodies == [b"body"]
    assert person.wait(60) == []


def test_former_stranger_gets_the_acknowledgement_of_the_repetition() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)), answered=False)
    assert person.receive(Payload(messages=(message(),))) == []
    assert person.wait(0.3) == [Payload(acks=(id_of(),))]


def flood(person: Person, *, strangers: int, messages: int) -> None:
    """Let strangers, each of a new identity, send messages that nobody has seen."""
    for number in range(strangers):
        stranger = PublicKey(number.to_bytes(64))
        bodies = tuple(message(f"{number} {count}".encode()) for count in range(messages))
        person.receive(Payload(messages=bodies), stranger, answered=False)


def test_strangers_never_push_out_what_a_contact_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "RECEIVED_MAX", 20)
    person = Person()
    person.receive(Payload(messages=(message(),)))
    flood(person, strangers=10, messages=10)
    assert person.receive(Payload(messages=(message(),))) == []
    assert person.ignored(Ignored.REPEATED) == 1


def test_one_stranger_pushes_out_only_its_own() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)), CARLA, answered=False)
    flood(person, strangers=1, messages=4000)
    assert person.receive(Payload(messages=(message(),)), CARLA, answered=False) == []
    assert len(person.store._strange) == STRANGE_PER_PEER_MAX + 1


def test_what_strangers_make_us_keep_is_bounded_and_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "STRANGE_MAX", 50)
    person = Person()
    flood(person, strangers=200, messages=3)
    assert len(person.store._strange) == 50
    assert person.store._strange.peer_count == 17  # three messages each, and two of the oldest
    assert len(person.store._received) == 0
    assert person.sync._ledger._peers == {}
    assert person.sync.next_deadline() is None


def test_records_of_strangers_leave_nothing_in_the_ledger() -> None:
    person = Person()
    ids = tuple(n.to_bytes(32) for n in range(50))
    for number in range(100):
        payload = Payload(acks=ids, offers=ids, requests=ids, messages=(message(),))
        person.receive(payload, PublicKey(number.to_bytes(64)), answered=False)
    assert person.sync._ledger._peers == {}
    assert len(person.sync._ledger) == 0
    assert person.wait(3600) == []


def test_what_a_former_stranger_sent_is_remembered_as_a_contact_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "STRANGE_MAX", 5)
    person = Person()
    person.receive(Payload(messages=(message(),)), answered=False)
    person.receive(Payload(messages=(message(),)))
    flood(person, strangers=10, messages=1)
    assert person.receive(Payload(messages=(message(),))) == []
    assert person.bodies.count(b"body") == 1


def test_contact_that_became_a_stranger_is_not_heard_twice() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    assert person.receive(Payload(messages=(message(),)), answered=False) == []
    assert (len(person.store._received), len(person.store._strange)) == (1, 0)


# ---- bytes that are no data sync


@pytest.mark.parametrize("raw", [b"", b"plain", b"\xff", b"\x0a\x01A", b"\x0b" * 500])
def test_other_bytes_are_handed_on_unchanged(raw: bytes) -> None:
    person = Person()
    assert person.receive(raw) == [NotDataSync(BRUNO, raw)]
    assert person.sync.next_deadline() is None
    assert person.sync.statistics.payloads_received == 0


def test_empty_payloads_do_not_play_ping_pong() -> None:
    anna, bruno = Person(), Person()
    id = anna.submit(b"ciao")
    sent = anna.sent()
    bruno.receive(sent[0])
    anna.receive(bruno.sent()[0])
    assert anna.delivered == [id]
    bruno.receive(b"")  # What a client of 2020 sends after an acknowledgement.
    assert bruno.wait(60) == []


# ---- hostile peers


@pytest.mark.parametrize("length", [0, 1, 31, 33, 5000])
def test_identifiers_of_another_length_are_skipped_and_counted(length: int) -> None:
    person = Person(settings=SyncSettings(mode=Mode.INTERACTIVE))
    id = person.submit(b"ciao")
    wrong = (id + bytes(5000))[:length]
    outputs = person.receive(Payload(acks=(wrong, id), offers=(wrong,), requests=(wrong,)))
    assert outputs == [Delivered(BRUNO, (id,))]
    assert person.ignored(Ignored.BAD_ID) == 3


def test_flood_of_offers_keeps_the_newest_within_the_bound() -> None:
    person = Person()
    ids = tuple(n.to_bytes(32) for n in range(5000))
    for start in range(0, len(ids), 1000):
        person.receive(Payload(offers=ids[start : start + 1000]))
    (payload,) = person.wait(0.3)
    assert payload.requests == ids[-REQUESTED_PER_PEER_MAX:]
    assert person.ignored(Ignored.OFFER_FORGOTTEN) == 5000 - REQUESTED_PER_PEER_MAX


def test_offer_of_one_message_again_and_again_is_one_request() -> None:
    person = Person()
    for _ in range(100):
        person.receive(Payload(offers=(UNKNOWN,) * 50))
    assert person.wait(0.3) == [Payload(requests=(UNKNOWN,))]


def test_flood_of_requests_for_unknown_messages_costs_nothing() -> None:
    person = Person()
    for _ in range(5):
        person.receive(Payload(requests=tuple(n.to_bytes(32) for n in range(1000))))
    assert person.sync._ledger._peers == {}
    assert person.ignored(Ignored.UNKNOWN_REQUEST) == 5000


@pytest.mark.parametrize("mode", Mode)
def test_flood_of_requests_does_not_hurry_a_message_beyond_its_pause(mode: Mode) -> None:
    person = Person(settings=SyncSettings(mode=mode))
    id = person.submit(bytes(100_000))
    sent = person.sent()
    for _ in range(200):
        person.receive(Payload(requests=(id,) * 20))
        sent += person.wait(0.3)
    assert sum(len(payload.messages) for payload in sent) <= 2 + 60 / (16 * 0.3)


def test_request_after_the_pause_is_answered_before_the_schedule() -> None:
    person = Person()
    id = person.submit(b"ciao")
    person.wait(100)
    assert person.wait(6) == []
    person.receive(Payload(requests=(id,)))
    (payload,) = person.wait(0.3)
    assert len(payload.messages) == 1


def test_acknowledgements_of_what_was_never_sent_have_no_effect() -> None:
    person = Person()
    assert person.receive(Payload(acks=tuple(n.to_bytes(32) for n in range(5000)))) == []
    assert person.ignored(Ignored.UNKNOWN_ACK) == 5000
    assert person.sync._ledger._peers == {}


def test_flood_of_replays_costs_one_small_payload_per_epoch() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    sent = person.sent()
    for _ in range(100):
        for _ in range(5):
            person.receive(Payload(messages=(message(),) * 20))
        sent += person.wait(0.03)
    assert len(sent) <= 1 + 11
    assert {payload.acks for payload in sent} == {(id_of(),)}
    assert person.bodies == [b"body"]


def test_messages_beyond_the_bound_of_acknowledgements_come_again_later() -> None:
    person = Person()
    messages = [message(n.to_bytes(4)) for n in range(ACKS_PER_PEER_MAX + 10)]
    for start in range(0, len(messages), 4000):
        person.receive(Payload(messages=tuple(messages[start : start + 4000])))
    assert person.ignored(Ignored.TOO_MANY) == 10
    assert sum(len(payload.acks) for payload in person.sent()) == ACKS_PER_PEER_MAX
    person.receive(Payload(messages=tuple(messages[-10:])))
    assert person.bodies == [each.body for each in messages]


def test_acknowledgements_of_all_peers_together_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "ACKS_MAX", 2)
    person = Person()
    for peer in (ANNA, BRUNO, CARLA):
        person.receive(Payload(messages=(message(),)), peer)
    assert person.ignored(Ignored.TOO_MANY) == 1
    assert len(person.sent()) == 2
    person.receive(Payload(messages=(message(),)), CARLA)
    assert person.bodies == [b"body"] * 3


def test_remembered_identifiers_of_a_peer_are_bounded() -> None:
    person = Person()
    for n in range(RECEIVED_PER_PEER_MAX):
        id = MessageId(n.to_bytes(32))
        person.store.remember_received(
            BRUNO, id, answered=True, per_peer_max=10**6, total_max=10**6
        )
    person.receive(Payload(messages=(message(),)))
    assert len(person.store._received) == RECEIVED_PER_PEER_MAX


def test_largest_payload_of_the_smallest_messages_is_read_up_to_the_bound() -> None:
    person = Person()
    person.receive(b"\xe2\xb8\x02\x00" * (1024 * 1024 // 4))
    assert person.bodies == [b""]
    assert person.ignored(Ignored.REPEATED) == 4095
    assert len(person.sent()) == 1


def test_eager_schedules_of_two_people_come_to_rest() -> None:
    settings = SyncSettings(mode=Mode.INTERACTIVE, schedule=EAGER)
    anna, bruno = Person(settings=settings), Person(settings=settings)
    anna.submit(b"ciao")
    for _ in range(10):
        for payload in anna.wait(0.3):
            bruno.receive(payload)
        for payload in bruno.wait(0.3):
            anna.receive(payload)
    assert (anna.sync.next_deadline(), bruno.sync.next_deadline()) == (None, None)
    assert bruno.bodies == [b"ciao"]


def test_outputs_show_neither_bodies_nor_groups() -> None:
    person = Person()
    id = person.submit(b"secret body")
    shown = repr(person.flush()) + repr(
        person.receive(Payload(acks=(id,), messages=(Message(GROUP, 1, b"secret body"),)))
    )
    assert "secret" not in shown
    assert "group id" not in shown
    assert "secret" not in repr(person.receive(encode_payload(Payload()) + b"\xffsecret"))


def test_a_peer_that_only_sends_leaves_nothing_behind() -> None:
    person = Person()
    person.receive(Payload(messages=(message(),)))
    person.flush()
    assert person.sync._ledger.line(BRUNO, RecordType.ACK, id_of()) is None
    assert person.sync._ledger._peers == {}


def test_message_that_was_forgotten_while_its_acknowledgement_waits_is_acknowledged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "RECEIVED_PER_PEER_MAX", 1)
    person = Person()
    first, second = message(b"first"), message(b"second")
    person.receive(Payload(messages=(first,)))
    # The first is repeated, pushed out of the memory by the second, and new once more.
    person.receive(Payload(messages=(first, second, first)))
    person.receive(Payload(messages=(first,)))
    assert person.bodies == [b"first", b"second", b"first"]
