"""Our node as a mailserver that is measured: its bounds, and the archive that was chosen."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.halting_archive import HaltingArchive
from sottovoce.adapters.postgres.archive import PostgresArchive
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.mail.archive import Archive
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.settings import BUFFER_ENVELOPES_MAX, Retention, ServerSettings
from sottovoce.stack.topics import key_of_name

# One end asks for months again and again.
_UNBOUNDED: Final = 1 << 40


def mail_settings(chosen: dict[str, Any]) -> ServerSettings | None:
    """Return what a mailserver is set to; None if the node is none."""
    if archive(chosen, Path()) is None:
        return None
    return ServerSettings(
        password_key=key_of_name(DEFAULT_PASSWORD),
        buffer_envelopes_max=int(chosen.get("archive_buffer", BUFFER_ENVELOPES_MAX)),
        retention=Retention(days=None),  # what is kept is of 2020
        requests_per_hour=_UNBOUNDED,
        envelopes_per_hour=_UNBOUNDED,
        bytes_per_hour=_UNBOUNDED,
    )


def archive(chosen: dict[str, Any], folder: Path) -> Callable[[], Archive] | None:
    """Return what opens the archive; None if the node is no mailserver.

    Args:
        chosen: What the node under test was told.
        folder: For an archive that is gone afterwards.
    """
    place = chosen.get("archive", "")
    if chosen.get("archive_halted_s") is not None:
        return partial(HaltingArchive, chosen["archive_halted_s"])
    if place.startswith("postgresql:"):
        return partial(PostgresArchive, place)
    if place or chosen.get("archives"):
        return partial(SqliteArchive, Path(place) if place else folder / "archive.db")
    return None
