import asyncio
import json

import pytest

from patience import PATIENCE_S, pass_time, run, until
from sottovoce.adapters.mailserver_file import SavedMailserver, parse_saved
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.cli.mail_probe import run_probe
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.devp2p.enode import EnodePassword
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.settings import ServerSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.probe import Step
from sottovoce.stack.topics import key_of_name
from unit.sdk.line import PROMPT, clients, enode_of

GREETED = list(Step)[:5]


async def probe_server(*, as_json: bool, password: str | None = None) -> None:
    """Probe a mailserver with the public password, by this password or none."""
    mail = ServerSettings(password_key=key_of_name(DEFAULT_PASSWORD))
    async with Client(gossip=PROMPT, mail=mail, archive=MemoryArchive()) as server:
        enode = parse_saved(enode_of(server)).enode
        written = None if password is None else EnodePassword(password)
        await run_probe(SavedMailserver(enode, written), PATIENCE_S, as_json=as_json)


async def failure_of_password(password: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        await probe_server(as_json=True, password=password)
    return caught.value


def test_good_server_is_told_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    run(probe_server(as_json=False))
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split()[:2] for line in out.splitlines()] == [[step.value, "ok:"] for step in Step]


def test_wrong_password_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    failure = run(failure_of_password("sesame"))
    assert failure.code is ExitCode.UNTRUSTED
    assert str(failure).startswith("request failed; the password is not the server's")
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["step"], last["ok"]) == ("request", False)


def test_relay_that_is_no_mailserver_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def has_greeted() -> bool:
        lines.extend(capsys.readouterr().out.splitlines())
        return len(lines) == len(GREETED)

    async def main() -> CommandError:
        async with clients(1) as [relay]:
            server = parse_saved(enode_of(relay))
            probing = asyncio.ensure_future(run_probe(server, PATIENCE_S, as_json=True))
            await until(has_greeted)
            pass_time(PATIENCE_S)
            with pytest.raises(CommandError) as caught:
                await probing
            return caught.value

    failure = run(main())
    assert failure.code is ExitCode.NOT_DELIVERED
    assert "no mailserver" in str(failure)


def test_nobody_there_is_a_failure_of_the_network() -> None:
    async def main() -> CommandError:
        async with clients(1) as [relay]:
            gone = parse_saved(enode_of(relay))
        with pytest.raises(CommandError) as caught:
            await run_probe(gone, PATIENCE_S, as_json=True)
        return caught.value

    assert run(main()).code is ExitCode.NETWORK
