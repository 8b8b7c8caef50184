"""Where a mailserver keeps its archive, as an operator writes it: a file, or a PostgreSQL database.

A password of a database comes from libpq's own places (a passfile, a service file), never from an
argument or the environment, which other programs can read.
"""

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from sottovoce.base.errors import StorageError
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.mail.archive import Archive

ARCHIVE_NAME: Final = "archive.db"
_SCHEMES: Final = ("postgresql://", "postgres://")
# Libpq's other form ("host=... password=..."), which would else be taken for the name of a file.
_PAIRS: Final = re.compile(
    r"\s*(host|hostaddr|port|dbname|user|password|passfile|service|sslmode)\s*=", re.IGNORECASE
)
_SQLITE_START: Final = b"SQLite format 3\x00"
_SECRETS: Final = frozenset({"password", "sslpassword"})
_NO_ARGUMENT: Final = (
    "a password in the archive's URL can be read by other users of this machine; leave it out, and "
    "write it into ~/.pgpass or the file that PGPASSFILE names (host:port:database:user:password), "
    "for its owner alone"
)
_NO_DRIVER: Final = (
    "archives in PostgreSQL need psycopg, which is not installed: install sottovoce with its extra "
    "postgres, or name a file"
)
_NO_URL: Final = (
    "the archive's URL cannot be read; write postgresql://user@host:port/database, or the path of "
    "a file"
)


@dataclass(frozen=True, slots=True)
class ArchivePlace:
    """Where an archive is.

    Attributes:
        file: The file of an archive in SQLite, or None.
        name: How people are told where it is; of a database no user and no parameters.
        url: The URL of a database, without a password; empty if it is a file.
    """

    file: Path | None
    name: str
    url: str = field(default="", repr=False)

    def open(self) -> Archive:
        """Open the archive, and make it if there is none; this blocks.

        Raises:
            CommandError: The file cannot be one.
            StorageError: It cannot be opened; the text says why.
        """
        if self.file is not None:
            _check_place(self.file)
            from sottovoce.adapters.sqlite.archive import SqliteArchive

            return SqliteArchive(self.file)
        from sottovoce.adapters.postgres.archive import PostgresArchive

        return PostgresArchive(self.url)


def archive_place(text: str | None, data_dir: Path) -> ArchivePlace:
    """Read what --archive says.

    Args:
        text: A path or a URL; None for a file in the data directory.
        data_dir: The data directory.

    Raises:
        CommandError: A URL has a password or makes no sense, or PostgreSQL cannot be used here.
    """
    if not text:
        return _in_file(data_dir / ARCHIVE_NAME)
    if not text.lower().startswith(_SCHEMES):
        if "://" in text or _PAIRS.match(text):
            raise CommandError(_NO_URL, ExitCode.USAGE)
        return _in_file(Path(text))
    if _has_secret(text):
        raise CommandError(_NO_ARGUMENT, ExitCode.USAGE)
    if find_spec("psycopg") is None:
        raise CommandError(_NO_DRIVER, ExitCode.USAGE)
    return ArchivePlace(None, _database_name(text), text)


def _in_file(file: Path) -> ArchivePlace:
    return ArchivePlace(file, str(file))


def _check_place(file: Path) -> None:
    """Check that an archive can be there: else it is a slip of the pen and no trouble of the disk.

    Nothing is made beside somebody else's file, and nobody is told to move that one away.

    Raises:
        CommandError: It cannot.
    """
    if file.is_dir():
        raise CommandError(f"{file} is a folder; name a file in it", ExitCode.USAGE)
    if not file.parent.is_dir():
        raise CommandError(
            f"there is no folder {file.parent} for the archive; make it first", ExitCode.USAGE
        )
    if file.exists() and not (file.is_file() and _start_of(file) in (b"", _SQLITE_START)):
        raise CommandError(
            f"{file} is no archive, or its beginning is damaged; name another file, or one that is "
            "not there yet",
            ExitCode.USAGE,
        )


def _start_of(file: Path) -> bytes:
    """Return the first bytes of a file; none if it cannot be read, which opening it will tell."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(_SQLITE_START))
    except OSError:
        return b""


def _database_name(url: str) -> str:
    """Return how people are told of a database.

    Raises:
        CommandError: The URL makes no sense to PostgreSQL.
    """
    from sottovoce.adapters.postgres.driver import name_of

    try:
        return f"the database {name_of(url)}"
    except StorageError:
        raise CommandError(_NO_URL, ExitCode.USAGE) from None


def _has_secret(url: str) -> bool:
    """Tell whether a password stands in a URL.

    Raises:
        CommandError: It is no URL.
    """
    try:
        parts = urlsplit(url)
        names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        return parts.password is not None or bool(names & _SECRETS)
    except ValueError:
        pass
    # Raised only here, for the library's error may repeat the URL.
    raise CommandError(_NO_URL, ExitCode.USAGE)
