from pathlib import Path

import pytest

from sottovoce.cli import archive_place as module
from sottovoce.cli.archive_place import ArchivePlace, archive_place
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.mail.archive import ArchiveSize

HERE = Path("data")


def refusal(text: str) -> str:
    with pytest.raises(CommandError) as caught:
        archive_place(text, HERE)
    assert caught.value.code is ExitCode.USAGE
    return str(caught.value)


@pytest.mark.parametrize("text", [None, ""])
def test_archive_is_in_the_data_directory(text: str | None) -> None:
    assert archive_place(text, HERE) == ArchivePlace(HERE / "archive.db", "data/archive.db")


def test_archive_is_a_file_that_is_named() -> None:
    assert archive_place("/srv/mail.db", HERE).file == Path("/srv/mail.db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mail:secret@db.example/archive",
        "postgresql://mail:@db.example/archive",
        "POSTGRESQL://mail:secret@db.example/archive",
        "postgresql://db.example/archive?user=mail&password=secret",
        "postgresql://db.example/archive?sslPassword=secret",
    ],
)
def test_password_in_an_argument_is_refused(url: str) -> None:
    sentence = refusal(url)
    assert "PGPASSFILE" in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("url", ["mysql://db.example/archive", "https://db.example"])
def test_other_databases_are_refused(url: str) -> None:
    assert "postgresql://" in refusal(url)


@pytest.mark.parametrize(
    "pairs",
    ["host=db.example dbname=archive password=secret", " PASSWORD = secret host=db.example"],
)
def test_address_in_the_other_form_of_libpq_is_no_name_of_a_file(pairs: str) -> None:
    sentence = refusal(pairs)
    assert "postgresql://" in sentence
    assert "secret" not in sentence


def test_file_may_have_any_name_that_is_no_address() -> None:
    assert archive_place("/srv/host=a/mail.db", HERE).file == Path("/srv/host=a/mail.db")


@pytest.mark.parametrize(("name", "words"), [(".", "is a folder"), ("no/a.db", "no folder")])
def test_file_that_cannot_be_one_is_a_mistake_of_use(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        archive_place(str(tmp_path / name), HERE).open()
    assert caught.value.code is ExitCode.USAGE


def test_file_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "passwd"
    other.write_text("root:x:0:0:root:/root:/bin/sh\n")
    with pytest.raises(CommandError, match="is no archive") as caught:
        archive_place(str(other), HERE).open()
    assert caught.value.code is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == [other]


def test_device_is_no_place_for_an_archive() -> None:
    with pytest.raises(CommandError, match="is no archive"):
        archive_place("/dev/null", HERE).open()


def test_url_that_is_none_is_not_repeated() -> None:
    assert "secret" not in refusal("postgresql://mail:secret@[db/archive")


def test_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    assert "extra postgres" in refusal("postgresql://db.example/archive")


def test_file_is_opened_and_made(tmp_path: Path) -> None:
    archive = archive_place(None, tmp_path).open()
    try:
        assert archive.size() == ArchiveSize(0, 0, None)
    finally:
        archive.close()
