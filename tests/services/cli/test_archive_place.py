from pathlib import Path

import pytest

from sottovoce.cli.archive_place import archive_place
from sottovoce.cli.output import CommandError, ExitCode

HERE = Path("data")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://mail@db.example:5433/archive", "the database archive at db.example"),
        ("postgres://db.example/archive?sslmode=require", "the database archive at db.example"),
        ("postgresql:///archive", "the database archive at here"),
    ],
)
def test_archive_is_a_database_that_is_named(url: str, name: str) -> None:
    place = archive_place(url, HERE)
    assert (place.file, place.url, place.name) == (None, url, name)
    assert url not in repr(place)


def test_parameter_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="cannot be read") as caught:
        archive_place("postgresql://db.example/archive?nonsense=1", HERE)
    assert caught.value.code is ExitCode.USAGE
