"""How chats and messages look: as lines for people, as fields for programs.

Everything that others wrote goes through `printable`, and programs get it as it is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import Chat, Message, MessageState, Reaction
from sottovoce.cli.chat_text import shown_text
from sottovoce.cli.naming import AddressBook
from sottovoce.cli.output import printable
from sottovoce.identity.public_key_text import hex_key
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.message_id import MessageId, message_id_text
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy

ID_DIGITS: Final = 8  # enough to name a message of one's own history
_QUOTE_CHARACTERS_MAX: Final = 60
_SNIPPET_CHARACTERS_MAX: Final = 48
_MILLISECONDS: Final = 1000
_DIM: Final = "\x1b[2m"
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"

_MARKS: Final = {
    Secrecy.PUBLIC: "public",
    Secrecy.DH_ONLY: "no forward secrecy",
    Secrecy.RATCHET: "forward secrecy",
    None: "not sealed yet",
}
_FACES: Final = {
    ReactionType.LOVE: "\N{HEAVY BLACK HEART}",
    ReactionType.THUMBS_UP: "\N{THUMBS UP SIGN}",
    ReactionType.THUMBS_DOWN: "\N{THUMBS DOWN SIGN}",
    ReactionType.LAUGH: "\N{FACE WITH TEARS OF JOY}",
    ReactionType.SAD: "\N{CRYING FACE}",
    ReactionType.ANGRY: "\N{ANGRY FACE}",
}


class Lines:
    """Writes messages for people, one or two lines each.

    Args:
        book: Who is called how.
        is_coloured: Whether colours may be written.
    """

    def __init__(self, book: AddressBook, *, is_coloured: bool) -> None:
        self._book = book
        self._is_coloured = is_coloured

    def message(
        self,
        message: Message,
        *,
        quoted: Message | None,
        reactions: Iterable[Reaction] = (),
        with_chat: bool = False,
    ) -> str:
        """Return a message, under it what it answers, and its faces."""
        place = f"{printable(self._book.chat_name(message.chat_id))}  " if with_chat else ""
        when = moment(message.written_unix_ms)
        start = self._dim(f"{when}  {short_id(message.id)}  {place}")
        if is_note(message):
            return f"{start}{self._dim(f'-- {shown_text(self._book, message)}')}"
        author = self._bold(printable(self._book.person_name(message.author)))
        marks = self._dim(f"  [{', '.join(_states(message))}]")
        lines = [f"{start}{author}: {shown_text(self._book, message)}{marks}"]
        if message.response_to:
            lines.append(self._dim(f"    > {self._quote(quoted)}"))
        faces = [f"{face(each.type)} {self._name(each)}" for each in reactions]
        if faces:
            lines.append(self._dim(f"    {'  '.join(faces)}"))
        return "\n".join(lines)

    def state(self, message: Message) -> str:
        """Return how far a message of ours has come."""
        return self._dim(f"{short_id(message.id)}  {', '.join(_states(message))}")

    def reaction(self, reaction: Reaction) -> str:
        """Return a face that came or went."""
        verb = "takes back" if reaction.retracted else "puts"
        return self._dim(
            f"{short_id(reaction.message_id)}  {self._name(reaction)} {verb} {face(reaction.type)}"
        )

    def chat(self, chat: Chat, last: Message | None) -> str:
        """Return a chat, with what was said last."""
        name = self._bold(printable(self._book.chat_name(chat.id)))
        notes = [chat.kind.value, *self._membership(chat)]
        if chat.unread_count:
            notes.append(f"{chat.unread_count} unread")
        if chat.muted:
            notes.append("muted")
        line = f"{name}  ({', '.join(notes)})"
        if last is None:
            return line
        text = shortened(shown_text(self._book, last), _SNIPPET_CHARACTERS_MAX)
        when = moment(last.written_unix_ms)
        if is_note(last):
            return line + self._dim(f"\n    {when}  -- {text}")
        author = printable(self._book.person_name(last.author))
        return line + self._dim(f"\n    {when}  {author}: {text}  [{_MARKS[last.secrecy]}]")

    def _membership(self, chat: Chat) -> list[str]:
        """Return what there is to know of us in a group."""
        group = self._book.groups.get(chat.id)
        if group is None:
            return []
        if self._book.own not in group.members:
            return ["you are not in it any more"]
        joined = self._book.own in group.joined
        return [f"{len(group.members)} members" if joined else "you are invited"]

    def _quote(self, quoted: Message | None) -> str:
        if quoted is None:
            return "a message that is not here"
        author = printable(self._book.person_name(quoted.author))
        text = shortened(shown_text(self._book, quoted), _QUOTE_CHARACTERS_MAX)
        return f"{author}: {text}"

    def _name(self, reaction: Reaction) -> str:
        return printable(self._book.person_name(reaction.author))

    def _dim(self, text: str) -> str:
        return f"{_DIM}{text}{_PLAIN}" if self._is_coloured else text

    def _bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_PLAIN}" if self._is_coloured else text


def message_fields(
    book: AddressBook, message: Message, reactions: Sequence[Reaction] = ()
) -> dict[str, object]:
    """Return a message for programs."""
    return {
        "id": message_id_text(message.id),
        "chat": message.chat_id,
        "author": hex_key(message.author),
        "author_name": book.person_name(message.author),
        "own": message.own,
        "text": message.text,
        "content_type": content_name(message.content_type),
        "written_unix_ms": message.written_unix_ms,
        "clock": message.clock,
        "response_to": message.response_to,
        "secrecy": None if message.secrecy is None else message.secrecy.value,
        "state": message.state.value,
        "peers": message.peer_count,
        "recipients": message.recipient_count,
        "acknowledged": message.acknowledged_count,
        "reason": message.reason,
        "reactions": [reaction_fields(each) for each in reactions],
    }


def reaction_fields(reaction: Reaction) -> dict[str, object]:
    """Return a reaction for programs."""
    return {
        "message": message_id_text(reaction.message_id),
        "author": hex_key(reaction.author),
        "face": _face_name(reaction.type),
        "retracted": reaction.retracted,
    }


def chat_fields(book: AddressBook, chat: Chat) -> dict[str, object]:
    """Return a chat for programs."""
    return {
        "id": chat.id,
        "name": book.chat_name(chat.id),
        "kind": chat.kind.value,
        "active": chat.active,
        "accepted": chat.accepted,
        "muted": chat.muted,
        "unread": chat.unread_count,
        "last_message_unix_ms": chat.last_message_unix_ms,
    }


def short_id(message_id: MessageId) -> str:
    """Return the beginning of an id, by which people name a message."""
    return message_id.hex()[:ID_DIGITS]


def moment(unix_ms: int) -> str:
    """Return a time of the wall clock here; a stranger's may be any number."""
    try:
        return f"{datetime.fromtimestamp(unix_ms / _MILLISECONDS).astimezone():%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "at no time   "


def face(number: int) -> str:
    """Return the face of a reaction."""
    try:
        return _FACES.get(ReactionType(number), "?")
    except ValueError:
        return "?"


def content_name(number: int) -> str:
    """Return the name of a content type, as programs read it."""
    try:
        return ContentType(number).name.lower()
    except ValueError:
        return str(number)


def shortened(text: str, characters_max: int) -> str:
    """Return a text, cut where it becomes too long for a line."""
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"


def _face_name(number: int) -> str:
    try:
        return ReactionType(number).name.lower()
    except ValueError:
        return str(number)


def how_far(message: Message) -> str:
    """Return how far a message of ours has come, and in a group, with how many people."""
    counts = f"{message.acknowledged_count} of {message.recipient_count}"
    by = f" by {counts}" if message.recipient_count else ""
    partly = f", acknowledged{by}" if by else ""
    match message.state:
        case MessageState.STORED:
            return f"{message.state.value}{partly}"
        case MessageState.SENT:
            if not message.peer_count:
                return f"sent from another device{partly}"
            return f"sent to {message.peer_count} peer(s){partly}"
        case MessageState.ACKNOWLEDGED:
            return f"acknowledged{by}"
        case MessageState.FAILED:
            return f"failed: {message.reason}" if message.reason else "failed"
        case _:
            return str(message.state.value)


def _states(message: Message) -> list[str]:
    """Return how a message is protected and, if it is ours, how far it has come."""
    match message.state:
        case MessageState.RECEIVED:
            return [_MARKS[message.secrecy]]
        case MessageState.QUEUED | MessageState.FAILED:
            return [how_far(message)]
        case MessageState.SENT | MessageState.STORED | MessageState.ACKNOWLEDGED:
            return [how_far(message), _MARKS[message.secrecy]]
