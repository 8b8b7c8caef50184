import asyncio
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patience import PATIENCE_S, pass_time, run, turns, until
from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli import talk
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.cli.talk import read_text, run_listen, run_send
from sottovoce.cli.talk_options import ListenOptions, SendOptions
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from sottovoce.gossip.settings import GossipSettings
from sottovoce.payloads.limits import TEXT_BYTES_MAX
from sottovoce.sdk.client import Client
from sottovoce.sdk.errors import ConnectError, NotSentError, PostError
from unit.node.pump import key_number
from unit.sdk.line import PROMPT, clients, enode_of

UNREACHABLE = str(Enode(secp256k1.public_key(key_number(77)), "127.0.0.1", 9, 9))
SEND = SendOptions(
    channel="lobby",
    text="hello from the shell",
    peers=[],
    identity_file=None,
    ttl_s=15,
    pow_target=0.002,
    work_time_s=5.0,
    timeout_s=5.0,
    as_json=True,
    verbose=False,
)
LISTEN = ListenOptions(
    channel="lobby",
    peers=[],
    identity_file=None,
    count=1,
    timeout_s=5.0,
    as_json=True,
    verbose=False,
)
HOSTILE = "\x1b]0;owned\x07 \u202egnp.exe\nbruno: I owe you"


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """Let nobody's own messages wait; give the clients that verbs make."""
    clients: list[Client] = []

    def make(**options: Any) -> Client:
        clients.append(Client(gossip=PROMPT, **options))
        return clients[-1]

    monkeypatch.setattr(talk, "Client", make)
    return clients


def results(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def type_in(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


async def say_to_a_relay(options: SendOptions) -> list[str]:
    """Run ``send`` against a relay; return what somebody in the channel hears."""
    async with clients(1) as [relay]:
        ear = await relay.channel(options.channel).subscribe()
        await run_send(replace(options, peers=[enode_of(relay)]))
        return [(await anext(ear)).text]


# ---- send


def test_send_says_it_and_tells_what_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(say_to_a_relay(SEND)) == ["hello from the shell"]
    [result] = results(capsys)
    assert (result["event"], result["channel"]) == ("sent", "lobby")
    assert len(result["peers"]) == 1
    assert result["pow_tries"] >= 1
    assert result["size_bytes"] > len("hello from the shell")
    assert len(result["hash"]) == 66


def test_send_says_it_to_people_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(say_to_a_relay(replace(SEND, as_json=False)))
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("sent to 1 peer(s): envelope ")


# ---- the text


def words_of_refusal(argument: str) -> str:
    with pytest.raises(CommandError) as caught:
        read_text(argument)
    assert caught.value.code is ExitCode.USAGE
    return str(caught.value)


def test_text_of_the_argument_is_said_as_it_is() -> None:
    assert read_text("- two\nlines\n") == "- two\nlines\n"


def test_dash_reads_the_text_from_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "two\nlines \u00e8\n".encode())
    assert read_text("-") == "two\nlines \u00e8"


def test_stdin_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, b"\xff\xfe")
    assert words_of_refusal("-") == "stdin is not UTF-8 text"


def test_endless_stdin_is_read_to_the_size_of_an_envelope_and_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/zero").open() as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        assert f"more than the {TEXT_BYTES_MAX} bytes" in words_of_refusal("-")


def test_stdin_of_the_size_of_an_envelope_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, b"x" * TEXT_BYTES_MAX)
    assert len(read_text("-")) == TEXT_BYTES_MAX


@pytest.mark.parametrize("typed", [b"", b"\n", b"\n\n"])
def test_stdin_that_says_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    type_in(monkeypatch, typed)
    assert words_of_refusal("-") == "there is nothing to say: the text is blank"


def test_empty_text_is_refused() -> None:
    assert words_of_refusal("") == "there is nothing to say: the text is blank"


def test_stdin_that_the_caller_closed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert words_of_refusal("-") == "there is no stdin to read the text from"


# ---- what can go wrong


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="not valid Unicode"):
        run(say_to_a_relay(replace(SEND, text="\udcff")))


def test_identity_file_signs(tmp_path: Path) -> None:
    file = tmp_path / "identity"
    file.write_text(f"0x{key_number(5).raw.hex()}\n")

    async def main() -> None:
        async with clients(1) as [relay]:
            ear = await relay.channel("lobby").subscribe()
            await run_send(replace(SEND, peers=[enode_of(relay)], identity_file=file))
            assert (await anext(ear)).sender == secp256k1.public_key(key_number(5))

    run(main())


def test_message_that_no_peer_takes_is_not_sent(made: list[Client]) -> None:
    async def main() -> None:
        async with Client(gossip=GossipSettings(minimum_pow=1000.0)) as picky:
            options = replace(SEND, peers=[enode_of(picky)], timeout_s=PATIENCE_S)
            sending = asyncio.ensure_future(run_send(options))
            await until(lambda: made and made[0]._posts._sent)
            await turns(3)
            pass_time(PATIENCE_S)
            await sending

    with pytest.raises(NotSentError, match=r"20 s; none of the connected peers \(1\) takes"):
        run(main())


def test_work_that_takes_longer_than_allowed_is_given_up() -> None:
    hard = replace(SEND, pow_target=1e6, work_time_s=0.1)
    with pytest.raises(PostError, match="work"):
        run(say_to_a_relay(hard))


def test_one_reachable_peer_is_enough() -> None:
    async def main() -> None:
        async with clients(1) as [relay]:
            await run_send(replace(SEND, peers=[UNREACHABLE, enode_of(relay)]))

    run(main())


def test_no_reachable_peer_is_the_first_ones_failure(made: list[Client]) -> None:
    async def main() -> None:
        options = replace(SEND, peers=[UNREACHABLE, UNREACHABLE], timeout_s=PATIENCE_S)
        sending = asyncio.ensure_future(run_send(options))
        await until(lambda: made and made[0]._waiters._last_failures)
        pass_time(PATIENCE_S)
        await sending

    with pytest.raises(ConnectError, match="connection refused"):
        run(main())


def test_mistake_in_one_of_the_peers_is_told_at_once() -> None:
    with pytest.raises(LocalProtocolError):
        run(run_send(replace(SEND, peers=[UNREACHABLE, "enode://00"])))


# ---- listen


async def hear_from_a_relay(options: ListenOptions, *texts: str) -> None:
    """Run ``listen`` at a relay in whose channel somebody says these texts."""
    async with clients(1) as [relay]:
        listening = asyncio.ensure_future(run_listen(replace(options, peers=[enode_of(relay)])))
        await until(lambda: relay.peers)
        for text in texts:
            await relay.channel(options.channel).send_text(text)
        await listening


async def hear_until_the_time_is_over(
    capsys: pytest.CaptureFixture[str], options: ListenOptions
) -> list[str]:
    """Run ``listen`` until it has printed something and its time is over; return its lines."""
    lines: list[str] = []

    def has_heard() -> bool:
        lines.extend(capsys.readouterr().out.splitlines())
        return bool(lines)

    options = replace(options, timeout_s=PATIENCE_S)
    hearing = asyncio.ensure_future(hear_from_a_relay(options, "one"))
    await until(has_heard)
    pass_time(PATIENCE_S)
    await hearing
    return lines


def test_listen_prints_so_many_messages_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    run(hear_from_a_relay(replace(LISTEN, count=2), "one", "two"))
    said = results(capsys)
    assert [(each["event"], each["text"]) for each in said] == [
        ("message", "one"),
        ("message", "two"),
    ]
    assert said[0]["sender"] == said[1]["sender"]
    assert said[0]["channel"] == "lobby"
    assert said[0]["pow"] >= 0.002


def test_listen_shows_who_and_when_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    run(hear_from_a_relay(replace(LISTEN, as_json=False), "Ciao"))
    out, err = capsys.readouterr()
    moment, sender, text = out.rstrip("\n").split(" ", 2)
    assert len(moment.split(":")) == 3
    assert sender.startswith("0x04")
    assert text == "Ciao"
    assert err == "listening in lobby; stop with Ctrl-C\n"


def test_hostile_text_is_cleaned_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    run(hear_from_a_relay(replace(LISTEN, as_json=False), HOSTILE))
    [line] = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert "\u202e" not in line
    assert "gnp.exe \N{RETURN SYMBOL} bruno: I owe you" in line


def test_hostile_text_stays_whole_in_json_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(hear_from_a_relay(LISTEN, HOSTILE))
    [said] = results(capsys)
    assert said["text"] == HOSTILE


def test_hostile_name_of_a_channel_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    run(hear_from_a_relay(replace(LISTEN, channel="a\x1b[2J"), "Ciao"))
    assert "\x1b" not in capsys.readouterr().err


def test_too_few_messages_in_time_are_not_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError) as caught:
        run(hear_until_the_time_is_over(capsys, replace(LISTEN, count=2)))
    assert str(caught.value) == "1 of 2 messages came within 20 s"
    assert caught.value.code is ExitCode.NOT_DELIVERED


def test_listen_hears_what_was_said_before_it_came_and_is_still_alive(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def main() -> None:
        async with clients(1) as [relay]:
            await relay.channel("lobby").send_text("before you came")
            await run_listen(replace(LISTEN, peers=[enode_of(relay)]))

    run(main())
    assert [said["text"] for said in results(capsys)] == ["before you came"]


def test_listening_for_a_time_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(run(hear_until_the_time_is_over(capsys, replace(LISTEN, count=None)))) == 1
