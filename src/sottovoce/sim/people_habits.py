"""What simulated people do beside talking, on whichever device they hold: read, mute, rename.

All of it is to be the same on every device of a person in the end.
"""

from collections.abc import Callable
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.chat.commands import Command, MarkRead, MuteChat, SetProfile
from sottovoce.sim.people_device import SimulatedDevice, read_shown
from sottovoce.sim.people_world import PeopleWorld

ACTS: Final = 12
HALF: Final = 0.5


class PeopleHabits:
    """Plans what people do.

    Args:
        world: Where they are.
        random: What they do is drawn from it.
        ready: Tells which devices are used now.
    """

    def __init__(
        self, world: PeopleWorld, random: Random, ready: Callable[[], list[SimulatedDevice]]
    ) -> None:
        self._world: Final = world
        self._random: Final = random
        self._ready: Final = ready

    def plan(self, *, start_s: float, end_s: float) -> None:
        """Plan all of it."""
        for _ in range(ACTS):
            self._world.at(self._random.uniform(start_s, end_s), self._act)

    def _act(self) -> None:
        device = self._random.choice(self._ready())
        chats = sorted(read_shown(device).chats)
        if not device.up or not chats:
            return
        chat_id = self._random.choice(chats)
        command: Command = self._random.choice(
            (
                MarkRead(chat_id),
                MarkRead(chat_id),
                MuteChat(chat_id, muted=self._random.random() < HALF),
                SetProfile(ens_name=f"{self._random.randrange(1000)}.stateofus.eth"),
            )
        )
        self._world.actions[type(command).__name__] += 1
        self._world.ask(device, command, lambda answer: None)
