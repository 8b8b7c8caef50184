"""The rules of groups against a second writing of them, and what must hold in every group."""

from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.group_rules import (
    GroupState,
    apply_event,
    evaluate,
    evaluate_received,
    merge,
    settle,
)
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent
from unit.payloads.people import ANNA, BRUNO, CARLA

KEYS = [public_key(person) for person in (ANNA, BRUNO, CARLA)]
IDS = [contact_id(key) for key in KEYS]
CHAT_ID = "9d4bbeb1-" + IDS[0]


@dataclass
class Table:
    """The table of the digest, row by row, on lists that change."""

    name: str = ""
    members: list[str] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    admins: list[str] = field(default_factory=list)

    def take(self, author: str, event: MembershipEvent) -> bool:
        row = {
            1: self.create, 2: self.rename, 3: self.add, 4: self.join, 5: self.remove,
            6: self.promote, 7: self.resign,
        }.get(event.type)  # fmt: skip
        return row is not None and row(author, event)

    def create(self, author: str, event: MembershipEvent) -> bool:
        if self.admins or self.members:
            return False
        self.name = event.name
        for people in (self.members, self.joined, self.admins):
            self.put(people, author)
        return True

    def rename(self, author: str, event: MembershipEvent) -> bool:
        if author not in self.admins or not event.name:
            return False
        self.name = event.name
        return True

    def add(self, author: str, event: MembershipEvent) -> bool:
        if author not in self.admins:
            return False
        for person in event.members:
            self.put(self.members, person)
        return True

    def join(self, author: str, event: MembershipEvent) -> bool:
        del event
        if author not in self.members:
            return False
        self.put(self.joined, author)
        return True

    def remove(self, author: str, event: MembershipEvent) -> bool:
        if len(event.members) != 1:
            return False
        target = event.members[0]
        if target != author and (author not in self.admins or target in self.admins):
            return False
        for people in (self.members, self.joined, self.admins):
            if target in people:
                people.remove(target)
        return True

    def promote(self, author: str, event: MembershipEvent) -> bool:
        if author not in self.admins:
            return False
        if not any(person in self.members for person in event.members):
            return False
        for person in event.members:
            self.put(self.admins, person)
        return True

    def resign(self, author: str, event: MembershipEvent) -> bool:
        if list(event.members) != [author] or author not in self.admins:
            return False
        self.admins.remove(author)
        return True

    @staticmethod
    def put(people: list[str], person: str) -> None:
        if person not in people:
            people.append(person)

    def state(self) -> GroupState:
        return GroupState(self.name, tuple(self.members), tuple(self.joined), tuple(self.admins))


def signed(author: int, event: MembershipEvent, number: int) -> SignedEvent:
    """Make an event as if it had been opened; its number stands for its signature."""
    return SignedEvent(CHAT_ID, event, KEYS[author], number.to_bytes(65, "big"), b"")


said = st.builds(
    MembershipEvent,
    st.integers(0, 9),
    st.lists(st.sampled_from([*IDS, "x"]), max_size=3).map(tuple),
    st.sampled_from(["", "a", "b"]),
    st.integers(0, 8),
)
# Most events by Anna, so that some are allowed; the numbers make some of them the same event.
events = st.builds(signed, st.sampled_from([0, 0, 0, 1, 2]), said, st.integers(0, 30))
creation = signed(0, MembershipEvent(1, (), "lunch", EventType.CHAT_CREATED), 99)


@given(st.lists(events, max_size=12))
def test_every_event_is_judged_as_the_table_judges_it(history: list[SignedEvent]) -> None:
    table, state = Table(), GroupState()
    for each in [creation, *history]:
        allowed = table.take(each.author_id, each.event)
        try:
            state = apply_event(state, each)
        except RemoteProtocolError:
            assert not allowed
        else:
            assert allowed
        assert state == table.state()
        assert set(state.joined) <= set(state.members)


@given(st.lists(events, max_size=6))
def test_history_counts_whole_or_not_at_all(history: list[SignedEvent]) -> None:
    table = Table()
    ordered = sorted([creation, *history], key=lambda each: each.event.clock)
    proper = ordered[0].event.type == EventType.CHAT_CREATED and ordered[0].author_id == IDS[0]
    allowed = proper and all(table.take(each.author_id, each.event) for each in ordered)
    try:
        state = evaluate(CHAT_ID, [creation, *history])
    except RemoteProtocolError:
        assert not allowed
    else:
        assert allowed
        assert state == table.state()


@given(st.lists(events, max_size=8), st.lists(events, max_size=8))
def test_merge_has_every_signature_once_and_is_in_order(
    ours: list[SignedEvent], theirs: list[SignedEvent]
) -> None:
    merged = merge(ours, theirs)
    signatures = [each.signature for each in merged]
    assert len(set(signatures)) == len(signatures)
    assert set(signatures) == {each.signature for each in (*ours, *theirs)}
    clocks = [each.event.clock for each in merged]
    assert clocks == sorted(clocks)
    assert merge(merged, merged) == merged
    assert merge(merged, ours) == merged


# Few clocks, so that many are equal; each event is another one by its number.
crossed = st.lists(events, max_size=14, unique_by=lambda each: each.signature).map(
    lambda some: [creation, *some]
)


@given(crossed, st.randoms(use_true_random=False))
def test_group_is_the_same_whatever_came_first(history: list[SignedEvent], random: Random) -> None:
    shuffled = random.sample(history, len(history))
    assert settle(CHAT_ID, shuffled) == settle(CHAT_ID, history)


@given(crossed)
def test_what_counts_is_by_itself_a_valid_history_for_everybody(history: list[SignedEvent]) -> None:
    settled = settle(CHAT_ID, history)
    if settled.allowed:
        assert evaluate(CHAT_ID, settled.allowed) == settled.state
        evaluate_received(CHAT_ID, settled.allowed[::-1])
        assert settle(CHAT_ID, settled.allowed) == settled
    else:
        assert settled.state == GroupState()


@given(crossed)
def test_valid_history_without_equal_clocks_counts_whole(crossing: list[SignedEvent]) -> None:
    history = [
        replace(each, event=replace(each.event, clock=clock))
        for clock, each in enumerate(crossing, start=1)
    ]
    try:
        state = evaluate(CHAT_ID, history)
    except RemoteProtocolError:
        return
    assert settle(CHAT_ID, history).state == state
