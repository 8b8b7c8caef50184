"""``sottovoce send`` and ``sottovoce listen``: public channels for the shell."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sottovoce.base.errors import SottovoceError
from sottovoce.base.secret import PrivateKey
from sottovoce.cli.budget_text import telling_of_budget
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.talk_options import ListenOptions, SendOptions
from sottovoce.cli.verbosity import configure_logging
from sottovoce.codec.hex import decode_hex
from sottovoce.crypto import secp256k1
from sottovoce.node.budget import MB
from sottovoce.payloads.limits import TEXT_BYTES_MAX
from sottovoce.sdk.client import CONNECT_TIMEOUT_S, Client
from sottovoce.sdk.errors import ConnectError
from sottovoce.sdk.messages import ChannelMessage, PeerInfo
from sottovoce.stack.routes import PublicChat

_KEY_FILE_CHARACTERS_MAX: Final = 1024


async def run_send(options: SendOptions) -> None:
    """Connect, say it, wait until a peer has it."""
    configure_logging(verbose=options.verbose)
    PublicChat(options.channel)  # A bad name is said before anything is waited for.
    output = Output(as_json=options.as_json)
    async with (
        _client(options) as client,
        _connected(client, options.peers, options.timeout_s),
    ):
        sent = await client.channel(options.channel).send_text(
            options.text,
            ttl_s=options.ttl_s,
            pow_target=options.pow_target,
            work_time_s=options.work_time_s,
        )
        await sent.sent(options.timeout_s)
        output.result(
            f"sent to {len(sent.peers)} peer(s): envelope 0x{sent.hash.hex()}, "
            f"{sent.size_bytes} bytes, {sent.tries} tries of proof of work",
            event="sent",
            channel=options.channel,
            hash="0x" + sent.hash.hex(),
            size_bytes=sent.size_bytes,
            pow_tries=sent.tries,
            pow=sent.pow,
            peers=[peer.raw.hex() for peer in sent.peers],
        )


async def run_listen(options: ListenOptions) -> None:
    """Print messages until enough have come, the time is over, or somebody interrupts.

    Raises:
        CommandError: Fewer messages than wanted came in time.
    """
    configure_logging(verbose=options.verbose)
    PublicChat(options.channel)
    output = Output(as_json=options.as_json)
    seen = 0
    patience_s = min(CONNECT_TIMEOUT_S, options.timeout_s or CONNECT_TIMEOUT_S)
    async with _client(options, options.day_mb) as client, telling_of_budget(client, output):
        # Before a peer is there: it hands over at once what was said and is still alive.
        subscription = await client.channel(options.channel).subscribe()
        async with _connected(client, options.peers, patience_s):
            output.talk(f"listening in {printable(options.channel)}; stop with Ctrl-C")
            try:
                async with asyncio.timeout(options.timeout_s):
                    async for message in subscription:
                        _print_message(output, options.channel, message)
                        seen += 1
                        if seen == options.count:
                            break
            except TimeoutError:
                if options.count is not None:
                    raise CommandError(
                        f"{seen} of {options.count} messages came within {options.timeout_s:g} s",
                        ExitCode.NOT_DELIVERED,
                    ) from None


def _print_message(output: Output, channel: str, message: ChannelMessage) -> None:
    moment = datetime.fromtimestamp(message.sent_unix_s, UTC)
    sender = "0x" + message.sender.uncompressed.hex()
    output.result(
        f"{moment:%H:%M:%S} {sender[:12]}…: {printable(message.text)}",
        event="message",
        channel=channel,
        text=message.text,
        sender=sender,
        sent_unix_s=message.sent_unix_s,
        hash="0x" + message.hash.hex(),
        pow=message.pow,
    )


def _client(options: SendOptions | ListenOptions, day_mb: int = 0) -> Client:
    """Make a client that accepts nobody.

    Raises:
        CommandError: No peer is named, or the identity cannot be read.
    """
    if not options.peers:
        raise CommandError(
            "no peer to talk through: name one with --peer ENODE "
            "(sottovoce node run prints such a line)",
            ExitCode.USAGE,
        )
    return Client(
        listen=None,
        identity=_read_identity(options.identity_file),
        transport=options.transport,
        metered=options.metered,
        day_bytes_max=day_mb * MB,
    )


@asynccontextmanager
async def _connected(
    client: Client, peers: list[str] | None, timeout_s: float
) -> AsyncIterator[None]:
    """Connect a client to at least one of the peers."""
    attempts = [
        asyncio.ensure_future(client.connect(peer, timeout_s=timeout_s)) for peer in peers or ()
    ]
    try:
        await _first_success(attempts)
        yield
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


async def _first_success(attempts: Sequence[asyncio.Future[PeerInfo]]) -> None:
    """Wait for one of the attempts to succeed; raise the first error if none does.

    A mistake in an enode is the user's to mend, so it is raised at once.

    Raises:
        SottovoceError: No attempt succeeded.
    """
    pending = set(attempts)
    failure: SottovoceError | None = None
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            error = attempt.exception()
            if error is None:
                return
            if not isinstance(error, ConnectError):
                raise error
            failure = failure or error
    assert failure is not None
    raise failure


def _read_identity(file: Path | None) -> PrivateKey | None:
    """Read the key that signs.

    Raises:
        CommandError: The file cannot be read or holds no key.
    """
    if file is None:
        return None
    try:
        return secp256k1.private_key(decode_hex(_read_start(file), "the identity key"))
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}; name the file with the key that signs, or "
            "leave out --identity-file for a fresh one",
            ExitCode.USAGE,
        ) from None
    except (SottovoceError, UnicodeDecodeError):
        raise CommandError(
            f"{file} does not hold a private key (64 hex digits); name the file that does, or "
            "leave out --identity-file for a fresh one",
            ExitCode.USAGE,
        ) from None


def _read_start(file: Path) -> str:
    # A key is short; a device or a wrong file may be endless.
    with file.open() as stream:
        return stream.read(_KEY_FILE_CHARACTERS_MAX)


def read_text(argument: str) -> str:
    """Return what to say: the argument, or what stdin holds if it is -.

    Reading blocks, so it is done before any loop runs: an interrupt ends it at once.

    Raises:
        CommandError: There is nothing to say, too much, or it is not UTF-8.
    """
    text = argument
    if argument == "-":
        if sys.stdin is None:
            raise CommandError("there is no stdin to read the text from", ExitCode.USAGE)
        raw = sys.stdin.buffer.read(TEXT_BYTES_MAX + 1)
        if len(raw) > TEXT_BYTES_MAX:
            raise CommandError(
                f"stdin holds more than the {TEXT_BYTES_MAX} bytes that a message has at the most",
                ExitCode.USAGE,
            )
        try:
            text = raw.decode().rstrip("\n")
        except UnicodeDecodeError:
            raise CommandError("stdin is not UTF-8 text", ExitCode.USAGE) from None
    if not text.strip():
        raise CommandError("there is nothing to say: the text is blank", ExitCode.USAGE)
    return text
