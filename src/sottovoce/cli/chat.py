"""``sottovoce chat``: the verbs and their options; `chat_work` and `chat_reading` do the work."""

from typing import Annotated

import typer

from sottovoce.cli.blocks import Offline, Online
from sottovoce.cli.options import ChatName, Face, MessageName, Wait
from sottovoce.cli.verbs import verb

app = typer.Typer(
    help="Chats: list, read, send, reply, search.", no_args_is_help=True, rich_markup_mode=None
)


Text = Annotated[str, typer.Argument(help="What to say; - reads it from stdin.")]
WaitFor = Annotated[
    Wait,
    typer.Option(
        "--wait",
        help="End when the message is queued here, when a peer has it (sent), when a mailserver of "
        "yours says that it took all of it (stored), or when the person's device has acknowledged "
        "it.",
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=200, help="At most so many messages.")]


@app.command("list")
@verb
def list_(*, who: Offline) -> None:
    """Print the chats, the newest first, and the requests of strangers below them."""
    from sottovoce.cli.chat_reading import run_list

    run_list(who.person())


@app.command("read", epilog="Example: sottovoce chat read Bruno --follow")
@verb
def read(
    chat: ChatName,
    *,
    limit: Limit = 20,
    before: Annotated[
        str | None, typer.Option(metavar="MESSAGE", help="Only messages older than this one.")
    ] = None,
    mark_read: Annotated[
        bool, typer.Option("--mark-read", help="Count what is printed as read.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, and print what comes.")
    ] = False,
    count: Annotated[
        int | None, typer.Option(min=1, help="With --follow: end after so many new messages.")
    ] = None,
    who: Online,
) -> None:
    """Print a chat, the newest message at the bottom."""
    from sottovoce.cli.chat_reading import ReadOptions, run_read

    run_read(
        who.person(is_online=follow, needs_peers=follow),
        ReadOptions(chat, limit, before, mark_read=mark_read, follow=follow, count=count),
    )


@app.command("search", epilog='Example: sottovoce chat search "train milan" --chat Bruno')
@verb
def search(
    words: Annotated[str, typer.Argument(help="Words, or beginnings of words, that it contains.")],
    *,
    chat: Annotated[
        str | None, typer.Option("--chat", metavar="CHAT", help="Only in this chat.")
    ] = None,
    limit: Limit = 20,
    who: Offline,
) -> None:
    """Print the messages that contain all the words, the newest at the bottom."""
    from sottovoce.cli.chat_reading import run_search

    run_search(who.person(), words, chat, limit)


@app.command("send", epilog='Example: sottovoce chat send Bruno "ciao" --wait acknowledged')
@verb
def send(chat: ChatName, text: Text, *, wait: WaitFor = Wait.SENT, who: Online) -> None:
    """Say something in a chat."""
    from sottovoce.cli.chat_work import SendOptions, run_send
    from sottovoce.cli.talk import read_text

    said = read_text(text)
    run_send(
        who.person(is_online=wait is not Wait.QUEUED, needs_peers=wait is not Wait.QUEUED),
        SendOptions(said, wait, chat=chat),
    )


@app.command("reply", epilog='Example: sottovoce chat reply 3fa9 "so do I"')
@verb
def reply(message: MessageName, text: Text, *, wait: WaitFor = Wait.SENT, who: Online) -> None:
    """Answer a message, in its chat."""
    from sottovoce.cli.chat_work import SendOptions, run_send
    from sottovoce.cli.talk import read_text

    said = read_text(text)
    run_send(
        who.person(is_online=wait is not Wait.QUEUED, needs_peers=wait is not Wait.QUEUED),
        SendOptions(said, wait, reply_to=message),
    )


@app.command("react", epilog="Example: sottovoce chat react 3fa9 thumbs-up")
@verb
def react(
    message: MessageName,
    face: Annotated[Face, typer.Argument(help="Which face.")],
    *,
    off: Annotated[bool, typer.Option("--off", help="Take it back.")] = False,
    who: Online,
) -> None:
    """Put a face under a message."""
    from sottovoce.cli.chat_work import run_react

    run_react(who.person(), message, face, off=off)


@app.command("join", epilog='Example: sottovoce chat join "#lobby"')
@verb
def join(
    name: Annotated[str, typer.Argument(help="Name of the public chat, with or without #.")],
    *,
    who: Offline,
) -> None:
    """Hear and show a public chat from now on."""
    from sottovoce.cli.chat_work import run_join

    run_join(who.person(), name)


@app.command("leave")
@verb
def leave(chat: ChatName, *, who: Offline) -> None:
    """Show a chat no longer; a public one is no longer heard, a group learns that you left."""
    from sottovoce.cli.chat_work import run_leave

    run_leave(who.person(), chat)


@app.command("accept")
@verb
def accept(chat: ChatName, *, who: Offline) -> None:
    """Take a stranger's chat among yours; they are answered from now on."""
    from sottovoce.cli.chat_work import run_accept

    run_accept(who.person(), chat)


@app.command("mute")
@verb
def mute(
    chat: ChatName,
    *,
    off: Annotated[bool, typer.Option("--off", help="Let it ask for attention again.")] = False,
    who: Offline,
) -> None:
    """Let a chat ask for no attention."""
    from sottovoce.cli.chat_work import run_mute

    run_mute(who.person(), chat, off=off)
