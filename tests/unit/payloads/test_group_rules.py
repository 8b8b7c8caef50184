"""The rules of groups: who may do what, and what a history makes."""

import itertools
from dataclasses import replace

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.group_rules import (
    GroupState,
    apply_event,
    evaluate,
    group_chat_id,
    in_order,
    merge,
)
from sottovoce.payloads.limits import EVENTS_MAX, GROUP_PEOPLE_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent, sign_event
from unit.payloads.people import ANNA, ANNA_ID, BRUNO, BRUNO_ID, CARLA, CARLA_ID

CHAT_ID = group_chat_id("9d4bbeb1-3d0f-4c5a-8a8b-0d3f5f8f7a10", public_key(ANNA))
# Anna made the group and is its admin; Bruno has joined, Carla is invited.
STATE = GroupState("lunch", (ANNA_ID, BRUNO_ID, CARLA_ID), (ANNA_ID, BRUNO_ID), (ANNA_ID,))


def event(key: PrivateKey, kind: int, *members: str, name: str = "", clock: int = 1) -> SignedEvent:
    said = MembershipEvent(clock, members, name, kind)
    return sign_event(said, chat_id=CHAT_ID, author_key=key)


CREATION = event(ANNA, EventType.CHAT_CREATED, name="lunch", clock=1)
HISTORY = (
    CREATION,
    event(ANNA, EventType.MEMBERS_ADDED, BRUNO_ID, CARLA_ID, clock=2),
    event(BRUNO, EventType.MEMBER_JOINED, clock=3),
)


@pytest.mark.parametrize(
    ("signed", "after"),
    [
        (event(ANNA, EventType.NAME_CHANGED, name="dinner"), replace(STATE, name="dinner")),
        (
            event(ANNA, EventType.MEMBERS_ADDED, "x", BRUNO_ID),
            replace(STATE, members=(*STATE.members, "x")),
        ),
        (event(ANNA, EventType.MEMBERS_ADDED), STATE),
        (
            event(CARLA, EventType.MEMBER_JOINED),
            replace(STATE, joined=(ANNA_ID, BRUNO_ID, CARLA_ID)),
        ),
        (
            event(ANNA, EventType.MEMBER_REMOVED, BRUNO_ID),
            replace(STATE, members=(ANNA_ID, CARLA_ID), joined=(ANNA_ID,)),
        ),
        (
            event(BRUNO, EventType.MEMBER_REMOVED, BRUNO_ID),
            replace(STATE, members=(ANNA_ID, CARLA_ID), joined=(ANNA_ID,)),
        ),
        (
            event(ANNA, EventType.MEMBER_REMOVED, ANNA_ID),
            GroupState("lunch", (BRUNO_ID, CARLA_ID), (BRUNO_ID,), ()),
        ),
        (
            event(ANNA, EventType.ADMINS_ADDED, BRUNO_ID, "x"),
            replace(STATE, admins=(ANNA_ID, BRUNO_ID, "x")),
        ),
        (event(ANNA, EventType.ADMIN_REMOVED, ANNA_ID), replace(STATE, admins=())),
    ],
    ids=range(9),
)
def test_allowed_event_changes_the_group(signed: SignedEvent, after: GroupState) -> None:
    assert apply_event(STATE, signed) == after


@pytest.mark.parametrize(
    "signed",
    [
        event(ANNA, EventType.CHAT_CREATED, name="again"),
        event(BRUNO, EventType.NAME_CHANGED, name="mine"),
        event(ANNA, EventType.NAME_CHANGED),
        event(BRUNO, EventType.MEMBERS_ADDED, "x"),
        event(PrivateKey(b"\x0d" * 32), EventType.MEMBER_JOINED),
        event(ANNA, EventType.MEMBER_REMOVED),
        event(ANNA, EventType.MEMBER_REMOVED, BRUNO_ID, CARLA_ID),
        event(BRUNO, EventType.MEMBER_REMOVED, CARLA_ID),
        event(BRUNO, EventType.MEMBER_REMOVED, ANNA_ID),
        event(ANNA, EventType.ADMINS_ADDED),
        event(ANNA, EventType.ADMINS_ADDED, "x"),
        event(BRUNO, EventType.ADMINS_ADDED, BRUNO_ID),
        event(BRUNO, EventType.ADMIN_REMOVED, BRUNO_ID),
        event(ANNA, EventType.ADMIN_REMOVED),
        event(ANNA, EventType.ADMIN_REMOVED, ANNA_ID, ANNA_ID),
        event(ANNA, EventType.UNKNOWN),
        event(ANNA, 8),
        event(ANNA, 42),
        event(ANNA, -1),
    ],
    ids=range(19),
)
def test_event_that_is_not_allowed_is_refused(signed: SignedEvent) -> None:
    with pytest.raises(RemoteProtocolError, match="not allowed"):
        apply_event(STATE, signed)


def test_admin_cannot_remove_another_admin() -> None:
    state = replace(STATE, admins=(ANNA_ID, BRUNO_ID))
    with pytest.raises(RemoteProtocolError):
        apply_event(state, event(ANNA, EventType.MEMBER_REMOVED, BRUNO_ID))


REMOVED = (*HISTORY, event(ANNA, EventType.MEMBER_REMOVED, BRUNO_ID, clock=4))


def test_removed_member_still_reads_or_posts_nothing() -> None:
    state = evaluate(CHAT_ID, REMOVED)
    assert BRUNO_ID not in state.members  # who gets its messages
    assert BRUNO_ID not in state.joined  # who is heard
    assert BRUNO_ID not in state.admins
    for kind in EventType:
        for members in ((), (BRUNO_ID,), (CARLA_ID,), (ANNA_ID,)):
            said = event(BRUNO, kind, *members, name="mine", clock=5)
            if kind == EventType.MEMBER_REMOVED and members == (BRUNO_ID,):
                # Whoever is out may leave once more, which changes nothing.
                assert apply_event(state, said) == state
                continue
            with pytest.raises(RemoteProtocolError):
                apply_event(state, said)


@pytest.mark.parametrize("clock", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", EventType)
def test_removed_member_does_not_come_back_by_an_event_of_any_clock(
    kind: EventType, clock: int
) -> None:
    # Signed later and dated back: the history is refused whole, or he is out all the same.
    for members in ((), (BRUNO_ID,), (CARLA_ID,), (ANNA_ID,)):
        said = event(BRUNO, kind, *members, name="mine", clock=clock)
        for merged in (merge(REMOVED, (said,)), merge((said,), REMOVED)):
            try:
                state = evaluate(CHAT_ID, merged)
            except RemoteProtocolError:
                continue
            assert BRUNO_ID not in (*state.members, *state.joined, *state.admins)
            assert state.name == "lunch"


def test_old_history_does_not_bring_a_removed_member_back() -> None:
    for merged in (merge(REMOVED, HISTORY), merge(HISTORY, REMOVED)):
        assert BRUNO_ID not in evaluate(CHAT_ID, merged).members


def test_members_are_compared_as_texts() -> None:
    shouted = "0x" + BRUNO_ID[2:].upper()
    state = apply_event(
        replace(STATE, members=(ANNA_ID,)), event(ANNA, EventType.MEMBERS_ADDED, shouted)
    )
    with pytest.raises(RemoteProtocolError):
        apply_event(state, event(BRUNO, EventType.MEMBER_JOINED))


def test_history_is_the_same_in_any_order() -> None:
    for shuffled in itertools.permutations(HISTORY):
        assert evaluate(CHAT_ID, shuffled) == STATE


def test_one_event_that_is_not_allowed_invalidates_the_history() -> None:
    with pytest.raises(RemoteProtocolError):
        evaluate(CHAT_ID, (*HISTORY, event(BRUNO, EventType.NAME_CHANGED, name="x", clock=9)))


@pytest.mark.parametrize(
    ("chat_id", "events"),
    [
        (CHAT_ID, ()),
        (CHAT_ID, HISTORY[1:]),
        (CHAT_ID, (event(BRUNO, EventType.CHAT_CREATED, name="x"),)),
        (CHAT_ID, (CREATION, CREATION)),
        (ANNA_ID, HISTORY),
        (CHAT_ID + " ", HISTORY),
        ("x" + CHAT_ID, HISTORY),
        (CHAT_ID, (*HISTORY, event(ANNA, EventType.MEMBERS_ADDED, clock=0))),
    ],
    ids=[
        "none", "no creation", "another creator", "created twice", "bare key", "another suffix",
        "another group", "before the creation",
    ],
)  # fmt: skip
def test_history_without_a_proper_start_is_refused(
    chat_id: str, events: tuple[SignedEvent, ...]
) -> None:
    with pytest.raises(RemoteProtocolError):
        evaluate(chat_id, events)


def test_event_of_another_group_is_refused() -> None:
    said = MembershipEvent(5, type=EventType.MEMBERS_ADDED)
    foreign = sign_event(said, chat_id=CHAT_ID.replace("9d4b", "9d4c"), author_key=ANNA)
    with pytest.raises(RemoteProtocolError, match="another group"):
        evaluate(CHAT_ID, (*HISTORY, foreign))


def test_equal_clocks_stay_in_the_order_in_which_they_came() -> None:
    first, second = (event(ANNA, EventType.NAME_CHANGED, name=name, clock=4) for name in "ab")
    assert evaluate(CHAT_ID, (*HISTORY, first, second)).name == "b"
    assert evaluate(CHAT_ID, (second, first, *HISTORY)).name == "a"
    assert in_order((second, CREATION, first)) == (CREATION, second, first)


def test_merge_keeps_each_signature_once_and_sorts() -> None:
    assert merge(HISTORY[:2], HISTORY[1:]) == HISTORY
    assert merge(HISTORY[1:], HISTORY[:2]) == HISTORY
    assert merge((), ()) == ()


def test_history_beyond_its_bound_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="events"):
        evaluate(CHAT_ID, (CREATION,) * (EVENTS_MAX + 1))


@pytest.mark.parametrize("kind", [EventType.MEMBERS_ADDED, EventType.ADMINS_ADDED])
def test_group_beyond_its_bound_is_refused(kind: EventType) -> None:
    room = GROUP_PEOPLE_MAX - 1
    people = [str(number) for number in range(room)]
    state = GroupState("x", (ANNA_ID,), (ANNA_ID,), (ANNA_ID,))
    grown = apply_event(state, event(ANNA, kind, ANNA_ID, *people))
    with pytest.raises(RemoteProtocolError, match="members or admins"):
        apply_event(grown, event(ANNA, kind, ANNA_ID, "one more"))


def test_id_of_a_group_is_its_uuid_and_its_creator() -> None:
    assert f"9d4bbeb1-3d0f-4c5a-8a8b-0d3f5f8f7a10-{ANNA_ID}" == CHAT_ID


@pytest.mark.parametrize(
    "uuid",
    ["", "x", "9D4BBEB1-3D0F-4C5A-8A8B-0D3F5F8F7A10", "9d4bbeb13d0f4c5a8a8b0d3f5f8f7a10"],
)
def test_id_of_a_group_needs_a_uuid_in_lower_case(uuid: str) -> None:
    with pytest.raises(LocalProtocolError):
        group_chat_id(uuid, public_key(ANNA))


def test_text_form_shows_nobody() -> None:
    assert repr(STATE) == "GroupState(…)"
