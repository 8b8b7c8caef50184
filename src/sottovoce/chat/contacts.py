"""What a person decides about others: who is a contact, who is blocked, what is told to them.

Spec: Status specs 6 (payloads), "Contact Update"; status-go protocol/contact.go
(docs/spec-deviations.md, "Blocking and leaving").
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.commands import (
    AddContact,
    BlockContact,
    RemoveContact,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.contact_updates import ContactUpdates
from sottovoce.chat.device_sync import DeviceSync
from sottovoce.chat.events import ContactChanged
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.message_values import unix_ms, utf8_bytes
from sottovoce.chat.records import Contact, Profile
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import NICKNAME_BYTES_MAX
from sottovoce.identity.contact_link import BUNDLE_BYTES_MAX
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.limits import SHORT_TEXT_BYTES_MAX
from sottovoce.payloads.picture import decode_data_uri
from sottovoce.stack.events import BundleLearned


class Contacts:
    """Carries out commands about people."""

    def __init__(self, book: Book, inbox: Inbox, updates: ContactUpdates, sync: DeviceSync) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._updates: Final = updates
        self._sync: Final = sync

    def add(self, command: AddContact, now: Moment) -> Contact:
        """Add a person, and tell them about us.

        A person who is a contact already gets the new nickname, and hears nothing.

        Raises:
            CommandRefusedError: It cannot be done.
        """
        self._require_other(command.key)
        old = self._book.contact(command.key)
        if old.blocked:
            raise CommandRefusedError("this person is blocked; unblock them first")
        _check_text("a nickname", command.nickname, NICKNAME_BYTES_MAX)
        if len(command.bundle) > BUNDLE_BYTES_MAX:
            raise CommandRefusedError(f"a link's bundle has at most {BUNDLE_BYTES_MAX} bytes")
        chat = self._book.one_to_one(command.key)
        if not old.added:
            self._require_place()
            self._book.require_room(chat)
        if command.bundle:
            self._book.said.append(BundleLearned(command.key, command.bundle))
        contact = replace(old, added=True, nickname=command.nickname)
        if contact == old:
            return old
        self._book.put_contact(contact, said=old.added)
        if not old.added:
            hidden = replace(chat, active=chat.active and self._book.chat(chat.id) is not None)
            self._book.put_chat(replace(hidden, accepted=True, held_bytes=0))
            self._updates.tell([contact], now)
            contact = self._book.contact(command.key)
            self._book.said.append(ContactChanged(contact))
            self._sync.tell_contact(contact, now)
        return contact

    def remove(self, command: RemoveContact) -> Contact:
        """Have a person as contact no longer.

        Raises:
            CommandRefusedError: They are none.
        """
        old = self._book.contact(command.key)
        if not old.added:
            raise CommandRefusedError("this person is no contact of yours")
        self._updates.withdraw_from(old)
        contact = replace(old, added=False)
        self._book.put_contact(contact)
        chat = self._book.one_to_one(command.key)
        if not chat.active and not chat.last_message_unix_ms:
            self._book.put_chat(replace(chat, accepted=False))  # Nothing was ever said in it.
        return contact

    def block(self, command: BlockContact) -> Contact:
        """Hear nothing of a person any more, or hear them again.

        Raises:
            CommandRefusedError: It is ourselves, or there are too many.
        """
        old = self._require_noted(command.key)
        contact = replace(old, blocked=command.blocked)
        if contact == old:
            return old
        if command.blocked:
            self._updates.withdraw_from(old)
            chat = self._book.one_to_one(command.key)
            if self._book.chat(chat.id) is not None:
                self._book.put_chat(replace(chat, active=False))
        self._book.put_contact(contact)
        return contact

    def verify(self, command: VerifyContact) -> Contact:
        """Note that a person's key was compared by another way, or was not.

        Raises:
            CommandRefusedError: It is ourselves, or there are too many.
        """
        old = self._require_noted(command.key)
        contact = replace(old, verified=command.verified)
        if contact != old:
            self._book.put_contact(contact)
        return contact

    def set_profile(self, command: SetProfile, now: Moment) -> Profile:
        """Change name and picture and tell all contacts, if anything changed.

        Raises:
            CommandRefusedError: The name is too long, or the picture is none.
        """
        old = self._book.profile
        profile = Profile(command.ens_name, command.picture, old.clock)
        _check_text("a name", profile.ens_name, SHORT_TEXT_BYTES_MAX)
        if profile.picture:
            try:
                decode_data_uri(profile.picture)
            except RemoteProtocolError as error:
                raise CommandRefusedError(str(error)) from None
        if profile != old:
            told = self._book.told_contacts()
            self._updates.withdraw(told)
            clock = next_clock(last_clock=old.clock, now_unix_ms=unix_ms(now))
            self._book.put_profile(replace(profile, clock=clock))
            if told:
                self._updates.tell(told, now)
            self._updates.tell_own_devices(now)
        return self._book.profile

    def _require_other(self, key: PublicKey) -> None:
        if key == self._book.me:
            raise CommandRefusedError("this is your own key")

    def _require_place(self) -> None:
        if not self._book.may_add_contact():
            raise CommandRefusedError(
                f"there are {self._book.settings.contacts_max} contacts, the most there can be; "
                "remove one first"
            )

    def _require_noted(self, key: PublicKey) -> Contact:
        self._require_other(key)
        contact = self._book.contact(key)
        noted_max = self._book.settings.noted_max
        if self._inbox.is_stranger(contact):
            noted = sum(not self._inbox.is_stranger(it) for it in self._book.contacts())
            if noted >= noted_max:
                raise CommandRefusedError(
                    f"there are {noted_max} people whom you noted something about, "
                    "the most there can be; unblock one first"
                )
        return contact


def _check_text(what: str, text: str, bytes_max: int) -> None:
    size_bytes = utf8_bytes(text)
    if size_bytes is None:
        raise CommandRefusedError(f"{what} is not valid Unicode text")
    if size_bytes > bytes_max:
        raise CommandRefusedError(f"{what} has at most {bytes_max} bytes, not {size_bytes}")
