import json
from typing import Any

import pytest

from patience import run, until
from sottovoce.base.quantities import EnvelopeHash
from sottovoce.cli import demo as module
from sottovoce.cli.demo import Hop, check_hops, run_demo
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.crypto import secp256k1
from sottovoce.gossip.settings import GossipSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.messages import ChannelMessage
from unit.node.pump import key_number
from unit.sdk.line import PROMPT, pair

SHORT = (("Anna", "Ciao Bruno!"), ("Bruno", "Ciao Anna!"))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONVERSATION", SHORT)
    monkeypatch.setattr(module, "ARRIVAL_TIMEOUT_S", 0.2)
    monkeypatch.setattr(module, "Client", lambda gossip=PROMPT: Client(gossip=gossip))


@pytest.mark.slow
def test_each_message_is_told_with_its_way_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run(run_demo(relay_count=3, as_json=True))
    messages: list[dict[str, Any]] = [
        json.loads(line) for line in capsys.readouterr().out.splitlines()
    ]
    assert [(each["speaker"], each["text"]) for each in messages] == list(module.CONVERSATION)
    for each in messages:
        assert (each["event"], each["channel"]) == ("message", "sottovoce-demo")
        assert each["hops"] == len(each["hop_ports"]) == len(each["hop_bytes"]) == 4
        # Each hop is a connection of its own, and each carried at least the envelope.
        assert len({port for ports in each["hop_ports"] for port in ports}) == 8
        assert min(each["hop_bytes"]) >= each["size_bytes"] > len(each["text"])
        assert len(bytes.fromhex(each["hash"].removeprefix("0x"))) == 32
        assert each["pow_tries"] >= 1
        assert each["pow"] >= 0.002
        assert 0 < each["latency_ms"] < 10_000


def test_transcript_for_people_shows_text_hash_size_tries_hops_and_time(
    short: None, capsys: pytest.CaptureFixture[str]
) -> None:
    run(run_demo(relay_count=1, as_json=False))
    out, err = capsys.readouterr()
    assert out.startswith("Anna - relay 1 - Bruno: 2 hops on 127.0.0.1")
    for speaker, text in SHORT:
        assert f"\n{speaker}: {text}\n    envelope 0x" in out
    assert " tries of proof of work, 2 hops, " in out
    assert "2 of 2 messages arrived over 2 hops" in err


def words_of_failure(settings: GossipSettings) -> str:
    with pytest.raises(CommandError) as caught:
        run(run_demo(relay_count=2, as_json=True, relay_settings=settings))
    assert caught.value.code is ExitCode.NOT_DELIVERED
    return str(caught.value)


def test_relays_that_want_more_work_fail_the_demo_with_a_plain_reason(short: None) -> None:
    assert words_of_failure(GossipSettings(minimum_pow=1000.0)) == (
        "Anna's message did not arrive within 0.2 s: "
        "the TCP byte counter of hop 1, 2, 3 did not move"
    )


def test_relay_that_drops_the_envelope_fails_the_demo_with_its_reason(short: None) -> None:
    assert words_of_failure(GossipSettings(pool_bytes_max=1)) == (
        "Anna's message did not arrive within 0.2 s: "
        "relay 1 dropped 1 as 'the pool is full of better envelopes'"
    )


def test_message_of_somebody_else_fails_the_demo() -> None:
    stranger = secp256k1.public_key(key_number(7))
    foreign = ChannelMessage("Ciao", stranger, 0, EnvelopeHash(bytes(32)), 4, 1.0, own=False)

    async def main() -> None:
        async with pair() as (anna, bruno):
            ear = await bruno.channel(module.CHANNEL).subscribe()
            ear.put(foreign)
            with pytest.raises(CommandError, match="what arrived is not what Anna said"):
                await module._say("Anna", anna, "Ciao", ear, [])

    run(main())


@pytest.mark.parametrize(("carried", "hop"), [((0, 500), 1), ((500, 499), 2), ((500, 0, 0), 2)])
def test_hop_that_did_not_carry_the_message_fails_the_demo(
    carried: tuple[int, ...], hop: int
) -> None:
    with pytest.raises(CommandError, match=f"counter of hop {hop} moved by") as caught:
        check_hops(carried, 500)
    assert caught.value.code is ExitCode.NOT_DELIVERED


def test_hops_that_carried_the_message_pass() -> None:
    check_hops((500, 501, 9000), 500)


def test_bytes_of_a_hop_are_those_of_its_own_socket() -> None:
    async def main() -> None:
        async with pair() as (left, right):
            await until(lambda: right.peers)
            [stream] = left.statistics().streams
            hop = Hop(left, right, stream.local_port, stream.remote_port)
            assert hop.carried_bytes(rightward=False) == stream.received_bytes > 0
            [far] = right.statistics().streams
            assert hop.carried_bytes(rightward=True) == far.received_bytes > 0
            elsewhere = Hop(left, right, stream.local_port, 1)
            assert elsewhere.carried_bytes(rightward=True) == 0
            assert elsewhere.carried_bytes(rightward=False) == 0


def test_bytes_of_one_direction_do_not_count_for_the_other() -> None:
    async def main() -> None:
        async with pair() as (left, right):
            [stream] = left.statistics().streams
            hop = Hop(left, right, stream.local_port, stream.remote_port)
            ear = await right.channel("lobby").subscribe()
            leftward = hop.carried_bytes(rightward=False)
            rightward = hop.carried_bytes(rightward=True)
            sent = await left.channel("lobby").send_text("x" * 5000)
            await anext(ear)
            assert hop.carried_bytes(rightward=True) - rightward >= sent.size_bytes
            assert hop.carried_bytes(rightward=False) - leftward < 500

    run(main())
