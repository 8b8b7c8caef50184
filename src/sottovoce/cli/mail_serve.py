"""``sottovoce mail serve``: a mailserver until somebody stops it."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.cli.archive_place import ArchivePlace, archive_place
from sottovoce.cli.mail_servers import read_server_password
from sottovoce.cli.node_run import (
    RunOptions,
    application_settings,
    reports,
    tell_what_is_missing,
    wanted_peers,
)
from sottovoce.cli.node_socket import asked_for_statistics
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.stopping import Termination, first_of
from sottovoce.cli.verbosity import configure_logging
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.settings import Transport
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.settings import DAY_S, Retention, ServerSettings
from sottovoce.sdk.client import CONNECT_TIMEOUT_S, Client
from sottovoce.sdk.errors import ConnectError
from sottovoce.sdk.history_requests import ArchiveFilled
from sottovoce.stack.topics import key_of_name

_MB: Final = 1000 * 1000
# An operator hears of a full disk within so many seconds.
_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of ``mail serve``; `cli.mail` explains each.

    Attributes:
        relay: Those that it shares with ``node run``.
        archive: A path or a URL, or None.
        password_file: The file with the password of those who may ask, or None.
        days: Days that envelopes are kept; None for ever.
        mb_max: MB of envelopes that are kept, or None.
        envelopes_max: Envelopes that are kept, or None.
        pause_s: Seconds between two requests of one peer.
        requests_per_hour: Requests of one peer.
        mb_per_hour: MB of envelopes for one peer.
        fill_from: The enode of a mailserver to fill the archive from, or None.
        fill_days: How far back, days.
    """

    relay: RunOptions
    archive: str | None = None
    password_file: Path | None = None
    days: int | None = 30
    mb_max: int | None = None
    envelopes_max: int | None = None
    pause_s: float = 0.0
    requests_per_hour: int = 1200
    mb_per_hour: int = 1024
    fill_from: str | None = None
    fill_days: int = 30


async def run_serve(options: ServeOptions) -> None:
    """Serve until SIGTERM; an interrupt from the keyboard ends it as well, with its own code.

    Raises:
        CommandError: Two options exclude each other.
    """
    configure_logging(verbose=options.relay.verbose)
    output = Output(as_json=options.relay.as_json)
    assert options.relay.data_dir is not None, "a mailserver keeps something"
    # Slips of the pen are told before anything is made.
    if options.fill_from is not None:
        parse_enode(options.fill_from)
        if options.relay.transport is Transport.WAKU:
            raise CommandError(
                "--fill-from needs Whisper, for Waku has no way to fill an archive: leave out "
                "--transport waku",
                ExitCode.USAGE,
            )
    place = archive_place(options.archive, options.relay.data_dir)
    password = DEFAULT_PASSWORD
    if options.password_file is not None:
        password = read_server_password(options.password_file)
    settings = await asyncio.to_thread(_server_settings, options, password)
    directory = DataDirectory(options.relay.data_dir)
    try:
        with Termination() as termination:
            await _serve(options, settings, place, directory, output, termination)
    finally:
        directory.close()


def _server_settings(options: ServeOptions, password: str) -> ServerSettings:
    """Return keys and bounds; deriving the key takes some tens of milliseconds."""
    return ServerSettings(
        password_key=key_of_name(password),
        minimum_pow=options.relay.minimum_pow,
        pause_s=options.pause_s,
        requests_per_hour=options.requests_per_hour,
        bytes_per_hour=options.mb_per_hour * _MB,
        retention=Retention(
            days=options.days,
            bytes_max=None if options.mb_max is None else options.mb_max * _MB,
            envelopes_max=options.envelopes_max,
        ),
    )


async def _serve(
    options: ServeOptions,
    settings: ServerSettings,
    place: ArchivePlace,
    directory: DataDirectory,
    output: Output,
    termination: Termination,
) -> None:
    relay = options.relay
    wanted = wanted_peers(relay, directory)
    admitted = frozenset(parse_enode(enode).public_key for enode in wanted.trusted)
    mail = replace(settings, is_public=options.password_file is None, admitted=admitted)
    made_of = replace(application_settings(relay, directory), mail=mail, archive=place.open)
    async with (
        Client(settings=made_of, peers=wanted.kept) as client,
        asked_for_statistics(client, directory.path, output),
    ):
        for enode in wanted.trusted:
            client.whisper.trust(enode)
        assert client.enode is not None
        output.result(
            client.enode,
            event="ready",
            enode=client.enode,
            archive=place.name,
            has_own_password=options.password_file is not None,
        )
        tell_what_is_missing(relay, output)
        _tell_who_may_ask(client.enode, options, output)
        output.talk(f"archiving to {place.name}; stop with Ctrl-C")
        works = [termination.wait(), _tell_trouble(client, output), *reports(client, relay, output)]
        if options.fill_from is not None:
            works.append(_fill(client, options.fill_from, options.fill_days, output))
        statistics = client.mail_statistics()
        await first_of(*works)
    _tell_what_is_lost(0 if statistics is None else statistics.waiting_envelopes, output)
    output.talk("stopped")


def _tell_who_may_ask(enode: str, options: ServeOptions, output: Output) -> None:
    if options.password_file is not None:
        output.talk(
            "only who knows the password may ask: sottovoce mail add ENODE "
            "--server-password-file FILE"
        )
        return
    url = enode.replace("@", f":{DEFAULT_PASSWORD}@", 1)
    output.talk(
        "everybody may ask who has the line above (sottovoce mail add ENODE): the password is the "
        f"public one of Status' servers. Status' clients take {url}"
    )


def _tell_what_is_lost(envelopes: int, output: Output) -> None:
    """Say what an archive in trouble did not take before the end."""
    if envelopes:
        if output.as_json:
            output.result("", event="lost", envelopes=envelopes)
        what = "1 envelope that waited to be archived is"
        if envelopes > 1:
            what = f"{envelopes} envelopes that waited to be archived are"
        output.talk(f"{what} lost")


async def _tell_trouble(client: Client, output: Output) -> None:
    """Say loudly when archiving stops, and when it goes on."""
    told: tuple[str, ...] = ()
    while True:
        troubles = client.readiness()
        if troubles != told:
            told = troubles
            detail = printable("; ".join(troubles))
            if output.as_json:
                output.result("", event="archiving", trouble=detail)
            output.talk(
                f"TROUBLE with the archive: {detail}" if detail else "the archive works again"
            )
        await asyncio.sleep(_LOOK_S)


async def _fill(client: Client, enode: str, days: int, output: Output) -> None:
    """Fill the archive from another one, and go on until it is cancelled, whatever came of it."""
    output.talk(f"filling the archive with {days} days of another mailserver's")
    from_unix_s = client.now().unix_whole_s - days * DAY_S
    try:
        filled = await client.fill_from(enode, from_unix_s, connect_timeout_s=CONNECT_TIMEOUT_S)
    except ConnectError as error:
        filled = ArchiveFilled(0, str(error))
    detail = printable(filled.detail)
    how = f"ended early: {detail}" if detail else "done"
    if output.as_json:
        output.result("", event="filled", envelopes=filled.envelopes, detail=detail)
    output.talk(f"filling the archive {how}; {filled.envelopes} envelopes came")
    await asyncio.Event().wait()
