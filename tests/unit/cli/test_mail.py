"""The options of the verbs of mailservers."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sottovoce.cli.mail import FETCH_DAYS_MAX
from sottovoce.cli.main import app
from sottovoce.cli.person import PersonOptions
from sottovoce.mail.settings import DAY_S, HISTORY_S
from unit.cli.test_chat import Recorder
from unit.cli.test_mail_servers import ONE

URL = ONE.url()
WORK = {
    "serve": "mail_serve.run_serve",
    "add": "mail_servers.run_add",
    "pin": "mail_servers.run_pin",
    "remove": "mail_servers.run_remove",
    "status": "mail_servers.run_status",
    "fetch": "mail_fetch.run_fetch",
}


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SOTTOVOCE_ACCOUNT", raising=False)
    monkeypatch.delenv("SOTTOVOCE_MAIL__ARCHIVE", raising=False)
    made = Recorder()

    async def record(*arguments: object, **named: object) -> None:
        made(*arguments, **named)

    for work in WORK.values():
        is_async = work == WORK["serve"]
        monkeypatch.setattr(f"sottovoce.cli.{work}", record if is_async else made)
    monkeypatch.setattr("sottovoce.cli.mail_probe.run_probe", record)
    return made


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, ["mail", *arguments]).exit_code


def served(recorder: Recorder, *arguments: str) -> Any:
    assert invoke("serve", *arguments) == 0
    return recorder.given[-1]


def test_server_has_defaults(recorder: Recorder, tmp_path: Path) -> None:
    options = served(recorder)
    relay = options.relay
    assert (relay.listen, relay.advertise, relay.peers) == ("127.0.0.1:30303", None, ())
    assert (relay.data_dir, relay.minimum_pow) == (tmp_path / "sottovoce", 0.001)
    assert (options.archive, options.password_file) == (None, None)
    assert (options.days, options.mb_max, options.envelopes_max) == (30, None, None)
    assert (options.pause_s, options.requests_per_hour, options.mb_per_hour) == (0.0, 1200, 1024)
    assert (options.fill_from, options.fill_days) == (None, 30)


def test_server_takes_its_options(recorder: Recorder) -> None:
    options = served(
        recorder,
        *("--listen", "0.0.0.0:1", "--advertise", "mail.example", "--peer", URL, "--data-dir", "d"),
        *("--archive", "a.db", "--password-file", "pw", "--days", "7", "--max-mb", "5"),
        *("--max-envelopes", "9", "--min-pow", "0.5", "--max-peers", "3", "--pause", "1.5"),
        *("--requests-per-hour", "60", "--mb-per-hour", "2", "--fill-from", URL),
        *("--fill-days", "2", "--stats-every", "4", "--json", "-v"),
    )
    relay = options.relay
    assert (relay.listen, relay.advertise, relay.peers) == ("0.0.0.0:1", "mail.example", (URL,))
    assert (relay.data_dir, relay.minimum_pow, relay.peers_max) == (Path("d"), 0.5, 3)
    assert (relay.stats_every_s, relay.as_json, relay.verbose) == (4.0, True, True)
    assert (options.archive, options.password_file) == ("a.db", Path("pw"))
    assert (options.days, options.mb_max, options.envelopes_max) == (7, 5, 9)
    assert (options.pause_s, options.requests_per_hour, options.mb_per_hour) == (1.5, 60, 2)
    assert (options.fill_from, options.fill_days) == (URL, 2)


def test_nought_days_are_for_ever(recorder: Recorder) -> None:
    assert served(recorder, "--days", "0").days is None


def test_archive_may_be_named_by_the_environment(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTOVOCE_MAIL__ARCHIVE", "/srv/a.db")
    assert served(recorder).archive == "/srv/a.db"
    assert served(recorder, "--archive", "b.db").archive == "b.db"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--days", "-1"),
        ("--days", "4000"),
        ("--max-mb", "0"),
        ("--max-envelopes", "0"),
        ("--pause", "-1"),
        ("--requests-per-hour", "0"),
        ("--fill-days", "0"),
        ("--stats-every", "0"),
    ],
    ids=" ".join,
)
def test_numbers_that_make_no_sense_end_with_code_two(
    recorder: Recorder, arguments: tuple[str, str]
) -> None:
    assert invoke("serve", *arguments) == 2
    assert recorder.given == []


def test_servers_are_named(recorder: Recorder) -> None:
    invoke("add", URL, "--pin", "--server-password-file", "pw", "--data-dir", "d", "--json")
    invoke("pin", "mail.example", "--off", "--data-dir", "d")
    invoke("remove", "mail.example", "--data-dir", "d")
    invoke("remove", "--all", "--data-dir", "d", "--json")
    invoke("status", "--data-dir", "d")
    place = Path("d")
    assert recorder.given == [
        place, URL, Path("pw"), {"pin": True, "as_json": True},
        place, "mail.example", {"off": True, "as_json": False},
        place, "mail.example", {"is_all": False, "as_json": False},
        place, None, {"is_all": True, "as_json": True},
        place, {"as_json": False},
    ]  # fmt: skip


@pytest.mark.parametrize("verb", ["add", "pin", "probe"])
def test_nobody_named_ends_with_code_two(recorder: Recorder, verb: str) -> None:
    assert invoke(verb) == 2
    assert recorder.given == []


def test_fetch_takes_who_and_what(recorder: Recorder) -> None:
    invoke(
        *("fetch", "#lobby", "--days", "3", "--every", "30m", "--account", "Anna", "--peer", URL),
        *("--password-file", "pw", "--timeout", "9", "--data-dir", "d", "--json"),
    )
    options, fetching = recorder.given
    assert isinstance(options, PersonOptions)
    assert (options.account, options.peers, options.timeout_s) == ("Anna", (URL,), 9.0)
    assert options.is_online
    assert (fetching.chat, fetching.days, fetching.every_s) == ("#lobby", 3, 1800)


def test_no_more_days_are_fetched_than_servers_are_asked_for(recorder: Recorder) -> None:
    assert FETCH_DAYS_MAX * DAY_S == HISTORY_S
    assert invoke("fetch", "--days", str(FETCH_DAYS_MAX + 1)) == 2
    assert recorder.given == []


def test_fetch_fetches_all_once(recorder: Recorder) -> None:
    invoke("fetch")
    _, fetching = recorder.given
    assert (fetching.chat, fetching.days, fetching.every_s) == (None, None, None)


def test_span_that_is_none_ends_with_code_two(recorder: Recorder) -> None:
    assert invoke("fetch", "--every", "often") == 2
    assert recorder.given == []


def test_probe_takes_a_url(recorder: Recorder) -> None:
    assert invoke("probe", URL, "--timeout", "3", "--json") == 0
    assert recorder.given == [ONE, 3.0, {"as_json": True}]


def test_probe_refuses_a_url_that_is_none(recorder: Recorder) -> None:
    assert invoke("probe", "enode://00") == 2
    assert recorder.given == []
