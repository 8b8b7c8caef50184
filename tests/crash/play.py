"""A scenario as it is written down: who does what, one after the other, and what must come of it.

A person whose process ends before it answers looks whether the wish came true, and wishes again if
not; that is what people do. At the end everything that was answered is where it belongs, once, in
one order, and everybody who can talk to somebody is heard at the first try.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from crash.stage import LATE_S, Stage
from crash.verdict import REST_S, Record, Said, Verdict
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.commands import (
    AddContact,
    Command,
    CreateGroup,
    EnableDevice,
    IntroduceDevice,
    JoinGroup,
    JoinPublicChat,
    SendMessage,
)
from sottovoce.chat.events import Done, Refused
from sottovoce.chat.records import ChatId
from sottovoce.sim.checkers import ViolationError

# A command is answered with its commit; what it takes beyond that is a process that comes back.
ANSWER_S: Final = 10 * LATE_S
# Between two steps: an envelope, its acknowledgement, and what follows from them.
PAUSE_S: Final = 2.5
# A probe is heard, and acknowledged, before its first repetition.
PROBE_S: Final = 4.5


class Play:
    """One performance of a scenario.

    Args:
        stage: The world.
        record: What was said before.

    Attributes:
        stage: The world.
        record: What was said, and where.
    """

    def __init__(self, stage: Stage, record: Record) -> None:
        self.stage: Final = stage
        self.record: Final = record
        self.verdict: Final = Verdict(stage, record)
        self.stage.pass_time(1.0)

    # ---- what people do

    def key(self, person: int) -> PublicKey:
        """Return a person's key."""
        return self.stage.devices_of(person)[0].who.key

    def ask(
        self, device: int, command: Command, is_true: Callable[[], bool] = lambda: False
    ) -> None:
        """Wish something until it is answered, or was true when the process came back.

        Raises:
            ViolationError: It is refused, or nothing is answered.
        """
        at = self.stage.devices[device]
        while True:
            self.stage.pass_until(lambda: at.up, within_s=ANSWER_S)
            answers: list[Done | Refused | None] = []
            self.stage.ask(at, command, answers.append)
            self.stage.pass_until(lambda answers=answers: answers, within_s=ANSWER_S)  # type: ignore[misc]
            match answers[0]:
                case Done():
                    return
                case Refused(by_store=True):
                    continue  # Nothing was done.
                case Refused(_, reason):
                    raise ViolationError(f"refused: {reason}")
                case None:
                    self.stage.pass_until(lambda: at.up, within_s=ANSWER_S)
                    if is_true():
                        return

    def add(self, device: int, person: int, *, pause_s: float = PAUSE_S) -> None:
        """Let somebody add a person."""
        self.ask(device, AddContact(self.key(person)))
        self.stage.pass_time(pause_s)

    def befriend(self, one: int, other: int, *, pause_s: float = PAUSE_S) -> None:
        """Let two people add each other."""
        for a, b in ((one, other), (other, one)):
            self.add(self.stage.devices_of(a)[0].who.number, b, pause_s=pause_s)
        self.record.pairs.add((one, other))

    def join(self, devices: Iterable[int], name: str) -> None:
        """Let people join a public chat."""
        for device in devices:
            self.ask(device, JoinPublicChat(name))
            self.record.members.setdefault(name, set()).add(device)
        self.stage.pass_time(PAUSE_S)

    def pair(self, one: int, other: int) -> None:
        """Let two devices of a person know each other, and enable each other."""
        both = ((one, other), (other, one))
        while not all(self._knows(*pair) for pair in both):
            # Nobody repeats an introduction, so a person does who sees nothing of it.
            for device in (one, other):
                self.ask(device, IntroduceDevice(f"device {device}", "test"))
                self.stage.pass_time(PAUSE_S)
        for device, found in both:
            self.ask(device, EnableDevice(self.stage.devices[found].who.installation_id))
        self.stage.pass_time(PAUSE_S)

    def _knows(self, device: int, other: int) -> bool:
        name = self.stage.devices[other].who.installation_id
        known = self.verdict.reader(device).list_devices()
        return any(it.installation_id == name and it.name for it in known)

    def make_group(self, admin: int, people: Sequence[int]) -> ChatId:
        """Let somebody make a group with others, who all join; returns its chat."""
        members = tuple(self.key(person) for person in people)
        self.ask(admin, CreateGroup("the group", members), lambda: bool(self._groups(admin)))
        [chat_id] = self._groups(admin)
        self.record.groups.add(chat_id)
        self.record.members[chat_id] = set()
        self._note_member(admin, chat_id)
        for person in people:
            self.join_group(person, chat_id)
        return chat_id

    def join_group(self, person: int, chat_id: ChatId) -> None:
        """Let somebody join a group, once they have the invitation."""
        self.stage.pass_until(lambda: self._is_in(person, chat_id), within_s=REST_S)
        self.ask(person, JoinGroup(chat_id))
        self._note_member(person, chat_id)
        self.stage.pass_time(PAUSE_S)

    def _note_member(self, person: int, chat_id: ChatId) -> None:
        devices = (device.who.number for device in self.stage.devices_of(person))
        self.record.members[chat_id].update(devices)

    def _is_in(self, person: int, chat_id: ChatId) -> bool:
        group = self.verdict.group(person, chat_id)
        return group is not None and self.key(person) in group.members

    def is_out(self, person: int, chat_id: ChatId) -> bool:
        """Tell whether Anna, whose group it is, has somebody as no member of it."""
        group = self.verdict.group(0, chat_id)
        assert group is not None
        return self.key(person) not in group.members

    def _groups(self, device: int) -> list[ChatId]:
        return [group.chat_id for group in self.verdict.reader(device).list_groups()]

    def say(
        self,
        device: int,
        room: int | str,
        text: str,
        *,
        pause_s: float = PAUSE_S,
        heard: bool = True,
        acknowledged: bool = True,
    ) -> Said:
        """Let somebody say something.

        Args:
            device: Who says it, and where.
            room: Whom to: a person by number, or a public chat or a group by its chat's id.
            text: What; no two things that are said are equal.
            pause_s: How long everybody waits then.
            heard: Whether it must arrive.
            acknowledged: Whether its author must hear that it arrived.
        """
        said = self.record.note(
            self.stage, device, room, text, heard=heard, acknowledged=acknowledged
        )
        chat = self.verdict.chat_of(device, said)
        self.ask(device, SendMessage(chat, text), lambda: self.verdict.has(device, said))
        self.stage.pass_time(pause_s)
        return said

    # ---- the end

    def rest(self) -> None:
        """Wait until everything has arrived.

        Raises:
            ViolationError: It does not.
        """
        try:
            self.stage.pass_until(self.verdict.is_at_rest, within_s=REST_S)
        except ViolationError as violation:
            raise ViolationError(f"{violation}: {self.verdict.missing()}") from None

    def finish(self) -> None:
        """Let everything come to rest, try whether everybody is heard, and check what there is.

        Raises:
            ViolationError: Something was lost, doubled or out of order, or somebody is not heard.
        """
        self.rest()
        self.stage.plan.is_over = True
        for one, other in sorted(self.record.pairs):
            for author, hearer in ((one, other), (other, one)):
                for device in self.stage.devices_of(author):
                    text = f"probe of {device.who.number} to {hearer}"
                    self.say(device.who.number, hearer, text, pause_s=0.0)
        for chat_id in self.record.groups:
            for member in sorted(self.record.members[chat_id]):
                self.say(member, chat_id, f"probe of {member} to all", pause_s=0.0)
        self.stage.pass_time(PROBE_S)
        self.verdict.check()
