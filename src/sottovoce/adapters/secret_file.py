"""Files in which a person keeps a secret: a password in one line, a phrase."""

import os
from pathlib import Path
from typing import Final

from sottovoce.base.errors import LocalProtocolError

SECRET_BYTES_MAX: Final = 4096  # no password or phrase; a device or a wrong file may be endless
_OTHERS: Final = 0o077


def read_secret_file(file: Path, *, is_guarded: bool = True) -> str:
    """Read a secret, without the end of its last line.

    Args:
        file: Where it is.
        is_guarded: Whether its mode says who reads it; a service manager guards its directory.

    Raises:
        LocalProtocolError: It cannot be read, is open to other users, too long, or no text.
    """
    try:
        with file.open("rb") as stream:
            if is_guarded and os.fstat(stream.fileno()).st_mode & _OTHERS:
                raise LocalProtocolError(
                    f"{file} can be read by other users; run: chmod 600 {file}"
                )
            raw = stream.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise LocalProtocolError(
            f"cannot read {file}: {error.strerror}; name a file that holds the secret and that "
            "you can read"
        ) from None
    if len(raw) > SECRET_BYTES_MAX:
        raise LocalProtocolError(f"{file} has more than {SECRET_BYTES_MAX} bytes; is it the one?")
    text = decoded_secret(raw)
    if text is None:
        raise LocalProtocolError(f"{file} is not UTF-8 text; is it the one?")
    return text.removesuffix("\n").removesuffix("\r")


def read_password_file(file: Path, *, is_guarded: bool = True) -> str:
    """Read the password that is the one line of a file.

    Args:
        file: Where it is.
        is_guarded: As for `read_secret_file`.

    Raises:
        LocalProtocolError: It cannot be used, or does not hold exactly one line.
    """
    password = read_secret_file(file, is_guarded=is_guarded)
    if not password:
        raise LocalProtocolError(f"{file} holds no password; write it there, in one line")
    if "\n" in password or "\r" in password:
        raise LocalProtocolError(f"{file} has more than one line; leave only the password there")
    return password


def decoded_secret(raw: bytes) -> str | None:
    """Return a secret's text; None if it is none."""
    # The library's error carries the bytes, so no other error may be raised while it is handled.
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
