"""The verbs of accounts from outside; `--light-kdf` and cheaper keeps them fast."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount
from typer.testing import CliRunner

from sottovoce.cli import account_work
from sottovoce.cli.main import app
from sottovoce.identity.contact_link import ContactLink, parse_link
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.identity.qr_code import qr_png
from unit.identity.people import OTHER_PHRASE, PHRASE, anna

ANNA = anna().chat()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep away from the data of whoever runs the tests, and give a password."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    monkeypatch.setattr(account_work, "STANDARD", ScryptCost(n=2, r=1, p=1))
    return tmp_path


def invoke(*arguments: str, said: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["account", *arguments], input=said)
    return result.exit_code, result.stdout, result.stderr


def ask(*arguments: str, said: str | None = None) -> list[dict[str, Any]]:
    """Run a verb with --json that succeeds, and return what it printed."""
    code, out, _ = invoke(*arguments, "--json", said=said)
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def recover(phrase: str = PHRASE, *arguments: str) -> dict[str, Any]:
    [result] = ask("recover", "--phrase-file", "-", *arguments, said=phrase)
    return result


def test_created_account_shows_its_phrase_once(home: Path) -> None:
    code, out, err = invoke("create", "Anna")
    assert code == 0
    assert out.startswith("created Anna  uid 0x")
    assert " 1 " in out
    assert "12 " in out
    assert "Write the phrase down on paper now" in err
    assert "recovery phrase" not in "".join(invoke("list")[1:])


def test_phrase_of_a_created_account_recovers_it(home: Path) -> None:
    [made] = ask("create", "Anna", "--words", "24")
    assert len(made["phrase"].split()) == 24
    recovered = recover(made["phrase"], "--data-dir", str(home / "elsewhere"))
    assert recovered["event"] == "recovered"
    assert recovered["key_uid"] == made["key_uid"]
    assert "phrase" not in recovered


def test_recovery_of_an_account_that_is_here_changes_its_password(home: Path) -> None:
    recover()
    new = home / "new"
    new.write_text("another horse")
    new.chmod(0o600)
    assert recover(PHRASE, "--password-file", str(new))["event"] == "password changed"
    assert invoke("show")[0] == 5
    assert invoke("show", "--password-file", str(new))[0] == 0


def test_phrase_with_a_slip_is_one_sentence_that_repeats_no_word() -> None:
    code, out, err = invoke("recover", "--phrase-file", "-", said="abandon " * 11 + "abandons")
    assert (code, out) == (2, "")
    assert err == (
        "error: not in the list of recovery words: word 12 of 12; look for a slip of the pen\n"
    )


def test_accounts_are_listed_with_the_last_used_in_front() -> None:
    assert "make one with: sottovoce account create" in invoke("list")[2]
    recover(PHRASE, "Anna")
    recover(OTHER_PHRASE, "Bruno")
    assert invoke("show", "Bruno")[0] == 0
    names = [line.split()[0] for line in invoke("list")[1].splitlines()]
    assert names == ["Bruno", "Anna"]
    assert [each["name"] for each in ask("list")] == names


def test_wrong_password_is_one_sentence_and_code_five(home: Path) -> None:
    recover()
    (home / "password").write_text("wrong horse")
    code, out, err = invoke("show")
    assert (code, out) == (5, "")
    assert err.startswith("error: the password is wrong")
    assert len(err.splitlines()) == 1


def test_shown_account_has_key_name_and_link() -> None:
    recover()
    [shown] = ask("show")
    assert shown["public_key"] == ANNA.hex_key
    assert shown["name"] == ANNA.alias()
    assert parse_link(shown["link"]) == ContactLink(ANNA.public)
    assert parse_link(shown["compact_key"]) == ContactLink(ANNA.public)


def test_shown_account_has_a_code_and_no_colours_where_no_terminal_is() -> None:
    recover()
    _, out, _ = invoke("show")
    assert "█" in out
    assert "\x1b" not in out
    assert ANNA.hex_key in out


def test_picture_of_the_code_leads_to_the_person(home: Path) -> None:
    recover()
    code, out, _ = invoke("show", "--qr", str(home / "me.png"))
    assert code == 0
    assert "█" not in out
    assert (home / "me.png").read_bytes() == qr_png(ContactLink(ANNA.public).text())


def test_picture_of_the_identicon_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    recover()
    monkeypatch.setattr(account_work, "is_coloured", lambda _: True)
    red, green, blue, _ = ANNA.identicon.rgba
    assert f"\x1b[48;2;{red};{green};{blue}m  \x1b[0m" in invoke("show")[1]


def test_exported_key_file_is_read_by_ethereum_programs(home: Path) -> None:
    recover()
    code, out, err = invoke("export", "--to", str(home / "key.json"))
    assert (code, out) == (0, f"{home / 'key.json'}\n")
    assert "nothing of its wallets" in err
    assert stat.S_IMODE((home / "key.json").stat().st_mode) == 0o600
    document = json.loads((home / "key.json").read_text())
    assert EthAccount.decrypt(document, "correct horse") == ANNA.private.raw


def test_export_without_a_place_says_where_the_file_is() -> None:
    recover()
    file = Path(invoke("export")[1].strip())
    assert file.is_file()
    assert file.name.startswith("UTC--")


def test_export_replaces_nothing(home: Path) -> None:
    recover()
    (home / "key.json").write_text("something")
    code, _, err = invoke("export", "--to", str(home / "key.json"))
    assert (code, (home / "key.json").read_text()) == (2, "something")
    assert "exists already" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "--phrase"), "kept nowhere"),
        (("export",), "make one with: sottovoce account create"),
        (("show", "Nobody"), "make one with: sottovoce account create"),
        (("create", "--words", "13"), "12, 15, 18, 21 or 24 words"),
        (("create", "\x07"), "printable characters"),
        (("create", "Anna", "--password-file", "-"), "not read from stdin"),
        (("create", "Anna", "--password-file", "/nonexistent"), "cannot read /nonexistent"),
        (("create", "Anna", "--data-dir", "/dev/null"), "/dev/null is a file; name a folder"),
        (("recover", "--phrase-file", "/nonexistent"), "cannot read /nonexistent"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_unusable_argument_is_one_sentence_and_code_two(
    arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = invoke(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_place_that_cannot_be_written_is_one_sentence(home: Path) -> None:
    recover()
    for arguments in (("export", "--to"), ("show", "--qr")):
        code, _, err = invoke(*arguments, str(home / "nowhere" / "file"))
        assert code == 2
        assert "No such file or directory" in err


def test_damaged_list_is_one_sentence_that_names_the_file(home: Path) -> None:
    recover()
    file = home / "sottovoce" / "accounts.json"
    file.write_text("{")
    code, _, err = invoke("list")
    assert code == 2
    assert err.startswith(f"error: {file} is damaged")


def test_short_password_is_warned_about(home: Path) -> None:
    (home / "password").write_text("123")
    code, _, err = invoke("create", "Anna")
    assert code == 0
    assert "warning: this password has fewer than 10 characters" in err


@pytest.mark.slow
def test_light_derivation_is_the_one_of_phones() -> None:
    [made] = ask("create", "Anna", "--light-kdf")
    document = json.loads(Path(ask("export", made["name"])[0]["file"]).read_text())
    assert document["crypto"]["kdfparams"]["n"] == 4096
