"""What must hold at the end of a scenario: everything is there, once, in one order."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from crash.stage import Stage
from sottovoce.adapters.sqlite.history import SqliteHistory
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.chat.records import ChatId, Group, Message, MessageState
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim.checkers import ViolationError

# No scenario says so much.
MESSAGES_MAX: Final = 1000
# Four times the longest pause between two repetitions, for a process may end at some of them, and
# the way back.
REST_S: Final = 2600.0

# A chat, for all devices: the name of a public one, or the numbers of two people.
Room = str | frozenset[int]


class Said(NamedTuple):
    """Something that somebody said.

    Attributes:
        author: The device.
        room: The chat.
        text: What.
        hearers: Devices that must have it at the end, its author's own among them.
        acknowledged: Whether its author must know that it arrived.
    """

    author: int
    room: Room
    text: str
    hearers: frozenset[int]
    acknowledged: bool


@dataclass
class Record:
    """What was said, and who is where.

    Attributes:
        said: What was said, in that order.
        members: Devices in each public chat and each group.
        groups: Which of them are groups.
        pairs: People who hear each other.
    """

    said: list[Said] = field(default_factory=list)
    members: dict[str, set[int]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def forget(self, device: int, before: int) -> None:
        """Note that a device has only what was said before a place in the record."""
        for place in range(before, len(self.said)):
            said = self.said[place]
            self.said[place] = said._replace(hearers=said.hearers - {device})

    def share(self, device: int) -> None:
        """Note that a device must have all that was said, as well as its person's other ones."""
        self.said = [said._replace(hearers=said.hearers | {device}) for said in self.said]

    def note(
        self,
        stage: Stage,
        author: int,
        room: int | str,
        text: str,
        *,
        heard: bool,
        acknowledged: bool,
    ) -> Said:
        """Note what is about to be said."""
        person = stage.devices[author].who.person
        if isinstance(room, str):
            place: Room = room
            hearers = self.members[room]
            acknowledged = acknowledged and room in self.groups
        else:
            place = frozenset({person, room})
            hearers = {each.who.number for whose in place for each in stage.devices_of(whose)}
        hearers = hearers | {author} if heard else {author}
        said = Said(author, place, text, frozenset(hearers), acknowledged and heard)
        self.said.append(said)
        return said


class Verdict:
    """Looks at what devices have, and at what was said."""

    def __init__(self, stage: Stage, record: Record) -> None:
        self._stage: Final = stage
        self._record: Final = record

    def chat_of(self, device: int, said: Said) -> ChatId:
        """Return the chat in which a device has what was said."""
        if isinstance(said.room, str):
            return ChatId(said.room)
        mine = self._stage.devices[device].who.person
        [other] = said.room - {mine}
        return ChatId(contact_id(self._stage.devices_of(other)[0].who.key))

    def has(self, device: int, said: Said) -> bool:
        """Tell whether a device has what was said."""
        chat = self._history(device).get(self.chat_of(device, said), [])
        return any(message.text == said.text for message in chat)

    def is_at_rest(self) -> bool:
        """Tell whether everything has arrived and is acknowledged."""
        if not all(device.up for device in self._stage.devices):
            return False
        return self.missing() is None

    def missing(self) -> str | None:
        """Say what has not arrived or is not acknowledged; None if everything is."""
        return next(self._missing(), None)

    def check(self) -> None:
        """Check that everything is everywhere once, and in one order.

        Raises:
            ViolationError: It is not.
        """
        missing = self.missing()
        if missing is not None:
            raise ViolationError(missing)
        self._check_once()
        self._check_order()

    def _hearers(self, said: Said) -> frozenset[int]:
        """Return who must have something: in public nobody repeats it for who was away."""
        if not isinstance(said.room, str) or said.room in self._record.groups:
            return said.hearers
        return said.hearers - (self._stage.plan.were_away() - {said.author})

    def reader(self, device: int) -> SqliteHistory:
        """Read what a device has, on its own connection: opening another one takes longer."""
        store = self._stage.devices[device].store
        assert isinstance(store, SqlitePersonStore)
        return SqliteHistory(store._db)

    def _history(self, device: int) -> dict[ChatId, list[Message]]:
        """Return what was said, as a device has it: without notes on what became of groups."""
        history = self.reader(device)
        return {
            chat.id: [
                message
                for message in history.page(chat.id, before=None, limit=MESSAGES_MAX)
                if message.content_type != ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
            ]
            for chat in history.list_chats()
        }

    def group(self, device: int, chat_id: str) -> Group | None:
        """Return a group as a device has it."""
        found = (it for it in self.reader(device).list_groups() if it.chat_id == chat_id)
        return next(found, None)

    def _missing(self) -> Iterator[str]:
        for number in range(len(self._stage.devices)):
            history = self._history(number)
            for said in self._record.said:
                if number not in self._hearers(said):
                    continue
                chat = history.get(self.chat_of(number, said), [])
                found = next((message for message in chat if message.text == said.text), None)
                if found is None:
                    yield f"device {number} has not {said.text!r}"
                elif number != said.author or not said.acknowledged:
                    continue
                elif found.state is not MessageState.ACKNOWLEDGED:
                    yield f"{said.text!r} of device {number} is only {found.state}"

        for chat_id in self._record.groups:
            views = {self.group(number, chat_id) for number in self._record.members[chat_id]}
            if len(views) > 1:
                yield "members see a group in different ways"

    def _check_once(self) -> None:
        known = {said.text for said in self._record.said}
        for device in self._stage.devices:
            texts = [
                message.text
                for chat in self._history(device.who.number).values()
                for message in chat
            ]
            if len(set(texts)) != len(texts) or not known.issuperset(texts):
                raise ViolationError(f"device {device.who.number} has more than was said")

    def _check_order(self) -> None:
        orders: dict[tuple[Room, frozenset[int]], list[str]] = {}
        for number in range(len(self._stage.devices)):
            history = self._history(number)
            groups: dict[tuple[Room, frozenset[int]], set[str]] = {}
            chats: dict[Room, ChatId] = {}
            for said in self._record.said:
                hearers = self._hearers(said)
                if number in hearers:
                    groups.setdefault((said.room, hearers), set()).add(said.text)
                    chats[said.room] = self.chat_of(number, said)
            for group, texts in groups.items():
                chat = history[chats[group[0]]]
                order = [message.text for message in chat if message.text in texts]
                if orders.setdefault(group, order) != order:
                    raise ViolationError(f"device {number} has another order")
