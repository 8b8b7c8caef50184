"""Whole stacks back to back: what one says, the other hears."""

from dataclasses import replace

from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.settings import DAY_S, SecureSettings
from sottovoce.stack.destinations import Contact, PublicChat
from sottovoce.stack.events import (
    Acknowledged,
    Arrived,
    BundleLearned,
    Dropped,
    ForwardSecrecySet,
    MessageSubmitted,
    OwnBundle,
    OwnBundleAsked,
    PeopleChanged,
    Sealed,
    SentToPeers,
    Undeliverable,
)
from sottovoce.stack.topics import contact_code, negotiated, partitioned, personal_discovery
from sottovoce.sync.schedule import FIRST_GAP_EPOCHS
from sottovoce.sync.settings import EPOCH_S
from unit.stack.post_office import Office, Person, arrived, friends, talking

ANSWER_WAIT_S = 2 * FIRST_GAP_EPOCHS * EPOCH_S
HOUR_S = 3600.0


def lose_sessions(person: Person) -> None:
    """Let somebody's device forget every session, as a restored backup does."""
    for name in person.stores.secure.sessions():
        person.stores.secure.delete_session(name)


# ---- people


def test_first_message_is_dh_only_and_is_acknowledged() -> None:
    _, alice, bob = friends()
    said = alice.say("hello", bob)
    assert alice.heard == [
        Sealed(said.message_id, Contact(bob.key), Secrecy.DH_ONLY),
        SentToPeers(said.message_id, Contact(bob.key), 1),
        Acknowledged(said.message_id, Contact(bob.key)),
    ]
    [fact] = arrived(bob)
    assert (fact.author, fact.message_id) == (alice.key, said.message_id)
    assert (fact.secrecy, fact.public_chats) == (Secrecy.DH_ONLY, ())
    assert list(alice.stores.stack.submissions()) == []


def test_answer_and_all_that_follows_run_on_the_ratchet() -> None:
    _, alice, bob = friends()
    alice.say("hello", bob)
    for sender, receiver in [(bob, alice), (alice, bob), (bob, alice)]:
        receiver.heard.clear()
        sender.say("and you?", receiver)
        [fact] = arrived(receiver)
        assert fact.secrecy is Secrecy.RATCHET


def test_first_message_takes_the_partitioned_topic_and_the_answer_the_negotiated_one() -> None:
    office, alice, bob = friends()
    alice.say("hello", bob)
    [first, acknowledgement] = office.sent
    [secret] = [fact.secret for fact in alice.stack._channel.agreed_secrets()]
    assert first.topic == partitioned(bob.key).topic
    assert acknowledgement.topic == negotiated(secret).topic
    bob.say("hello yourself", alice)
    assert {envelope.topic for envelope in office.sent[2:]} == {negotiated(secret).topic}


def test_own_envelopes_come_back_in_silence() -> None:
    office, alice, bob = talking()
    echoes = alice.stack.statistics.dropped[Dropped.ECHO]
    unopened = alice.stack.statistics.unopened.copy()
    alice.say("on our topic", bob)
    assert alice.stack.statistics.dropped[Dropped.ECHO] == echoes + 1
    assert alice.stack.statistics.unopened == unopened
    assert arrived(alice) == []
    assert len(office.sent) == 2


def test_without_data_sync_a_message_is_done_when_a_peer_took_it() -> None:
    _, alice, bob = friends(data_sync=False)
    said = alice.say("hello", bob)
    assert alice.heard[-1] == SentToPeers(said.message_id, Contact(bob.key), 1)
    assert list(alice.stores.stack.submissions()) == []
    assert bob.texts() == ["hello"]
    bob.say("hello yourself", alice)
    assert alice.texts() == ["hello yourself"]


def test_conversation_without_forward_secrecy_stays_dh_only() -> None:
    _, alice, bob = talking()
    alice.tell(ForwardSecrecySet(bob.key, False))
    alice.say("for every device of yours", bob)
    assert arrived(bob)[0].secrecy is Secrecy.DH_ONLY


def test_link_with_a_bundle_makes_the_first_message_forward_secret() -> None:
    office = Office()
    alice, bob = office.add("alice"), office.add("bob")
    bob.tell(OwnBundleAsked(7))
    [link] = bob.heard
    assert isinstance(link, OwnBundle)
    assert link.request == 7
    alice.tell(BundleLearned(bob.key, link.bundle))
    alice.say("hello", bob)
    assert arrived(bob)[0].secrecy is Secrecy.RATCHET


def test_bundle_of_somebody_else_in_a_link_is_counted_and_changes_nothing() -> None:
    office = Office()
    alice, bob, carol = office.add("alice"), office.add("bob"), office.add("carol")
    carol.tell(OwnBundleAsked(1))
    [link] = carol.heard
    assert isinstance(link, OwnBundle)
    alice.tell(BundleLearned(bob.key, link.bundle))
    alice.tell(BundleLearned(bob.key, b"no bundle"))
    assert alice.stack.statistics.dropped[Dropped.BAD_BUNDLE] == 2
    alice.say("hello", bob)
    assert arrived(bob)[0].secrecy is Secrecy.DH_ONLY


def test_contact_code_makes_the_first_message_forward_secret() -> None:
    office = Office()
    alice, bob = office.add("alice"), office.add("bob")
    alice.knows(followed=[bob], answered=[bob])
    office.pass_time(119)
    assert office.sent == []
    office.pass_time(2)
    assert contact_code(bob.key).topic in {envelope.topic for envelope in office.sent}
    assert alice.heard == []
    alice.say("hello", bob)
    assert arrived(bob)[0].secrecy is Secrecy.RATCHET


def test_contact_code_is_published_every_six_hours_and_waits_for_peers() -> None:
    office = Office()
    alice = office.add("alice")
    alice.connect(False)
    office.pass_time(HOUR_S)
    assert office.sent == []
    alice.connect()
    assert len(office.sent) == 1
    office.pass_time(6 * HOUR_S - 1)
    assert len(office.sent) == 1
    office.pass_time(2)
    assert len(office.sent) == 2


def test_contact_code_can_be_kept_to_oneself() -> None:
    office = Office()
    office.add("alice", contact_code_first_s=None)
    office.pass_time(DAY_S)
    assert office.sent == []


# ---- strangers, the ignored, impostors


def test_stranger_is_heard_and_gets_no_acknowledgement_until_answered() -> None:
    office = Office()
    alice, bob = office.add("alice"), office.add("bob")
    alice.knows(answered=[bob])
    said = alice.say("hello", bob)
    assert bob.texts() == ["hello"]
    office.pass_time(60)
    assert Acknowledged(said.message_id, Contact(bob.key)) not in alice.heard
    assert bob.texts() == []
    bob.knows(answered=[alice])
    office.pass_time(60)
    assert Acknowledged(said.message_id, Contact(bob.key)) in alice.heard
    assert bob.texts() == []


def test_of_a_stranger_no_negotiated_topic_is_heard_until_answered() -> None:
    office = Office()
    alice, bob = office.add("alice"), office.add("bob")
    heard = len(bob.filters)
    alice.say("hello", bob)
    assert len(bob.filters) == heard
    bob.knows(answered=[alice])
    assert len(bob.filters) == heard + 1


def test_strangers_do_not_take_the_place_of_those_whom_we_answer() -> None:
    office = Office()
    strangers = SecureSettings(strangers_max=3)
    bob = office.add("bob", secure=strangers)
    carol = office.add("carol")
    carol.say("I am new here", bob)
    bob.knows(answered=[carol])
    for number in range(4):
        office.add(f"stranger {number}").say("hello", bob)
    assert set(bob.stack._channel.installations(carol.key)) == {"carol's phone"}


def test_key_of_nobody_among_people_harms_nobody_else() -> None:
    office, alice, bob = friends()
    nobody = PublicKey(bytes(64))
    people = frozenset({nobody, bob.key})
    alice.tell(PeopleChanged(frozenset(), people, people, frozenset()))
    office.settle()
    alice.say("hello", bob)
    assert bob.texts() == ["hello"]


def test_ignored_person_is_dropped_before_anything_is_opened() -> None:
    office, alice, bob = talking()
    bob.knows(ignored=[alice])
    # The negotiated topic is not heard at all; what comes on the partitioned one is dropped.
    alice.say("listen!", bob)
    assert bob.stack.statistics.dropped[Dropped.IGNORED] == 0
    alice.tell(ForwardSecrecySet(bob.key, False))
    office.pass_time(1)  # Nobody answers, so it waits for the next step of data sync.
    alice.say("listen, please!", bob)
    assert bob.stack.statistics.dropped[Dropped.IGNORED] > 0
    assert bob.heard == []


def test_what_waits_for_somebody_who_is_ignored_has_failed_and_leaves_no_more() -> None:
    office, alice, bob = talking()
    alice.connect(False)
    said = alice.say("never mind", bob)
    alice.heard.clear()
    alice.knows(ignored=[bob])
    [fact] = alice.heard
    assert isinstance(fact, Undeliverable)
    assert (fact.message_id, fact.destination) == (said.message_id, Contact(bob.key))
    assert "before it was acknowledged; it may have arrived" in fact.reason
    assert list(alice.stores.stack.submissions()) == []
    alice.connect()
    office.pass_time(60)
    assert bob.texts() == []


def test_message_of_somebody_else_in_an_envelope_of_ones_own_is_an_impostor() -> None:
    _, alice, bob = friends()
    mallory = bob.office.add("mallory")
    stolen = alice.write("I owe you", bob)
    mallory.tell(MessageSubmitted(stolen.message_id, stolen.raw, Contact(bob.key)))
    bob.office.settle()
    assert arrived(bob) == []
    assert bob.stack.statistics.dropped[Dropped.IMPOSTOR] == 1


def test_unsigned_envelope_is_dropped_and_counted() -> None:
    office, alice, bob = friends()
    said = alice.write("anonymous", bob)
    route = EnvelopeRoute(partitioned(bob.key).topic, bob.key, None)
    office.carry(mine(seal(said.raw, route, ttl_s=15, now=office.now, entropy=alice.entropy), 0, 1))
    office.settle()
    assert bob.heard == []
    assert bob.stack.statistics.dropped[Dropped.UNSIGNED] == 1


def test_who_cannot_read_us_gets_our_bundle_if_we_answer_them() -> None:
    office, alice, bob = talking()
    lose_sessions(bob)
    said = alice.say("still there?", bob)
    assert arrived(bob) == []
    office.pass_time(ANSWER_WAIT_S)
    assert Acknowledged(said.message_id, Contact(bob.key)) in alice.heard
    assert bob.texts() == ["still there?"]


def test_who_cannot_read_a_stranger_stays_silent() -> None:
    office, alice, bob = talking()
    lose_sessions(bob)
    bob.knows()
    alice.say("still there?", bob)
    assert len(office.sent) == 1


# ---- again and again


def test_replayed_envelopes_bring_nothing_a_second_time() -> None:
    office, alice, bob = friends()
    for number in range(3):
        alice.say(f"from alice {number}", bob)
        bob.say(f"from bob {number}", alice)
    assert len(arrived(bob)) == 3
    alice.heard.clear()
    bob.heard.clear()
    for envelope in list(office.sent):
        office.carry(envelope)
        office.settle()
    assert arrived(alice) == []
    assert arrived(bob) == []


def test_envelope_of_two_names_is_handled_once() -> None:
    office = Office()
    alice, bob = office.add("alice"), office.add("bob")
    bob.knows(chats=["lobby", contact_code(alice.key).text], followed=[alice])
    alice.say("ciao", "lobby")
    alice.say("ciao", contact_code(alice.key).text)
    assert [fact.public_chats for fact in arrived(bob)] == [
        ("lobby",),
        (contact_code(alice.key).text,),
    ]


def test_lost_envelope_is_sent_again_until_it_is_acknowledged() -> None:
    office, alice, bob = talking()
    office.loses = lambda envelope: True
    said = alice.say("into the void", bob)
    office.pass_time(10)
    assert arrived(bob) == []
    office.loses = lambda envelope: False
    office.pass_time(60)
    assert bob.texts() == ["into the void"]
    assert Acknowledged(said.message_id, Contact(bob.key)) in alice.heard


# ---- public chats


def test_message_of_the_future_is_acknowledged_when_its_time_has_come() -> None:
    office, alice, bob = talking(contact_code_first_s=None)
    alice.clock += 200_000
    said = alice.say("from the future", bob)
    office.pass_time(30)
    assert bob.texts() == []
    assert alice.stack.next_deadline() is not None
    assert not any(isinstance(fact, Acknowledged) for fact in alice.heard)
    assert bob.stack.statistics.dropped[Dropped.FROM_FUTURE] > 1
    office.pass_time(120)
    assert bob.texts() == ["from the future"]
    assert Acknowledged(said.message_id, Contact(bob.key)) in alice.heard


def test_public_chat_is_heard_by_all_who_listen() -> None:
    office, alice, bob = friends()
    carol = office.add("carol")
    alice.knows(chats=["lobby"])
    bob.knows(chats=["lobby"])
    said = alice.say("ciao", "lobby")
    assert alice.heard[0] == Sealed(said.message_id, PublicChat("lobby"), Secrecy.PUBLIC)
    [fact] = arrived(bob)
    assert (fact.public_chats, fact.secrecy) == (("lobby",), Secrecy.PUBLIC)
    assert carol.heard == []


def test_what_came_out_of_an_archive_says_so() -> None:
    office, alice, bob = friends()
    for person in (alice, bob):
        person.knows(chats=["lobby"])
    bob.connect(False)
    alice.say("ciao", "lobby")
    event = bob.open(office.sent[-1])
    assert event is not None
    for archived in (False, True):
        [fact] = bob.stack.handle(replace(event, archived=archived), office.now)
        assert isinstance(fact, Arrived)
        assert fact.archived is archived


def test_public_message_that_no_peer_took_is_posted_anew() -> None:
    office, alice, bob = friends()
    bob.knows(chats=["lobby"])
    alice.connected = False  # The network is gone, and the stack does not know it yet.
    said = alice.say("ciao", "lobby")
    assert bob.heard == []
    alice.connected = True
    office.pass_time(30)
    assert bob.texts() == ["ciao"]
    assert SentToPeers(said.message_id, PublicChat("lobby"), 1) in alice.heard
    assert list(alice.stores.stack.submissions()) == []


def test_left_chat_is_not_heard_and_its_key_is_forgotten() -> None:
    _, alice, bob = friends()
    bob.knows(chats=["lobby"])
    assert bob.stores.stack.load_name_key("lobby") is not None
    bob.knows(chats=[])
    assert bob.stores.stack.load_name_key("lobby") is None
    alice.say("anybody?", "lobby")
    assert bob.heard == []


def test_key_of_a_chat_is_derived_once_in_a_life() -> None:
    office, alice, _ = friends()
    alice.knows(chats=["lobby"])
    asked: list[str] = []
    office.derives = asked.append
    alice.start()
    alice.say("ciao", "lobby")
    assert asked == []


def test_chat_that_is_only_written_to_needs_its_key_while_something_waits() -> None:
    _, alice, _ = friends()
    alice.say("ciao", "elsewhere")
    assert alice.heard[-1].__class__ is SentToPeers
    assert alice.stores.stack.load_name_key("elsewhere") is None


# ---- what it is


def test_old_prekeys_are_destroyed_day_by_day() -> None:
    office, alice, bob = talking(contact_code_first_s=None)
    assert isinstance(alice.stores.secure, MemoryStore)
    before = alice.stores.secure.load_own()
    office.pass_time(2 * DAY_S)
    alice.say("a new prekey comes with this", bob)
    office.pass_time(32 * DAY_S)
    after = alice.stores.secure.load_own()
    assert before is not None
    assert after is not None
    assert before[:40] not in after


def test_start_makes_us_hear_our_own_topics() -> None:
    office = Office()
    alice = office.add("alice")
    heard = {topic for filter in alice.filters._filters.values() for topic in filter.topics}
    assert heard == {
        partitioned(alice.key).topic,
        personal_discovery(alice.key).topic,
        contact_code(alice.key).topic,
    }
    assert repr(alice.stack) == "Stack(…)"


def test_text_of_a_message_is_in_no_output_that_is_printed() -> None:
    _, alice, bob = friends()
    bob.knows(chats=["lobby"], answered=[alice])
    alice.say("the secret word", bob)
    alice.say("the secret word", "lobby")
    printed = repr(alice.heard) + repr(bob.heard) + repr(alice.stores.stack)
    assert "secret word" not in printed
    assert "lobby" not in printed
    for fact in arrived(bob):
        assert isinstance(fact.payload, ChatMessage)
