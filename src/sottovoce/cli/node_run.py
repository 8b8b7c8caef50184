"""``sottovoce node run``: a relay until somebody stops it, and with an account a person on it.

What it has in common with ``mail serve``, which relays as well, is here for both.
"""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.peer_file import read_peers
from sottovoce.app.application import ApplicationSettings
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.cli.budget_text import report_budget
from sottovoce.cli.limit_options import LimitOptions
from sottovoce.cli.node_socket import asked_for_statistics
from sottovoce.cli.output import CommandError, ExitCode, Output, printable
from sottovoce.cli.stopping import Termination, first_of
from sottovoce.cli.verbosity import configure_logging
from sottovoce.devp2p.enode import parse_host
from sottovoce.gossip.settings import GossipSettings, Transport
from sottovoce.identity.alias import alias
from sottovoce.identity.public_key_text import compact_key, hex_key
from sottovoce.node.budget import MB
from sottovoce.node.settings import NodeSettings
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.sdk.client import Client
from sottovoce.sdk.host_port import parse_host_port
from sottovoce.sdk.messenger import Messenger

POOL_MB: Final = 64  # half an hour of a busy network

_MB: Final = 1024 * 1024
_EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of ``node run``; `cli.main` explains each."""

    listen: str
    advertise: str | None
    peers: tuple[str, ...]
    trusted: tuple[str, ...]
    data_dir: Path | None
    minimum_pow: float
    peers_max: int
    stats_every_s: float | None
    as_json: bool
    verbose: bool
    pool_mb: int = POOL_MB
    light: bool = False
    flush_delay_s: float = 0.0
    day_mb: int = 0
    transport: Transport = Transport.BOTH
    bridges: bool = True
    account: str | None = None
    password: str | None = field(default=None, repr=False)
    limits: LimitOptions = field(default_factory=LimitOptions)


async def run_node(options: RunOptions) -> None:
    """Run until SIGTERM; an interrupt from the keyboard ends it as well, with its own code."""
    configure_logging(verbose=options.verbose)
    output = Output(as_json=options.as_json)
    directory = DataDirectory(options.data_dir) if options.data_dir is not None else None
    try:
        with Termination() as termination:
            await _run(options, directory, output, termination)
    finally:
        if directory is not None:
            directory.close()


async def _run(
    options: RunOptions,
    directory: DataDirectory | None,
    output: Output,
    termination: Termination,
) -> None:
    settings = application_settings(options, directory)
    wanted = wanted_peers(options, directory)
    async with Client(settings=settings, peers=wanted.kept) as client, AsyncExitStack() as stack:
        for enode in wanted.trusted:
            client.whisper.trust(enode)
        assert client.enode is not None
        person = None
        if options.password is not None and directory is not None:
            person = await stack.enter_async_context(
                Messenger.open(
                    directory.path,
                    password=options.password,
                    account=options.account,
                    peers=(),
                    client=client,
                    is_locked=True,
                )
            )
        elif directory is not None:
            await stack.enter_async_context(asked_for_statistics(client, directory.path, output))
        output.result(client.enode, event="ready", enode=client.enode)
        if person is not None:
            _print_person(output, person.public_key)
        tell_what_is_missing(options, output)
        output.talk("relaying; give the line above to peers, and stop with Ctrl-C")
        await first_of(termination.wait(), *reports(client, options, output))
    output.talk("stopped")


@dataclass(frozen=True, slots=True)
class WantedPeers:
    """Whom a node stays connected to.

    Attributes:
        kept: All of them, as enode URLs.
        trusted: Those whose direct messages are taken.
    """

    kept: tuple[str, ...]
    trusted: tuple[str, ...]


def application_settings(
    options: RunOptions, directory: DataDirectory | None
) -> ApplicationSettings:
    """Return what the node is made of; its key is made at the first call.

    Raises:
        SottovoceError: An option is not what it should be, or the key cannot be used.
    """
    if options.advertise is not None:
        _check_advertised(options.advertise)
    return ApplicationSettings(
        listen=parse_host_port(options.listen),
        advertised_host=options.advertise,
        node_key=None if directory is None else directory.node_key(SystemEntropy()),
        node=NodeSettings(
            peers_max=options.peers_max,
            exempt_addresses=options.limits.exempt,
            day_bytes_max=options.day_mb * MB,
        ),
        data_dir=None if directory is None else directory.path,
        gossip=GossipSettings(
            transport=options.transport,
            bridges=options.bridges,
            minimum_pow=options.minimum_pow,
            pool_bytes_max=options.pool_mb * _MB,
            light=options.light,
            flush_delay_s_max=options.flush_delay_s,
            rate_limits=options.limits.packets,
            byte_limits=options.limits.size_bytes,
            limit_tolerance=options.limits.tolerance,
        ),
    )


def _check_advertised(host: str) -> None:
    """Check the host that peers are told.

    Raises:
        CommandError: None could connect to it.
    """
    try:
        parse_host(host)
    except LocalProtocolError:
        raise CommandError(
            f"--advertise takes an IP address (IPv6 in brackets) or a host name, not {host!r}: "
            "peers are told to connect to it; the port follows by itself",
            ExitCode.USAGE,
        ) from None


def wanted_peers(options: RunOptions, directory: DataDirectory | None) -> WantedPeers:
    """Return the peers that are named, and those that are saved.

    Raises:
        LocalProtocolError: The file of saved peers is not what it should be.
    """
    saved = [] if directory is None else read_peers(directory.path)
    trusted = (*options.trusted, *(str(peer.enode) for peer in saved if peer.trusted))
    kept = (*options.peers, *(str(peer.enode) for peer in saved), *options.trusted)
    return WantedPeers(kept, trusted)


def tell_what_is_missing(options: RunOptions, output: Output) -> None:
    """Say so if the printed enode leads to this machine only, or if limits would stop nobody."""
    limits = options.limits
    # Those of a topic keep envelopes out by themselves.
    if not limits.tolerance and any((*limits.packets[:2], *limits.size_bytes[:2])):
        output.talk(
            "what comes over the limits of an address or a peer is counted and let in; "
            "--limit-tolerance N disconnects whoever exceeds them more than N times"
        )
    if options.advertise is None and parse_host_port(options.listen)[0] in _EVERY_ADDRESS:
        output.talk("peers elsewhere need an enode with your address: use --advertise HOST")


def reports(
    client: Client, options: RunOptions, output: Output
) -> list[Coroutine[None, None, None]]:
    """Return what tells of peers, and of the counters if that is wanted, until it is cancelled."""
    works = [_report_peers(client, output), report_budget(client, output)]
    if options.stats_every_s is not None:
        works.append(_report_statistics(client, output, options.stats_every_s))
    return works


def _print_person(output: Output, key: PublicKey) -> None:
    output.result(
        f"{alias(key)}  {compact_key(key)}",
        event="account",
        name=alias(key),
        public_key=hex_key(key),
        compact_key=compact_key(key),
    )
    output.talk("the verbs of chat and contact in other terminals work through this node")


async def _report_peers(client: Client, output: Output) -> None:
    async for event in client.peer_events():
        key = event.public_key.raw.hex()
        detail = printable(event.detail)
        if output.as_json:
            spoken = {"protocols": event.protocols} if event.protocols else {}
            output.result("", event=event.kind, peer=key, detail=detail, **spoken)
        else:
            over = f" over {' and '.join(event.protocols)}" if event.protocols else ""
            output.talk(f"{event.kind}{over}: {key[:16]}… {detail}")


async def _report_statistics(client: Client, output: Output, pause_s: float) -> None:
    while True:
        await asyncio.sleep(pause_s)
        statistics = asdict(client.statistics())
        # The ports of single streams are no counter; their sums are in the relay's.
        del statistics["streams"]
        if statistics["mail"] is None:
            del statistics["mail"], statistics["refused"]
        if output.as_json:
            output.result("", event="statistics", **statistics)
        else:
            output.talk(f"statistics: {json.dumps(statistics)}")
