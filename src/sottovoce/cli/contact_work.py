"""What the verbs of ``sottovoce contact`` do."""

import sys
from collections.abc import Awaitable, Callable
from typing import Final

import typer

from sottovoce.chat.records import Contact
from sottovoce.cli.naming import address_book, find_person
from sottovoce.cli.output import CommandError, ExitCode, printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.identity.alias import alias
from sottovoce.identity.contact_link import LINK_CHARS_MAX, ContactLink
from sottovoce.identity.public_key_text import compact_key, hex_key
from sottovoce.identity.safety_number import safety_number
from sottovoce.sdk.messenger_port import MessengerPort

_STDIN: Final = "-"
_GROUPS_PER_LINE: Final = 4


def run_add(options: PersonOptions, person: str, nickname: str) -> None:
    """Add a person, and give the request time to leave."""
    written = _read(person)

    async def work(session: Session) -> None:
        link = find_person(await address_book(session.port), written)
        is_connected = await session.wait_for_peer("for the contact request to travel to")
        contact = await session.port.add_contact(link.text(), nickname=nickname)
        _print(session, contact, "added")
        await session.let_it_leave(is_connected=is_connected)

    run_as_person(options, work)


def run_list(options: PersonOptions) -> None:
    """Print the people whom we added or blocked."""
    _run_list(
        options,
        lambda contact: contact.added or contact.blocked,
        "there are no contacts; add one with: sottovoce contact add KEY",
    )


def run_requests(options: PersonOptions) -> None:
    """Print the people who added us, and whom we did not add."""
    _run_list(
        options,
        lambda contact: contact.requested and not contact.added and not contact.blocked,
        "nobody waits for an answer",
    )


def run_verify(options: PersonOptions, person: str, *, yes: bool, off: bool) -> None:
    """Show the number to compare, and note that it was the same."""
    written = _read(person)

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        link = find_person(book, written)
        if off:
            contact = await session.port.verify(link.key, verified=False)
            _print(session, contact, "verification taken back")
            return
        number = safety_number(session.port.public_key, link.key)
        name = printable(book.person_name(link.key))
        session.output.talk(_instructions(name))
        is_same = yes or _ask(number)
        if not is_same:
            session.output.result(_in_lines(number), event="safety number", number=number)
            session.output.talk(
                "nothing was noted; when the numbers were compared and are the same, run it again "
                "with --yes"
            )
            return
        contact = await session.port.verify(link.key)
        if yes:
            session.output.talk(_in_lines(number))
        _print(session, contact, "verified", number=number)

    run_as_person(options, work)


def run_block(options: PersonOptions, person: str, *, off: bool) -> None:
    """Hear nothing of a person any more, or hear them again."""
    event = "unblocked" if off else "blocked"
    _run_change(options, person, event, lambda port, link: port.block(link.key, blocked=not off))


def run_remove(options: PersonOptions, person: str) -> None:
    """Have a person as contact no longer."""
    _run_change(options, person, "removed", lambda port, link: port.remove_contact(link.key))


def _run_list(options: PersonOptions, wanted: Callable[[Contact], bool], none: str) -> None:
    async def work(session: Session) -> None:
        book = await address_book(session.port)
        found = [contact for contact in book.contacts.values() if wanted(contact)]
        for contact in sorted(found, key=lambda contact: book.person_name(contact.key).casefold()):
            _print(session, contact, "contact")
        if not found:
            session.output.talk(none)

    run_as_person(options, work)


def _run_change(
    options: PersonOptions,
    person: str,
    event: str,
    change: Callable[[MessengerPort, ContactLink], Awaitable[Contact]],
) -> None:
    written = _read(person)

    async def work(session: Session) -> None:
        link = find_person(await address_book(session.port), written)
        _print(session, await change(session.port, link), event)

    run_as_person(options, work)


def _read(person: str) -> str:
    """Return what names a person: the argument, or what stdin holds if it is -.

    Raises:
        CommandError: There is nothing.
    """
    text = person
    if person == _STDIN:
        raw = b"" if sys.stdin is None else sys.stdin.buffer.read(LINK_CHARS_MAX + 1)
        text = raw.decode(errors="replace")
    if not text.strip():
        raise CommandError("no person is named: give a key or a link", ExitCode.USAGE)
    return text.strip()


def _instructions(name: str) -> str:
    return (
        f"Compare this number with the one that {name} sees for you (sottovoce contact verify), on "
        "a call or\nface to face, not in a chat: all twelve groups. If one differs, somebody "
        "stands between you."
    )


def _in_lines(number: str) -> str:
    groups = number.split()
    rows = (groups[at : at + _GROUPS_PER_LINE] for at in range(0, len(groups), _GROUPS_PER_LINE))
    return "\n".join("    " + " ".join(row) for row in rows)


def _ask(number: str) -> bool:
    """Ask a person who is there whether the numbers are the same.

    Raises:
        CommandError: They are not.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    typer.echo(_in_lines(number), err=True)
    # Blocking is harmless: nothing else runs for the person meanwhile.
    if typer.confirm("Are all groups the same?", err=True):
        return True
    raise CommandError(
        "not verified. If the numbers differ, somebody may read along: ask the person for their "
        "key face to face",
        ExitCode.UNTRUSTED,
    )


def _print(session: Session, contact: Contact, event: str, **further: object) -> None:
    words = {
        "added": contact.added,
        "added you": contact.requested,
        "verified": contact.verified,
        "blocked": contact.blocked,
    }
    notes = ", ".join(word for word, holds in words.items() if holds) or "neither added the other"
    name = alias(contact.key)
    title = f"{printable(contact.nickname)} ({name})" if contact.nickname else name
    claim = f", calls itself {printable(contact.ens_name)}" if contact.ens_name else ""
    session.output.result(
        f"{'' if event == 'contact' else event + ': '}{title}  [{notes}]{claim}\n"
        f"    {compact_key(contact.key)}",
        event=event,
        public_key=hex_key(contact.key),
        compact_key=compact_key(contact.key),
        name=name,
        nickname=contact.nickname,
        ens_name=contact.ens_name,
        added=contact.added,
        requested=contact.requested,
        verified=contact.verified,
        blocked=contact.blocked,
        **further,
    )
