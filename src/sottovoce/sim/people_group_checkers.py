"""What must hold in groups among people, at the moment of speaking and in the end."""

from collections.abc import Iterable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import ChatId, ChatKind, Message
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.membership import EventType
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import View
from sottovoce.sim.people_device import SimulatedDevice, read_groups
from sottovoce.sim.people_log import PeopleLog
from sottovoce.stack.destinations import Contact


class MembersOnly:
    """What is said in a group goes to its members, as its author knows them, and to nobody else."""

    def __init__(self, seed: int) -> None:
        self._seed: Final = seed

    def __call__(self, device: SimulatedDevice, message: Message) -> None:
        """Look at a message that was just queued, before anything of it has left.

        Raises:
            ViolationError: It goes to somebody who is not a member.
        """
        for group in read_groups(device):
            if group.chat_id == message.chat_id:
                strangers = set(self._addressed(device, message)) - set(group.members)
                if strangers:
                    raise ViolationError(
                        f"seed {self._seed}: device {device.who.number} speaks to somebody who is "
                        "not in the group"
                    )

    def _addressed(self, device: SimulatedDevice, message: Message) -> Iterable[PublicKey]:
        for row in device.store.below_chat.stack.submissions():
            if row.message_id == message.id and isinstance(row.destination, Contact):
                yield row.destination.key


def members_agree(seed: int, views: list[View]) -> None:
    """Check that all who think that they are in a group see the same group, and miss nobody.

    Raises:
        ViolationError: They do not.
    """
    for chat_id in sorted({chat_id for view in views for chat_id in view.shown.groups}):
        inside = [view for view in views if _is_inside(view, chat_id)]
        for view in inside:
            group = view.shown.groups[chat_id]
            if group != inside[0].shown.groups[chat_id]:
                raise ViolationError(
                    f"seed {seed}: devices {inside[0].device} and {view.device} see another group"
                )
            for other in views:
                if other.key in group.members and not _is_inside(other, chat_id):
                    raise ViolationError(
                        f"seed {seed}: device {other.device} does not know that it is in a group "
                        f"of device {view.device}"
                    )


def _is_inside(view: View, chat_id: ChatId) -> bool:
    group = view.shown.groups.get(chat_id)
    return group is not None and view.key in group.members


def groups_are_everywhere(seed: int, views: list[View], log: PeopleLog) -> None:
    """Check that each message in a group has arrived where it went, and is shown nowhere else.

    Who was ever taken out of the group, or left it, may have been outside when a message came.
    Where it went the device has to know on which it was said.

    Raises:
        ViolationError: One waits in the end, is missing, or is shown to whom it was not sent.
    """
    moved = _moved(views)
    for view in views:
        for message in view.own(ChatKind.GROUP):
            if not log.is_from(view.device, message):
                continue
            rows = view.recipients.get(message.id, ())
            if any(not row.acknowledged and not row.reason for row in rows):
                raise ViolationError(
                    f"seed {seed}: a message of device {view.device} in a group waits in the end"
                )
            for other in views:
                _check_shown(seed, view, other, message, moved)


def _check_shown(
    seed: int,
    view: View,
    other: View,
    message: Message,
    moved: frozenset[tuple[ChatId, PublicKey]],
) -> None:
    """Check one device, of the author or of somebody else.

    Raises:
        ViolationError: It lacks the message, or shows it and should not.
    """
    chat_id = message.chat_id
    rows = {row.key: row.acknowledged for row in view.recipients.get(message.id, ())}
    rows[view.key] = True
    is_shown = any(each.id == message.id for each in other.shown.messages_of(chat_id))
    if is_shown and other.key not in rows:
        raise ViolationError(
            f"seed {seed}: device {other.device} shows what device {view.device} said in a group "
            "without it"
        )
    is_excused = {(chat_id, other.key), (chat_id, view.key)} & moved
    if rows.get(other.key) and not is_excused and not other.holds(message.id):
        raise ViolationError(
            f"seed {seed}: device {other.device} lacks what device {view.device} said in a group"
        )


def _moved(views: list[View]) -> frozenset[tuple[ChatId, PublicKey]]:
    """Return who was ever taken out of a group, or left it."""
    return frozenset(
        (ChatId(signed.chat_id), contact_key(text))
        for view in views
        for signed in view.events
        if signed.event.type == EventType.MEMBER_REMOVED
        for text in signed.event.members
    )
