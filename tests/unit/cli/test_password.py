import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli import password as module
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.password import (
    read_backup_password,
    read_new_password,
    read_password,
    read_phrase,
)


@pytest.fixture(autouse=True)
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep away from the passwords and the terminal of whoever runs the tests."""
    monkeypatch.delenv("SOTTOVOCE_PASSWORD_FILE", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr(module, "_has_terminal", lambda: False)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give a terminal at which somebody types these lines; the prompts are collected."""

    def give(*lines: str) -> list[str]:
        left, asked = list(lines), list[str]()

        def ask(prompt: str) -> str:
            asked.append(prompt)
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(module, "_has_terminal", lambda: True)
        monkeypatch.setattr("getpass.getpass", ask)
        return asked

    return give


def secret_file(directory: Path, content: str, mode: int = 0o600) -> Path:
    directory.mkdir(exist_ok=True)
    file = directory / "sottovoce-password"
    file.write_text(content)
    file.chmod(mode)
    return file


def test_password_is_the_line_of_a_file(tmp_path: Path) -> None:
    assert read_password(secret_file(tmp_path, "correct horse \n")) == "correct horse "


def test_option_counts_before_variable_and_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    option, variable, credential = (
        secret_file(tmp_path / name, name) for name in ("option", "variable", "credential")
    )
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credential.parent))
    assert read_password(None) == "credential"
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(variable))
    assert read_password(None) == "variable"
    assert read_password(option) == "option"


def test_credential_of_the_service_manager_may_be_marked_for_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret_file(tmp_path, "correct horse", 0o440)
    assert read_password(None) == "correct horse"


def test_credentials_of_other_programs_only_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Callable[..., list[str]]
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    typed("typed")
    assert read_password(None) == "typed"


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, "secret", mode)
    with pytest.raises(LocalProtocolError, match=f"run: chmod 600 {file}"):
        read_password(file)


def test_password_is_not_read_from_stdin() -> None:
    with pytest.raises(CommandError, match="not read from stdin, which is for texts"):
        read_password(Path("-"))


def test_pipe_of_the_shell_is_a_file_for_its_owner(tmp_path: Path) -> None:
    end, other = os.pipe()
    with os.fdopen(other, "w") as stream:
        stream.write("from a program\n")
    assert read_password(Path(f"/dev/fd/{end}")) == "from a program"
    os.close(end)


@pytest.mark.parametrize("content", [None, b"\xff\xff"])
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
        file.chmod(0o600)
    with pytest.raises(LocalProtocolError, match=str(file)):
        read_password(file)


def test_nobody_to_ask_ends_with_code_two() -> None:
    with pytest.raises(CommandError, match="--password-file FILE, SOTTOVOCE") as caught:
        read_password(None)
    assert caught.value.code is ExitCode.USAGE


def test_closed_terminal_ends_with_code_five(typed: Callable[..., list[str]]) -> None:
    typed()
    with pytest.raises(CommandError, match="nothing was typed") as caught:
        read_password(None)
    assert caught.value.code is ExitCode.LOCKED


def test_prompt_says_whose_password_it_is(typed: Callable[..., list[str]]) -> None:
    asked = typed("correct horse")
    assert read_password(None, what="password of Anna") == "correct horse"
    assert asked == ["password of Anna: "]


def test_new_password_is_asked_for_twice(typed: Callable[..., list[str]]) -> None:
    asked = typed("correct horse", "correct horse")
    assert read_new_password(None) == ("correct horse", "")
    assert len(asked) == 2


def test_two_that_differ_change_nothing(typed: Callable[..., list[str]]) -> None:
    typed("correct horse", "correct house")
    with pytest.raises(CommandError, match="differ; nothing was changed"):
        read_new_password(None)


def test_empty_password_is_refused(typed: Callable[..., list[str]], tmp_path: Path) -> None:
    typed("")
    with pytest.raises(CommandError, match="open to everybody"):
        read_new_password(None)
    with pytest.raises(LocalProtocolError, match="holds no password"):
        read_new_password(secret_file(tmp_path, "\n"))


def test_phrase_may_have_several_lines_and_a_password_one(tmp_path: Path) -> None:
    file = secret_file(tmp_path, "legal\nwinner\n")
    assert read_phrase(str(file)).split() == ["legal", "winner"]
    with pytest.raises(LocalProtocolError, match="more than one line"):
        read_password(file)


def test_short_password_is_taken_with_a_warning(tmp_path: Path) -> None:
    password, warning = read_new_password(secret_file(tmp_path, "123456789"))
    assert password == "123456789"
    assert "fewer than 10 characters" in warning
    assert password not in warning


def test_backup_has_a_password_of_its_own_whatever_files_the_accounts_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Callable[..., list[str]]
) -> None:
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(secret_file(tmp_path, "of the account")))
    asked = typed("of the backup", "of the backup")
    assert read_backup_password(None) == ("of the backup", "")
    assert asked[0] == "password for the backup alone: "
    password, warning = read_backup_password(secret_file(tmp_path, "short"))
    assert password == "short"
    assert "whoever copies the backup can guess it" in warning


def test_phrase_comes_from_a_file_from_stdin_or_from_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: Callable[..., list[str]]
) -> None:
    assert read_phrase(str(secret_file(tmp_path, "abandon about\n"))) == "abandon about"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"legal winner\n")))
    assert read_phrase("-").split() == ["legal", "winner"]
    typed("zoo wrong")
    assert read_phrase(None) == "zoo wrong"


def test_stdin_that_is_no_text_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"secret \xff")))
    with pytest.raises(CommandError, match="not UTF-8") as caught:
        read_phrase("-")
    assert caught.value.__context__ is None


def test_variables_that_are_empty_name_nothing(
    monkeypatch: pytest.MonkeyPatch, typed: Callable[..., list[str]]
) -> None:
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", "")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    typed("typed")
    assert read_password(None) == "typed"


def test_closed_stdin_holds_no_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(CommandError, match="no stdin"):
        read_phrase("-")
