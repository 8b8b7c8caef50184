"""What other devices of ours bring: taken into what is here, whatever the order, and once.

Nothing is written that is here already. What is later here than there goes to the end of our list,
so that they learn it. A record that cannot be read is counted and takes nothing else with it.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from collections.abc import Callable, Iterable
from typing import Final, assert_never

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.channel_name import public_chat_id
from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_chats import KINDS, ChatAbsorbing
from sottovoce.chat.feed_groups import GroupAbsorbing
from sottovoce.chat.feed_messages import MessageAbsorbing
from sottovoce.chat.feed_people import PeopleAbsorbing
from sottovoce.chat.feed_records import SECRECY_NUMBERS, STATE_NUMBERS
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.records import ChatId, ChatKind
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.feed import (
    RECORD_CLASSES,
    FeedChat,
    FeedContact,
    FeedGroupEvent,
    FeedMessage,
    FeedProfile,
    FeedReaction,
    FeedRecord,
)
from sottovoce.payloads.membership_event import SignedEvent, open_event
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.reaction import ReactionType
from sottovoce.payloads.registry import Payload, PayloadType
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import decode_payload, decode_record

_MESSAGE_ID_BYTES: Final = 32
# People come before chats, groups before what is said in them, messages before what is about them.
_ORDER: Final = {record_class: kind for kind, record_class in RECORD_CLASSES.items()}


class Absorbing:
    """Takes in what other devices of ours bring."""

    def __init__(
        self,
        book: Book,
        inbox: Inbox,
        changes: GroupChanges,
        rows: FeedRows,
        compose: Callable[[Payload], Wrapped],
    ) -> None:
        self._book: Final = book
        self._people: Final = PeopleAbsorbing(book, inbox, rows)
        self._groups: Final = GroupAbsorbing(book, inbox, changes, rows)
        self._chats: Final = ChatAbsorbing(book, inbox, rows)
        self._messages: Final = MessageAbsorbing(book, inbox, self._chats, rows, compose)

    def take(self, encoded: Iterable[bytes], by: Bringing) -> None:
        """Take records in; what cannot be taken is counted."""
        records = [record for raw in encoded if (record := self._read(raw)) is not None]
        records.sort(key=lambda record: _ORDER[type(record)])
        events: dict[str, list[SignedEvent]] = {}
        for record in records:
            if isinstance(record, FeedGroupEvent):
                self._collect(record, events)
                continue
            if events and isinstance(record, FeedChat | FeedMessage | FeedReaction):
                self._take_groups(events, by)
            self._count(self._take(record, by))
        self._take_groups(events, by)

    def _read(self, raw: bytes) -> FeedRecord | None:
        try:
            return decode_record(raw)
        except RemoteProtocolError:
            self._count(Unshown.DAMAGED)
            return None

    def _collect(self, record: FeedGroupEvent, events: dict[str, list[SignedEvent]]) -> None:
        try:
            event = open_event(record.wire, chat_id=record.chat_id)
        except RemoteProtocolError:
            self._count(Unshown.DAMAGED)
        else:
            events.setdefault(record.chat_id, []).append(event)

    def _take_groups(self, events: dict[str, list[SignedEvent]], by: Bringing) -> None:
        for chat_id, of_group in events.items():
            self._count(self._groups.take(ChatId(chat_id), tuple(of_group), by))
        events.clear()

    def _take(
        self,
        record: FeedProfile | FeedContact | FeedChat | FeedMessage | FeedReaction,
        by: Bringing,
    ) -> Unshown | None:
        try:
            return self._take_checked(record, by)
        except (RemoteProtocolError, CommandRefusedError):
            return Unshown.DAMAGED

    def _take_checked(
        self,
        record: FeedProfile | FeedContact | FeedChat | FeedMessage | FeedReaction,
        by: Bringing,
    ) -> Unshown | None:
        """Check what a record says, and take it in.

        Raises:
            RemoteProtocolError: It breaks a rule.
            CommandRefusedError: It names a public chat that nothing can be called.
        """
        match record:
            case FeedProfile():
                self._people.take_profile(record, by)
            case FeedContact():
                key = self._somebody(record.key)
                return self._people.take_contact(record, key, by)
            case FeedChat():
                self._check_chat(record.id, record.kind)
                return self._chats.take(record, by)
            case FeedMessage():
                content = self._content(record, by)
                return self._messages.take(record, _key(record.author), content, by)
            case FeedReaction():
                _check_reaction(record, by)
                return self._messages.take_reaction(record, _key(record.author), by)
            case _:
                assert_never(record)
        return None

    def _content(self, record: FeedMessage, by: Bringing) -> ChatMessage:
        """Read and check what a message says.

        Raises:
            RemoteProtocolError: It breaks a rule.
            CommandRefusedError: It is in a public chat that nothing can be called.
        """
        _require(record.state in STATE_NUMBERS.values(), "a state is unknown")
        _require(record.secrecy in SECRECY_NUMBERS.values(), "a secrecy is unknown")
        _require(len(record.id) == _MESSAGE_ID_BYTES, "a message's id has another length")
        content = decode_payload(PayloadType.CHAT_MESSAGE, record.content)
        check_received(content, envelope_unix_ms=by.present_unix_ms)
        if not isinstance(content, ChatMessage):
            raise RemoteProtocolError("a message is none")
        self._check_chat(content.chat_id, content.message_type)
        return content

    def _check_chat(self, chat_id: str, kind_number: int) -> None:
        """Check that a chat's id is one of its kind.

        Raises:
            RemoteProtocolError: It is not.
            CommandRefusedError: Nothing public can be called so.
        """
        match KINDS.get(kind_number):
            case ChatKind.PUBLIC:
                _require(public_chat_id(chat_id) == chat_id, "a public chat has another name")
            case ChatKind.ONE_TO_ONE:
                self._somebody(contact_key(chat_id).raw)
            case ChatKind.GROUP:
                pass  # Known only if its events made it.
            case None:
                raise RemoteProtocolError("a chat is of no known kind")

    def _somebody(self, raw: bytes) -> PublicKey:
        """Read the key of somebody else.

        Raises:
            RemoteProtocolError: It is no key, or ours.
        """
        key = _key(raw)
        _require(key != self._book.me, "nobody has themself as a contact")
        return key

    def _count(self, unshown: Unshown | None) -> None:
        if unshown is not None:
            self._book.statistics[unshown] += 1


def _key(raw: bytes) -> PublicKey:
    """Read a key.

    Raises:
        RemoteProtocolError: It is none.
    """
    return contact_key(f"0x04{raw.hex()}")


def _check_reaction(record: FeedReaction, by: Bringing) -> None:
    """Check a reaction.

    Raises:
        RemoteProtocolError: It breaks a rule.
    """
    _require(len(record.message_id) == _MESSAGE_ID_BYTES, "a message's id has another length")
    _require(record.type in tuple(ReactionType)[1:], "a reaction's type is unknown")
    _require(0 < record.clock <= by.latest_clock, "a reaction's clock is out of range")


def _require(kept: bool, broken: str) -> None:
    """Check a rule.

    Raises:
        RemoteProtocolError: It is broken.
    """
    if not kept:
        raise RemoteProtocolError(broken)
