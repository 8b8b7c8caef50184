"""What the verbs of ``sottovoce backup`` do."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sottovoce.adapters.backup_file import refuse_to_overwrite
from sottovoce.app.accounts import find_account
from sottovoce.app.backups import (
    BackupSummary,
    check_backup_can_be_read,
    create_backup,
    verify_backup,
)
from sottovoce.app.restoring import restore_backup
from sottovoce.cli.output import Output, printable
from sottovoce.cli.password import read_backup_password, read_password
from sottovoce.identity.keystore_kdf import LIGHT, STANDARD

_UID_CHARS_SHOWN: Final = 10
_OF_THE_BACKUP: Final = "password of the backup"


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """The options of ``backup create``; `cli.backup` explains each."""

    file: Path
    account: str | None
    asks_own_password: bool
    own_password_file: Path | None
    overwrite: bool
    light_kdf: bool
    password_file: Path | None
    data_dir: Path
    as_json: bool


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """The options of ``backup restore``; `cli.backup` explains each."""

    file: Path
    as_new_device: bool
    replaces: bool
    password_file: Path | None
    data_dir: Path
    as_json: bool


def run_create(options: CreateOptions) -> None:
    """Make a backup."""
    output = Output(as_json=options.as_json)
    # A slip of the pen is told before a password is asked for.
    entry = find_account(options.data_dir, options.account)
    if not options.overwrite:
        refuse_to_overwrite(options.file)
    password = read_password(options.password_file, what=f"password of {printable(entry.name)}")
    summary = create_backup(
        options.data_dir,
        entry,
        password,
        options.file,
        backup_password=_own_password(options, output),
        overwrite=options.overwrite,
        cost=LIGHT if options.light_kdf else STANDARD,
    )
    _print(output, "created", options.file, summary)
    output.talk(
        "whoever has this file and its password has everything that is in it; without the password "
        "nobody opens it, not even with the recovery phrase"
    )


def run_verify(file: Path, password_file: Path | None, *, as_json: bool) -> None:
    """Check a backup."""
    check_backup_can_be_read(file)
    password = read_password(password_file, what=_OF_THE_BACKUP)
    _print(Output(as_json=as_json), "sound", file, verify_backup(file, password))


def run_restore(options: RestoreOptions) -> None:
    """Bring an account back."""
    output = Output(as_json=options.as_json)
    check_backup_can_be_read(options.file)
    password = read_password(options.password_file, what=_OF_THE_BACKUP)
    restored = restore_backup(
        options.data_dir,
        options.file,
        password,
        as_new_device=options.as_new_device,
        replaces=options.replaces,
    )
    name, wanted = restored.entry.name, restored.summary.entry.name
    _print(
        output,
        "restored",
        options.file,
        restored.summary,
        name=name,
        set_aside=None if restored.set_aside is None else str(restored.set_aside),
        as_new_device=options.as_new_device,
    )
    if name != wanted:
        output.talk(f"another account here is called {printable(wanted)}: this one is now {name}")
    if restored.set_aside is not None:
        output.talk(f"what was here before is kept in {restored.set_aside}")
    output.talk(_advice(as_new_device=options.as_new_device))


def _own_password(options: CreateOptions, output: Output) -> str | None:
    if options.own_password_file is None and not options.asks_own_password:
        return None
    password, warning = read_backup_password(options.own_password_file)
    if warning:
        output.talk(f"warning: {warning}")
    return password


def _advice(*, as_new_device: bool) -> str:
    if as_new_device:
        return (
            "this is a further device now: it starts new sessions with everybody, and the one that "
            "the backup comes from can stay in use"
        )
    return (
        "the password of the account is the one that it had when the backup was made\n"
        "never start this account again on the machine that the backup comes from: the two would "
        "pretend to be one device, and messages would get lost. If that machine stays in use, "
        "restore with --as-new-device"
    )


def _print(
    output: Output, event: str, file: Path, summary: BackupSummary, **further: object
) -> None:
    entry, contents = summary.entry, summary.contents
    made = datetime.fromtimestamp(summary.made_unix_s).astimezone()
    chats = ", ".join(f"{count} {printable(kind)}" for kind, count in contents.chats.items())
    lines = (
        f"{event}: {file}",
        f"account   {printable(entry.name)}  uid {entry.key_uid[:_UID_CHARS_SHOWN]}…",
        f"made      {made:%Y-%m-%d %H:%M}  by {summary.program}",
        f"chats     {chats or 'none'}",
        f"contacts  {contents.contacts}",
        f"messages  {contents.messages}",
        f"size      {summary.size_bytes} bytes",
    )
    fields: dict[str, object] = {
        "event": event,
        "file": str(file),
        "name": entry.name,
        "key_uid": entry.key_uid,
        "chat_address": str(entry.chat_address),
        "made_unix_s": summary.made_unix_s,
        "program": summary.program,
        "chats": contents.chats,
        "contacts": contents.contacts,
        "messages": contents.messages,
        "peers": summary.peer_count,
        "size_bytes": summary.size_bytes,
        **further,
    }
    output.result("\n".join(lines), **fields)
