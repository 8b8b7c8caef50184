import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from patience import run, until
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.adapters.node_key_file import DataDirectory
from sottovoce.adapters.sqlite.archive import SqliteArchive
from sottovoce.base.errors import LocalProtocolError, StorageError
from sottovoce.cli import mail_serve as module
from sottovoce.cli.archive_place import ArchivePlace
from sottovoce.cli.mail_serve import ServeOptions, run_serve
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip.bloom import BLOOM_BYTES, FULL_BLOOM
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.settings import Transport
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import DEFAULT_PASSWORD, Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.mail.server_statistics import MailStatistics
from sottovoce.mail.settings import ServerSettings
from sottovoce.runtime.system_clock import read_clock
from sottovoce.sdk.client import Client
from sottovoce.sdk.history_requests import ArchiveFilled, HistoryPage
from sottovoce.sdk.mail_probe import probe_mailserver
from sottovoce.sdk.probe import Cause, StepResult
from sottovoce.stack.topics import key_of_name
from unit.cli.test_node_run import OPTIONS as RELAY
from unit.cli.test_node_run import Listener, terminate
from unit.node.mail_scene import old
from unit.sdk.line import PROMPT, clients, enode_of, nobody


class FullDisk(MemoryArchive):
    """Stores nothing while it is full."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = True

    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        if self.is_full:
            raise StorageError("the disk is full; make room on it")
        return super().store(batch)


@pytest.fixture
def listener(capsys: pytest.CaptureFixture[str]) -> Listener:
    return Listener(capsys)


@pytest.fixture
def options(tmp_path: Path) -> ServeOptions:
    return ServeOptions(replace(RELAY, data_dir=tmp_path / "data"))


async def started(options: ServeOptions, listener: Listener) -> "tuple[asyncio.Future[None], str]":
    """Start a mailserver; return it with its enode."""
    server = asyncio.ensure_future(run_serve(options))
    before = len(listener.heard("ready"))
    await until(lambda: len(listener.heard("ready")) > before or server.done())
    if server.done():
        await server
    return server, str(listener.heard("ready")[-1]["enode"])


async def stopped(server: "asyncio.Future[None]") -> None:
    """Stop it as a service manager does."""
    terminate()
    await server


async def probed(enode: str, password: str = DEFAULT_PASSWORD) -> StepResult:
    """Ask it; return the last step."""
    asked = Mailserver(parse_enode(enode), key_of_name(password))
    return [result async for result in probe_mailserver(asked)][-1]


WANTED = HistoryRequest(0, 0, FULL_BLOOM.to_bytes(BLOOM_BYTES, "big"))


async def said_something(enode: str) -> None:
    """Say something through it, as any client does."""
    async with Client(gossip=PROMPT, listen=None) as speaker:
        await speaker.connect(enode)
        await (await speaker.channel("lobby").send_text("ciao")).sent(10)


def kept_an_hour_ago(options: ServeOptions) -> None:
    """Put an envelope into the archive, as an earlier run did."""
    data_dir = options.relay.data_dir
    assert data_dir is not None
    data_dir.mkdir(mode=0o700)
    archive = SqliteArchive(data_dir / "archive.db")
    archive.store([old(b"ciao", sent_unix_s=read_clock().unix_whole_s - 3600)])
    archive.close()


# ---- the life of one


def test_server_prints_its_enode_and_stops_when_it_is_told(
    options: ServeOptions, listener: Listener
) -> None:
    async def main() -> str:
        server, enode = await started(options, listener)
        await stopped(server)
        return enode

    assert parse_enode(run(main())).tcp_port > 0
    [ready] = listener.heard("ready")
    data_dir = options.relay.data_dir
    assert data_dir is not None
    assert ready["archive"] == str(data_dir / "archive.db")
    assert ready["has_own_password"] is False
    assert f":{DEFAULT_PASSWORD}@" in listener.talk
    assert "everybody may ask" in listener.talk
    assert listener.talk.endswith("stopped\n")
    DataDirectory(data_dir).close()


def test_what_passes_is_archived_and_given_out_after_a_restart(
    options: ServeOptions, listener: Listener
) -> None:
    async def main() -> StepResult:
        server, enode = await started(options, listener)
        await said_something(enode)
        await stopped(server)
        server, enode = await started(options, listener)
        answer = await probed(enode)
        await stopped(server)
        return answer

    assert run(main()).detail.startswith("complete, with an envelope of the last day")
    data_dir = options.relay.data_dir
    assert data_dir is not None
    archive = SqliteArchive(data_dir / "archive.db")
    try:
        assert archive.size().envelopes == 1
    finally:
        archive.close()


def test_own_password_keeps_others_out(
    options: ServeOptions, listener: Listener, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("sesame\n")

    async def main() -> list[StepResult]:
        server, enode = await started(replace(options, password_file=file), listener)
        answers = [await probed(enode), await probed(enode, "sesame")]
        await stopped(server)
        return answers

    refused, answered = run(main())
    assert (refused.ok, refused.cause) == (False, Cause.REFUSED)
    assert answered.ok
    assert listener.heard("ready")[0]["has_own_password"] is True
    assert "sesame" not in listener.talk
    assert "only who knows the password may ask" in listener.talk


@pytest.mark.parametrize("is_admitted", [False, True])
def test_own_password_keeps_the_archive_from_mailservers_that_are_not_trusted(
    options: ServeOptions, listener: Listener, tmp_path: Path, *, is_admitted: bool
) -> None:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("sesame\n")

    async def main() -> ArchiveFilled:
        mail = ServerSettings(password_key=key_of_name("sesame"))
        async with Client(gossip=PROMPT, mail=mail, archive=MemoryArchive()) as other:
            trusted = (enode_of(other),) if is_admitted else ()
            relay = replace(options.relay, trusted=trusted)
            own = replace(options, password_file=file, relay=relay)
            kept_an_hour_ago(options)
            server, enode = await started(own, listener)
            filled = await other.fill_from(enode, 0, connect_timeout_s=10)
            await stopped(server)
            return filled

    filled = run(main())
    assert filled.envelopes == int(is_admitted)
    assert ("password" in filled.detail) is not is_admitted


def test_pause_is_told_to_whoever_asks_too_soon(options: ServeOptions, listener: Listener) -> None:
    async def main() -> list[HistoryPage]:
        server, enode = await started(replace(options, requests_per_hour=1), listener)
        asked = Mailserver(parse_enode(enode), key_of_name(DEFAULT_PASSWORD))
        async with Client(gossip=PROMPT, listen=None) as client:
            pages = [await client.ask_history(asked, WANTED) for _ in range(2)]
        await stopped(server)
        return pages

    first, second = run(main())
    assert first.end is PageEnd.ANSWERED
    assert second.end is PageEnd.REFUSED
    assert "limit" in second.detail


# ---- trouble


def test_full_disk_is_told_loudly_and_its_end_too(
    options: ServeOptions, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = FullDisk()
    monkeypatch.setattr(ArchivePlace, "open", lambda _: archive)
    monkeypatch.setattr(module, "_LOOK_S", 0.01)

    async def main() -> StepResult:
        server, enode = await started(options, listener)
        await said_something(enode)
        await until(lambda: bool(listener.heard("archiving")))
        answer = await probed(enode)
        archive.is_full = False
        await until(lambda: len(listener.heard("archiving")) > 1)
        await stopped(server)
        return answer

    assert run(main()).ok
    troubles = [each["trouble"] for each in listener.heard("archiving")]
    assert "the disk is full" in troubles[0]
    assert troubles[-1] == ""
    assert "TROUBLE with the archive" in listener.talk
    assert "the archive works again" in listener.talk
    assert archive.size().envelopes == 1


def test_what_a_broken_archive_did_not_take_is_said_at_the_end(
    options: ServeOptions, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArchivePlace, "open", lambda _: FullDisk())
    monkeypatch.setattr(module, "_LOOK_S", 0.01)

    async def main() -> None:
        server, enode = await started(options, listener)
        await said_something(enode)
        await until(lambda: bool(listener.heard("archiving")))
        await stopped(server)

    run(main())
    assert [each["envelopes"] for each in listener.heard("lost")] == [1]
    assert "1 envelope that waited to be archived is lost" in listener.talk


def test_password_that_nobody_could_ask_with_is_a_mistake_of_use(
    options: ServeOptions, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("open sesame\n")
    with pytest.raises(CommandError, match="has no room") as caught:
        run(run_serve(replace(options, password_file=file)))
    assert caught.value.code is ExitCode.USAGE


@pytest.mark.parametrize("name", ["folder", "nowhere/archive.db", "postgresql://a:b@c/d"])
def test_place_that_cannot_be_one_is_a_mistake_of_use(
    options: ServeOptions, tmp_path: Path, name: str
) -> None:
    (tmp_path / "folder").mkdir()
    place = name if "://" in name else str(tmp_path / name)
    with pytest.raises(CommandError) as caught:
        run(run_serve(replace(options, archive=place)))
    assert caught.value.code is ExitCode.USAGE


def test_file_that_is_no_archive_is_left_alone(options: ServeOptions, tmp_path: Path) -> None:
    junk = tmp_path / "junk.db"
    junk.write_text("my diary")
    with pytest.raises(CommandError, match=r"junk\.db"):
        run(run_serve(replace(options, archive=str(junk))))
    assert junk.read_text() == "my diary"


def test_archive_is_held_by_one_server(options: ServeOptions, tmp_path: Path) -> None:
    place = str(tmp_path / "shared.db")
    archive = SqliteArchive(tmp_path / "shared.db")
    try:
        with pytest.raises(StorageError):
            run(run_serve(replace(options, archive=place)))
    finally:
        archive.close()


def test_archive_is_let_go_when_the_port_is_taken(options: ServeOptions, tmp_path: Path) -> None:
    async def main() -> None:
        async with clients(1) as [holder]:
            place = enode_of(holder).rpartition("@")[2]
            with pytest.raises(Exception, match="address already in use"):
                await run_serve(replace(options, relay=replace(options.relay, listen=place)))

    run(main())
    SqliteArchive(tmp_path / "data" / "archive.db").close()


def test_enode_to_fill_from_is_checked_before_anything_is_made(
    options: ServeOptions, tmp_path: Path
) -> None:
    with pytest.raises(LocalProtocolError):
        run(run_serve(replace(options, fill_from="enode://00")))
    assert list(tmp_path.iterdir()) == []


def test_filling_over_waku_alone_is_refused_before_anything_is_made(
    options: ServeOptions, tmp_path: Path
) -> None:
    waku = replace(options, relay=replace(options.relay, transport=Transport.WAKU))
    with pytest.raises(CommandError, match="--fill-from needs Whisper") as refused:
        run(run_serve(replace(waku, fill_from=nobody())))
    assert refused.value.code is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


# ---- filling


def test_empty_archive_is_filled_from_another_server(
    options: ServeOptions, listener: Listener, tmp_path: Path
) -> None:
    async def main() -> None:
        mail = ServerSettings(password_key=key_of_name(DEFAULT_PASSWORD))
        async with Client(gossip=PROMPT, mail=mail, archive=MemoryArchive()) as other:
            enode = enode_of(other)
            await said_something(enode)
            await until(lambda: bool((other.mail_statistics() or MailStatistics()).archived))
            server, _ = await started(replace(options, fill_from=enode), listener)
            await until(lambda: bool(listener.heard("filled")))
            await stopped(server)

    run(main())
    [filled] = listener.heard("filled")
    assert (filled["envelopes"], filled["detail"]) == (1, "")
    archive = SqliteArchive(tmp_path / "data" / "archive.db")
    try:
        assert archive.size().envelopes == 1
    finally:
        archive.close()


def test_server_goes_on_when_there_is_nobody_to_fill_from(
    options: ServeOptions, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with clients(1) as [relay]:
            gone = enode_of(relay)
        server, _ = await started(replace(options, fill_from=gone), listener)
        await until(lambda: bool(listener.heard("filled")))
        assert not server.done()
        await stopped(server)

    monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 0.1)
    run(main())
    [filled] = listener.heard("filled")
    assert filled["envelopes"] == 0
    assert "not connected" in filled["detail"]
