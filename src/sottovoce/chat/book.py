"""What decisions about chats need, in memory and in step with the store: chats, contacts, profile.

It also collects what one event makes the machine say, and knows who is to be heard. Messages stay
in the store.

Spec: none; status-go holds the same maps in its Messenger.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from operator import attrgetter
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.events import ChatChanged, ChatOutput, ContactChanged, Unshown
from sottovoce.chat.group_book import GroupBook
from sottovoce.chat.group_history import GroupHistory
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Profile
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import ChatSettings
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.metadata import Wrapped
from sottovoce.stack import destinations
from sottovoce.stack.destinations import Destination, OwnDevices, OwnDevicesOnce, PublicChat
from sottovoce.stack.events import MessageSubmitted, PeopleChanged

_KEY_START: Final = len("0x04")

# All of a chat but what nobody sees.
_UNSEEN: Final = frozenset({"last_clock", "held_bytes", "older_clock", "older_bytes"})
_shown: Final = attrgetter(*(each.name for each in fields(Chat) if each.name not in _UNSEEN))


class Book:
    """One person's chats and contacts.

    Attributes:
        me: Who this person is.
        store: What lasts.
        settings: Bounds and times.
        statistics: What arrived and is not shown, by reason.
        inbox: The chats of strangers.
        groups: The histories of groups.
        has_other_devices: Whether another device of ours is enabled, which gets what we say.
        others_are_fed: Whether each of them has taken part in the feed, which brings what is lost.
        said: What the present event makes the machine say.
    """

    def __init__(self, me: PublicKey, store: ChatStore, settings: ChatSettings) -> None:
        self.me: Final = me
        self.store: Final = store
        self.settings: Final = settings
        self.statistics: Final[Counter[Unshown]] = Counter()
        self.inbox: Final[set[ChatId]] = set()
        self.groups: Final = GroupBook(store)
        self.has_other_devices = False
        self.others_are_fed = False
        self.said: list[ChatOutput] = []
        self._chats: Final[dict[ChatId, Chat]] = {}
        self._contacts: Final = {contact.key: contact for contact in store.contacts()}
        self._profile = store.load_profile()
        self._people: PeopleChanged | None = None
        self._people_may_differ = False
        self._first_told_clock: int | None = None
        self._told_may_differ = True
        for chat in store.chats():
            self._remember(chat)

    def take_said(self) -> list[ChatOutput]:
        """Return what was said, and before it whom to hear if that changed."""
        said, self.said = self.said, []
        if self._people_may_differ:
            self._people_may_differ = False
            people = self._whom_to_hear()
            if people != self._people:
                self._people = people
                return [people, *said]
        return said

    def say_people(self) -> None:
        """Let whom to hear be said, whether or not it changed."""
        self._people, self._people_may_differ = None, True

    def copy(self, wrapped: Wrapped) -> None:
        """Let our other devices have what is said to somebody, if any is enabled."""
        for own in self.own_devices():
            self.said.append(MessageSubmitted(wrapped.message_id, wrapped.raw, own))

    def own_devices(self) -> tuple[OwnDevices | OwnDevicesOnce, ...]:
        """Return how our other devices get what is said to somebody; nothing if none is enabled.

        Who is fed need not acknowledge a copy, which would be repeated to a lost device for weeks.
        """
        if not self.has_other_devices:
            return ()
        return (OwnDevicesOnce() if self.others_are_fed else OwnDevices(),)

    # ---- chats

    def chat(self, chat_id: ChatId) -> Chat | None:
        """Return a chat that is here."""
        return self._chats.get(chat_id)

    def is_group(self, chat_id: ChatId) -> bool:
        """Tell whether a chat is here and a group."""
        chat = self._chats.get(chat_id)
        return chat is not None and chat.kind is ChatKind.GROUP

    def known_chat(self, chat_id: ChatId) -> Chat:
        """Return a chat that a command names.

        Raises:
            CommandRefusedError: There is none.
        """
        chat = self._chats.get(chat_id)
        if chat is None:
            raise CommandRefusedError("there is no such chat; join it, or open it with its person")
        return chat

    def one_to_one(self, key: PublicKey) -> Chat:
        """Return the chat with a person, or a new one that is not kept yet."""
        chat_id = ChatId(contact_id(key))
        chat = self._chats.get(chat_id)
        if chat is not None:
            return chat
        contact = self.contact(key)
        return Chat(
            chat_id,
            ChatKind.ONE_TO_ONE,
            accepted=contact.added,
            last_clock=max(contact.updated_clock, contact.told_clock),
        )

    def partner(self, chat: Chat) -> PublicKey:
        """Return whom a one-to-one chat is with."""
        return PublicKey(bytes.fromhex(chat.id[_KEY_START:]))

    def destinations(self, chat: Chat) -> tuple[Destination, ...]:
        """Return where messages of a chat go.

        Blocked members of a group get none: what they have they could not tell us, for they are
        not heard.
        """
        if chat.kind is ChatKind.PUBLIC:
            return (PublicChat(chat.id),)
        people = (self.partner(chat),) if chat.kind is ChatKind.ONE_TO_ONE else self.others(chat)
        return (*map(destinations.Contact, people), *self.own_devices())

    def own_groups(self) -> list[Chat]:
        """Return the groups that we are in and that were accepted, those of late first."""
        groups = [
            chat
            for chat in self._chats.values()
            if chat.kind is ChatKind.GROUP and chat.accepted and chat.active
        ]
        return sorted(groups, key=lambda it: (-it.last_message_unix_ms, it.id))

    def others(self, chat: Chat) -> tuple[PublicKey, ...]:
        """Return who gets a group's messages: its members but for ourselves and blocked ones."""
        return tuple(
            key
            for key in self.groups.members(chat.id)
            if key != self.me and not self.contact(key).blocked
        )

    def put_group(self, after: GroupHistory, fresh: Iterable[SignedEvent]) -> None:
        """Keep a group with its new events; its chat is kept already."""
        self.groups.put(after, fresh)
        self._people_may_differ = True

    def put_chat(self, chat: Chat) -> None:
        """Keep a chat as it is now, and say so if anybody could see the change."""
        old = self._chats.get(chat.id)
        if chat == old:
            return
        self._remember(chat)
        self.store.save_chat(chat)
        if old is None or _shown(chat) != _shown(old):
            self.said.append(ChatChanged(chat))
        if old is None or (chat.active, chat.accepted) != (old.active, old.accepted):
            self._people_may_differ = True

    def remove_chat(self, chat: Chat) -> None:
        """Forget a stranger's chat; whoever shows it learns that it is no longer there."""
        del self._chats[chat.id]
        self.inbox.discard(chat.id)
        self.groups.remove(chat.id)
        self.store.remove_chat(chat.id)
        self.said.append(ChatChanged(replace(chat, active=False, unread_count=0)))

    def heard_chats(self) -> list[Chat]:
        """Return the public chats that are heard."""
        return [it for it in self._chats.values() if it.active and it.kind is ChatKind.PUBLIC]

    def may_hear_chat(self) -> bool:
        """Tell whether one more public chat can be heard."""
        return len(self.heard_chats()) < self.settings.public_chats_max

    def has_room(self, chat: Chat) -> bool:
        """Tell whether a chat can be one of our own: it is already, or there are not too many."""
        own_count = len(self._chats) - len(self.inbox)
        is_own = chat.id in self._chats and chat.id not in self.inbox
        return is_own or own_count < self.settings.chats_max

    def has_room_for_group(self) -> bool:
        """Tell whether one more group can be one of our own."""
        own_count = sum(
            chat.accepted and chat.active and chat.kind is ChatKind.GROUP
            for chat in self._chats.values()
        )
        return own_count < self.settings.groups_max

    def require_room_for_group(self) -> None:
        """Check that one more group can be one of our own.

        Raises:
            CommandRefusedError: There are too many.
        """
        if not self.has_room_for_group():
            raise CommandRefusedError(
                f"there are {self.settings.groups_max} groups, the most there can be; "
                "leave one first"
            )

    def require_room(self, chat: Chat) -> None:
        """Check that a chat can be one of our own.

        Raises:
            CommandRefusedError: There are too many.
        """
        if not self.has_room(chat):
            raise CommandRefusedError(
                f"there are {self.settings.chats_max} chats, the most there can be"
            )

    def _remember(self, chat: Chat) -> None:
        self._chats[chat.id] = chat
        if chat.accepted:
            self.inbox.discard(chat.id)
        else:
            self.inbox.add(chat.id)

    # ---- contacts

    def contact(self, key: PublicKey) -> Contact:
        """Return what is known of a person, which may be nothing."""
        return self._contacts.get(key) or Contact(key)

    def knows(self, key: PublicKey) -> bool:
        """Tell whether anything is known of a person."""
        return key in self._contacts

    def contacts(self) -> list[Contact]:
        """Return everybody of whom something is known."""
        return list(self._contacts.values())

    def may_add_contact(self) -> bool:
        """Tell whether one more person can be added."""
        added_count = sum(contact.added for contact in self._contacts.values())
        return added_count < self.settings.contacts_max

    def told_contacts(self) -> list[Contact]:
        """Return whom we tell about name and picture: those added and not blocked."""
        return [it for it in self._contacts.values() if it.added and not it.blocked]

    def first_told_clock(self) -> int | None:
        """Return the clock of the oldest of our last words to each of them, or None."""
        if self._told_may_differ:
            self._told_may_differ = False
            clocks = (contact.told_clock for contact in self.told_contacts())
            self._first_told_clock = min(clocks, default=None)
        return self._first_told_clock

    def put_contact(
        self, contact: Contact, *, request_received: bool = False, said: bool = True
    ) -> None:
        """Keep what is known of a person.

        Args:
            contact: As it is now.
            request_received: Whether it just asked to be our contact.
            said: Whether anybody could see the change.
        """
        old = self.contact(contact.key)
        self._contacts[contact.key] = contact
        self.store.save_contact(contact)
        self._told_may_differ = True
        if (contact.added, contact.blocked) != (old.added, old.blocked):
            self._people_may_differ = True
        if said:
            previous = old.ens_name if old.ens_name != contact.ens_name else None
            self.said.append(ContactChanged(contact, request_received, previous))

    def remove_contact(self, key: PublicKey) -> None:
        """Forget a stranger's request; whoever shows it learns that it is no longer there."""
        del self._contacts[key]
        self.store.remove_contact(key)
        self.said.append(ContactChanged(Contact(key)))

    # ---- profile

    @property
    def profile(self) -> Profile:
        """What we tell about ourselves."""
        return self._profile

    def put_profile(self, profile: Profile) -> None:
        """Replace the profile."""
        self._profile = profile
        self.store.save_profile(profile)

    # ---- people

    def _whom_to_hear(self) -> PeopleChanged:
        blocked = frozenset(it.key for it in self._contacts.values() if it.blocked)
        added = frozenset(contact.key for contact in self.told_contacts())
        accepted = [
            (self.partner(chat), chat.active)
            for chat in self._chats.values()
            if chat.accepted and chat.kind is ChatKind.ONE_TO_ONE
        ]
        grouped = {
            key
            for chat in self._chats.values()
            if chat.accepted and chat.active and chat.kind is ChatKind.GROUP
            for key in self.groups.members(chat.id)
        }
        return PeopleChanged(
            public_chats=frozenset(chat.id for chat in self.heard_chats()),
            followed=added | {key for key, active in accepted if active} - blocked,
            answered=added | grouped.union(key for key, _ in accepted) - blocked - {self.me},
            ignored=blocked,
        )
