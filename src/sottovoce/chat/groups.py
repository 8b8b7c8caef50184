"""Private groups: what a person does with them. Each act is an event that everybody can check.

What is not allowed is refused in words before anything is signed. Whoever gets the events, and what
they change here, is written down elsewhere.

Spec: Status specs draft 7 (group chat); status-go protocol/messenger.go.
"""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeAlias, assert_never

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.author import Author
from sottovoce.chat.book import Book
from sottovoce.chat.commands import (
    AddMembers,
    CreateGroup,
    JoinGroup,
    LeaveChat,
    PromoteMembers,
    RemoveMember,
    RenameGroup,
    ResignAdmin,
)
from sottovoce.chat.group_changes import GroupChanges
from sottovoce.chat.group_history import GroupHistory, group_history
from sottovoce.chat.group_permission import (
    invited,
    promoted,
    require_admin,
    require_member,
    require_name,
    require_removable,
    require_space,
)
from sottovoce.chat.inbox import accept
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.posting import Posting
from sottovoce.chat.records import Chat, ChatId, ChatKind, Group
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.limits import EVENTS_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import SignedEvent

_AdminCommand: TypeAlias = AddMembers | RemoveMember | PromoteMembers | ResignAdmin | RenameGroup
GroupCommand: TypeAlias = CreateGroup | JoinGroup | _AdminCommand

_UUID_BYTES: Final = 16


class Groups:
    """Carries out commands about groups."""

    def __init__(self, book: Book, author: Author, changes: GroupChanges, posting: Posting) -> None:
        self._book: Final = book
        self._author: Final = author
        self._changes: Final = changes
        self._posting: Final = posting

    def carry_out(self, command: GroupCommand, now: Moment) -> Group:
        """Carry out a command about a group.

        Raises:
            CommandRefusedError: It cannot be done.
        """
        match command:
            case CreateGroup():
                return self._create(command, now)
            case JoinGroup():
                return self._join(command, now)
            case _:
                return self._administer(command, now)

    def leave(self, command: LeaveChat, now: Moment) -> Chat:
        """Show a group no longer, and tell its members that we left if we are one.

        An invitation that waits in the inbox goes without a word: a stranger does not learn that
        we are there. So does a group whose history is full, or no longer fits into a message.

        Raises:
            CommandRefusedError: There is no such group.
        """
        chat, history = self._known(command.chat_id)
        is_in = self._book.me in history.members
        if is_in and chat.accepted:
            event = _Draft(EventType.MEMBER_REMOVED, members=(self._book.me,))
            with suppress(CommandRefusedError):
                self._act(chat, history, [event], now)
                is_in = False
        # Where others go on writing to us, it is as if the invitation had never been accepted.
        chat = self._book.known_chat(chat.id)
        chat = replace(chat, active=False, accepted=chat.accepted and not is_in)
        self._book.put_chat(chat)
        return chat

    # ---- each act

    def _create(self, command: CreateGroup, now: Moment) -> Group:
        require_name(command.name)
        chat_id = ChatId(group_chat_id(self._fresh_uuid(), self._book.me))
        chat = Chat(chat_id, ChatKind.GROUP)
        self._book.require_room(chat)
        self._book.require_room_for_group()
        drafts = [_Draft(EventType.CHAT_CREATED, name=command.name)]
        if command.members:
            members = invited(self._book, group_history(chat_id, ()), command.members)
            drafts.append(_Draft(EventType.MEMBERS_ADDED, members=members))
        return self._act(chat, group_history(chat_id, ()), drafts, now, grows=True)

    def _join(self, command: JoinGroup, now: Moment) -> Group:
        chat, history = self._known(command.chat_id)
        require_member(self._book, history)
        if not chat.accepted:
            self._book.require_room(chat)
            self._book.require_room_for_group()
        if self._book.me in history.joined:
            self._book.put_chat(accept(chat))
            return history.record()
        return self._act(accept(chat), history, [_Draft(EventType.MEMBER_JOINED)], now)

    def _administer(self, command: _AdminCommand, now: Moment) -> Group:
        chat, history = self._known(command.chat_id)
        require_admin(self._book, history)
        match command:
            case AddMembers(members=people):
                members = invited(self._book, history, people)
                draft = _Draft(EventType.MEMBERS_ADDED, members=members)
            case RemoveMember(member=member):
                require_removable(self._book, history, member)
                draft = _Draft(EventType.MEMBER_REMOVED, members=(member,))
            case PromoteMembers(members=people):
                members = promoted(history, people)
                draft = _Draft(EventType.ADMINS_ADDED, members=members)
            case ResignAdmin():
                draft = _Draft(EventType.ADMIN_REMOVED, members=(self._book.me,))
            case RenameGroup(name=name):
                require_name(name)
                draft = _Draft(EventType.NAME_CHANGED, name=name)
                if name == history.state.name:
                    return history.record()
            case _:
                assert_never(command)
        grows = not isinstance(command, RemoveMember | ResignAdmin)
        return self._act(chat, history, [draft], now, grows=grows)

    # ---- what all have in common

    def _known(self, chat_id: ChatId) -> tuple[Chat, GroupHistory]:
        chat = self._book.known_chat(chat_id)
        if chat.kind is not ChatKind.GROUP:
            raise CommandRefusedError("this chat is no group")
        return chat, self._book.groups.history(chat_id)

    def _act(
        self,
        chat: Chat,
        before: GroupHistory,
        drafts: Sequence["_Draft"],
        now: Moment,
        *,
        grows: bool = False,
    ) -> Group:
        """Sign events, see that they count, and tell everybody who was or is in the group.

        Raises:
            CommandRefusedError: They do not, or the group would be too large.
        """
        fresh = self._signed(chat, before, drafts, now)
        after = before.with_events(fresh)
        if not set(fresh) <= set(after.allowed):
            raise CommandRefusedError(
                f"the group has {len(before.allowed)} events, and there can be {EVENTS_MAX}; "
                "make a new group with the same people"
            )
        if grows:
            require_space(after)
        wrapped = self._posting.history(after)
        people = self._listeners(before, after)
        self._changes.apply(chat, after, fresh, now)
        self._posting.submit_history(wrapped, people)
        return after.record()

    def _signed(
        self, chat: Chat, before: GroupHistory, drafts: Iterable["_Draft"], now: Moment
    ) -> list[SignedEvent]:
        clock = max(chat.last_clock, before.last_clock())
        signed = []
        try:
            for draft in drafts:
                clock = next_clock(last_clock=clock, now_unix_ms=unix_ms(now))
                signed.append(self._author.sign_event(draft.at(clock), chat.id))
        except LocalProtocolError as error:
            raise CommandRefusedError(str(error)) from None
        return signed

    def _listeners(self, before: GroupHistory, after: GroupHistory) -> list[PublicKey]:
        """Return who is told: members of before and after, and who was just removed.

        A blocked member is told nothing but their own removal.
        """
        gone = frozenset(before.members).difference(after.members)
        removed = [key for key in before.members if key in gone]
        heard = [key for key in after.members if not self._book.contact(key).blocked]
        return [key for key in (*heard, *removed) if key != self._book.me]

    def _fresh_uuid(self) -> str:
        return str(uuid.UUID(bytes=self._author.entropy.take(_UUID_BYTES), version=4))


class _Draft:
    """An event without its clock."""

    def __init__(
        self, type: EventType, *, members: Iterable[PublicKey] = (), name: str = ""
    ) -> None:
        self._type: Final = type
        self._members: Final = tuple(map(contact_id, members))
        self._name: Final = name

    def at(self, clock: int) -> MembershipEvent:
        return MembershipEvent(clock, self._members, self._name, self._type)
