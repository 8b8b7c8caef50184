"""``sottovoce chat``: the verbs and their options; `chat_work` and `chat_reading` do the work."""

from typing import Annotated

import typer

from sottovoce.cli.options import (
    Account,
    ChatName,
    DataDir,
    DayMb,
    Face,
    Json,
    MessageName,
    Metered,
    PasswordFile,
    Peers,
    Timeout,
    TransportName,
    Verbose,
    Wait,
)
from sottovoce.cli.output import errors_as_sentences
from sottovoce.cli.paths import data_place
from sottovoce.gossip.settings import Transport

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
def list_(
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the chats, the newest first, and the requests of strangers below them."""
    from sottovoce.cli.chat_reading import run_list
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_list(PersonOptions(place, account, password_file, as_json=as_json))


@app.command("read", epilog="Example: sottovoce chat read Bruno --follow")
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
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Print a chat, the newest message at the bottom."""
    from sottovoce.cli.chat_reading import ReadOptions, run_read
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        run_read(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=follow,
                needs_peers=follow,
                as_json=as_json,
                verbose=verbose,
            ),
            ReadOptions(chat, limit, before, mark_read=mark_read, follow=follow, count=count),
        )


@app.command("search", epilog='Example: sottovoce chat search "train milan" --chat Bruno')
def search(
    words: Annotated[str, typer.Argument(help="Words, or beginnings of words, that it contains.")],
    *,
    chat: Annotated[
        str | None, typer.Option("--chat", metavar="CHAT", help="Only in this chat.")
    ] = None,
    limit: Limit = 20,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Print the messages that contain all the words, the newest at the bottom."""
    from sottovoce.cli.chat_reading import run_search
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        options = PersonOptions(place, account, password_file, as_json=as_json)
        run_search(options, words, chat, limit)


@app.command("send", epilog='Example: sottovoce chat send Bruno "ciao" --wait acknowledged')
def send(
    chat: ChatName,
    text: Text,
    *,
    wait: WaitFor = Wait.SENT,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say something in a chat."""
    from sottovoce.cli.chat_work import SendOptions, run_send
    from sottovoce.cli.person import PersonOptions
    from sottovoce.cli.talk import read_text

    with errors_as_sentences():
        said = read_text(text)
        run_send(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=wait is not Wait.QUEUED,
                needs_peers=wait is not Wait.QUEUED,
                as_json=as_json,
                verbose=verbose,
            ),
            SendOptions(said, wait, chat=chat),
        )


@app.command("reply", epilog='Example: sottovoce chat reply 3fa9 "so do I"')
def reply(
    message: MessageName,
    text: Text,
    *,
    wait: WaitFor = Wait.SENT,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Answer a message, in its chat."""
    from sottovoce.cli.chat_work import SendOptions, run_send
    from sottovoce.cli.person import PersonOptions
    from sottovoce.cli.talk import read_text

    with errors_as_sentences():
        said = read_text(text)
        run_send(
            PersonOptions(
                data_dir=data_place(data_dir),
                account=account,
                password_file=password_file,
                peers=tuple(peers or ()),
                transport=transport,
                metered=metered,
                day_mb=day_mb,
                timeout_s=timeout_s,
                is_online=wait is not Wait.QUEUED,
                needs_peers=wait is not Wait.QUEUED,
                as_json=as_json,
                verbose=verbose,
            ),
            SendOptions(said, wait, reply_to=message),
        )


@app.command("react", epilog="Example: sottovoce chat react 3fa9 thumbs-up")
def react(
    message: MessageName,
    face: Annotated[Face, typer.Argument(help="Which face.")],
    *,
    off: Annotated[bool, typer.Option("--off", help="Take it back.")] = False,
    account: Account = None,
    password_file: PasswordFile = None,
    peers: Peers = None,
    transport: TransportName = Transport.EITHER,
    metered: Metered = False,
    day_mb: DayMb = 0,
    timeout_s: Timeout = 15.0,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Put a face under a message."""
    from sottovoce.cli.chat_work import run_react
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        options = PersonOptions(
            data_dir=data_place(data_dir),
            account=account,
            password_file=password_file,
            peers=tuple(peers or ()),
            transport=transport,
            metered=metered,
            day_mb=day_mb,
            timeout_s=timeout_s,
            is_online=True,
            as_json=as_json,
        )
        run_react(options, message, face, off=off)


@app.command("join", epilog='Example: sottovoce chat join "#lobby"')
def join(
    name: Annotated[str, typer.Argument(help="Name of the public chat, with or without #.")],
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Hear and show a public chat from now on."""
    from sottovoce.cli.chat_work import run_join
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_join(PersonOptions(place, account, password_file, as_json=as_json), name)


@app.command("leave")
def leave(
    chat: ChatName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Show a chat no longer; a public one is no longer heard, a group learns that you left."""
    from sottovoce.cli.chat_work import run_leave
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_leave(PersonOptions(place, account, password_file, as_json=as_json), chat)


@app.command("accept")
def accept(
    chat: ChatName,
    *,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take a stranger's chat among yours; they are answered from now on."""
    from sottovoce.cli.chat_work import run_accept
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_accept(PersonOptions(place, account, password_file, as_json=as_json), chat)


@app.command("mute")
def mute(
    chat: ChatName,
    *,
    off: Annotated[bool, typer.Option("--off", help="Let it ask for attention again.")] = False,
    account: Account = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Let a chat ask for no attention."""
    from sottovoce.cli.chat_work import run_mute
    from sottovoce.cli.person import PersonOptions

    with errors_as_sentences():
        place = data_place(data_dir)
        run_mute(PersonOptions(place, account, password_file, as_json=as_json), chat, off=off)
