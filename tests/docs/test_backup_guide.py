"""The guide on backups takes place, command by command; its page on the format has the numbers."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from docs.snippets import ROOT, blocks
from sottovoce.adapters import backup_manifest, sealed_file
from sottovoce.cli import account_work, backup_work
from sottovoce.cli.main import app
from sottovoce.identity.keystore_kdf import LIGHT, STANDARD, ScryptCost
from unit.app.saved import quick_keys

GUIDE: Final = ROOT / "docs" / "guide" / "backup.md"
PAGE: Final = (ROOT / "docs" / "reference" / "backup.md").read_text(encoding="utf-8")
COMMAND: Final = re.compile(r"(old|new)\$ \.venv/bin/sottovoce (.*)")


@pytest.mark.slow
def test_guide_takes_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    monkeypatch.setenv("SOTTOVOCE_PASSWORD_FILE", str(password))
    for module in (account_work, backup_work):
        monkeypatch.setattr(module, "STANDARD", ScryptCost(n=2, r=1, p=1))
    quick_keys(monkeypatch)
    monkeypatch.chdir(tmp_path)
    said: dict[str, str] = {}
    for line in "".join(blocks(GUIDE, "console")).splitlines():
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        machine, command = match.groups()
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / machine))
        done = CliRunner().invoke(app, shlex.split(command))
        assert (done.exit_code, line) == (0, line), done.output
        said[line.partition("sottovoce ")[2]] = done.output
    assert "chats     1 public" in said["backup verify anna.backup"]
    assert "#lobby" in said["chat list"]
    assert "is kept in" in said["backup restore anna.backup --replace"]


def test_page_has_the_numbers_of_the_code() -> None:
    assert f"| {sealed_file.HEADER_BYTES} | | chunks |" in PAGE
    assert f"version: {sealed_file.VERSION}" in PAGE
    assert sealed_file.MAGIC.decode() in PAGE
    assert f"over {sealed_file.CHUNK_BYTES:,} bytes" in PAGE
    assert f"at most {backup_manifest.MANIFEST_BYTES_MAX // 2**20} MiB" in PAGE
    assert f"n = {STANDARD.n:,}, r = {STANDARD.r}, p = {STANDARD.p}" in PAGE
    assert f"n = {LIGHT.n}, r = {LIGHT.r}, p = {LIGHT.p}" in PAGE
