import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sottovoce.adapters.mailserver_file import add_mailserver
from sottovoce.adapters.peer_file import SavedPeer, add_peer
from sottovoce.cli import mail_fetch as module
from sottovoce.cli.mail_fetch import FetchOptions, fetch, run_fetch
from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.cli.person import PersonOptions, Session
from sottovoce.cli.progress import ProgressBar
from sottovoce.mail.client_events import FetchDone, ServerState, ServerStatus
from sottovoce.sdk.events import EventsMissed, HistoryProgress, MessageReceived
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.person_records import ANNA, SAID
from unit.cli.stage import OPTIONS, run
from unit.cli.test_mail_servers import ONE, TWO

KEY = ONE.enode.public_key
STATUS = ServerStatus(
    key=KEY,
    host="127.0.0.1",
    port=30303,
    state=ServerState.CONNECTED,
    health=1.0,
    pages=0,
    failures=0,
    open_s=0,
    answered_unix_s=None,
)
HALF = HistoryProgress(KEY, envelopes=10, new=7, bytes=5000, done_s=60, open_s=60)


def watch(*, as_json: bool, bar: ProgressBar | None = None) -> module._Watch:
    return module._Watch(Output(as_json=as_json), (STATUS,), bar or ProgressBar(io.StringIO()))


def failure_of(network: MemoryNetwork, messenger: Messenger, timeout_s: float) -> CommandError:
    async def scenario() -> CommandError:
        options = replace(OPTIONS, timeout_s=timeout_s)
        async with messenger:
            session = Session(messenger, Output(as_json=True), options, (), is_forwarded=False)
            with pytest.raises(CommandError) as caught:
                await fetch(session, FetchOptions())
            return caught.value

    return network.run(scenario())


# ---- what is told


def test_progress_is_an_object_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    watch(as_json=True)._take(HALF)
    assert json.loads(capsys.readouterr().out) == {
        "event": "progress",
        "server": KEY.raw.hex(),
        "envelopes": 10,
        "new": 7,
        "bytes": 5000,
        "done_s": 60,
        "open_s": 60,
        "note": "",
    }


def test_progress_is_a_bar_for_people(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    watch(as_json=False, bar=ProgressBar(terminal))._take(HALF)
    assert "50%  10 envelopes, 7 new, 5.0 kB from 127.0.0.1:30303" in terminal.getvalue()
    assert capsys.readouterr() == ("", "")


def test_nothing_left_to_fetch_is_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    seen = watch(as_json=True)
    seen._take(HistoryProgress(None, envelopes=0, new=0, bytes=0, done_s=0, open_s=0))
    assert json.loads(capsys.readouterr().out)["server"] is None


def test_note_is_told_aloud_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    seen = watch(as_json=False)
    for _ in range(3):
        seen._take(replace(HALF, note="limited; \x1b[2Jasked again in 60 s"))
    seen._take(HALF)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("limited; ")
    assert line.isprintable()


def test_messages_are_counted_and_missed_events_told(capsys: pytest.CaptureFixture[str]) -> None:
    seen = watch(as_json=False)
    for _ in range(2):
        seen._take(MessageReceived(SAID))
    seen._take(EventsMissed(3))
    assert seen.messages == 2
    assert capsys.readouterr().err.startswith("3 events came too fast")


def test_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    done = FetchDone(None, complete=True, envelopes=10, new=7)
    module._tell_end(Output(as_json=False), done, 5000, 2)
    assert capsys.readouterr().out == ("complete: 10 envelopes came (5.0 kB), 2 new messages\n")
    late = FetchDone(None, complete=False, envelopes=10, new=7, detail="too late\x07")
    module._tell_end(Output(as_json=True), late, 5000, 2)
    said = json.loads(capsys.readouterr().out)
    assert (said["event"], said["complete"], said["messages"]) == ("fetched", False, 2)
    assert said["detail"].isprintable()


# ---- codes


@pytest.mark.parametrize(
    ("envelopes", "pages", "code"),
    [(0, 0, ExitCode.NETWORK), (0, 1, ExitCode.NOT_DELIVERED), (5, 0, ExitCode.NOT_DELIVERED)],
)
def test_code_tells_whether_anybody_answered(envelopes: int, pages: int, code: ExitCode) -> None:
    done = FetchDone(None, complete=False, envelopes=envelopes, new=0, detail="alas")
    sentence, found = module._failure(done, (replace(STATUS, pages=pages),))
    assert found is code
    assert sentence.startswith("alas; what is missing is fetched next time")


def test_refused_password_has_its_own_code() -> None:
    done = FetchDone(None, complete=False, envelopes=0, new=0, detail="alas")
    refused = replace(STATUS, failures=1, detail="failed to decrypt p2p request")
    sentence, found = module._failure(done, (STATUS, refused))
    assert found is ExitCode.UNTRUSTED
    assert "the password is not the server's" in sentence


def test_nobody_answers_in_time_is_a_failure_of_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    network = MemoryNetwork()
    messenger = Messenger.in_memory(
        ANNA.private, client=network.client(), is_owned=True, mailservers=(TWO.url(),)
    )
    failure = failure_of(network, messenger, 20.0)
    assert failure.code is ExitCode.NETWORK
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["complete"] is False


def test_nobody_is_trusted_is_a_mistake_of_use() -> None:
    network = MemoryNetwork()
    failure = failure_of(network, network.messenger(identity=ANNA.private), 20.0)
    assert failure.code is ExitCode.USAGE
    assert "sottovoce mail add URL" in str(failure)


def test_nobody_is_trusted_is_told_before_a_password_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="mail add URL"):
        run_fetch(PersonOptions(tmp_path), FetchOptions())


# ---- peers, windows


def test_mailservers_are_the_peers_of_who_has_no_others(tmp_path: Path) -> None:
    options = PersonOptions(tmp_path)
    assert module._with_peers(options, (ONE, TWO)).peers == (ONE.url(), TWO.url())
    pinned = replace(TWO, pinned=True)
    assert module._with_peers(options, (ONE, pinned)).peers == (TWO.url(),)
    named = replace(options, peers=("enode",))
    assert module._with_peers(named, (ONE,)) == named
    add_peer(tmp_path, SavedPeer(TWO.enode, trusted=False))
    assert module._with_peers(options, (ONE,)) == options


def test_window_is_as_long_as_fetching_and_half_of_the_time_at_most() -> None:
    assert module._duty_cycle(1800, 300.0).online == timedelta(seconds=300)
    assert module._duty_cycle(60, 300.0).online == timedelta(seconds=30)


def test_windows_are_the_business_of_a_running_node(tmp_path: Path) -> None:
    async def scenario(network: MemoryNetwork) -> str:
        async with network.messenger(identity=ANNA.private) as anna:
            session = Session(anna, Output(as_json=True), OPTIONS, (), is_forwarded=True)
            with pytest.raises(CommandError) as caught:
                await module._again(session, module._duty_cycle(60, 30.0))
            return str(caught.value)

    assert "a node runs here" in run(scenario)


@pytest.mark.parametrize("once", [FetchOptions(chat="#lobby"), FetchOptions(days=2)])
def test_cycle_is_about_everything_that_is_missing(tmp_path: Path, once: FetchOptions) -> None:
    add_mailserver(tmp_path, ONE)
    with pytest.raises(CommandError, match="--every fetches what is missing of all") as caught:
        run_fetch(PersonOptions(tmp_path), replace(once, every_s=1800))
    assert caught.value.code is ExitCode.USAGE


def test_cycle_goes_to_whoever_opens_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_mailserver(tmp_path, ONE)
    given: list[PersonOptions] = []
    monkeypatch.setattr(module, "run_as_person", lambda options, _: given.append(options))
    run_fetch(PersonOptions(tmp_path), FetchOptions(every_s=1800))
    run_fetch(PersonOptions(tmp_path), FetchOptions())
    assert [each.duty_cycle for each in given] == [module._duty_cycle(1800, 15.0), None]
