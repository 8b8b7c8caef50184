"""What people tell each other about themselves: name and picture, which is also a contact request.

Ours is told to each contact when they are added, when it changes, and every two days, because
nobody stores it for them. Of theirs the newest counts.

Spec: Status specs 6 (payloads), "Contact Update"; status-go protocol/message_handler.go and ens.go
(docs/spec-deviations.md, "Contact updates").
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.events import Unshown
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.message_values import unix_ms
from sottovoce.chat.records import Contact, Message, Profile
from sottovoce.chat.settings import STRANGER_PICTURE_BYTES_MAX, TOLD_AT_ONCE_MAX
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.ens_claim import is_new_claim
from sottovoce.payloads.metadata import Wrapped
from sottovoce.payloads.picture import decode_data_uri
from sottovoce.payloads.registry import Payload
from sottovoce.stack import destinations
from sottovoce.stack.events import MessageSubmitted, MessageWithdrawn

_MS_PER_S: Final = 1000
# So much later than due time is looked at, that no rounding of seconds makes it too early.
_LATER_MS: Final = 1


class ContactUpdates:
    """Tells contacts about us, and takes what they tell."""

    def __init__(self, book: Book, inbox: Inbox, compose: Callable[[Payload], Wrapped]) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._compose: Final = compose

    # ---- ours

    def due_unix_s(self) -> float | None:
        """Return the second of the wall clock at which somebody is to be told again, or None."""
        clock = self._book.first_told_clock()
        if clock is None:
            return None
        return (clock + _LATER_MS) / _MS_PER_S + self._book.settings.update_every_s

    def tell_due(self, now: Moment) -> None:
        """Tell those again who were told long ago, a bounded number at one time."""
        due_clock = unix_ms(now) - self._book.settings.update_every_s * _MS_PER_S
        due = [it for it in self._book.told_contacts() if it.told_clock <= due_clock]
        due.sort(key=lambda it: it.told_clock)
        del due[TOLD_AT_ONCE_MAX:]
        if due:
            self.withdraw(due)
            self.tell(due, now)

    def tell(self, contacts: Sequence[Contact], now: Moment) -> None:
        """Tell contacts name and picture, in one message for all of them.

        Its clock is later than all of their chats', so that it is the newest for each.

        Args:
            contacts: People whose chats are kept.
            now: The time.
        """
        chats = [self._book.one_to_one(contact.key) for contact in contacts]
        last_clock = max((chat.last_clock for chat in chats), default=0)
        clock = next_clock(last_clock=last_clock, now_unix_ms=unix_ms(now))
        update = self._compose(self._update(clock))
        for contact, chat in zip(contacts, chats, strict=True):
            self._book.put_chat(replace(chat, last_clock=clock))
            self._book.put_contact(replace(contact, told_clock=clock), said=False)
            destination = destinations.Contact(contact.key)
            self._book.said.append(MessageSubmitted(update.message_id, update.raw, destination))

    def tell_own_devices(self, now: Moment) -> None:
        """Tell our other devices the profile, if it was ever chosen, as of when that was.

        A device that has none yet must not take away that of the others.
        """
        profile = self._book.profile
        if self._book.has_other_devices and profile != Profile():
            self._book.copy(self._compose(self._update(profile.clock or unix_ms(now))))

    def withdraw_from(self, contact: Contact) -> None:
        """Let our last words to one contact no longer be sent to them; others may be told in it."""
        if contact.told_clock:
            told = self._compose(self._update(contact.told_clock))
            to = destinations.Contact(contact.key)
            self._book.said.append(MessageWithdrawn(told.message_id, to))

    def withdraw(self, contacts: Sequence[Contact]) -> None:
        """Let our last words to contacts no longer be sent, if they are still on their way.

        Of many different ones a few are left; whoever gets them late knows them to be old.
        """
        clocks = sorted({contact.told_clock for contact in contacts if contact.told_clock})
        for clock in clocks[-TOLD_AT_ONCE_MAX:]:
            # The same words are signed to the same bytes, and so have the same id.
            told = self._compose(self._update(clock))
            self._book.said.append(MessageWithdrawn(told.message_id))

    def _update(self, clock: int) -> ContactUpdate:
        profile = self._book.profile
        return ContactUpdate(clock, profile.ens_name, profile.picture)

    # ---- theirs

    def take(self, update: ContactUpdate, author: PublicKey) -> Unshown | None:
        """Take what a person tells about themselves; return why it counts for nothing."""
        if author == self._book.me:
            return self._take_own(update)
        old = self._book.contact(author)
        if update.clock <= old.updated_clock:
            return Unshown.STALE
        self._inbox.admit_request(old)
        after = replace(
            old,
            requested=True,
            ens_name=update.ens_name,
            picture=shown_picture(update.profile_image, old),
            updated_clock=update.clock,
        )
        said = after != replace(old, updated_clock=update.clock)
        self._book.put_contact(after, request_received=not old.requested, said=said)
        chat = self._book.one_to_one(author)
        if self._book.chat(chat.id) is not None:
            self._book.put_chat(replace(chat, last_clock=max(chat.last_clock, update.clock)))
        return None

    def take_claim(self, message: Message) -> None:
        """Take the ENS name that the newest message of a contact claims."""
        contact = self._book.contact(message.author)
        claims = self._book.knows(message.author) and is_new_claim(
            message.ens_name,
            stored=contact.ens_name,
            clock=message.clock,
            last_clock=contact.updated_clock,
        )
        if claims:
            self._book.put_contact(replace(contact, ens_name=message.ens_name))

    def _take_own(self, update: ContactUpdate) -> Unshown | None:
        """Take the profile that another device of ours tells contacts; they know it already."""
        old = self._book.profile
        if update.clock <= old.clock:
            return Unshown.STALE
        picture = shown_picture(update.profile_image, Contact(self._book.me, added=True))
        self._book.put_profile(Profile(update.ens_name, picture, update.clock))
        return None


def shown_picture(uri: str, contact: Contact) -> str:
    """Return a contact's picture if it can be shown, or nothing."""
    if not uri:
        return ""
    if len(uri) > STRANGER_PICTURE_BYTES_MAX and not contact.added:
        return ""
    try:
        decode_data_uri(uri)
    except RemoteProtocolError:
        return ""
    return uri
