"""The command line from outside: options, exit codes, and one sentence for each mistake."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patience import pass_time, run
from sottovoce.app.accounts import recover_account
from sottovoce.base.quantities import PublicKey
from sottovoce.cli.devnet import DevnetOptions
from sottovoce.cli.main import app
from sottovoce.cli.node_run import RunOptions
from sottovoce.cli.talk_options import ListenOptions, SendOptions
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import Transport
from sottovoce.identity.keystore_kdf import ScryptCost
from sottovoce.runtime import loop, tcp
from sottovoce.sdk.peer_waiters import PeerWaiters
from unit.identity.people import PHRASE
from unit.node.pump import key_number

# Port 9 of this machine: nobody listens on the port that throws everything away.
UNREACHABLE = str(Enode(secp256k1.public_key(key_number(77)), "127.0.0.1", 9, 9))


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep away from the data of whoever runs the tests."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


def invoke(*arguments: str) -> tuple[int, str, str]:
    """Run the command line; return its exit code and what it said."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_version_is_that_of_the_package() -> None:
    assert invoke("--version") == (0, f"sottovoce {version('sottovoce')}\n", "")


def test_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sottovoce", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"sottovoce {version('sottovoce')}\n")


@pytest.mark.parametrize(
    "arguments", [(), ("node",), ("peer",), ("account",), ("contact",), ("chat",)]
)
def test_no_verb_prints_the_help(arguments: tuple[str, ...]) -> None:
    code, out, err = invoke(*arguments)
    assert code == 2
    assert "Commands:" in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("demo", "--relays", "0"),
        ("demo", "--relays", "99"),
        ("send",),
        ("send", "lobby"),
        ("send", "lobby", "hi", "--ttl", "0"),
        ("send", "lobby", "hi", "--pow", "-1"),
        ("send", "lobby", "hi", "--timeout", "nan"),
        ("send", "lobby", "hi", "--work-time", "0"),
        ("devnet", "--relays", "0"),
        ("devnet", "--people", "9"),
        ("devnet", "--port", "65001"),
        ("peer", "check"),
        ("peer", "check", UNREACHABLE, "--timeout", "0"),
        ("peer", "add"),
        ("listen", "lobby", "--count", "0"),
        ("listen", "lobby", "--timeout", "soon"),
        ("node", "run", "--max-peers", "0"),
        ("node", "run", "--pool-mb", "0"),
        ("node", "run", "--min-pow", "nan"),
        ("node", "run", "--flush-delay", "11"),
        ("node", "run", "--stats-every", "0"),
    ],
    ids=" ".join,
)
def test_options_that_make_no_sense_end_with_code_two(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("send", "lobby", "hi"), "name one with --peer ENODE"),
        (("listen", "lobby"), "name one with --peer ENODE"),
        (("send", "", "hi", "--peer", UNREACHABLE), "1 to 1024 bytes, not 0"),
        (("send", "lobby", "", "--peer", UNREACHABLE), "the text is blank"),
        (("send", "lobby", "-", "--peer", UNREACHABLE), "the text is blank"),
        (("peer", "add", "enode://00"), "2 hex digits"),
        (("peer", "add", UNREACHABLE.partition("@")[0]), "cannot be dialled"),
        (("peer", "list", "--data-dir", "/dev/null"), "/dev/null is a file; name a folder"),
        (("listen", "x" * 2000, "--peer", UNREACHABLE), "1 to 1024 bytes, not 2000"),
        (("send", "lobby", "hi", "--peer", "enode://00"), "2 hex digits"),
        (("send", "lobby", "hi", "--peer", "localhost:30303"), "enode://"),
        (("send", "lobby", "hi", "--peer", UNREACHABLE.partition("@")[0]), "cannot be dialled"),
        (("node", "run", "--listen", "nonsense"), "is not HOST:PORT"),
        (("node", "run", "--listen", "127.0.0.1:99999"), "ports end at 65535"),
        (("node", "run", "--listen", "127.0.0.1:0", "--peer", "enode://00"), "2 hex digits"),
        (("node", "run", "--min-pow", "inf"), "--min-pow takes a number up to"),
        (("node", "run", "--advertise", "not a host"), "host"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value)[:40],
)
def test_unusable_argument_is_one_sentence_and_code_two(
    arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = invoke(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("verb", [("send", "lobby", "hi"), ("listen", "lobby")])
def test_unreachable_peer_is_one_sentence_and_code_three(
    monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    unreachable = PeerWaiters.unreachable

    def is_told(waiters: PeerWaiters, key: PublicKey, detail: str) -> None:
        unreachable(waiters, key, detail)
        pass_time(10)

    monkeypatch.setattr(PeerWaiters, "unreachable", is_told)
    monkeypatch.setattr(loop, "run", run)
    code, out, err = invoke(*verb, "--peer", UNREACHABLE, "--timeout", "10")
    assert (code, out) == (3, "")
    assert err == (
        "error: the peer was not connected within 10 s: "
        "cannot connect to 127.0.0.1 port 9: connection refused\n"
    )


def test_port_in_use_is_one_sentence_and_code_three(monkeypatch: pytest.MonkeyPatch) -> None:
    async def taken(host: str, port: int, _: object) -> None:
        raise tcp.ListenError(f"cannot listen on {host} port {port}: address already in use")

    monkeypatch.setattr(tcp, "listen", taken)
    code, out, err = invoke("node", "run", "--listen", "127.0.0.1:30303")
    assert (code, out) == (3, "")
    assert err == "error: cannot listen on 127.0.0.1 port 30303: address already in use\n"


@pytest.mark.parametrize("content", [None, "no key", "00" * 32, "\x00"])
def test_identity_file_without_a_key_is_one_sentence_and_code_two(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "identity"
    if content is not None:
        file.write_text(content)
    code, _, err = invoke(
        "send", "lobby", "hi", "--peer", UNREACHABLE, "--identity-file", str(file)
    )
    assert code == 2
    assert str(file) in err
    assert len(err.splitlines()) == 1


# ---- options


class Recorder:
    """Stands in for the work of a verb and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    async def __call__(self, *arguments: object, **named: object) -> None:
        self.given += arguments
        if named:
            self.given.append(named)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    for place in (
        "demo.run_demo", "devnet.run_devnet", "node_run.run_node", "peer.run_add", "peer.run_check",
        "peer.run_list", "talk.run_listen", "talk.run_send",
    ):  # fmt: skip
        monkeypatch.setattr(f"sottovoce.cli.{place}", made)
    return made


def test_demo_has_three_relays_unless_told_otherwise(recorder: Recorder) -> None:
    assert invoke("demo")[0] == 0
    assert invoke("demo", "--relays", "5", "--json")[0] == 0
    assert recorder.given == [
        {"relay_count": 3, "as_json": False},
        {"relay_count": 5, "as_json": True},
    ]


def test_send_takes_its_options(recorder: Recorder) -> None:
    invoke("send", "lobby", "hi", "--peer", "a", "--peer", "b", "--ttl", "30", "--pow", "0.5",
           "--work-time", "9", "--timeout", "3", "--identity-file", "key", "--json",
           "-v")  # fmt: skip
    assert recorder.given == [
        SendOptions(
            "lobby",
            "hi",
            peers=["a", "b"],
            identity_file=Path("key"),
            ttl_s=30,
            pow_target=0.5,
            work_time_s=9.0,
            timeout_s=3.0,
            as_json=True,
            verbose=True,
        )
    ]


def test_send_uses_the_numbers_of_status_by_default(recorder: Recorder) -> None:
    invoke("send", "lobby", "hi", "--peer", "a")
    assert recorder.given == [
        SendOptions(
            "lobby", "hi", peers=["a"], ttl_s=15, pow_target=None, work_time_s=5.0, timeout_s=15.0
        )
    ]


def test_listen_takes_its_options(recorder: Recorder) -> None:
    invoke("listen", "lobby", "--peer", "a", "--count", "2", "--timeout", "3", "--json")
    invoke("listen", "lobby", "--peer", "a")
    assert recorder.given == [
        ListenOptions("lobby", peers=["a"], count=2, timeout_s=3.0, as_json=True),
        ListenOptions("lobby", peers=["a"], count=None, timeout_s=None),
    ]


def test_node_run_takes_its_options(recorder: Recorder) -> None:
    invoke("node", "run", "--listen", "0.0.0.0:0", "--advertise", "node.example", "--peer", "a",
           "--trusted-peer", "b", "--data-dir", "data", "--min-pow", "0.2", "--max-peers", "7",
           "--pool-mb", "3", "--light", "--flush-delay", "0.3", "--stats-every", "60", "--json",
           "--transport", "both", "--no-bridge", "--verbose")  # fmt: skip
    [options] = recorder.given
    assert isinstance(options, RunOptions)
    assert (options.listen, options.advertise) == ("0.0.0.0:0", "node.example")
    assert (options.peers, options.trusted) == (("a",), ("b",))
    assert options.data_dir == Path("data")
    assert (options.minimum_pow, options.peers_max, options.pool_mb) == (0.2, 7, 3)
    assert (options.light, options.flush_delay_s, options.stats_every_s) == (True, 0.3, 60.0)
    assert (options.as_json, options.verbose) == (True, True)
    assert (options.transport, options.bridges) == (Transport.BOTH, False)


def test_node_run_listens_on_loopback_only_by_default(recorder: Recorder) -> None:
    invoke("node", "run")
    assert recorder.given[0].listen == "127.0.0.1:30303"


def test_node_run_bridges_the_two_worlds_by_default(recorder: Recorder) -> None:
    invoke("node", "run")
    assert (recorder.given[0].transport, recorder.given[0].bridges) == (Transport.BOTH, True)


def test_relay_speaks_one_world_or_both_and_prefers_none(recorder: Recorder) -> None:
    code, _, err = invoke("node", "run", "--transport", "either")
    assert (code, recorder.given) == (2, [])
    assert "whisper" in err


def test_node_run_keeps_its_data_in_the_data_home_by_default(
    recorder: Recorder, data_home: Path
) -> None:
    invoke("node", "run")
    assert recorder.given[0].data_dir == data_home / "sottovoce"


def test_node_runs_as_somebody_with_their_password(recorder: Recorder, tmp_path: Path) -> None:
    cost = ScryptCost(n=2, r=1, p=1)
    entry, _ = recover_account(tmp_path, PHRASE, "Anna", "correct horse", cost=cost)
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    invoke("node", "run", "--account", "anna", "--password-file", str(password), "--data-dir",
           str(tmp_path))  # fmt: skip
    [options] = recorder.given
    assert (options.account, options.password) == (entry.key_uid, "correct horse")


def test_node_that_keeps_nothing_runs_as_nobody(recorder: Recorder) -> None:
    code, _, err = invoke("node", "run", "--ephemeral", "--account", "Anna")
    assert (code, recorder.given) == (2, [])
    assert "leave out --ephemeral" in err


def test_limits_are_read_before_a_password_is_asked_for(recorder: Recorder) -> None:
    code, _, err = invoke("node", "run", "--account", "Anna", "--limit-packets", "0")
    assert (code, recorder.given) == (2, [])
    assert "--limit-packets takes three whole numbers" in err


def test_ephemeral_node_keeps_nothing(recorder: Recorder) -> None:
    invoke("node", "run", "--ephemeral", "--data-dir", "data")
    assert recorder.given[0].data_dir is None


def test_user_without_a_home_is_told_to_name_a_place(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(Path, "home", no_home)
    sentence = "error: this user has no home directory; name a place with --data-dir\n"
    assert invoke("node", "run") == invoke("peer", "list") == (2, "", sentence)
    assert recorder.given == []


def test_devnet_takes_its_options(recorder: Recorder) -> None:
    invoke("devnet")
    invoke("devnet", "--relays", "5", "--people", "0", "--port", "30400", "--json")
    invoke("devnet", "--transport", "whisper")
    invoke("devnet", "--no-bridge")
    assert recorder.given == [
        DevnetOptions(relays=3, people=2, base_port=0, as_json=False),
        DevnetOptions(relays=5, people=0, base_port=30400, as_json=True),
        DevnetOptions(3, 2, 0, False, Transport.WHISPER),
        DevnetOptions(3, 2, 0, False, bridges=False),
    ]


def test_peer_verbs_take_their_options(recorder: Recorder, data_home: Path) -> None:
    invoke("peer", "check", "a", "--timeout", "3", "--json")
    invoke("peer", "add", "a", "--trusted", "--data-dir", "data")
    invoke("peer", "list")
    assert recorder.given == [
        "a", 3.0, {"as_json": True},
        "a", Path("data"), {"trusted": True, "as_json": False},
        data_home / "sottovoce", {"as_json": False},
    ]  # fmt: skip
