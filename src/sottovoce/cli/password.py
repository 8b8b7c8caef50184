"""Secrets that a person gives: passwords from a prompt or a file, phrases from those or stdin.

None ever comes from an argument or from the text of an environment variable: other users of the
machine can read the first, and every child process and crash report the second.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from sottovoce.adapters.secret_file import (
    SECRET_BYTES_MAX,
    decoded_secret,
    read_password_file,
    read_secret_file,
)
from sottovoce.cli.output import CommandError, ExitCode, printable

FILE_VARIABLE: Final = "SOTTOVOCE_PASSWORD_FILE"
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
CREDENTIAL_NAME: Final = "sottovoce-password"
# Whoever gets hold of the key file tries billions of short ones.
SHORT_PASSWORD_CHARS: Final = 10

# What a new password locks, and what a thief would copy.
_OF_ACCOUNTS: Final = ("an account", "key file")
_OF_BACKUPS: Final = ("a backup", "backup")

_STDIN: Final = "-"
_TERMINAL: Final = "/dev/tty"


def read_password(file: Path | None, *, what: str = "password") -> str:
    """Return the password: from a file, the service manager, or a prompt.

    Args:
        file: What --password-file says, or None.
        what: How the prompt calls it.

    Raises:
        CommandError: There is nobody to ask.
        LocalProtocolError: The file cannot be used.
    """
    given = _password_of_files(file)
    return _ask(f"{what}: ") if given is None else given


def unlocking(directory: Path | None, account: str, file: Path | None) -> tuple[str, str]:
    """Return the uid of an account that is to be unlocked, and its password.

    Args:
        directory: The data directory; None for a node that keeps nothing.
        account: Which account, as `app.accounts.find_account` has it.
        file: What --password-file says, or None.

    Raises:
        CommandError: A node that keeps nothing has no account, or there is nobody to ask.
    """
    from sottovoce.app.accounts import find_account

    if directory is None:
        raise CommandError(
            "a node that keeps nothing has no account; leave out --ephemeral", ExitCode.USAGE
        )
    entry = find_account(directory, account)
    return entry.key_uid, read_password(file, what=f"password of {printable(entry.name)}")


def read_new_password(file: Path | None) -> tuple[str, str]:
    """Return a password for an account, asked for twice, and a warning about it or nothing.

    Args:
        file: What --password-file says, or None.

    Raises:
        CommandError: It is empty, the two differ, or there is nobody to ask.
    """
    password = _password_of_files(file)
    return _judged(_asked_twice("new password") if password is None else password, _OF_ACCOUNTS)


def read_backup_password(file: Path | None) -> tuple[str, str]:
    """Return a password for a backup alone, asked for twice, and a warning about it or nothing.

    Args:
        file: What --backup-password-file says; None to be asked.

    Raises:
        CommandError: It is empty, the two differ, or there is nobody to ask.
        LocalProtocolError: The file cannot be used.
    """
    what = "password for the backup alone"
    return _judged(_asked_twice(what) if file is None else read_password_file(file), _OF_BACKUPS)


def read_phrase(file: str | None) -> str:
    """Return what a person says is their recovery phrase: from a file, from stdin, or asked for.

    Args:
        file: What --phrase-file says: a path, - for stdin, or None.

    Raises:
        CommandError: There is nobody to ask.
        LocalProtocolError: The file cannot be used.
    """
    if file is None:
        return _ask("recovery phrase (not shown while you type): ")
    if file != _STDIN:
        return read_secret_file(Path(file))
    if sys.stdin is None:
        raise CommandError("there is no stdin to read the phrase from", ExitCode.USAGE)
    text = decoded_secret(sys.stdin.buffer.read(SECRET_BYTES_MAX))
    if text is None:
        raise CommandError("stdin is not UTF-8 text", ExitCode.USAGE)
    return text


def _asked_twice(what: str) -> str:
    """Ask for a new password.

    Raises:
        CommandError: The two differ, or there is nobody to ask.
    """
    password = _ask(f"{what}: ")
    if password and _ask("the same once more: ") != password:
        raise CommandError("the two passwords differ; nothing was changed", ExitCode.USAGE)
    return password


def _judged(password: str, of_what: tuple[str, str]) -> tuple[str, str]:
    """Return a new password, and a warning if it is short.

    Raises:
        CommandError: It is empty.
    """
    what, file = of_what
    if not password:
        raise CommandError(
            f"the password is empty, and such {what} is open to everybody; choose one",
            ExitCode.USAGE,
        )
    if len(password) >= SHORT_PASSWORD_CHARS:
        return password, ""
    return password, (
        f"this password has fewer than {SHORT_PASSWORD_CHARS} characters: whoever copies the "
        f"{file} can guess it; a few unrelated words are better"
    )


def _password_of_files(file: Path | None) -> str | None:
    """Return the password that a file holds; None if nothing names one.

    Raises:
        CommandError: It is stdin.
        LocalProtocolError: The file cannot be used.
    """
    variable = os.environ.get(FILE_VARIABLE)
    named = file or (Path(variable) if variable else None)
    if named is not None:
        if str(named) == _STDIN:
            raise CommandError(
                "a password is not read from stdin, which is for texts and phrases; "
                "name a file, or leave the option out to be asked",
                ExitCode.USAGE,
            )
        return read_password_file(named)
    credentials = os.environ.get(CREDENTIALS_VARIABLE)
    if not credentials:
        return None
    credential = Path(credentials) / CREDENTIAL_NAME
    # The service manager guards the directory, and marks files as open to a group for its lists.
    return read_password_file(credential, is_guarded=False) if credential.exists() else None


def _ask(prompt: str) -> str:
    """Ask on the terminal, without showing what is typed.

    Raises:
        CommandError: There is no terminal, or it was closed.
    """
    if not _has_terminal():
        raise CommandError(
            "there is no terminal to ask on; give the password with --password-file FILE, "
            f"{FILE_VARIABLE}, or a systemd credential called {CREDENTIAL_NAME} "
            "(and a phrase with --phrase-file)",
            ExitCode.USAGE,
        )
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise CommandError("nothing was typed", ExitCode.LOCKED) from None


def _has_terminal() -> bool:
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
