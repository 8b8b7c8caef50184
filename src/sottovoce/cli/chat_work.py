"""What the verbs of ``sottovoce chat`` do that change something."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sottovoce.chat.records import Chat, ChatId, Group, Message, MessageState
from sottovoce.cli.chat_lines import (
    chat_fields,
    how_far,
    message_fields,
    reaction_fields,
    short_id,
)
from sottovoce.cli.naming import (
    AddressBook,
    address_book,
    chat_like,
    find_chat,
    group_command,
    is_public,
)
from sottovoce.cli.options import Face, Wait
from sottovoce.cli.output import CommandError, ExitCode, printable
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.devp2p.enode import Enode
from sottovoce.payloads.reaction import ReactionType
from sottovoce.sdk.errors import ConnectError, NotDeliveredError
from sottovoce.sdk.messages import nobody_takes
from sottovoce.sdk.messenger_port import ChatLike, MessengerPort

_STATES: Final = {
    Wait.SENT: MessageState.SENT,
    Wait.STORED: MessageState.STORED,
    Wait.ACKNOWLEDGED: MessageState.ACKNOWLEDGED,
}
_WHOM: Final = {
    Wait.SENT: "a peer",
    Wait.STORED: "a mailserver of yours",
    Wait.ACKNOWLEDGED: "a device of everybody there",
}
_REACTIONS: Final = {
    Face.LOVE: ReactionType.LOVE,
    Face.THUMBS_UP: ReactionType.THUMBS_UP,
    Face.THUMBS_DOWN: ReactionType.THUMBS_DOWN,
    Face.LAUGH: ReactionType.LAUGH,
    Face.SAD: ReactionType.SAD,
    Face.ANGRY: ReactionType.ANGRY,
}


@dataclass(frozen=True, slots=True)
class SendOptions:
    """What to say, and where: in a chat, or as the answer to a message."""

    text: str
    wait: Wait
    chat: str = ""
    reply_to: str | None = None


def run_send(options: PersonOptions, what: SendOptions) -> None:
    """Say something, and stay until it has come as far as wanted."""

    async def work(session: Session) -> None:
        port = session.port
        book = await address_book(port)
        answered = None if what.reply_to is None else await port.message(what.reply_to)
        chat_id = find_chat(book, what.chat) if answered is None else answered.chat_id
        _check_wait(what.wait, is_public=is_public(book, chat_id))
        await _check_servers(what.wait, port)
        _check_joined(book, chat_id)
        if what.wait is Wait.STORED:
            await _meet_server(session)
        message = await port.send(chat_like(chat_id), what.text, reply_to=answered)
        if what.wait is not Wait.QUEUED:
            message = await _wait_for(session, message, what.wait)
        secrecy = "" if message.secrecy is None else f", {message.secrecy.value}"
        session.output.result(
            f"{how_far(message)}: message {short_id(message.id)} to "
            f"{printable(book.chat_name(chat_id))}{secrecy}",
            event="message",
            **message_fields(book, message),
        )

    run_as_person(options, work)


def _check_wait(wait: Wait, *, is_public: bool) -> None:
    """Check that what is waited for can come.

    Raises:
        CommandError: It cannot.
    """
    if wait is Wait.ACKNOWLEDGED and is_public:
        raise CommandError(
            "nobody acknowledges what is said in a public chat; use --wait sent", ExitCode.USAGE
        )


async def _check_servers(wait: Wait, port: MessengerPort) -> None:
    """Check that somebody is there who may store a message, if that is waited for.

    Raises:
        CommandError: No mailserver is trusted.
    """
    if wait is Wait.STORED and not await port.mailservers():
        raise CommandError(
            "no mailserver is trusted, so nobody says that it stored a message; trust one with "
            "sottovoce mail add ENODE, or use --wait sent",
            ExitCode.USAGE,
        )


async def _meet_server(session: Session) -> None:
    """Be connected to a mailserver, for it confirms what it gets to whoever sends it, only.

    Whichever answered last is tried first. If none is reached, the wait ends with a sentence.
    """
    servers = await session.port.mailservers()
    for server in sorted(servers, key=lambda each: -(each.answered_unix_s or 0)):
        enode = Enode(server.key, server.host, server.port, server.port)
        try:
            await session.port.connect(str(enode), timeout_s=session.options.timeout_s)
        except ConnectError as error:
            session.output.talk(str(error))
        else:
            return


def _check_joined(book: AddressBook, chat_id: ChatId) -> None:
    """Check that we have accepted the invitation, if it is a group.

    Raises:
        CommandError: We have not.
    """
    group = book.groups.get(chat_id)
    if group is not None and _is_only_invited(book, group):
        raise CommandError(
            f"you are invited to this group; join it first: {group_command('join', group)}",
            ExitCode.USAGE,
        )


def _is_only_invited(book: AddressBook, group: Group) -> bool:
    return book.own in group.members and book.own not in group.joined


async def _wait_for(session: Session, message: Message, wait: Wait) -> Message:
    """Wait until a message has come as far as wanted.

    Raises:
        CommandError: It has not, within the time; the text says how far it has come.
    """
    timeout_s = session.options.timeout_s
    session.output.talk(f"waiting up to {timeout_s:g} s for {_WHOM[wait]}")
    try:
        return await session.port.wait_for_state(message, _STATES[wait], timeout_s=timeout_s)
    except NotDeliveredError as error:
        now = await session.port.message(message)
        sentence = await _how_far(session, now, wait, str(error))
        raise CommandError(sentence, ExitCode.NOT_DELIVERED) from None


async def _how_far(session: Session, message: Message, wait: Wait, reason: str) -> str:
    name = f"message {short_id(message.id)}"
    timeout_s = session.options.timeout_s
    if message.state is MessageState.FAILED:
        return f"{name} failed: {message.reason or reason}"
    keeps = (
        "the running node keeps trying"
        if session.is_forwarded
        else "it stays queued and leaves next time: keep a node running with sottovoce node run "
        "--account, or use another verb of chat later"
    )
    if message.state is MessageState.QUEUED:
        count = len(await session.port.peers())
        why = nobody_takes(count) if count else session.nobody_reached
        return f"{name} is still queued after {timeout_s:g} s, {why}; {keeps}"
    if wait is Wait.STORED:
        return (
            f"{name} was sent to {message.peer_count} peer(s) and no mailserver of yours has "
            f"confirmed it after {timeout_s:g} s; {keeps}"
        )
    who = "the person is away or has not accepted you yet"
    if message.recipient_count:
        left = message.recipient_count - message.acknowledged_count
        who = f"{left} of {message.recipient_count} people there are away or do not know you"
    return (
        f"{name} was sent to {message.peer_count} peer(s) and is not acknowledged after "
        f"{timeout_s:g} s, so {who}; {keeps}"
    )


def run_react(options: PersonOptions, name: str, face: Face, *, off: bool) -> None:
    """Put a face under a message, and give it time to leave."""

    async def work(session: Session) -> None:
        message = await session.port.message(name)
        is_connected = await session.wait_for_peer("for the face to travel to")
        reaction = await session.port.react(message, _REACTIONS[face], retracted=off)
        done = "took back" if off else "put"
        session.output.result(
            f"{done} {face.value} under {short_id(message.id)}",
            event="reaction",
            **reaction_fields(reaction),
        )
        await session.let_it_leave(is_connected=is_connected)

    run_as_person(options, work)


def run_join(options: PersonOptions, name: str) -> None:
    """Hear a public chat."""

    async def work(session: Session) -> None:
        chat = await session.port.join(name)
        _print_chat(session, await address_book(session.port), chat, "joined")

    run_as_person(options, work)


def run_leave(options: PersonOptions, name: str) -> None:
    """Show a chat no longer."""
    _run_change(options, name, "left", lambda port, chat: port.leave(chat))


def run_accept(options: PersonOptions, name: str) -> None:
    """Take a stranger's chat among ours."""

    async def work(session: Session) -> None:
        book = await address_book(session.port)
        chat = await session.port.accept(chat_like(find_chat(book, name)))
        _print_chat(session, book, chat, "accepted")
        group = book.groups.get(chat.id)
        if group is not None and _is_only_invited(book, group):
            session.output.talk(
                f"you are heard there once you have joined: {group_command('join', group)}"
            )

    run_as_person(options, work)


def run_mute(options: PersonOptions, name: str, *, off: bool) -> None:
    """Let a chat ask for attention, or not."""
    event = "unmuted" if off else "muted"
    _run_change(options, name, event, lambda port, chat: port.mute(chat, muted=not off))


def _run_change(
    options: PersonOptions,
    name: str,
    event: str,
    change: Callable[[MessengerPort, ChatLike], Awaitable[Chat]],
) -> None:
    async def work(session: Session) -> None:
        book = await address_book(session.port)
        chat = await change(session.port, chat_like(find_chat(book, name)))
        _print_chat(session, book, chat, event)

    run_as_person(options, work)


def _print_chat(session: Session, book: AddressBook, chat: Chat, event: str) -> None:
    name = printable(book.chat_name(chat.id))
    session.output.result(f"{event} {name}", event=event, **chat_fields(book, chat))
