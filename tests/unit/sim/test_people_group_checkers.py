"""Checkers of groups, on views made by hand: each finds what it is there for."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.commands import CreateGroup, JoinGroup, SendMessage
from sottovoce.chat.records import (
    Chat,
    ChatId,
    ChatKind,
    Group,
    Message,
    MessageState,
    Recipient,
)
from sottovoce.crypto import secp256k1
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent, sign_event
from sottovoce.payloads.message_id import MessageId
from sottovoce.sim import people_group_checkers as checkers
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import View
from sottovoce.sim.people_device import Shown, read_groups, read_shown
from sottovoce.sim.people_group_checkers import MembersOnly
from unit.sim.people_scene import Pair
from unit.sim.test_people_checkers import message, spoken

ANNA, BRUNO, CARLA = (PrivateKey(bytes([n]) * 32) for n in (1, 2, 3))
KEYS = tuple(secp256k1.public_key(it) for it in (ANNA, BRUNO, CARLA))
GROUP = ChatId(f"6f1c4c1e-0000-4000-8000-000000000001-{contact_id(KEYS[0])}")


def group(*members: PublicKey, name: str = "walk") -> Group:
    return Group(GROUP, name, members, members, members[:1], 3)


def view(
    device: int,
    seen: Group | None,
    *messages: Message,
    to: Iterable[Recipient] = (),
    forgotten: frozenset[MessageId] = frozenset(),
    events: tuple[SignedEvent, ...] = (),
) -> View:
    """Return the device of the person of that number."""
    groups = {} if seen is None else {GROUP: seen}
    chats = {GROUP: Chat(GROUP, ChatKind.GROUP)}
    key = KEYS[device]
    return View(
        device,
        key,
        ChatId(contact_id(key)),
        Shown(chats, {GROUP: list(messages)}, groups),
        forgotten,
        {each.id: list(to) for each in messages},
        events,
    )


# ---- membership


def test_members_who_see_the_same_group_agree_and_others_do_not_count() -> None:
    seen = group(*KEYS[:2])
    checkers.members_agree(17, [view(0, seen), view(1, seen), view(2, None)])
    checkers.members_agree(17, [view(0, seen), view(1, seen), view(2, replace(seen, name="old"))])


@pytest.mark.parametrize("other", [group(*KEYS[:2], name="ride"), group(*KEYS)])
def test_members_who_see_another_group_are_a_violation(other: Group) -> None:
    views = [view(0, group(*KEYS[:2])), view(1, other)]
    with pytest.raises(ViolationError, match="seed 17: devices 0 and 1 see another group"):
        checkers.members_agree(17, views)


def test_member_who_does_not_know_of_the_group_is_a_violation() -> None:
    with pytest.raises(ViolationError, match="device 1 does not know that it is in a group"):
        checkers.members_agree(17, [view(0, group(*KEYS[:2])), view(1, None)])


# ---- messages


def said(acknowledged: bool = True, reason: str = "") -> tuple[Message, Recipient]:
    own = message(1, own=True, chat_id=GROUP, state=MessageState.SENT)
    return own, Recipient(own.id, KEYS[1], acknowledged, reason)


def heard() -> Message:
    return message(1, own=False, chat_id=GROUP)


def test_message_that_is_shown_where_it_went_is_no_violation() -> None:
    own, row = said()
    seen = group(*KEYS[:2])
    checkers.groups_are_everywhere(
        17, [view(0, seen, own, to=[row]), view(1, seen, heard())], spoken()
    )


def test_message_that_waits_for_a_member_is_a_violation_unless_it_was_given_up() -> None:
    own, row = said(acknowledged=False)
    with pytest.raises(ViolationError, match="a message of device 0 in a group waits in the end"):
        checkers.groups_are_everywhere(17, [view(0, None, own, to=[row])], spoken())
    own, row = said(acknowledged=False, reason="no longer in the group")
    checkers.groups_are_everywhere(17, [view(0, None, own, to=[row]), view(1, None)], spoken())


def test_acknowledged_message_that_a_member_lacks_is_a_violation() -> None:
    own, row = said()
    one = view(0, None, own, to=[row])
    with pytest.raises(ViolationError, match="device 1 lacks what device 0 said in a group"):
        checkers.groups_are_everywhere(17, [one, view(1, None)], spoken())
    checkers.groups_are_everywhere(
        17, [one, view(1, None, forgotten=frozenset({own.id}))], spoken()
    )


def test_second_device_of_the_author_that_lacks_a_message_is_a_violation() -> None:
    own, row = said()
    second = view(0, None)._replace(device=1)
    with pytest.raises(ViolationError, match="device 1 lacks what device 0 said in a group"):
        checkers.groups_are_everywhere(17, [view(0, None, own, to=[row]), second], spoken())


def test_who_was_ever_taken_out_may_lack_a_message() -> None:
    own, row = said()
    removal = MembershipEvent(5, (contact_id(KEYS[1]),), "", EventType.MEMBER_REMOVED)
    signed = sign_event(removal, chat_id=GROUP, author_key=ANNA)
    views = [view(0, None, own, to=[row], events=(signed,)), view(1, None)]
    checkers.groups_are_everywhere(17, views, spoken())


def test_message_that_somebody_shows_to_whom_it_was_not_sent_is_a_violation() -> None:
    own, row = said()
    views = [view(0, None, own, to=[row]), view(1, None, heard()), view(2, None, heard())]
    with pytest.raises(ViolationError, match="device 2 shows what device 0 said in a group"):
        checkers.groups_are_everywhere(17, views, spoken())


# ---- speaking


def test_who_speaks_to_somebody_outside_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pair.ask(pair.one, CreateGroup("walk", (pair.other.who.key,)))
    pair.pass_time(5)
    [made] = read_groups(pair.other)
    pair.ask(pair.other, JoinGroup(made.chat_id))
    pair.pass_time(5)
    pair.world.go_offline(pair.one)
    pair.ask(pair.one, SendMessage(made.chat_id, "ciao"))
    pair.pass_time(1)
    [queued] = [it for it in read_shown(pair.one).messages_of(made.chat_id) if it.text == "ciao"]
    MembersOnly(17)(pair.one, queued)
    monkeypatch.setattr(
        checkers, "read_groups", lambda device: [replace(made, members=(device.who.key,))]
    )
    with pytest.raises(ViolationError, match="device 0 speaks to somebody who is not in the group"):
        MembersOnly(17)(pair.one, queued)
