"""What the deployed clients tell between devices of one person: contacts, public chats, a profile.

A device is told what is new while it is enabled, and everything once more when it is enabled or
when the person asks for it. What is received that way is never told on.

Spec: Status specs 6 (payloads), "SyncInstallation"; status-go protocol/messenger.go (SyncDevices)
and message_handler.go (docs/spec-deviations.md, "Several devices").
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.chat.book import Book
from sottovoce.chat.channel_name import public_chat_id
from sottovoce.chat.contact_updates import ContactUpdates, shown_picture
from sottovoce.chat.events import Unshown
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.posting import Posting
from sottovoce.chat.records import Chat, ChatKind, Contact
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.chat.settings import SYNCED_AT_ONCE_MAX, SYNCED_BYTES_AT_ONCE_MAX
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.contact_id import contact_id, contact_key
from sottovoce.payloads.devices import SyncInstallationContact, SyncInstallationPublicChat
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.registry import Payload
from sottovoce.stack.destinations import OwnDevices, OwnDevicesOnce
from sottovoce.stack.events import MessageWithdrawn


class DeviceSync:
    """Tells our other devices whom and where we hear, and takes what they tell."""

    def __init__(
        self,
        book: Book,
        updates: ContactUpdates,
        posting: Posting,
        compose: Callable[[Payload], Wrapped],
    ) -> None:
        self._book: Final = book
        self._updates: Final = updates
        self._posting: Final = posting
        self._compose: Final = compose
        # What was told as a whole last, so that telling it again does not pile up.
        self._told = list[MessageId]()

    # ---- ours

    def tell_contact(self, contact: Contact, now: Moment) -> None:
        """Tell of a person who was just added, if any device is enabled."""
        if self._book.has_other_devices:
            self._book.copy(self._compose(_sync_contact(contact, now)))

    def tell_chat(self, chat: Chat, now: Moment) -> None:
        """Tell of a public chat that was just joined, if any device is enabled."""
        if self._book.has_other_devices:
            self._book.copy(self._compose(SyncInstallationPublicChat(unix_ms(now), chat.id)))

    def tell_all(self, now: Moment) -> None:
        """Tell the profile, added contacts, joined public chats and groups, those of late first.

        They are bounded, so that there is room for what is said meanwhile.
        """
        for own in (OwnDevices(), OwnDevicesOnce()):
            self._book.said += [MessageWithdrawn(it, own) for it in self._told]
        self._updates.tell_own_devices(now)
        self._told = []
        room_bytes = SYNCED_BYTES_AT_ONCE_MAX
        for wrapped in islice(self._everything(now), SYNCED_AT_ONCE_MAX):
            room_bytes -= len(wrapped.raw)
            if room_bytes < 0:
                break
            self._book.copy(wrapped)
            self._told.append(wrapped.message_id)

    def _everything(self, now: Moment) -> Iterator[Wrapped]:
        added = self._book.told_contacts()
        for contact in sorted(added, key=lambda it: (-it.updated_clock, it.key.raw)):
            yield self._compose(_sync_contact(contact, now))
        joined = self._book.heard_chats()
        for chat in sorted(joined, key=lambda it: (-it.last_message_unix_ms, it.id)):
            yield self._compose(SyncInstallationPublicChat(unix_ms(now), chat.id))
        for chat in self._book.own_groups():
            yield self._posting.history(self._book.groups.history(chat.id))

    # ---- theirs

    def take_contact(self, payload: SyncInstallationContact) -> Unshown | None:
        """Add a person whom another device of ours has added; return why it counts for nothing."""
        key = contact_key(payload.id)
        old = self._book.contact(key)
        chat = self._book.one_to_one(key)
        if key == self._book.me:
            return Unshown.UNKNOWN_KIND
        if old.blocked:
            return Unshown.BLOCKED
        if not old.added and not (self._book.may_add_contact() and self._book.has_room(chat)):
            return Unshown.TOO_MANY
        contact = _with_claims(replace(old, added=True), payload)
        if contact == old:
            return Unshown.DUPLICATE
        if not old.added:
            # The other device has told them about us just now; we go on from there.
            contact = replace(contact, told_clock=max(old.told_clock, payload.clock))
            is_here = self._book.chat(chat.id) is not None
            hidden = replace(chat, active=chat.active and is_here)
            self._book.put_chat(replace(hidden, accepted=True, held_bytes=0))
        self._book.put_contact(contact)
        return None

    def take_chat(self, payload: SyncInstallationPublicChat) -> Unshown | None:
        """Join a public chat that another device joined; return why it counts for nothing.

        One that was left here stays so: who tells everything tells of old ones as well.
        """
        try:
            chat_id = public_chat_id(payload.id)
        except CommandRefusedError:
            return Unshown.UNKNOWN_KIND
        if self._book.chat(chat_id) is not None:
            return Unshown.DUPLICATE
        chat = Chat(chat_id, ChatKind.PUBLIC)
        if not (self._book.may_hear_chat() and self._book.has_room(chat)):
            return Unshown.TOO_MANY
        self._book.put_chat(chat)
        return None


def _sync_contact(contact: Contact, now: Moment) -> SyncInstallationContact:
    return SyncInstallationContact(
        clock=next_clock(last_clock=contact.updated_clock, now_unix_ms=unix_ms(now)),
        id=contact_id(contact.key),
        profile_image=contact.picture,
        ens_name=contact.ens_name,
        last_updated=contact.updated_clock,
    )


def _with_claims(contact: Contact, payload: SyncInstallationContact) -> Contact:
    """Return a contact with what another device knows of them, if it is newer.

    The clients of 2020 do not say how new it is. It must not outdo what the contact said here.
    """
    updated_clock = min(payload.last_updated, payload.clock)
    if contact.updated_clock and updated_clock <= contact.updated_clock:
        return contact
    return replace(
        contact,
        ens_name=payload.ens_name,
        picture=shown_picture(payload.profile_image, contact),
        updated_clock=updated_clock,
    )
