"""What must hold among people, at every moment and when all faults are over.

A checker raises `ViolationError` with the seed in its text and no text of a message; nothing here
changes the world.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.events import ChatFact, MessageAdded
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import ChatId, ChatKind, Message, MessageState, Recipient
from sottovoce.crypto.hashes import sha256
from sottovoce.node.inputs import PostMessage
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.wire import decode_message
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_device import Shown, SimulatedDevice, read_recipients, read_shown
from sottovoce.sim.people_log import PeopleLog
from sottovoce.sim.people_world import PeopleWorld


class KeysOnce:
    """No key of a ratchet, and no fresh key of a message without one, seals two contents."""

    def __init__(self, seed: int) -> None:
        self._seed: Final = seed
        self._sealed: Final[dict[tuple[bytes, int], bytes]] = {}

    def __len__(self) -> int:
        return len(self._sealed)

    def __call__(self, device: int, wish: PostMessage) -> None:
        """Look at an envelope that a device posts.

        Raises:
            ViolationError: A key in it has sealed something else before.
        """
        try:
            message = decode_message(wish.payload)
        except RemoteProtocolError:
            return  # public content
        for entry in message.direct.values():
            if entry.session is not None:
                name = (entry.session.ratchet.key, entry.session.ratchet.n)
            elif entry.ephemeral is not None:
                name = (entry.ephemeral, -1)
            else:
                continue
            sealed = sha256(entry.payload)
            if self._sealed.setdefault(name, sealed) != sealed:
                raise ViolationError(f"seed {self._seed}: device {device} used a key twice")


class ToldOnce:
    """No device tells of a new message that it has told of before, whatever life that was in."""

    def __init__(self, seed: int, log: PeopleLog) -> None:
        self._seed: Final = seed
        self._log: Final = log

    def __call__(self, device: int, fact: ChatFact) -> None:
        """Look at what a device tells, which is in the log already.

        Raises:
            ViolationError: It told of it before.
        """
        if isinstance(fact, MessageAdded) and self._log.of(device).added[fact.message.id] > 1:
            raise ViolationError(f"seed {self._seed}: device {device} told of a message twice")


class View(NamedTuple):
    """What one device shows in the end.

    Attributes:
        device: Its number.
        key: Whose it is.
        me: How chats with that person are called on others' devices.
        shown: Chats, messages, groups.
        forgotten: What its person had on a device and lost to a restored copy.
        recipients: To whom its messages in groups went.
        events: What it knows of groups.
    """

    device: int
    key: PublicKey
    me: ChatId
    shown: Shown
    forgotten: frozenset[MessageId] = frozenset()
    recipients: Mapping[MessageId, list[Recipient]] = {}
    events: tuple[SignedEvent, ...] = ()

    def holds(self, message_id: MessageId) -> bool:
        """Tell whether a message is here, or is excused."""
        return message_id in self.forgotten or any(
            message.id == message_id for message in self.shown.all_messages()
        )

    def own(self, kind: ChatKind) -> Iterator[Message]:
        """Return the messages that were written by this person, of chats of one kind."""
        for chat in self.shown.chats.values():
            if chat.kind is kind:
                yield from (each for each in self.shown.messages_of(chat.id) if each.own)


def views_of(world: PeopleWorld) -> list[View]:
    """Return what all devices show.

    What a person lost to a restored copy no device of theirs need have, for one that came later
    never had it; that all of them show the same is another checker's.
    """
    return [_view_of(world, device) for device in world.devices]


def _view_of(world: PeopleWorld, device: SimulatedDevice) -> View:
    shown = read_shown(device)
    siblings = world.devices_of(device.who.person)
    return View(
        device=device.who.number,
        key=device.who.key,
        me=ChatId(contact_id(device.who.key)),
        shown=shown,
        forgotten=frozenset().union(*(world.log.of(it.who.number).forgotten for it in siblings)),
        recipients=read_recipients(device, shown),
        events=tuple(device.store.chat.group_events()),
    )


def each_text_once(seed: int, views: list[View], log: PeopleLog) -> None:
    """Check that no device shows a text twice, or one that nobody wrote.

    Raises:
        ViolationError: One does.
    """
    names: dict[str, MessageId] = {}
    for view in views:
        seen: set[str] = set()
        for message in view.shown.all_messages():
            if is_note(message):
                continue  # A note of what happened in a group.
            if message.text not in log.tried:
                raise ViolationError(f"seed {seed}: device {view.device} shows what nobody wrote")
            if message.text in seen or names.setdefault(message.text, message.id) != message.id:
                raise ViolationError(f"seed {seed}: device {view.device} shows a text twice")
            seen.add(message.text)


def one_order(seed: int, views: list[View]) -> None:
    """Check that a message is the same everywhere, and stands in the same place.

    History is in the order of clocks, then ids, so equal clocks make equal orders; that it is is
    checked as well.

    Raises:
        ViolationError: Two devices differ, or one shows another order.
    """
    first: dict[MessageId, Message] = {}
    for view in views:
        for page in view.shown.messages.values():
            places = [(message.clock, message.id) for message in page]
            if places != sorted(places, reverse=True):
                raise ViolationError(f"seed {seed}: device {view.device} shows another order")
        for message in view.shown.all_messages():
            known = first.setdefault(message.id, message)
            if _content(known) != _content(message):
                raise ViolationError(f"seed {seed}: device {view.device} shows another message")


def _content(message: Message) -> tuple[object, ...]:
    return (message.clock, message.author, message.text, message.content_type, message.response_to)


def said_is_kept(seed: int, views: list[View], log: PeopleLog) -> None:
    """Check that whatever was answered "queued" is in its author's history.

    Raises:
        ViolationError: Something is not, and no restored copy explains it.
    """
    for said in log.said.values():
        if not views[said.device].holds(said.message_id):
            raise ViolationError(f"seed {seed}: device {said.device} lost what it had queued")


def private_is_everywhere(seed: int, views: list[View], log: PeopleLog) -> None:
    """Check that each message between two people is acknowledged, and on all devices of both.

    That it is acknowledged the device has to know on which it was said. If that went back to before
    it was said, others may still show it, and it need not have left.

    Raises:
        ViolationError: One is not acknowledged, or is missing where no restored copy explains it.
    """
    for view in views:
        for message in view.own(ChatKind.ONE_TO_ONE):
            to = ", ".join(str(other.device) for other in views if other.me == message.chat_id)
            if not log.is_from(view.device, message):
                continue
            if message.state is not MessageState.ACKNOWLEDGED:
                raise ViolationError(
                    f"seed {seed}: a message of device {view.device} to device {to} is "
                    f"{message.state.value} in the end"
                )
            for other in views:
                if other.me in {message.chat_id, view.me} and not other.holds(message.id):
                    raise ViolationError(
                        f"seed {seed}: device {other.device} lacks a message of device "
                        f"{view.device} to device {to}"
                    )


def public_has_left(seed: int, views: list[View], log: PeopleLog) -> None:
    """Check that nothing for a public chat waits in the end.

    Raises:
        ViolationError: Something does, or has failed.
    """
    for view in views:
        for message in view.own(ChatKind.PUBLIC):
            if log.is_from(view.device, message) and message.state is not MessageState.SENT:
                raise ViolationError(
                    f"seed {seed}: a public message of device {view.device} is "
                    f"{message.state.value} in the end"
                )
