"""What simulated people do with groups: make them, join, change them at the same time, leave.

Nobody remembers what groups there are: each looks at their own device at that moment, so that a
device that went back, or has not heard yet, does what its owner would do with it.
"""

from collections.abc import Callable
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.chat.commands import (
    AddMembers,
    Command,
    CreateGroup,
    JoinGroup,
    LeaveChat,
    PromoteMembers,
    RemoveMember,
    RenameGroup,
)
from sottovoce.chat.events import Done, Refused
from sottovoce.chat.records import ChatId, Group
from sottovoce.sim.people_device import SimulatedDevice, read_groups
from sottovoce.sim.people_talk import TRY_AGAIN_S, PeopleTalk
from sottovoce.sim.people_world import PeopleWorld

GROUPS: Final = 2
CHANGES: Final = 6
# How often somebody looks whether they were invited.
LOOK_EVERY_S: Final = 60.0
# Two changes that are made within a second cross on their way.
CROSSING_SHARE: Final = 0.5


class PeopleGroups:
    """Plans what people do with groups.

    Args:
        world: Where they are.
        random: What they do is drawn from it.
        talk: How they insist.
    """

    def __init__(self, world: PeopleWorld, random: Random, talk: PeopleTalk) -> None:
        self._world: Final = world
        self._random: Final = random
        self._talk: Final = talk
        self._names = 0

    def plan(self, *, start_s: float, change_s: float, end_s: float) -> None:
        """Plan all of it.

        Args:
            start_s: When groups are made.
            change_s: From when on they are changed.
            end_s: When nobody changes them any more.
        """
        for _ in range(GROUPS):
            self._world.at(self._random.uniform(start_s, change_s), self._create)
        for device in self._world.devices:
            self._look_often(device, start_s + self._random.uniform(0, LOOK_EVERY_S), end_s)
        for _ in range(CHANGES):
            moment_s = self._random.uniform(change_s, end_s)
            self._world.at(moment_s, self._change)
            if self._random.random() < CROSSING_SHARE:
                self._world.at(moment_s + self._random.random(), self._change)

    def speakers(self) -> list[tuple[SimulatedDevice, ChatId]]:
        """Return who can say something in one of the groups now, which may be nobody."""
        rooms: dict[ChatId, list[SimulatedDevice]] = {}
        for device, group in self._joined():
            rooms.setdefault(group.chat_id, []).append(device)
        if not rooms:
            return []
        chat_id = self._random.choice(sorted(rooms))
        speakers = [(device, chat_id) for device in rooms[chat_id]]
        self._random.shuffle(speakers)
        return speakers

    def say_last_words(self) -> None:
        """Let everybody say something in each of their groups."""
        for device, group in self._joined():
            self._talk.plan_text(self._world.now_s, device, group.chat_id)

    # ---- groups as each sees them

    def _joined(self) -> list[tuple[SimulatedDevice, Group]]:
        return [
            (device, group)
            for device in self._world.devices
            for group in read_groups(device)
            if device.who.key in group.joined
        ]

    def _create(self) -> None:
        device = self._random.choice(self._world.devices)
        others = [it for it in self._world.people_keys() if it != device.who.key]
        invited = self._random.sample(others, self._random.randint(1, len(others)))
        self._names += 1
        self._insist_on_group(device, CreateGroup(f"group {self._names}", tuple(invited)))

    def _insist_on_group(self, device: SimulatedDevice, command: CreateGroup) -> None:
        """Make a group, and look after a crash whether it is there."""
        again = partial(self._insist_on_group, device, command)
        is_there = any(group.name == command.name for group in read_groups(device))
        if is_there:
            return

        def answered(answer: Done | Refused | None) -> None:
            if isinstance(answer, Done):
                self._world.actions[CreateGroup.__name__] += 1
            else:
                self._later(again)

        if device.up:
            self._world.ask(device, command, answered)
        else:
            self._later(again)

    def _look_often(self, device: SimulatedDevice, moment_s: float, end_s: float) -> None:
        while moment_s < end_s:
            self._world.at(moment_s, partial(self._look, device))
            moment_s += LOOK_EVERY_S

    def _look(self, device: SimulatedDevice) -> None:
        for group in read_groups(device):
            if device.who.key in group.members and device.who.key not in group.joined:
                self._world.actions[JoinGroup.__name__] += 1
                self._talk.insist(device, JoinGroup(group.chat_id))

    def _change(self) -> None:
        joined = self._joined()
        if not joined:
            return
        device, group = self._random.choice(joined)
        command = self._random.choice(self._possible(device, group))
        if command is not None:
            self._world.actions[type(command).__name__] += 1
            self._world.ask(device, command, lambda answer: None)

    def _possible(self, device: SimulatedDevice, group: Group) -> list[Command | None]:
        me, chat_id = device.who.key, group.chat_id
        self._names += 1
        others = [key for key in group.members if key not in group.admins]
        outside = [key for key in self._world.people_keys() if key not in group.members]
        possible: list[Command | None] = [None]
        if len(group.admins) > 1 or me not in group.admins:
            possible.append(LeaveChat(chat_id))
        if me in group.admins:
            possible.append(RenameGroup(chat_id, f"group {self._names}"))
            possible += [RemoveMember(chat_id, key) for key in others]
            possible += [PromoteMembers(chat_id, (key,)) for key in others]
            possible += [AddMembers(chat_id, (key,)) for key in outside]
        return possible

    def _later(self, action: Callable[[], None]) -> None:
        self._world.at(self._world.now_s + TRY_AGAIN_S, action)
