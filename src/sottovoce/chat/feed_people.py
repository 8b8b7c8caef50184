"""Contacts and the profile, as other devices of ours bring them.

Spec: none; docs/decisions/0010-devices-feed-each-other.md.
"""

from dataclasses import replace
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_keys import PROFILE_KEY, contact_key
from sottovoce.chat.feed_records import contact_decisions, contact_words, later, padded
from sottovoce.chat.feed_rows import Bringing, FeedRows
from sottovoce.chat.inbox import Inbox
from sottovoce.chat.records import Contact, Profile
from sottovoce.payloads.feed import FeedContact, FeedProfile, RecordKind


class PeopleAbsorbing:
    """Takes contacts and the profile in."""

    def __init__(self, book: Book, inbox: Inbox, rows: FeedRows) -> None:
        self._book: Final = book
        self._inbox: Final = inbox
        self._rows: Final = rows

    def take_profile(self, theirs: FeedProfile, by: Bringing) -> None:
        """Take the profile in: the one that was set later counts."""
        ours = self._book.profile
        our_version = (ours.clock, ours.ens_name, ours.picture)
        their_version = (theirs.changed_unix_ms, theirs.ens_name, theirs.picture)
        clock, ens_name, picture = after = max(our_version, their_version)
        if after != our_version:
            with self._rows.log.quiet():
                self._book.put_profile(Profile(ens_name, picture, clock))
        self._rows.brought(
            RecordKind.PROFILE,
            PROFILE_KEY,
            by,
            changed=after != our_version,
            same=after == their_version,
        )

    def take_contact(self, theirs: FeedContact, key: PublicKey, by: Bringing) -> Unshown | None:
        """Take a person in; return why that cannot be."""
        ours = self._book.contact(key)
        name = contact_key(key)
        our_stamps = padded(self._rows.stamps(RecordKind.CONTACT, name), 4)
        after, stamps = _merged(ours, our_stamps, theirs, by.latest_clock)
        is_new = not self._book.knows(key)
        if is_new and not self._admit(after):
            return Unshown.INBOX_FULL
        said = contact_decisions(after) != contact_decisions(ours) or (
            contact_words(after) != contact_words(ours)
        )
        if after != ours or is_new:
            request_received = after.requested and not ours.requested and not after.added
            with self._rows.log.quiet():
                self._book.put_contact(after, request_received=request_received, said=said)
        their_stamps = _stamps(theirs)
        self._rows.brought(
            RecordKind.CONTACT,
            name,
            by,
            stamps=stamps,
            changed=said or stamps != our_stamps or is_new,
            same=stamps == their_stamps and _says(after) == _says_there(theirs),
        )
        return None

    def _admit(self, contact: Contact) -> bool:
        """Tell whether there is room for one more person; a stranger's request makes its own."""
        settings = self._book.settings
        if contact.added or contact.blocked or contact.verified or contact.nickname:
            return len(self._book.contacts()) < settings.noted_max + settings.requests_max
        self._inbox.admit_request(contact)
        return True


def _stamps(theirs: FeedContact) -> tuple[int, int, int, int]:
    return (
        theirs.added_unix_ms,
        theirs.blocked_unix_ms,
        theirs.verified_unix_ms,
        theirs.nickname_unix_ms,
    )


def _says(contact: Contact) -> tuple[object, ...]:
    return *contact_decisions(contact), *contact_words(contact)


def _says_there(theirs: FeedContact) -> tuple[object, ...]:
    return (
        *(theirs.added, theirs.blocked, theirs.verified, theirs.nickname),
        *(theirs.requested, theirs.ens_name, theirs.picture),
    )


def _merged(
    ours: Contact, stamps: tuple[int, ...], theirs: FeedContact, latest_clock: int
) -> tuple[Contact, tuple[int, ...]]:
    added = later(ours.added, stamps[0], theirs.added, theirs.added_unix_ms)
    blocked = later(ours.blocked, stamps[1], theirs.blocked, theirs.blocked_unix_ms)
    verified = later(ours.verified, stamps[2], theirs.verified, theirs.verified_unix_ms)
    nickname = later(ours.nickname, stamps[3], theirs.nickname, theirs.nickname_unix_ms)
    updated_clock = min(theirs.updated_clock, latest_clock)
    words = max(
        (ours.updated_clock, ours.ens_name, ours.picture),
        (updated_clock, theirs.ens_name, theirs.picture),
    )
    contact = replace(
        ours,
        added=added[0],
        blocked=blocked[0],
        verified=verified[0],
        nickname=nickname[0],
        requested=ours.requested or theirs.requested,
        updated_clock=words[0],
        ens_name=words[1],
        picture=words[2],
        told_clock=max(ours.told_clock, min(theirs.told_clock, latest_clock)),
    )
    return contact, (added[1], blocked[1], verified[1], nickname[1])
