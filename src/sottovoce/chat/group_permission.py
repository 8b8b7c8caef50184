"""What may be done in a group, in words for whoever asks for it, before anything is signed.

Spec: Status specs draft 7 (group chat), "Membership updates"; the bounds are our own.
"""

from collections.abc import Sequence
from typing import Final

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.quantities import PublicKey
from sottovoce.chat.book import Book
from sottovoce.chat.group_history import GroupHistory, has_unseen
from sottovoce.chat.message_values import utf8_bytes
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.crypto.secp256k1 import parse_public_key
from sottovoce.payloads.limits import EVENTS_MAX
from sottovoce.payloads.membership_event import SIGNATURE_BYTES
from sottovoce.payloads.text_content import is_blank

# A group's name is shown in one line.
GROUP_NAME_BYTES_MAX: Final = 256
# Bytes of a group's history as long as people can still be added. It stands in each of its
# messages, which with data sync may have 256 KiB; the rest is for a text of any length, or a small
# picture, and for people who leave.
HISTORY_BYTES_MAX: Final = 160 * 1024
# The event of who joins: a signature, a clock and a type.
_JOIN_BYTES: Final = SIGNATURE_BYTES + 11 + 2
_FIELD_HEAD_BYTES: Final = 4  # a tag and a length below two million


def require_name(name: str) -> None:
    """Check what a group is to be called.

    Raises:
        CommandRefusedError: Nobody could read it, or not in one line.
    """
    size_bytes = utf8_bytes(name)
    if size_bytes is None:
        raise CommandRefusedError("the group's name is not valid Unicode text")
    if size_bytes > GROUP_NAME_BYTES_MAX:
        raise CommandRefusedError(
            f"a group's name has at most {GROUP_NAME_BYTES_MAX} bytes, not {size_bytes}"
        )
    if is_blank(name):
        raise CommandRefusedError("the group's name is empty; call it something")
    if has_unseen(name):
        raise CommandRefusedError("a group's name has no characters that cannot be seen")


def require_member(book: Book, history: GroupHistory) -> None:
    """Check that we are in a group, joined or not.

    Raises:
        CommandRefusedError: We are not.
    """
    if book.me not in history.members:
        raise CommandRefusedError(
            "you are not in this group any more; ask an admin to invite you again"
        )


def require_admin(book: Book, history: GroupHistory) -> None:
    """Check that we are in a group and its admin.

    Raises:
        CommandRefusedError: We are not.
    """
    require_member(book, history)
    if book.me not in history.admins:
        raise CommandRefusedError("only an admin of the group can do this; ask one of them")


def invited(
    book: Book, history: GroupHistory, people: Sequence[PublicKey]
) -> tuple[PublicKey, ...]:
    """Return whom to invite, each once and without those who are in the group.

    Raises:
        CommandRefusedError: One of them cannot be invited, or nobody is left.
    """
    members = frozenset(history.members)
    others = tuple(dict.fromkeys(key for key in people if key not in members))
    for key in others:
        if key == book.me:
            raise CommandRefusedError("you are in your own group already")
        if book.contact(key).blocked:
            raise CommandRefusedError("one of these people is blocked; unblock them first")
        if not _is_key(key):
            raise CommandRefusedError("one of these keys is no key; ask for a new link")
    if not others:
        raise CommandRefusedError("all of these people are in the group already")
    return others


def require_removable(book: Book, history: GroupHistory, member: PublicKey) -> None:
    """Check that an admin may take a member out.

    Raises:
        CommandRefusedError: They may not.
    """
    if member == book.me:
        raise CommandRefusedError("to go yourself, leave the group")
    if member not in history.members:
        raise CommandRefusedError("this person is not in the group")
    if member in history.admins:
        raise CommandRefusedError(
            "an admin cannot be removed; they can leave, or resign and be removed then"
        )


def promoted(history: GroupHistory, people: Sequence[PublicKey]) -> tuple[PublicKey, ...]:
    """Return whom to make admins, each once and without those who are.

    Raises:
        CommandRefusedError: One of them is no member, or nobody is left.
    """
    if not frozenset(people) <= frozenset(history.members):
        raise CommandRefusedError("only a member can be made admin; invite them first")
    others = tuple(dict.fromkeys(key for key in people if key not in history.admins))
    if not others:
        raise CommandRefusedError("all of these people are admins already")
    return others


def require_space(history: GroupHistory) -> None:
    """Check that a group is not too large: everybody must be able to join, and to leave again.

    Raises:
        CommandRefusedError: It is.
    """
    people, waiting = len(history.members), len(history.members) - len(history.joined)
    event_count = len(history.allowed) + waiting + people
    history_bytes = sum(len(wire) + _FIELD_HEAD_BYTES for wire in history.wires())
    history_bytes += waiting * (_JOIN_BYTES + _FIELD_HEAD_BYTES)
    if event_count > EVENTS_MAX or history_bytes > HISTORY_BYTES_MAX:
        raise CommandRefusedError(
            f"the group would be too large: its history of {len(history.allowed)} events with "
            f"{people} members travels with every message, and nothing more fits into one; "
            "invite fewer people, or make a new group"
        )


def _is_key(key: PublicKey) -> bool:
    try:
        parse_public_key(key.uncompressed)
    except InvalidKeyError:
        return False
    return True
