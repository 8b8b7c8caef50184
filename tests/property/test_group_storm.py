"""People who do anything in a group at any time, through a post that reorders and repeats.

In the end all who are in it see the same group, and whoever was removed is in nobody's.
"""

from random import Random
from typing import Final

import pytest

from sottovoce.chat.commands import (
    AddMembers,
    Asked,
    Command,
    JoinGroup,
    LeaveChat,
    PromoteMembers,
    RemoveMember,
    RenameGroup,
    ResignAdmin,
    SendMessage,
)
from sottovoce.chat.events import Refused
from sottovoce.chat.records import ChatId, Group
from sottovoce.payloads.group_rules import evaluate, settle
from unit.chat.group_post import Circle, make_group, said
from unit.chat.people import Person

ACTS: Final = 80
DRIFT_S: Final = 120
# One of so many letters comes once more, and one of so many acts is a crash.
TRIES: Final = 6
REPEATED: Final = 5
CRASHED: Final = 20


class Storm:
    """A circle that is not careful."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.circle = Circle(*range(1, self.random.randint(4, 6)))
        for person in self.circle.people:
            person.unix_s += self.random.uniform(-DRIFT_S, DRIFT_S)
        self.chat_id = make_group(self.circle, joined=False)

    def rage(self) -> None:
        for number in range(ACTS):
            person = self.random.choice(self.circle.people)
            person.unix_s += self.random.random()
            self.act(person, f"{number}")
            if self.random.randrange(CRASHED) == 0:
                person.start()
            # Mostly less than is written, so that much of it crosses.
            for _ in range(self.random.randrange(10) * self.random.randrange(2)):
                self.deliver()

    def act(self, person: Person, words: str) -> None:
        """Let somebody try something until they may."""
        for _ in range(TRIES):
            outputs = person.handle(Asked(0, self.something(words)))
            if not isinstance(outputs[-1], Refused):
                self.circle.take(person, outputs)
                return

    def something(self, words: str) -> Command:
        key = self.random.choice(self.circle.people).key
        chat_id = self.chat_id
        rarely = (ResignAdmin(chat_id), LeaveChat(chat_id)) if self.random.randrange(4) == 0 else ()
        something: Command = self.random.choice(
            (
                JoinGroup(chat_id),
                JoinGroup(chat_id),
                SendMessage(chat_id, words),
                SendMessage(chat_id, words),
                AddMembers(chat_id, (key,)),
                AddMembers(chat_id, (key,)),
                RemoveMember(chat_id, key),
                RemoveMember(chat_id, key),
                PromoteMembers(chat_id, (key,)),
                PromoteMembers(chat_id, (key,)),
                RenameGroup(chat_id, words),
                *rarely,
            )
        )
        return something

    def deliver(self) -> None:
        """Carry any letter, and perhaps once more later."""
        waiting = self.circle.waiting
        if waiting:
            letter = waiting.pop(self.random.randrange(len(waiting)))
            if self.random.randrange(REPEATED) == 0:
                waiting.append(letter)
            self.circle.carry(letter)

    def calm_down(self) -> None:
        while self.circle.waiting:
            self.deliver()
        # Whoever says something tells the whole history with it.
        for person in self.circle.people:
            self.circle.take(
                person, person.handle(Asked(0, SendMessage(self.chat_id, "good night")))
            )
        while self.circle.waiting:
            self.deliver()


def seen(person: Person, chat_id: ChatId) -> Group:
    (group,) = (it for it in person.store.list_groups() if it.chat_id == chat_id)
    return group


@pytest.mark.parametrize("seed", range(25))
def test_all_members_agree_after_a_storm(seed: int) -> None:
    storm = Storm(seed)
    storm.rage()
    storm.calm_down()
    views = {person.id: seen(person, storm.chat_id) for person in storm.circle.people}
    members = {it.key for it in storm.circle.people if it.key in views[it.id].members}
    inside = [views[it.id] for it in storm.circle.people if it.key in members]
    for view in inside:
        assert set(view.members) == members
        assert (view.name, view.joined, view.admins, view.event_count) == (
            inside[0].name,
            inside[0].joined,
            inside[0].admins,
            inside[0].event_count,
        )
    for person in storm.circle.people:
        texts = [it for it in said(person, storm.chat_id) if it != "good night"]
        assert len(texts) == len(set(texts))
        events = [it for it in person.store.group_events() if it.chat_id == storm.chat_id]
        settled = settle(storm.chat_id, events)
        assert evaluate(storm.chat_id, settled.allowed) == settled.state
