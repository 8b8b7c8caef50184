"""What simulated people say, and how they see to it that it was said.

Whoever finds the device switched off, or its store in trouble, tries again. Whose process ended
before it answered looks into the history afterwards and says it again only if it is not there: so
nothing is said twice by its author, and whatever is shown twice is somebody else's mistake.
"""

from collections.abc import Callable
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.chat.commands import Command, SendMessage
from sottovoce.chat.events import Done, Refused
from sottovoce.chat.records import ChatId, Message
from sottovoce.sim.people_device import SimulatedDevice, read_shown
from sottovoce.sim.people_log import Said
from sottovoce.sim.people_world import PeopleWorld

TRY_AGAIN_S: Final = 10.0
# Of the messages of a conversation those that the other one answers.
TURN_SHARE: Final = 0.5
CONVERSATION_MAX: Final = 8
PAUSES_S: Final = (0.0, 0.3, 2.0, 10.0)


class PeopleTalk:
    """Says things on devices.

    Args:
        world: Where they are.
        random: Where texts and pauses are drawn from.

    Attributes:
        on_said: Told what was queued, and on which device.
        refused: What was refused for good, one sentence each.
    """

    def __init__(self, world: PeopleWorld, random: Random) -> None:
        self.on_said: Callable[[SimulatedDevice, Message], None] = lambda device, message: None
        self.refused: Final[list[str]] = []
        self._world: Final = world
        self._random: Final = random
        self._text_count = 0

    def plan_conversation(
        self, moment_s: float, find: Callable[[], list[tuple[SimulatedDevice, ChatId]]]
    ) -> int:
        """Plan a few messages that people say in turn.

        Args:
            moment_s: When it begins.
            find: Finds the speakers at that moment: devices, with the name of the chat as it is
                there.

        Returns:
            How many messages it has.
        """
        count = self._random.randint(2, CONVERSATION_MAX)
        self._world.at(moment_s, lambda: self._begin(count, find()))
        return count

    def _begin(self, count: int, speakers: list[tuple[SimulatedDevice, ChatId]]) -> None:
        moment_s, speaker = self._world.now_s, speakers[0]
        for _ in range(count):
            self.plan_text(moment_s, *speaker)
            moment_s += self._random.choice(PAUSES_S)
            if self._random.random() < TURN_SHARE:
                speaker = self._random.choice(speakers)

    def plan_text(self, moment_s: float, device: SimulatedDevice, chat_id: ChatId) -> None:
        """Plan one message."""
        self._text_count += 1
        text = f"text {self._text_count}"
        self._world.at(moment_s, partial(self._say, device, chat_id, text))

    def insist(
        self,
        device: SimulatedDevice,
        command: Command,
        done: Callable[[Done], None] = lambda answer: None,
    ) -> None:
        """Ask for something until it is done, or refused; asked twice it has to be harmless."""
        again = partial(self.insist, device, command, done)
        if not device.up:
            self._later(again)
            return

        def answered(answer: Done | Refused | None) -> None:
            if isinstance(answer, Done):
                done(answer)
            elif answer is None or answer.by_store:
                self._later(again)

        self._world.ask(device, command, answered)

    # ---- one message

    def _say(self, device: SimulatedDevice, chat_id: ChatId, text: str) -> None:
        if not device.up:
            self._later(partial(self._say, device, chat_id, text))
            return
        self._world.log.tried.add(text)
        answered = partial(self._answered, device, chat_id, text)
        self._world.ask(device, SendMessage(chat_id, text), answered)

    def _answered(
        self, device: SimulatedDevice, chat_id: ChatId, text: str, answer: Done | Refused | None
    ) -> None:
        match answer:
            case Done(_, Message() as message):
                self._note_said(device, message)
            case None:
                self._later(partial(self._look, device, chat_id, text))
            case Refused(by_store=True):
                self._later(partial(self._say, device, chat_id, text))
            case Done() | Refused():
                self.refused.append(answer.reason if isinstance(answer, Refused) else "")

    def _look(self, device: SimulatedDevice, chat_id: ChatId, text: str) -> None:
        """Look after a crash whether something was said, and say it again if not."""
        for message in read_shown(device).messages_of(chat_id):
            if message.text == text:
                self._note_said(device, message)
                return
        self._say(device, chat_id, text)

    def _note_said(self, device: SimulatedDevice, message: Message) -> None:
        said = Said(device.who.number, message.chat_id, message.id, self._world.now_s)
        self._world.log.said[message.text] = said
        self.on_said(device, message)

    def _later(self, action: Callable[[], None]) -> None:
        self._world.at(self._world.now_s + TRY_AGAIN_S, action)
