"""The inbox: what strangers may make us keep, and who gives way.

Spec: none; the deployed clients keep everything that anybody sends (docs/spec-deviations.md,
"Strangers").
"""

from dataclasses import replace
from typing import Final

from sottovoce.chat.book import Book
from sottovoce.chat.records import Chat, ChatKind, Contact


class Inbox:
    """Lets strangers in as long as they stay within bounds."""

    def __init__(self, book: Book) -> None:
        self._book: Final = book

    def admit(self, chat: Chat, size_bytes: int) -> bool:
        """Make room for what a stranger says, and tell whether there is any.

        The chats that were left, and then those that were silent for longest, leave for it.

        Args:
            chat: The stranger's chat, which may be new.
            size_bytes: What is to be kept.
        """
        settings = self._book.settings
        held_bytes = chat.held_bytes + size_bytes
        if held_bytes > min(settings.stranger_bytes_max, settings.inbox_bytes_max):
            return False
        others = sorted(
            (it for id in self._book.inbox if (it := self._book.chat(id)) and id != chat.id),
            key=lambda it: (it.active, it.last_clock, it.id),
            reverse=True,
        )
        held_bytes += sum(it.held_bytes for it in others)
        while others and (
            len(others) >= settings.strangers_max or held_bytes > settings.inbox_bytes_max
        ):
            oldest = others.pop()
            held_bytes -= oldest.held_bytes
            self._book.remove_chat(oldest)
        return True

    def admit_request(self, contact: Contact) -> None:
        """Make room for a stranger's contact request: the oldest leaves for it."""
        if self._book.knows(contact.key) or not self.is_stranger(contact):
            return
        waiting = [it for it in self._book.contacts() if self.is_stranger(it)]
        if len(waiting) >= self._book.settings.requests_max:
            oldest = min(waiting, key=lambda it: (it.updated_clock, it.key.raw))
            self._book.remove_contact(oldest.key)

    def is_stranger(self, contact: Contact) -> bool:
        """Tell whether we never had to do with a person."""
        noted = contact.added or contact.blocked or contact.verified or contact.nickname
        return not noted and not self._book.one_to_one(contact.key).accepted


def accept(chat: Chat) -> Chat:
    """Return a chat as one of ours."""
    if chat.active and chat.accepted and not chat.held_bytes:
        return chat
    return replace(chat, active=True, accepted=True, held_bytes=0)


def hold(chat: Chat, size_bytes: int) -> Chat:
    """Count what others made a chat keep, where that is bounded."""
    if chat.kind is not ChatKind.PUBLIC and chat.accepted:
        return chat
    return replace(chat, held_bytes=chat.held_bytes + size_bytes)


def mark_older_half(chat: Chat, bytes_max: int) -> Chat:
    """Remember up to where a public chat's messages leave first, once it is half full."""
    if chat.older_clock or 2 * chat.held_bytes < bytes_max:
        return chat
    return replace(chat, older_clock=chat.last_clock, older_bytes=chat.held_bytes)


def without_older_half(chat: Chat) -> Chat:
    """Return a public chat as it is when the messages up to `older_clock` have left."""
    return replace(
        chat,
        deleted_at_clock=max(chat.deleted_at_clock, chat.older_clock),
        held_bytes=chat.held_bytes - chat.older_bytes,
        older_clock=0,
        older_bytes=0,
    )
