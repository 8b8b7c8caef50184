import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patience import run, turns, until
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.cli import stats as module
from sottovoce.cli.node_socket import asked_for_statistics
from sottovoce.cli.output import CommandError, ExitCode, Output
from sottovoce.cli.stats import StatsPrinter, run_stats
from sottovoce.gossip.traffic import Amount, Carried, Flow, TopicTraffic
from sottovoce.node.budget import Budget
from sottovoce.node.traffic import NodeTraffic, PeerTraffic
from sottovoce.sdk.client import Client
from sottovoce.sdk.control_form import NODE_SOCKET_NAME
from sottovoce.sdk.traffic import NamedTopic, TopicUse, TrafficReport
from unit.cli.person_records import BOOK, BRUNO
from unit.cli.test_node_run import OPTIONS, Listener
from unit.cli.test_node_run import listener as listener
from unit.sdk.control_scene import place as place

CARRIED = Carried(
    Flow(Amount(12, 1_200_000), Amount(3, 300), Amount(1, 100), 50),
    Flow(Amount(7, 7000), Amount(), Amount(1, 99), 1000),
)
TOPICS = tuple(Topic(bytes((0, 0, 0, number))) for number in range(7))
REPORT = TrafficReport(
    NodeTraffic(
        CARRIED,
        (PeerTraffic(PublicKey(bytes(64)), "10.0.0.1", "waku/1", CARRIED),),
        (
            *(TopicTraffic(topic, index < 6, CARRIED) for index, topic in enumerate(TOPICS)),
            TopicTraffic(None, False, CARRIED),
        ),
        2_000_000,
        30_000,
        Budget(2_030_000, 20_000_000, False, 1_600_000_000),
    ),
    (
        NamedTopic(TOPICS[0], TopicUse.PUBLIC_CHAT, "lobby\x1b[2J"),
        NamedTopic(TOPICS[1], TopicUse.TO_US),
        NamedTopic(TOPICS[2], TopicUse.CONTACT_CODE, person=BRUNO.public),
        NamedTopic(TOPICS[3], TopicUse.PERSON, person=BRUNO.public),
        NamedTopic(TOPICS[4], TopicUse.OWN_CODE),
    ),
)


def printed(capsys: pytest.CaptureFixture[str], report: TrafficReport, *, book: bool = True) -> str:
    StatsPrinter(Output(as_json=False), report, BOOK if book else None).print()
    return capsys.readouterr().out


def test_tables_show_peers_topics_and_budget(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, REPORT).splitlines()
    numbers = "   1.2 MB    300 B    100 B     50 B     7.0 kB      0 B     99 B   1.0 kB"
    assert lines[2] == f"{'all peers, also those that left':36}{numbers}"
    assert lines[3].split() == ["envelopes", "12", "3", "1", "7", "0", "1"]
    assert lines[4] == f"{'0000000000000000… waku/1':36}{numbers}"
    named = [line[:36].strip() for line in lines if line.endswith(numbers)][2:]
    assert named == [
        "* 0x00000000 #lobby�[2J",
        "* 0x00000001 first messages to us",
        "* 0x00000002 Bruno's contact code",
        "* 0x00000003 with Bruno",
        "* 0x00000004 our contact code",
        "* 0x00000005",
        "0x00000006",
        "other topics",
    ]
    assert "2.0 MB received, 30.0 kB sent since the node started" in lines[-2]
    assert lines[-1] == "2.0 MB of 20.0 MB used today (UTC)"


def test_narrow_terminal_has_names_above_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    StatsPrinter(Output(as_json=False), REPORT, BOOK, is_narrow=True).print()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 80
    assert lines[1].split() == ["useful", "twice", "unwanted", "other"] * 2
    assert lines[2] == "all peers, also those that left"
    assert lines[3].split()[:4] == ["1.2", "MB", "300", "B"]
    assert "* 0x00000002 Bruno's contact code" in lines


@pytest.mark.parametrize(("width", "narrow"), [(80, True), (109, True), (110, False)])
def test_table_is_narrow_only_where_lines_would_break(
    monkeypatch: pytest.MonkeyPatch, width: int, narrow: bool
) -> None:
    assert not module.is_narrow()
    monkeypatch.setattr(module, "is_steerable", lambda _: True)
    monkeypatch.setattr(module, "columns", lambda _: width)
    assert module.is_narrow() is narrow


def test_budget_that_is_used_up_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    bound = Budget(20_000_001, 20_000_000, True, 1_600_000_000)
    report = replace(REPORT, traffic=replace(REPORT.traffic, budget=bound))
    assert "raise it with --day-mb" in printed(capsys, report)


def test_long_table_of_topics_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    rows = tuple(
        TopicTraffic(Topic(number.to_bytes(4, "big")), False, CARRIED) for number in range(100)
    )
    report = TrafficReport(replace(REPORT.traffic, topics=rows))
    shown = printed(capsys, report, book=False)
    assert shown.count("0x") == module.TOPICS_SHOWN
    assert "and 70 more: sottovoce stats --json" in shown


def test_json_has_one_object_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    StatsPrinter(Output(as_json=True), REPORT, BOOK).print()
    rows: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = ["traffic", "peer traffic", *["topic traffic"] * 8, "budget"]
    assert [row["event"] for row in rows] == kinds
    assert rows[0]["received"]["useful_bytes"] == 1_200_000
    assert rows[0]["unix_s"] > 1_600_000_000
    assert rows[0]["sent"]["unwanted"] == 1
    assert rows[1]["peer"] == "00" * 64
    assert (rows[2]["topic"], rows[2]["chat"]) == ("0x00000000", "lobby\x1b[2J")
    assert rows[5]["use"] == "messages with a person"
    assert rows[-2]["topic"] is None
    assert rows[-1]["used_bytes"] == 2_030_000


def test_without_a_node_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no node runs in .*: start one with") as caught:
        run_stats(tmp_path, watch_s=None, as_json=False)
    assert caught.value.code is ExitCode.NETWORK


def test_node_without_an_account_is_asked_again_and_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with Client() as node, asked_for_statistics(node, place, Output(as_json=False)):
            output = Output(as_json=True)
            asking = asyncio.ensure_future(module._ask(place, NODE_SOCKET_NAME, 0.0, output))
            said = ""
            while said.count('"traffic"') < 3:
                await turns(1)
                said += capsys.readouterr().out
            asking.cancel()

    run(main())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("is_terminal", [True, False])
def test_each_table_of_a_watch_says_when_and_clears_a_terminal_only(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,
) -> None:
    monkeypatch.setattr(module, "is_steerable", lambda _: is_terminal)

    async def main() -> str:
        async with Client() as node, asked_for_statistics(node, place, Output(as_json=False)):
            output = Output(as_json=False)
            asking = asyncio.ensure_future(module._ask(place, NODE_SOCKET_NAME, 0.0, output))
            said = ""
            while said.count("all peers") < 2:
                await turns(1)
                said += capsys.readouterr().out
            asking.cancel()
            return said

    said = run(main())
    assert said.count(" UTC\n") >= 2
    assert said.startswith("\x1b[H") is is_terminal
    assert ("\x1b" in said) is is_terminal


def test_watch_of_a_node_that_stops_ends_with_a_sentence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> None:
        async with Client() as node:
            async with asked_for_statistics(node, place, Output(as_json=False)):
                output = Output(as_json=True)
                asking = asyncio.ensure_future(module._ask(place, NODE_SOCKET_NAME, 0.0, output))
                await until(lambda: '"traffic"' in capsys.readouterr().out)
            with pytest.raises(CommandError, match="the node has stopped, and") as caught:
                await asking
            assert caught.value.code is ExitCode.NETWORK

    run(main())


def test_running_relay_answers(place: Path, listener: Listener) -> None:
    from sottovoce.cli.node_run import run_node

    async def main() -> None:
        options = replace(OPTIONS, data_dir=place, day_mb=20)
        node = asyncio.ensure_future(run_node(options))
        await until(lambda: listener.heard("ready"))
        await module._ask(place, NODE_SOCKET_NAME, None, Output(as_json=True))
        os.kill(os.getpid(), signal.SIGTERM)
        await node

    run(main())
    assert listener.heard("traffic")
    [budget] = listener.heard("budget")
    assert budget["limit_bytes"] == 20_000_000
