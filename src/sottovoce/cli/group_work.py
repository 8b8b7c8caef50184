"""What the verbs of ``sottovoce group`` do."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import Chat, ChatId, Group
from sottovoce.cli.naming import (
    AddressBook,
    address_book,
    find_group,
    find_person,
    group_command,
    short_group_id,
)
from sottovoce.cli.output import printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.identity.public_key_text import hex_key
from sottovoce.sdk.messenger_port import MessengerPort

_REASON: Final = "for the group's members to hear of it"


def run_list(options: PersonOptions) -> None:
    """Print the groups, and the invitations that wait."""

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        here = {chat.id: chat for chat in book.chats if chat.active}
        shown = [group for group in book.groups.values() if group.chat_id in here]
        for group in sorted(shown, key=lambda group: group.name.casefold()):
            _print(session, book, group, "group", _title(book, group, here[group.chat_id]))
        if not shown:
            session.output.talk(
                "there are no groups; make one with: sottovoce group create NAME PERSON..."
            )

    run_as_person(options, work)


def run_create(options: PersonOptions, name: str, people: tuple[str, ...]) -> None:
    """Make a group and invite people."""

    async def work(session: Session) -> None:
        keys = _people(await address_book(session.port), people)
        group = await session.port.create_group(name, *keys)
        book = await address_book(session.port)
        _print(session, book, group, "created", f"created {_name(book, group)}")
        session.output.talk(
            "they can read what is said there, and are heard once they join: sottovoce group join"
            if keys
            else f"nobody else is in it yet; invite people: {group_command('add', group)} PERSON..."
        )
        await _let_it_leave(session)

    run_as_person(options, work)


def run_join(options: PersonOptions, group: str) -> None:
    """Accept the invitation to a group."""
    _run_change(
        options, group, "joined", "joined {group}", lambda port, found: port.join_group(found)
    )


def run_add(options: PersonOptions, group: str, people: tuple[str, ...]) -> None:
    """Invite more people."""
    _run_change(
        options,
        group,
        "added",
        "invited {people} to {group}",
        lambda port, found, *keys: port.add_members(found, *keys),
        people,
    )


def run_remove(options: PersonOptions, group: str, person: str) -> None:
    """Take a member out."""
    _run_change(
        options,
        group,
        "removed",
        "removed {people} from {group}",
        lambda port, found, key: port.remove_member(found, key),
        (person,),
    )


def run_promote(options: PersonOptions, group: str, people: tuple[str, ...]) -> None:
    """Make members admins."""
    _run_change(
        options,
        group,
        "promoted",
        "made {people} admin of {group}",
        lambda port, found, *keys: port.promote(found, *keys),
        people,
    )


def run_resign(options: PersonOptions, group: str) -> None:
    """Be an ordinary member again."""
    _run_change(
        options,
        group,
        "resigned",
        "you are no longer an admin of {group}",
        lambda port, found: port.resign_admin(found),
    )


def run_rename(options: PersonOptions, group: str, name: str) -> None:
    """Give a group another name."""
    _run_change(
        options,
        group,
        "renamed",
        "the group is now called {group}",
        lambda port, found: port.rename_group(found, name),
    )


def run_leave(options: PersonOptions, group: str) -> None:
    """Leave a group."""

    async def leave(port: MessengerPort, found: Group) -> Group:
        await port.leave(found)
        return await port.group(found)

    _run_change(options, group, "left", "left {group}", leave)


def _run_change(
    options: PersonOptions,
    name: str,
    event: str,
    sentence: str,
    change: Callable[..., Awaitable[Group]],
    people: tuple[str, ...] = (),
) -> None:
    """Change a group, print it, and give the members' copies time to leave.

    Args:
        options: Who does it.
        name: Which group is meant.
        event: What happened, for programs.
        sentence: The same for people, with places for the group and for the people.
        change: What changes it.
        people: Whom it is about.
    """

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        found = find_group(book, name)
        keys = _people(book, people)
        group = await change(session.port, found, *keys)
        names = ", ".join(printable(book.person_name(key)) for key in keys)
        book = await address_book(session.port)
        title = sentence.format(group=_name(book, group), people=names)
        _print(session, book, group, event, title)
        await _let_it_leave(session)

    run_as_person(options, work)


async def _let_it_leave(session: Session) -> None:
    is_connected = await session.wait_for_peer(_REASON)
    await session.let_it_leave(is_connected=is_connected)


def _people(book: AddressBook, people: Iterable[str]) -> list[PublicKey]:
    return [find_person(book, each).key for each in people]


def _print(session: Session, book: AddressBook, group: Group, event: str, title: str) -> None:
    """Print a group: a line about it, and below it who is in it."""
    own = session.port.public_key
    chat = _chat(book, group.chat_id)
    people = [_person(book, group, key) for key in group.members if event != "left"]
    session.output.result(
        "\n".join((title, *(f"    {each}" for each in people))),
        event=event,
        id=group.chat_id,
        name=group.name,
        members=[hex_key(key) for key in group.members],
        joined=[hex_key(key) for key in group.joined],
        admins=[hex_key(key) for key in group.admins],
        is_member=own in group.members,
        has_joined=own in group.joined,
        accepted=chat.accepted,
        active=chat.active,
        unread=chat.unread_count,
    )


def _chat(book: AddressBook, chat_id: ChatId) -> Chat:
    return next(chat for chat in book.chats if chat.id == chat_id)


def _name(book: AddressBook, group: Group) -> str:
    return printable(book.chat_name(group.chat_id))


def _title(book: AddressBook, group: Group, chat: Chat) -> str:
    """Return a group's line in a list, with what can be done about an invitation."""
    notes = [short_group_id(group)]
    if book.own not in group.members:
        notes.append("you are not in it any more")
    if chat.unread_count:
        notes.append(f"{chat.unread_count} unread")
    lines = [f"{_name(book, group)}  ({', '.join(notes)})"]
    if book.own in group.members and book.own not in group.joined:
        by = "" if chat.accepted else " by somebody who is no contact of yours"
        lines += (
            f"    you are invited{by}; to accept: {group_command('join', group)}",
            f"    to decline: {group_command('leave', group)}",
        )
    return "\n".join(lines)


def _person(book: AddressBook, group: Group, key: PublicKey) -> str:
    notes = []
    if key in group.admins:
        notes.append("admin")
    if key not in group.joined:
        notes.append("invited")
    return printable(book.person_name(key)) + (f" ({', '.join(notes)})" if notes else "")
