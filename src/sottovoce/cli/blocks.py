"""Blocks of options that several verbs take whole; `sottovoce.cli.verbs` says how."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sottovoce.cli.options import (
    Account,
    DataDir,
    DayMb,
    Json,
    Metered,
    NoBridge,
    PasswordFile,
    Peers,
    SpokenWorlds,
    Timeout,
    TransportName,
    Verbose,
    Worlds,
)
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.paths import data_place
from sottovoce.gossip.settings import Transport

if TYPE_CHECKING:
    from sottovoce.cli.person import PersonOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """Who does it, for a verb that has no use for peers."""

    account: Account = None
    password_file: PasswordFile = None
    data_dir: DataDir = None
    as_json: Json = False

    def person(self) -> "PersonOptions":
        """Return what was said, as the work of a verb takes it."""
        from sottovoce.cli.person import PersonOptions

        place = data_place(self.data_dir)
        return PersonOptions(place, self.account, self.password_file, as_json=self.as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """Who does it, and through whom."""

    account: Account = None
    password_file: PasswordFile = None
    peers: Peers = None
    transport: TransportName = Transport.EITHER
    metered: Metered = False
    day_mb: DayMb = 0
    timeout_s: Timeout = 15.0
    data_dir: DataDir = None
    as_json: Json = False
    verbose: Verbose = False

    def person(self, *, is_online: bool = True, needs_peers: bool = False) -> "PersonOptions":
        """Return what was said, as the work of a verb takes it.

        Args:
            is_online: Whether the verb has a use for peers.
            needs_peers: Whether it makes no sense without any.
        """
        from sottovoce.cli.person import PersonOptions

        return PersonOptions(
            data_dir=data_place(self.data_dir),
            account=self.account,
            password_file=self.password_file,
            peers=tuple(self.peers or ()),
            transport=self.transport,
            metered=self.metered,
            day_mb=self.day_mb,
            timeout_s=self.timeout_s,
            is_online=is_online,
            needs_peers=needs_peers,
            as_json=self.as_json,
            verbose=self.verbose,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Which worlds a node that others connect to speaks, and whether it joins them."""

    transport: SpokenWorlds = Worlds.BOTH
    no_bridge: NoBridge = False

    def __post_init__(self) -> None:
        """Check that what was said means something.

        Raises:
            CommandError: Worlds are to be kept apart, and there is only one.
        """
        if self.no_bridge and self.transport is not Worlds.BOTH:
            only = f"--transport {self.transport.value}"
            raise CommandError(
                f"--no-bridge keeps two worlds apart, and {only} speaks only one: leave out "
                f"--no-bridge, or {only} to speak both",
                ExitCode.USAGE,
            )
