"""What must hold among the devices of one person in the end: they show the same."""

from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import Chat, ChatId
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import View


def devices_agree(seed: int, views: list[View]) -> None:
    """Check that all devices of a person show the same chats, messages, contacts and profile.

    Notes of what happened in a group are left out: a device has none of what was before it.

    Raises:
        ViolationError: Two of them differ.
    """
    first: dict[ChatId, View] = {}
    for view in views:
        known = first.setdefault(view.me, view)
        for what, one, other in (
            ("messages", _messages(known), _messages(view)),
            ("chats", _chats(known), _chats(view)),
            ("contacts", _contacts(known), _contacts(view)),
            ("groups", known.shown.groups, view.shown.groups),
            ("profiles", known.shown.profile, view.shown.profile),
        ):
            if one != other:
                raise ViolationError(
                    f"seed {seed}: devices {known.device} and {view.device} of one person show "
                    f"other {what}"
                )


def _messages(view: View) -> object:
    return {message.id for message in view.shown.all_messages() if not is_note(message)}


def _chats(view: View) -> object:
    return {chat.id: _marks(chat) for chat in view.shown.chats.values()}


def _marks(chat: Chat) -> tuple[object, ...]:
    return (chat.kind, chat.active, chat.muted, chat.read_at_clock, chat.unread_count)


def _contacts(view: View) -> object:
    return {key: (it.added, it.ens_name) for key, it in view.shown.contacts.items()}
