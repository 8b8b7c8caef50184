"""What people complained of in groups for years, each as one test.

The complaints are those of Status' trackers of 2019 to 2021: members who were removed and were
still there, in one way or another.
"""

from sottovoce.chat.commands import LeaveChat, RemoveMember, SendMessage
from sottovoce.chat.events import GroupChanged, Unshown
from sottovoce.stack import destinations
from sottovoce.stack.events import MessageSubmitted
from unit.chat.group_post import Circle, group_of, make_group, notes, said
from unit.chat.people import only


def test_removed_user_no_longer_posts() -> None:
    circle = Circle(1, 2, 3)
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    # Carla writes before she knows, and her clock runs ahead of the removal.
    carla.unix_s += 100
    circle.says(carla, "still here", chat_id)
    late = circle.hold()
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    assert "not in this group any more" in carla.refused(SendMessage(chat_id, "and now?"))
    circle.carry_all(late)
    assert said(anna, chat_id) == said(bruno, chat_id) == []
    assert anna.chats.statistics == {Unshown.NOT_MEMBER: 1}


def test_removed_user_gets_nothing_of_what_is_said_after() -> None:
    circle = Circle(1, 2, 3)
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    for person in (anna, bruno):
        submitted = only(MessageSubmitted, circle.do(person, SendMessage(chat_id, "among us")))
        assert destinations.Contact(carla.key) not in [it.destination for it in submitted]
    circle.settle()
    assert said(carla, chat_id) == []


def test_leaving_after_a_kick_is_seen_and_hides_the_group() -> None:
    circle = Circle(1, 2, 3)
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    # She leaves while the news of her removal is on its way.
    circle.do(anna, RemoveMember(chat_id, carla.key))
    removal = circle.hold()
    circle.do(carla, LeaveChat(chat_id))
    circle.settle()
    circle.carry_all(removal)
    assert not carla.chat(chat_id).active
    for person in circle.people:
        assert group_of(person, chat_id).members == (anna.key, bruno.key)


def test_leaving_a_group_that_one_was_kicked_out_of_hides_it_quietly() -> None:
    circle = Circle(1, 2, 3)
    anna, _, carla = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    (changed,) = [
        each
        for posted in circle.hold()
        if posted[1].destination == destinations.Contact(carla.key)
        for each in only(GroupChanged, circle.carry(posted))
    ]
    assert changed.removed
    assert carla.chat(chat_id).active, "what was said until then can still be read"
    assert notes(carla, chat_id)[-1] == f"@{anna.id} removed @{carla.id}"
    outputs = circle.do(carla, LeaveChat(chat_id))
    assert only(MessageSubmitted, outputs) == []
    assert not carla.chat(chat_id).active


def test_member_is_not_shown_after_removal_whatever_comes_late() -> None:
    circle = Circle(1, 2, 3)
    anna, bruno, carla = circle.people
    chat_id = make_group(circle)
    circle.says(bruno, "with the old history", chat_id)
    old = circle.hold()
    circle.do(anna, RemoveMember(chat_id, carla.key))
    circle.settle()
    circle.carry_all(old)
    circle.settle()
    for person in circle.people:
        assert group_of(person, chat_id).members == (anna.key, bruno.key)
    assert said(anna, chat_id) == ["with the old history"]


def test_others_go_on_receiving_when_somebody_was_removed_or_left() -> None:
    circle = Circle(1, 2, 3, 4)
    anna, bruno, carla, dora = circle.people
    chat_id = make_group(circle)
    circle.do(anna, RemoveMember(chat_id, carla.key))
    # Those who stay write before they know, and after.
    circle.says(bruno, "one", chat_id)
    circle.settle()
    circle.do(dora, LeaveChat(chat_id))
    circle.says(anna, "two", chat_id)
    circle.settle()
    circle.says(bruno, "three", chat_id)
    circle.settle()
    assert sorted(said(anna, chat_id)) == sorted(said(bruno, chat_id)) == ["one", "three", "two"]
    assert group_of(anna, chat_id) == group_of(bruno, chat_id)
