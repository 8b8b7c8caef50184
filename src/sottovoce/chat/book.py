"""What decisions about chats need, in memory and in step with the store: chats, contacts, profile.

It also collects what one event makes the machine say, and knows who is to be heard. Messages stay
in the store.

Spec: none; status-go holds the same maps in its Messenger.
"""

from collections import Counter
from dataclasses import replace
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.events import ChatChanged, ChatOutput, ContactChanged, Unshown
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Profile
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import ChatSettings
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.contact_id import contact_id
from sottovoce.stack import destinations
from sottovoce.stack.destinations import Destination, PublicChat
from sottovoce.stack.events import PeopleChanged

_KEY_START: Final = len("0x04")


class Book:
    """One person's chats and contacts.

    Attributes:
        me: Who this person is.
        store: What lasts.
        settings: Bounds and times.
        statistics: What arrived and is not shown, by reason.
        inbox: The chats of strangers.
        said: What the present event makes the machine say.
    """

    def __init__(self, me: PublicKey, store: ChatStore, settings: ChatSettings) -> None:
        self.me: Final = me
        self.store: Final = store
        self.settings: Final = settings
        self.statistics: Final[Counter[Unshown]] = Counter()
        self.inbox: Final[set[ChatId]] = set()
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

    # ---- chats

    def chat(self, chat_id: ChatId) -> Chat | None:
        """Return a chat that is here."""
        return self._chats.get(chat_id)

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

    def destination(self, chat: Chat) -> Destination:
        """Return where messages of a chat go."""
        if chat.kind is ChatKind.PUBLIC:
            return PublicChat(chat.id)
        return destinations.Contact(self.partner(chat))

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
        self.store.remove_chat(chat.id)
        self.said.append(ChatChanged(replace(chat, active=False, unread_count=0)))

    def heard_count(self) -> int:
        """Return how many public chats are heard."""
        return sum(chat.active and chat.kind is ChatKind.PUBLIC for chat in self._chats.values())

    def has_room(self, chat: Chat) -> bool:
        """Tell whether a chat can be one of our own: it is already, or there are not too many."""
        own_count = len(self._chats) - len(self.inbox)
        is_own = chat.id in self._chats and chat.id not in self.inbox
        return is_own or own_count < self.settings.chats_max

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
        return PeopleChanged(
            public_chats=frozenset(
                chat.id
                for chat in self._chats.values()
                if chat.active and chat.kind is ChatKind.PUBLIC
            ),
            followed=added | {key for key, active in accepted if active} - blocked,
            answered=added | {key for key, _ in accepted} - blocked,
            ignored=blocked,
        )


def _shown(chat: Chat) -> Chat:
    """Return a chat without what nobody sees."""
    return replace(chat, last_clock=0, held_bytes=0, older_clock=0, older_bytes=0)
