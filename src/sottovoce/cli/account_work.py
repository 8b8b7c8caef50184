"""What the verbs of ``sottovoce account`` do."""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sottovoce.app.accounts import (
    create_account,
    find_account,
    key_file_of,
    list_accounts,
    recover_account,
    unlock,
)
from sottovoce.base.quantities import PublicKey
from sottovoce.cli.output import CommandError, ExitCode, Output, is_coloured, printable
from sottovoce.cli.password import read_new_password, read_password, read_phrase
from sottovoce.cli.person import PersonOptions, Session, run_as_person
from sottovoce.identity.account_list import AccountEntry
from sottovoce.identity.alias import alias
from sottovoce.identity.contact_link import ContactLink
from sottovoce.identity.identicon import Identicon, identicon
from sottovoce.identity.keystore_kdf import LIGHT, STANDARD, ScryptCost
from sottovoce.identity.public_key_text import compact_key, hex_key
from sottovoce.identity.qr_code import qr_code, qr_png
from sottovoce.sdk.control_client import ControlClient

_WORDS_PER_LINE: Final = 4
_UID_CHARS_SHOWN: Final = 10
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """The options of ``account create``; `cli.account` explains each."""

    name: str | None
    words: int
    light_kdf: bool
    password_file: Path | None
    data_dir: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class RecoverOptions:
    """The options of ``account recover``; `cli.account` explains each."""

    name: str | None
    phrase_file: str | None
    light_kdf: bool
    password_file: Path | None
    data_dir: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """The options of ``account show``; `cli.account` explains each."""

    with_bundle: bool = False
    qr_file: Path | None = None
    light_background: bool = False


def run_create(options: CreateOptions) -> None:
    """Make an account and print it with its phrase."""
    output = Output(as_json=options.as_json)
    password = _new_password(options.password_file, output)
    entry, phrase = create_account(
        options.data_dir,
        options.name,
        password,
        word_count=options.words,
        cost=_cost(light=options.light_kdf),
    )
    rows = [
        "  ".join(
            f"{number + 1:>2} {word:<8}"
            for number, word in enumerate(phrase.words)
            if number // _WORDS_PER_LINE == row
        ).rstrip()
        for row in range(-(-len(phrase.words) // _WORDS_PER_LINE))
    ]
    output.result(
        "\n".join((f"created {_titled(entry)}", "", "recovery phrase:", *rows)),
        event="created",
        **_fields(entry),
        phrase=phrase.text,
    )
    output.talk(
        "\nWrite the phrase down on paper now. It is shown once and kept nowhere; whoever has it "
        "is you,\nand without it a forgotten password or a lost disk is the end of this account.\n"
        "Next: sottovoce account show"
    )


def run_recover(options: RecoverOptions) -> None:
    """Make an account from its phrase."""
    output = Output(as_json=options.as_json)
    phrase = read_phrase(options.phrase_file)
    password = _new_password(options.password_file, output)
    entry, was_here = recover_account(
        options.data_dir,
        phrase,
        options.name,
        password,
        cost=_cost(light=options.light_kdf),
    )
    event = "password changed" if was_here else "recovered"
    output.result(f"{event}: {_titled(entry)}", event=event, **_fields(entry))
    if was_here:
        output.talk("this account was here already: it has the new password and kept its messages")


def run_list(directory: Path, *, as_json: bool) -> None:
    """Print the accounts."""
    output = Output(as_json=as_json)
    entries = list_accounts(directory)
    for entry in entries:
        used = "never used"
        if entry.last_login_unix_s:
            moment = datetime.fromtimestamp(entry.last_login_unix_s).astimezone()
            used = f"used {moment:%Y-%m-%d %H:%M}"
        output.result(f"{_titled(entry)}  {used}", event="account", **_fields(entry))
    if not entries:
        output.talk(
            f"there are no accounts in {directory}; make one with: sottovoce account create"
        )


def run_show(
    account: str | None,
    options: ShowOptions,
    password_file: Path | None,
    directory: Path,
    *,
    as_json: bool,
) -> None:
    """Print what others need to talk to this person."""

    async def ask(session: Session) -> None:
        link = await session.port.link(with_bundle=options.with_bundle)
        _print_person(session.output, session.port.public_key, link, options)

    if options.with_bundle or ControlClient.is_served(directory):
        run_as_person(PersonOptions(directory, account, password_file, as_json=as_json), ask)
        return
    entry = find_account(directory, account)
    password = read_password(password_file, what=f"password of {printable(entry.name)}")
    key = unlock(directory, entry, password).identity.public
    _print_person(Output(as_json=as_json), key, ContactLink(key).text(), options)


def run_export(
    account: str | None, to: Path | None, directory: Path, *, phrase: bool, as_json: bool
) -> None:
    """Print where the key file is, or copy it.

    Raises:
        CommandError: A phrase is wanted, or the copy cannot be written.
    """
    if phrase:
        raise CommandError(
            "the recovery phrase cannot be exported: it was shown once, when the account was made, "
            "and is kept nowhere; without this option the key file is exported",
            ExitCode.USAGE,
        )
    entry = find_account(directory, account)
    file = key_file_of(directory, entry)
    if to is not None:
        try:
            handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            with os.fdopen(handle, "wb") as copy:
                copy.write(file.read_bytes())
        except FileExistsError:
            raise CommandError(f"{to} exists already; name another file", ExitCode.USAGE) from None
        except OSError as error:
            raise CommandError(f"cannot write {to}: {error.strerror}", ExitCode.USAGE) from None
        file = to
    output = Output(as_json=as_json)
    output.result(str(file), event="exported", file=str(file), **_fields(entry))
    output.talk("it holds the chat key under the account's password, and nothing of its wallets")


def _new_password(file: Path | None, output: Output) -> str:
    password, warning = read_new_password(file)
    if warning:
        output.talk(f"warning: {warning}")
    return password


def _cost(*, light: bool) -> ScryptCost:
    return LIGHT if light else STANDARD


def _titled(entry: AccountEntry) -> str:
    return f"{printable(entry.name)}  uid {entry.key_uid[:_UID_CHARS_SHOWN]}…"


def _fields(entry: AccountEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "key_uid": entry.key_uid,
        "chat_address": str(entry.chat_address),
        "last_login_unix_s": entry.last_login_unix_s,
    }


def _print_person(output: Output, key: PublicKey, link: str, options: ShowOptions) -> None:
    """Print key, name, picture, link and code of a person.

    Raises:
        CommandError: The picture file cannot be written.
    """
    lines = [
        f"name     {alias(key)}",
        f"key      {hex_key(key)}",
        f"compact  {compact_key(key)}",
        f"link     {link}",
    ]
    if options.qr_file is None:
        lines += ["", qr_code(link).terminal_text(light_background=options.light_background)]
    else:
        try:
            options.qr_file.write_bytes(qr_png(link))
        except OSError as error:
            raise CommandError(
                f"cannot write {options.qr_file}: {error.strerror}", ExitCode.USAGE
            ) from None
    if is_coloured(sys.stdout):
        lines = [*_picture(identicon(key)), "", *lines]
    output.result(
        "\n".join(lines),
        event="person",
        name=alias(key),
        public_key=hex_key(key),
        compact_key=compact_key(key),
        link=link,
    )


def _picture(drawn: Identicon) -> list[str]:
    """Draw the cells as coloured blocks, two characters wide."""
    red, green, blue, _ = drawn.rgba
    block = f"\x1b[48;2;{red};{green};{blue}m  \x1b[0m"
    return ["  " + "".join(block if cell else "  " for cell in row) for row in drawn.cells]
