"""One group as its events make it."""

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.group_history import GroupHistory, group_history, has_unseen, shown_name
from sottovoce.chat.records import ChatId, Group
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.membership import EventType
from unit.chat.group_letters import signed
from unit.chat.people import Person

ANNA, BRUNO, CARLA = Person(1), Person(2), Person(3)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", ANNA.key))
CREATED = signed(ANNA, ID, EventType.CHAT_CREATED, name="walk", clock=1)
INVITED = signed(ANNA, ID, EventType.MEMBERS_ADDED, BRUNO.id, CARLA.id, clock=2)
JOINED = signed(BRUNO, ID, EventType.MEMBER_JOINED, clock=3)


def made() -> GroupHistory:
    return group_history(ID, [CREATED, INVITED, JOINED])


def test_people_are_shown_by_their_keys() -> None:
    assert made().record() == Group(
        ID, "walk", (ANNA.key, BRUNO.key, CARLA.key), (ANNA.key, BRUNO.key), (ANNA.key,), 3
    )


def test_what_came_first_does_not_matter() -> None:
    step_by_step = group_history(ID, [JOINED]).with_events([INVITED]).with_events([CREATED])
    assert step_by_step.record() == made().record()
    assert step_by_step.wires() == made().wires() == (CREATED.wire, INVITED.wire, JOINED.wire)


def test_event_that_is_known_changes_nothing() -> None:
    known = made()
    assert known.with_events([INVITED, JOINED]) is known


def test_event_that_counts_for_nothing_is_kept_and_not_sent() -> None:
    bad = signed(CARLA, ID, EventType.NAME_CHANGED, name="mine", clock=4)
    after = made().with_events([bad])
    assert bad in after.events
    assert after.wires() == made().wires()
    assert after.last_clock() == made().last_clock()


def test_member_that_is_no_key_is_nobody() -> None:
    odd = signed(ANNA, ID, EventType.MEMBERS_ADDED, "0x04zz", "", clock=4)
    after = made().with_events([odd])
    assert after.record().members == made().record().members
    assert len(after.state.members) == 5


@pytest.mark.parametrize(
    ("person", "inviter"), [(ANNA.key, ANNA.key), (BRUNO.key, ANNA.key), (Person(9).key, None)]
)
def test_inviter_is_who_added_a_person(person: PublicKey, inviter: PublicKey | None) -> None:
    assert made().inviter(person) == inviter


def test_remover_is_who_took_a_person_out_last() -> None:
    removed = signed(ANNA, ID, EventType.MEMBER_REMOVED, BRUNO.id, clock=4)
    left = signed(CARLA, ID, EventType.MEMBER_REMOVED, CARLA.id, clock=5)
    after = made().with_events([removed, left])
    assert after.remover(BRUNO.key) == ANNA.key
    assert after.remover(CARLA.key) == CARLA.key
    assert after.remover(ANNA.key) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("walk 🚶‍♀️", "walk 🚶‍♀️"),
        ("a\nb", "a�b"),
        ("\u202eevil", "�evil"),
        ("\x1b[2J", "�[2J"),
        ("", ""),
    ],
)
def test_name_is_shown_without_what_steers_or_hides(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert has_unseen(name) is (name != shown)
