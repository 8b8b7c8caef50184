import time
from dataclasses import replace

import pytest

from contract.archive_contract import envelope
from patience import PATIENCE_S, pass_time, run
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.moment import Moment
from sottovoce.base.secret import SymmetricKey
from sottovoce.devp2p.enode import parse_enode
from sottovoce.gossip import events as gossip
from sottovoce.gossip.settings import Transport
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.settings import ServerSettings
from sottovoce.sdk import mail_probe as module
from sottovoce.sdk.client import Client
from sottovoce.sdk.mail_probe import probe_mailserver
from sottovoce.sdk.probe import Cause, Step, StepResult
from unit.node.pump import key_number
from unit.sdk.foreign_node import closing, enode_at, served
from unit.sdk.line import PROMPT, clients, enode_of

KEY = SymmetricKey(bytes(range(32)))
SERVER = Mailserver(parse_enode(enode_at(30303)), KEY)
NOW = Moment(1.0, 1_600_000_000.0)
GREETED = list(Step)[:5]


async def results_of(enode: str) -> list[StepResult]:
    server = Mailserver(parse_enode(enode), KEY)
    return [result async for result in probe_mailserver(server, timeout_s=PATIENCE_S)]


def completed(error: str | None) -> gossip.RequestCompleted:
    return gossip.RequestCompleted(1, bytes(32), bytes(32), b"", error)


def judged(*outputs: gossip.GossipOutput) -> list[StepResult]:
    question = module._FirstEnvelope(SERVER)
    question.ask(1, key_number(1), NOW)
    return [result for output in outputs for result in question.judge(output)]


# ---- what an answer means


def test_empty_archive_is_told() -> None:
    request, answer = judged(completed(None))
    assert (request.step, request.ok) == (Step.REQUEST, True)
    assert (answer.step, answer.ok) == (Step.ANSWER, True)
    assert answer.detail == "complete, and the archive has nothing of the last day"


@pytest.mark.parametrize(
    ("words", "cause", "remedy"),
    [
        ("failed to decrypt p2p request", Cause.REFUSED, "password"),
        ("rate limit exceeded", Cause.SILENCE, "wait"),
        ("PoW too low", Cause.NETWORK, "more work"),
        ("the moon is full", Cause.NETWORK, "what it means"),
    ],
)
def test_words_of_a_refusal_are_understood(words: str, cause: Cause, remedy: str) -> None:
    [result] = judged(completed(words))
    assert (result.step, result.ok, result.detail) == (Step.REQUEST, False, words)
    assert result.cause is cause
    assert remedy in result.remedy


def test_silence_is_a_failure_of_the_request() -> None:
    question = module._FirstEnvelope(SERVER)
    [result] = question.give_up("nothing", Cause.SILENCE)
    assert (result.step, result.ok, result.cause) == (Step.REQUEST, False, Cause.SILENCE)
    assert "no mailserver" in result.remedy


def test_request_names_no_topic_and_a_day() -> None:
    posted = module._FirstEnvelope(SERVER).ask(1, key_number(1), NOW)
    assert isinstance(posted, gossip.DirectRequestPosted)


# ---- real sockets


def test_relay_that_is_no_mailserver_says_nothing() -> None:
    async def main() -> list[StepResult]:
        results = []
        async with clients(1) as [relay]:
            server = Mailserver(parse_enode(enode_of(relay)), KEY)
            async for result in probe_mailserver(server, timeout_s=PATIENCE_S):
                results.append(result)
                if len(results) == len(GREETED):
                    pass_time(PATIENCE_S)
        return results

    *before, last = run(main())
    assert [each.step for each in before] == GREETED
    assert (last.step, last.ok, last.cause) == (Step.REQUEST, False, Cause.SILENCE)


async def mailserver_results(
    archive: MemoryArchive, key: SymmetricKey, transport: Transport = Transport.BOTH
) -> list[StepResult]:
    mail = ServerSettings(password_key=key)
    gossip = replace(PROMPT, transport=transport)
    async with Client(gossip=gossip, mail=mail, archive=archive) as server:
        return await results_of(enode_of(server))


@pytest.mark.parametrize("transport", [Transport.WHISPER, Transport.WAKU, Transport.BOTH])
def test_mailserver_goes_through_all_steps(transport: Transport) -> None:
    results = run(mailserver_results(MemoryArchive(), KEY, transport))
    assert [(each.step, each.ok) for each in results] == [(step, True) for step in Step]
    assert results[-1].detail == "complete, and the archive has nothing of the last day"


def test_archive_that_has_something_is_told() -> None:
    archive = MemoryArchive()
    now_s = int(time.time())
    archive.store([envelope(now_s - 60, nonce=number) for number in range(2)])
    *_, answer = run(mailserver_results(archive, KEY))
    assert answer.detail == "complete, with an envelope of the last day"


def test_wrong_password_is_refused() -> None:
    *_, last = run(mailserver_results(MemoryArchive(), SymmetricKey(bytes(range(1, 33)))))
    assert (last.step, last.ok, last.cause) == (Step.REQUEST, False, Cause.REFUSED)
    assert "password" in last.remedy


def test_step_before_the_request_fails_as_it_does_for_any_peer() -> None:
    async def main() -> list[StepResult]:
        async with served(closing) as enode:
            return await results_of(enode)

    *_, last = run(main())
    assert (last.step, last.ok) == (Step.HANDSHAKE, False)
