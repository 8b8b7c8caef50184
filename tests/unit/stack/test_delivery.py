"""What a message meets on its way: no peers, restarts, refusals, the end of patience."""

import copy

import pytest

from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.settings import DAY_S
from sottovoce.stack import submissions
from sottovoce.stack.destinations import Contact, Destination, PublicChat
from sottovoce.stack.events import (
    Arrived,
    EnvelopeFailed,
    EnvelopePosted,
    EnvelopesStored,
    EnvelopesTaken,
    ForwardSecrecySet,
    MessageSubmitted,
    MessageWithdrawn,
    PeersChanged,
    PostEnvelope,
    Sealed,
    SentToPeers,
    Stored,
    TimePassed,
    Undeliverable,
)
from unit.stack.post_office import RELAY, START, Office, Person, arrived, friends, talking

LOBBY = PublicChat("lobby")
HOUR_S = 3600.0
OTHER_RELAY = PublicKey(b"o" * 64)
HASH, NEXT_HASH = EnvelopeHash(b"h" * 32), EnvelopeHash(b"n" * 32)


def later(seconds: float) -> Moment:
    return Moment(START.monotonic_s + seconds, START.unix_s + seconds)


def writer() -> tuple[Person, MessageId]:
    """Return somebody whose public message was posted, alone with their stack."""
    office = Office()
    anna = office.add("anna")
    anna.knows(chats=["lobby"])
    said = anna.write("ciao", anna)
    [wish] = anna.stack.handle(MessageSubmitted(said.message_id, said.raw, LOBBY), START)[1:]
    assert isinstance(wish, PostEnvelope)
    anna.stack.handle(EnvelopePosted(wish.request, HASH), START)
    return anna, said.message_id


def test_message_is_told_of_with_each_peer_that_takes_it() -> None:
    anna, said = writer()
    for count, relay in enumerate((RELAY, OTHER_RELAY), start=1):
        outputs = anna.stack.handle(EnvelopesTaken(relay, (HASH,)), START)
        assert outputs == [SentToPeers(said, LOBBY, count)]


def test_public_message_that_was_taken_is_told_as_stored_until_its_envelope_expires() -> None:
    anna, said = writer()
    anna.stack.handle(EnvelopesTaken(RELAY, (HASH,)), START)
    assert anna.stack.handle(EnvelopesStored((NEXT_HASH,)), later(1)) == []
    assert anna.stack.handle(EnvelopesStored((HASH,)), later(14)) == [Stored(said, LOBBY)]
    assert anna.stack.handle(EnvelopesStored((HASH,)), later(14)) == []
    other, _ = writer()
    other.stack.handle(EnvelopesTaken(RELAY, (HASH,)), START)
    other.stack.handle(TimePassed(), later(15))
    assert other.stack.handle(EnvelopesStored((HASH,)), later(16)) == []


def test_stored_private_message_is_sent_again_until_it_is_acknowledged() -> None:
    office, alice, bob = talking()
    office.loses = lambda envelope: True
    said = alice.say("ciao", bob)
    office.pass_time(1)
    before = office.sent[-1]
    count = len(office.sent)
    assert alice.stack.handle(EnvelopesStored((before.hash,)), office.now) == [
        Stored(said.message_id, Contact(bob.key))
    ]
    office.pass_time(60)
    assert len(office.sent) > count
    office.loses = lambda envelope: False
    office.pass_time(HOUR_S)
    assert bob.texts() == ["ciao"]
    assert alice.stack.handle(EnvelopesStored((before.hash,)), office.now) == []


def test_untaken_message_leaves_anew_when_its_envelope_has_expired() -> None:
    anna, said = writer()
    assert anna.stack.handle(TimePassed(), later(14.9)) == []
    [wish] = anna.stack.handle(TimePassed(), later(15))
    assert isinstance(wish, PostEnvelope)
    anna.stack.handle(EnvelopePosted(wish.request, NEXT_HASH), later(15))
    # The first envelope is forgotten; only the second counts.
    assert anna.stack.handle(EnvelopesTaken(RELAY, (HASH,)), later(16)) == []
    outputs = anna.stack.handle(EnvelopesTaken(RELAY, (NEXT_HASH,)), later(16))
    assert outputs == [SentToPeers(said, LOBBY, 1)]


def test_untaken_message_waits_for_peers_if_there_are_none() -> None:
    anna, _ = writer()
    anna.stack.handle(PeersChanged(0), later(1))
    assert anna.stack.handle(TimePassed(), later(15)) == []
    deadline_s = anna.stack.next_deadline()
    assert deadline_s is not None
    assert deadline_s > later(15).monotonic_s
    [wish] = anna.stack.handle(PeersChanged(2), later(100))
    assert isinstance(wish, PostEnvelope)


def test_withdrawn_message_is_told_of_no_more() -> None:
    anna, said = writer()
    anna.stack.handle(MessageWithdrawn(said), START)
    assert anna.stack.handle(EnvelopesTaken(RELAY, (HASH,)), START) == []
    assert anna.stack.handle(TimePassed(), later(15)) == []


def test_contact_whose_key_is_none_gets_nothing() -> None:
    anna = Office().add("anna")
    nobody = Contact(PublicKey(bytes(64)))
    [refused] = anna.stack.handle(MessageSubmitted(MessageId(b"m"), b"raw", nobody), START)
    assert isinstance(refused, Undeliverable)
    assert "no key" in refused.reason


def test_more_public_messages_than_the_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submissions, "DIRECT_MAX", 1)
    anna = Office().add("anna")
    anna.connect(False)
    for _ in range(2):
        anna.say("ciao", "lobby")
        anna.office.pass_time(1)
    [refused] = anna.heard
    assert isinstance(refused, Undeliverable)
    assert "too many messages" in refused.reason


# ---- no peers


@pytest.mark.parametrize("data_sync", [True, False])
def test_without_peers_nothing_is_sealed_and_all_leaves_when_there_are_some(
    data_sync: bool,
) -> None:
    office, alice, bob = talking(data_sync=data_sync)
    alice.connect(False)
    before = alice.stores.secure
    assert isinstance(before, MemoryStore)
    sessions = {name: before.load_session(name) for name in before.sessions()}
    alice.say("later", bob)
    alice.say("ciao", "lobby")
    office.pass_time(HOUR_S)
    assert alice.heard == []
    assert {name: before.load_session(name) for name in before.sessions()} == sessions
    alice.connect()
    office.pass_time(1)
    assert bob.texts() == ["later"]


def test_restart_without_peers_loses_nothing() -> None:
    office, alice, bob = friends()
    alice.connect(False)
    alice.say("one", bob)
    alice.say("two", bob)
    alice.start()
    alice.connect()
    office.pass_time(1)
    assert bob.texts() == ["one", "two"]


# ---- restarts in the middle


@pytest.mark.parametrize("told_before", range(25))
def test_restart_at_any_point_loses_nothing_and_brings_nothing_twice(told_before: int) -> None:
    office, alice, bob = friends()
    restart_after(office, told_before, alice, bob)
    said = [alice.say("hello", bob), bob.say("hello yourself", alice), alice.say("bye", bob)]
    office.pass_time(60)
    assert sorted(fact.message_id for fact in arrived(bob)) == sorted(
        [said[0].message_id, said[2].message_id]
    )
    assert [fact.message_id for fact in arrived(alice)] == [said[1].message_id]
    for person in (alice, bob):
        assert list(person.stores.stack.submissions()) == []


@pytest.mark.parametrize("told_before", range(10))
def test_without_data_sync_a_restart_of_the_sender_loses_nothing(told_before: int) -> None:
    office, alice, bob = friends(data_sync=False)
    bob.knows(chats=["lobby"], answered=[alice])
    restart_after(office, told_before, alice)
    said = [alice.say("hello", bob), alice.say("ciao", "lobby")]
    office.pass_time(60)
    assert {fact.message_id for fact in arrived(bob)} == {wrapped.message_id for wrapped in said}
    assert list(alice.stores.stack.submissions()) == []


def test_private_message_can_be_stored_after_a_restart_for_it_leaves_again() -> None:
    office, alice, bob = talking()
    office.loses = lambda envelope: True
    said = alice.say("ciao", bob)
    office.pass_time(1)
    before = office.sent[-1]
    alice.start()
    office.pass_time(1)
    after = office.sent[-1]
    assert before.hash != after.hash
    # What names the old envelope came over a connection that ended with the old life.
    assert alice.stack.handle(EnvelopesStored((before.hash,)), office.now) == []
    assert alice.stack.handle(EnvelopesStored((after.hash,)), office.now) == [
        Stored(said.message_id, Contact(bob.key))
    ]


def test_public_message_that_a_peer_took_does_not_leave_again_after_a_restart() -> None:
    office, alice, _ = friends()
    before = len(office.sent)
    alice.say("ciao", "lobby")
    office.pass_time(1)
    count = len(office.sent)
    assert count > before
    alice.start()
    office.pass_time(60)
    assert len(office.sent) == count


def restart_after(office: Office, told_before: int, *people: Person) -> None:
    """Let people's programs end and start anew when so many events were told."""
    left = iter(range(told_before, -1, -1))

    def restart_in_time(person: Person) -> None:
        if next(left, None) == 0:
            for each in people:
                each.start()

    office.told = restart_in_time


def test_what_was_rolled_back_is_opened_again() -> None:
    office, alice, bob = talking()
    office.loses = lambda envelope: True
    alice.say("hello", bob)
    event = bob.open(office.sent[0])
    assert event is not None
    before = copy.deepcopy(bob.stores)
    assert [type(output) for output in bob.stack.handle(event, office.now)] == [Arrived]
    bob.stores = before
    bob.start()
    assert [type(output) for output in bob.stack.handle(event, office.now)] == [Arrived]
    assert bob.stack.handle(event, office.now) == []


# ---- ends


def test_message_that_is_too_large_is_refused_with_the_size_that_fits() -> None:
    _, alice, bob = friends()
    destinations: list[Destination] = [PublicChat("lobby"), Contact(bob.key)]
    for destination in destinations:
        alice.heard.clear()
        alice.tell(MessageSubmitted(alice.write("x", bob).message_id, bytes(2**20), destination))
        [refused] = alice.heard
        assert isinstance(refused, Undeliverable)
        assert "1048576 bytes" in refused.reason
    assert list(alice.stores.stack.submissions()) == []


@pytest.mark.parametrize("data_sync", [True, False])
def test_message_that_does_not_arrive_in_time_is_given_up(data_sync: bool) -> None:
    office, alice, bob = friends(give_up_s=2 * DAY_S, data_sync=data_sync)
    alice.connect(False)
    said = alice.say("hello", bob)
    office.pass_time(DAY_S)
    alice.start()
    office.pass_time(DAY_S - 1)
    assert alice.heard == []
    office.pass_time(2)
    [failed] = alice.heard
    assert failed == Undeliverable(
        said.message_id,
        Contact(bob.key),
        "it did not arrive within 2 days; send it again",
    )
    alice.connect()
    office.pass_time(60)
    assert bob.heard == []
    assert list(alice.stores.sync.waiting()) == []


def test_message_whose_envelope_fails_is_given_up_with_its_reason() -> None:
    office, alice, bob = friends()
    office.fails = "the proof of work was not found"
    said = alice.say("hello", bob)
    failed = Undeliverable(said.message_id, Contact(bob.key), "the proof of work was not found")
    assert alice.heard[-1] == failed
    assert list(alice.stores.sync.waiting()) == []
    assert list(alice.stores.stack.submissions()) == []
    assert alice.stack.handle(EnvelopeFailed(999, "somebody else's"), office.now) == []


@pytest.mark.parametrize("data_sync", [True, False])
def test_message_withdrawn_from_one_destination_still_goes_to_the_other(data_sync: bool) -> None:
    office, alice, bob = friends(data_sync=data_sync)
    carla = office.add("carla", data_sync=data_sync)
    alice.connect(False)
    said = alice.say("for one of you", bob)
    alice.tell(MessageSubmitted(said.message_id, said.raw, Contact(carla.key)))
    alice.tell(MessageWithdrawn(said.message_id, Contact(bob.key)))
    alice.connect()
    office.pass_time(60)
    assert bob.texts() == []
    assert carla.texts() == ["for one of you"]


@pytest.mark.parametrize("data_sync", [True, False])
def test_withdrawn_message_reaches_nobody(data_sync: bool) -> None:
    office, alice, bob = friends(data_sync=data_sync)
    alice.connect(False)
    said = alice.say("oops", bob)
    alice.tell(MessageWithdrawn(said.message_id))
    alice.connect()
    office.pass_time(60)
    assert bob.heard == []
    assert alice.heard == []
    assert list(alice.stores.sync.waiting()) == []


def test_message_that_is_on_its_way_is_not_taken_twice() -> None:
    office, alice, bob = friends()
    alice.connect(False)
    said = alice.say("hello", bob)
    alice.tell(MessageSubmitted(said.message_id, said.raw, Contact(bob.key)))
    assert len(list(alice.stores.sync.waiting())) == 1
    alice.connect()
    office.pass_time(1)
    assert bob.texts() == ["hello"]


def test_failed_message_can_be_sent_again_under_its_id() -> None:
    office, alice, bob = friends()
    office.fails = "no luck"
    said = alice.say("hello", bob)
    office.fails = ""
    alice.tell(MessageSubmitted(said.message_id, said.raw, Contact(bob.key)))
    office.settle()
    assert [fact.message_id for fact in arrived(bob)] == [said.message_id]


def test_too_much_for_one_person_is_refused() -> None:
    _, alice, bob = friends()
    alice.connect(False)
    large = "x" * 60_000
    for number in range(140):
        said = alice.write(f"{number}{large}", bob)
        alice.tell(MessageSubmitted(said.message_id, said.raw, Contact(bob.key)))
    reasons = {fact.reason for fact in alice.heard if isinstance(fact, Undeliverable)}
    assert reasons == {
        "too many messages wait for this person already; send it again when they have arrived"
    }


def test_repetition_that_is_protected_otherwise_is_told_of() -> None:
    office, alice, bob = talking()
    office.loses = lambda envelope: True
    said = alice.say("hello", bob)
    office.pass_time(20)
    alice.tell(ForwardSecrecySet(bob.key, False))
    office.pass_time(60)
    assert [fact for fact in alice.heard if isinstance(fact, Sealed)] == [
        Sealed(said.message_id, Contact(bob.key), Secrecy.RATCHET),
        Sealed(said.message_id, Contact(bob.key), Secrecy.DH_ONLY),
    ]
