"""Whole stacks under loss, absence, restarts, and whatever strangers put into envelopes."""

from collections import Counter
from typing import Final, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.destinations import Contact
from sottovoce.stack.events import Acknowledged
from sottovoce.stack.topics import partitioned
from unit.stack.post_office import Person, arrived, friends, talking

# Who wrote, to whom, and what.
Said: TypeAlias = tuple[Person, Person, MessageId]

# Longer than the longest pause between two repetitions, twice, and the way back.
QUIET_S: Final = 1300.0

ACTIONS: Final = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "lose", "carry", "leave", "come", "restart", "wait"]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=16,
)


@given(ACTIONS)
def test_whatever_happens_each_message_arrives_once_and_is_acknowledged(
    actions: list[tuple[str, int]],
) -> None:
    office, *people = friends(contact_code_first_s=None)
    said: list[Said] = []
    for number, (action, index) in enumerate(actions):
        person, other = people[index], people[1 - index]
        match action:
            case "say":
                said.append((person, other, person.say(f"number {number}", other).message_id))
            case "lose" | "carry":
                lost = action == "lose"
                office.loses = lambda envelope, lost=lost: lost  # type: ignore[misc]
            case "leave" | "come":
                person.connect(action == "come")
            case "restart":
                person.start()
            case _:
                office.pass_time(7)
    office.loses = lambda envelope: False
    for person in people:
        person.connect()
    office.pass_time(QUIET_S)
    for person in people:
        expected = Counter(id for _, other, id in said if other is person)
        assert Counter(fact.message_id for fact in arrived(person)) == expected
        assert list(person.stores.stack.submissions()) == []
        assert list(person.stores.sync.waiting()) == []
    for person, other, id in said:
        told = [fact for fact in person.heard if isinstance(fact, Acknowledged)]
        assert sum(fact == Acknowledged(id, Contact(other.key)) for fact in told) == 1


@settings(max_examples=25)
@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(1, 255))
def test_changed_bytes_in_an_envelope_raise_nothing_and_bring_nothing_else(
    junk: bytes, place: int, change: int
) -> None:
    office, alice, bob = talking(contact_code_first_s=None)
    office.loses = lambda envelope: True
    alice.say("the truth", bob)
    event = bob.open(office.sent[0])
    assert event is not None
    changed = bytearray(event.message.payload)
    changed[place % len(changed)] ^= change
    for payload in (bytes(changed), junk):
        route = EnvelopeRoute(partitioned(bob.key).topic, bob.key, alice.private)
        unmined = seal(payload, route, ttl_s=15, now=office.now, entropy=alice.entropy)
        opened = bob.open(mine(unmined, 0.0, 1))
        assert opened is not None
        bob.tell(opened)
    assert bob.texts() in ([], ["the truth"])
    # Whatever it was, what is real still comes through.
    office.loses = lambda envelope: False
    alice.say("and another", bob)
    office.pass_time(60)
    assert "and another" in bob.texts()
